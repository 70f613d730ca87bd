-- uuid-ossp by signature: the schemas built on scratch are parsed and printed, and no row ever reaches these functions.
create function uuid_nil() returns uuid language sql immutable strict parallel safe as 'select null::uuid';
create function uuid_ns_dns() returns uuid language sql immutable strict parallel safe as 'select null::uuid';
create function uuid_ns_url() returns uuid language sql immutable strict parallel safe as 'select null::uuid';
create function uuid_ns_oid() returns uuid language sql immutable strict parallel safe as 'select null::uuid';
create function uuid_ns_x500() returns uuid language sql immutable strict parallel safe as 'select null::uuid';
create function uuid_generate_v1() returns uuid language sql volatile strict parallel safe as 'select null::uuid';
create function uuid_generate_v1mc() returns uuid language sql volatile strict parallel safe as 'select null::uuid';
create function uuid_generate_v3(namespace uuid, name text) returns uuid language sql immutable strict parallel safe as 'select null::uuid';
create function uuid_generate_v4() returns uuid language sql volatile strict parallel safe as 'select null::uuid';
create function uuid_generate_v5(namespace uuid, name text) returns uuid language sql immutable strict parallel safe as 'select null::uuid';
