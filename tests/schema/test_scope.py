"""What is left out is left out whole, and counted by its reason."""

from __future__ import annotations

import pytest

from drift_pipeline.config import IgnoreRule
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.schema.facts import Fact, FactId, Schema
from drift_pipeline.schema.managed import UNDECLARABLE, split_unmanaged, with_history
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.schema.scope import restrict, schema_of, used_only_outside
from tests.conftest import NewDatabase
from tests.diff.facts_by_hand import column, fact, index, of_table, schema, table


def ids(found: Schema) -> set[str]:
    return {str(key) for key in found.facts}


def about(kind: str, *target: str, parent: FactId, **attributes: str) -> Fact:
    return fact(kind, *target, parent=parent, **attributes)


def test_only_the_chosen_schemas_remain_with_what_belongs_to_the_database() -> None:
    audit = fact("table", "audit", "log", parent=FactId("schema", ("audit",)))
    part = fact("column", "audit", "log", "id", parent=audit.id)
    remark = about("comment", "column", "audit", "log", "id", parent=part.id, text="x")
    whole = schema(table("t"), fact("schema", "audit"), audit, part, remark, fact("extension", "citext"))
    kept = restrict(whole, schemas=["public"])
    assert ids(kept) == {"schema public", "table public.t", "extension citext"}
    assert kept.excluded == {"schema audit is not compared": 2}


def test_no_choice_keeps_every_schema() -> None:
    whole = schema(fact("schema", "audit"), fact("table", "audit", "log"))
    assert restrict(whole) == whole


def test_the_schema_of_a_fact_is_found_for_every_kind_of_name() -> None:
    expected = {
        FactId("table", ("a", "t")): "a",
        FactId("extension", ("citext",)): "",
        FactId("comment", ("extension", "citext")): "",
        FactId("comment", ("column", "a", "t", "c")): "a",
        FactId("privilege", ("table", "a", "t", "bob")): "a",
        FactId("security_label", ("selinux", "table", "a", "t")): "a",
        FactId("publication_table", ("pub", "a", "t")): "a",
        FactId("default_privilege", ("bob", "a", "table", "eve")): "a",
        FactId("default_privilege", ("bob", "", "table", "eve")): "",
        FactId("schema", ("a",)): "a",
        FactId("cast", ("a.x", "integer")): "",
    }
    assert {key: schema_of(key) for key in expected} == expected


def test_alembics_table_is_left_out_with_its_columns_and_said_so() -> None:
    whole = schema(table("alembic_version", column("alembic_version", "version_num")), table("alembic_versions"))
    kept = restrict(whole)
    assert ids(kept) == {"schema public", "table public.alembic_versions"}
    assert kept.excluded == {"Alembic's version table": 1}


def test_alembics_table_may_have_another_name() -> None:
    whole = schema(table("alembic_version"), table("my*version"), table("my_version"))
    assert ids(restrict(whole, version_tables=["my*version"])) == {
        "schema public",
        "table public.alembic_version",
        "table public.my_version",
    }
    assert "table public.my_version" not in ids(restrict(whole, version_tables=["public.my_version"]))


def test_tables_of_postgis_that_lost_their_extension_are_left_out() -> None:
    kept = restrict(schema(table("spatial_ref_sys"), fact("view", "public", "geometry_columns")))
    assert ids(kept) == {"schema public"}
    assert kept.excluded == {"table of PostGIS": 1, "view of PostGIS": 1}


def test_rules_of_the_settings_go_by_kind_and_pattern() -> None:
    whole = schema(table("tmp_a", index("tmp_a", "i", "x")), table("t", index("t", "tmp_b", "x")), table("keep"))
    rules = [IgnoreRule("table", "public.tmp_*"), IgnoreRule("*", "*.tmp_b", "experiments")]
    kept = restrict(whole, ignore=rules)
    assert ids(kept) == {"schema public", "table public.t", "table public.keep"}
    assert kept.excluded == {"ignored: table public.tmp_*": 1, "experiments": 1}


def test_what_makes_an_ignored_column_not_null_goes_with_it() -> None:
    home = FactId("table", ("public", "t"))
    own, other = (Fact(FactId("not_null", ("public", "t", f"nn_{name}")), {"columns": [name]}, home) for name in "ab")
    whole = schema(table("t", column("t", "a"), column("t", "b")), own, other)
    kept = restrict(whole, ignore=[IgnoreRule("column", "public.t.a")])
    assert {key for key in kept.facts if key.kind in ("column", "not_null")} == {
        FactId("column", ("public", "t", "b")), other.id
    }  # fmt: skip


def test_the_sequence_of_an_ignored_table_goes_with_it() -> None:
    owned = fact("sequence", "public", "tmp_id_seq", owned_by=["public", "tmp", "id"])
    kept = restrict(schema(table("tmp", column("tmp", "id")), owned), ignore=[IgnoreRule("table", "*.tmp")])
    assert ids(kept) == {"schema public"}


def test_what_the_reader_left_out_stays_counted() -> None:
    whole = Schema(schema(table("alembic_version")).facts, 180000, {}, {"members of extensions": 4})
    assert restrict(whole).excluded == {"Alembic's version table": 1, "members of extensions": 4}


def test_dependencies_of_what_is_left_out_go_too() -> None:
    facts = schema(table("t"), table("alembic_version")).facts
    one, other = FactId("table", ("public", "t")), FactId("table", ("public", "alembic_version"))
    whole = Schema(facts, 180000, depends=frozenset({(one, other)}))
    assert restrict(whole).depends == frozenset()


# managed and unmanaged


def trigger(name: str, **attributes: str) -> Fact:
    return of_table("trigger", "t", name, **attributes)


def test_what_models_cannot_declare_and_do_not_have_is_unmanaged() -> None:
    remark = fact("comment", "trigger", "public", "t", "audit", parent=trigger("audit").id, text="x")
    grant = fact("privilege", "function", "public", "f", "", "bob", parent=FactId("function", ("public", "f", "")))
    live = schema(
        table("t", column("t", "a"), trigger("audit"), remark),
        fact("function", "public", "f", ""),
        grant,
        table("only_live"),
    )
    models = schema(table("t", column("t", "a")))
    split = split_unmanaged(live, models)
    assert ids(split.managed) == {"schema public", "table public.t", "column public.t.a", "table public.only_live"}
    assert split.counts == {"function": 1, "trigger": 1}
    assert split.unmanaged["trigger"] == (trigger("audit").id,)


def test_what_everybody_may_do_with_a_type_that_only_live_has_goes_with_the_type() -> None:
    mood, kept = (fact("enum", "public", name, labels=["ok"]) for name in ("mood", "kept"))
    usage, grant = (fact("privilege", "enum", *each.id.name, "PUBLIC", parent=each.id) for each in (mood, kept))
    split = split_unmanaged(schema(mood, usage, kept, grant), schema(kept))
    assert ids(split.managed) == {"schema public", "enum public.mood", "enum public.kept"}
    assert split.unmanaged == {"privilege": (grant.id,)}


def test_what_both_sides_have_is_compared() -> None:
    live = schema(table("t", trigger("audit", enabled="disabled")))
    models = schema(table("t", trigger("audit", enabled="origin")))
    split = split_unmanaged(live, models)
    assert trigger("audit").id in split.managed.facts
    assert split.unmanaged == {}


def test_a_managed_kind_is_compared_although_models_cannot_declare_it() -> None:
    live = schema(table("t", trigger("audit")), fact("view", "public", "v"))
    assert ids(split_unmanaged(live, schema(), manage=["trigger"]).managed) >= {"trigger public.t.audit"}
    assert split_unmanaged(live, schema(), manage=["trigger"]).counts == {"view": 1}
    assert split_unmanaged(live, schema(), manage=["*"]).managed == live


def test_extensions_are_unmanaged() -> None:
    assert split_unmanaged(schema(fact("extension", "citext")), schema()).counts == {"extension": 1}


def test_the_version_of_an_extension_is_scratchs_choice_unless_managed() -> None:
    live, models = (schema(fact("extension", "citext", schema="public", version=found)) for found in ("1.6", "1.8"))
    assert split_unmanaged(live, models).managed.facts == models.facts
    assert split_unmanaged(live, models, manage=["extension"]).managed == live
    elsewhere = schema(fact("extension", "citext", schema="app", version="1.6"))
    assert split_unmanaged(elsewhere, models).managed.facts != models.facts


def test_comments_are_managed_where_models_can_write_them() -> None:
    on_table = fact("comment", "table", "public", "t", parent=FactId("table", ("public", "t")), text="x")
    on_index = fact("comment", "index", "public", "t", "i", parent=FactId("index", ("public", "t", "i")), text="x")
    live = schema(table("t", index("t", "i", "a")), on_table, on_index)
    split = split_unmanaged(live, schema(table("t", index("t", "i", "a"))))
    assert split.unmanaged == {"comment": (on_index.id,)}
    assert on_table.id in split.managed.facts


def test_partitions_of_a_declared_table_are_unmanaged_and_other_tables_are_not() -> None:
    parts = [
        *table("log"),
        *table("log_2026", column("log_2026", "extra"), partition_of=["public", "log"]),
        *table("log_2026_01", partition_of=["public", "log_2026"]),
        *table("other"),
        *table("other_1", partition_of=["public", "other"]),
    ]
    split = split_unmanaged(schema(parts), schema(table("log")))
    assert ids(split.managed) == {"schema public", "table public.log", "table public.other", "table public.other_1"}
    assert split.counts == {"partition": 2}
    assert split_unmanaged(schema(parts), schema(table("log")), manage=["partition"]).unmanaged == {}


UNSAID = {
    "row_security": ("alter table t enable row level security, force row level security", "row_security"),
    "replica identity": ("alter table t replica identity full", "replica_identity"),
    "of type": ("create type y as (a int); alter table t of y", "of_type"),
    "owned sequence": ("alter sequence s owned by t.a", "owned_by"),
}
"""What people do to objects of the models that the models have no word for."""

SAID = {
    "a foreign key that is not enforced": "alter table u disable trigger all",
    "a check that is not valid": "alter table u drop constraint c, add constraint c check (a > 0) not valid",
    "unlogged": "alter table u set unlogged",
    "a parent": "create table p (a int); alter table u inherit p",
    "a table alone": "alter table part detach partition part_1",
}
"""What the models say by saying nothing: a foreign key is enforced, a table is logged."""

DECLARED = """
create table t (a int primary key);
create sequence s;
create table u (a int references t, constraint c check (a > 0));
create table part (a int) partition by list (a);
create table part_1 partition of part default;
"""


def changed(live: Schema, models: Schema, **how: object) -> set[str]:
    split = split_unmanaged(live, models, **how)  # type: ignore[arg-type] - passed on as it came
    return {name for item in diff_schemas(split.managed, models).differences for name in item.changed_names}


@pytest.mark.parametrize("case", UNSAID)
def test_what_models_have_no_word_for_is_unmanaged_unless_asked_for_or_told_by_a_history(
    new_database: NewDatabase, case: str
) -> None:
    sql, label = UNSAID[case]
    live, models = read_schema(new_database(DECLARED + sql)), read_schema(new_database(DECLARED))
    split = split_unmanaged(live, models)
    assert {key: count for key, count in split.counts.items() if key not in ("composite",)} == {label: 1}
    assert changed(live, models) == set()
    assert changed(live, models, manage=[label])
    assert changed(live, models, manage=["*"])
    assert changed(live, models, history=True)
    # where models state it, by DDL that they carry, its lack is a difference
    assert changed(models, live)
    # the history says it: then it is desired
    told = with_history(models, live)
    assert changed(live, told, history=True) == set()
    assert changed(models, told)


@pytest.mark.parametrize("case", SAID)
def test_what_models_say_by_saying_nothing_is_drift(new_database: NewDatabase, case: str) -> None:
    live, models = read_schema(new_database(DECLARED + SAID[case])), read_schema(new_database(DECLARED))
    assert changed(live, models)


def test_a_serial_column_keeps_its_sequence_whatever_the_history_says(new_database: NewDatabase) -> None:
    models = read_schema(new_database("create table t (a serial)"))
    history = read_schema(new_database("create table t (a serial); alter sequence t_a_seq owned by none"))
    assert with_history(models, history).facts == models.facts


def test_every_attribute_without_a_word_has_its_reason() -> None:
    assert all(len(word.why) > 10 for word in UNDECLARABLE.values())


def test_a_type_that_only_left_out_tables_use_is_known_and_one_that_others_use_too_is_not(
    new_database: NewDatabase,
) -> None:
    whole = read_schema(
        new_database(
            "create type alone as enum ('a'); create type shared as enum ('a'); create type unused as enum ('a');"
            "create type within as enum ('a'); create domain around as within;"
            "create table shadow (a alone, b shared, c around, d alone[]); create table kept (b shared)"
        )
    )
    part = restrict(whole, ignore=[IgnoreRule("table", "public.shadow", "a copy")])
    outside = {str(key) for key in used_only_outside(whole, part.facts.keys())}
    assert outside == {"enum public.alone", "domain public.around", "enum public.within"}
