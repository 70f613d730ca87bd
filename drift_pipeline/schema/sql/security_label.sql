select
    'security_label' as kind, array[l.provider] as prefix, null::text[] as suffix,
    l.classoid as classid, l.objoid as objid, l.objsubid,
    json_build_object('label', l.label) as attributes
from pg_seclabel l
