-- Hands everything in this database over to one role. REASSIGN OWNED refuses the bootstrap superuser's objects, and one
-- ALTER for each object costs as much as building them; on a throw-away copy the catalogs may be told at once.
with
  heir as (select oid from pg_catalog.pg_roles where rolname = %(role)s),
  giver as (select oid from pg_catalog.pg_roles where rolname = current_user),
  -- what an extension brought stays whose it is: its grants name that role
  members as (select classid, objid from pg_catalog.pg_depend where deptype = 'e'),
  relations as (update pg_catalog.pg_class set relowner = heir.oid from heir, giver
                where relowner = giver.oid and pg_class.oid >= 16384
                and (1259, pg_class.oid) not in (select classid::int, objid from members)),
  types as (update pg_catalog.pg_type set typowner = heir.oid from heir, giver
            where typowner = giver.oid and pg_type.oid >= 16384
            and (1247, pg_type.oid) not in (select classid::int, objid from members)),
  routines as (update pg_catalog.pg_proc set proowner = heir.oid from heir, giver
               where proowner = giver.oid and pg_proc.oid >= 16384 and prolang <> 13 and prolang <> 12
               and (1255, pg_proc.oid) not in (select classid::int, objid from members)),
  schemas as (update pg_catalog.pg_namespace set nspowner = heir.oid from heir, giver
              where nspowner = giver.oid and pg_namespace.oid >= 16384),
  extensions as (update pg_catalog.pg_extension set extowner = heir.oid from heir, giver
                 where extowner = giver.oid and pg_extension.oid >= 16384),
  statistics as (update pg_catalog.pg_statistic_ext set stxowner = heir.oid from heir, giver
                 where stxowner = giver.oid),
  collations as (update pg_catalog.pg_collation set collowner = heir.oid from heir, giver
                 where collowner = giver.oid and pg_collation.oid >= 16384),
  conversions as (update pg_catalog.pg_conversion set conowner = heir.oid from heir, giver
                  where conowner = giver.oid and pg_conversion.oid >= 16384),
  operators as (update pg_catalog.pg_operator set oprowner = heir.oid from heir, giver
                where oprowner = giver.oid and pg_operator.oid >= 16384),
  classes as (update pg_catalog.pg_opclass set opcowner = heir.oid from heir, giver
              where opcowner = giver.oid and pg_opclass.oid >= 16384),
  families as (update pg_catalog.pg_opfamily set opfowner = heir.oid from heir, giver
               where opfowner = giver.oid and pg_opfamily.oid >= 16384),
  dictionaries as (update pg_catalog.pg_ts_dict set dictowner = heir.oid from heir, giver
                   where dictowner = giver.oid and pg_ts_dict.oid >= 16384),
  configurations as (update pg_catalog.pg_ts_config set cfgowner = heir.oid from heir, giver
                     where cfgowner = giver.oid and pg_ts_config.oid >= 16384),
  publications as (update pg_catalog.pg_publication set pubowner = heir.oid from heir, giver
                   where pubowner = giver.oid),
  wrappers as (update pg_catalog.pg_foreign_data_wrapper set fdwowner = heir.oid from heir, giver
               where fdwowner = giver.oid),
  servers as (update pg_catalog.pg_foreign_server set srvowner = heir.oid from heir, giver
              where srvowner = giver.oid)
select 1
