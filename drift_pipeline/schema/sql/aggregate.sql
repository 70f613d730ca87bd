select
    'aggregate' as kind, array[s.name, p.proname, oidvectortypes(p.proargtypes)] as name,
    'pg_proc'::regclass::oid as classid, p.oid as objid, 0 as objsubid,
    'pg_namespace'::regclass::oid as parent_classid, s.oid as parent_objid, 0 as parent_objsubid,
    json_build_object(
        'aggregate_kind', case a.aggkind when 'n' then 'normal' when 'o' then 'ordered set' else 'hypothetical set' end,
        'direct_arguments', a.aggnumdirectargs,
        'returns', pg_get_function_result(p.oid), 'arguments', pg_get_function_arguments(p.oid),
        'transition', a.aggtransfn::text, 'state_type', format_type(a.aggtranstype, null), 'state_size', a.aggtransspace,
        'final', nullif(a.aggfinalfn::text, '-'), 'final_extra', a.aggfinalextra,
        'final_modify', case a.aggfinalmodify when 'r' then 'read only' when 's' then 'shareable' else 'read write' end,
        'combine', nullif(a.aggcombinefn::text, '-'), 'serial', nullif(a.aggserialfn::text, '-'),
        'deserial', nullif(a.aggdeserialfn::text, '-'), 'initial', a.agginitval,
        'moving_transition', nullif(a.aggmtransfn::text, '-'), 'moving_inverse', nullif(a.aggminvtransfn::text, '-'),
        'moving_state_type', case when a.aggmtranstype <> 0 then format_type(a.aggmtranstype, null) end,
        'moving_state_size', a.aggmtransspace, 'moving_final', nullif(a.aggmfinalfn::text, '-'),
        'moving_final_extra', a.aggmfinalextra,
        'moving_final_modify', case a.aggmfinalmodify when 'r' then 'read only' when 's' then 'shareable' else 'read write' end,
        'moving_initial', a.aggminitval,
        'sort_operator', (select oid::regoperator::text from pg_operator where oid = a.aggsortop),
        'parallel', case p.proparallel when 's' then 'safe' when 'r' then 'restricted' else 'unsafe' end,
        'owner', pg_get_userbyid(p.proowner),
        '_identity', pg_get_function_identity_arguments(p.oid)
    ) as attributes
from pg_proc p
join pg_aggregate a on a.aggfnoid = p.oid
join space s on s.oid = p.pronamespace
where not exists (select from member m where m.classid = 'pg_proc'::regclass and m.objid = p.oid)
