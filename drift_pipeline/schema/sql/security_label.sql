select
    'security_label' as kind, array[l.provider] as prefix, null::text[] as suffix,
    l.classoid as classid, l.objoid as objid, l.objsubid,
    other.kind as other_kind, other.name as other_name,
    json_build_object('label', l.label) as attributes
from pg_seclabel l
left join nameable other on other.classid = l.classoid and other.objid = l.objoid and other.objsubid = l.objsubid
