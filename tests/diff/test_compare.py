"""What counts as a difference, and how it is told; on schemas written by hand."""

from __future__ import annotations

import random

import pytest

from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.diff.differences import AttributeChange, Change, Difference, SchemaDiff
from drift_pipeline.errors import ConfigError
from drift_pipeline.schema.facts import FactId, Schema
from tests.diff.facts_by_hand import column, fact, index, of_table, schema, table, unique


def told(diff: SchemaDiff) -> list[tuple[str, str]]:
    return [(item.change.value, str(item.id)) for item in diff.differences]


def only(diff: SchemaDiff) -> Difference:
    assert len(diff.differences) == 1, told(diff)
    return diff.differences[0]


def test_a_schema_does_not_differ_from_itself() -> None:
    one = schema(table("t", column("t", "a"), index("t", "i", "a"), unique("t", "u", "a")))
    assert diff_schemas(one, one, planes="all", exact=True) == SchemaDiff(
        (), {}, ("structure", "privileges", "owners", "tuning")
    )


def test_an_added_table_is_one_difference_that_contains_the_rest() -> None:
    new = schema(table("t", column("t", "a"), index("t", "i", "a")))
    difference = only(diff_schemas(schema(), new))
    assert (difference.change, difference.id) == (Change.ADDED, FactId("table", ("public", "t")))
    assert [str(item) for item in difference.contains] == ["column public.t.a", "index public.t.i"]
    assert difference.before is None
    assert difference.after is not None


def test_what_hangs_on_a_part_of_a_removed_table_is_contained_as_well() -> None:
    remark = fact("comment", "column", "public", "t", "a", parent=FactId("column", ("public", "t", "a")), text="x")
    difference = only(diff_schemas(schema(table("t", column("t", "a"), remark)), schema()))
    assert difference.change is Change.REMOVED
    assert remark.id in difference.contains


def test_a_change_names_the_attribute_with_both_values() -> None:
    before, after = schema(table("t", column("t", "a"))), schema(table("t", column("t", "a", type="bigint")))
    assert only(diff_schemas(before, after)).attributes == (AttributeChange("type", "integer", "bigint"),)


def test_hints_are_never_compared() -> None:
    before, after = schema(column("t", "a", _position=1)), schema(column("t", "a", _position=2))
    assert not diff_schemas(before, after, exact=True).differences


def test_an_attribute_that_one_side_does_not_state_equals_none() -> None:
    assert not diff_schemas(schema(column("t", "a", default=None)), schema(column("t", "a")), exact=True).differences


@pytest.mark.parametrize("plane", ["owners", "tuning"])
def test_each_plane_has_a_difference_of_its_own_and_is_off_unless_asked_for(plane: str) -> None:
    before = schema(table("t", owner="alice", options={}, row_security=False))
    after = schema(table("t", owner="bob", options={"fillfactor": "70"}, row_security=True))
    assert [item.plane for item in diff_schemas(before, after).differences] == ["structure"]
    with_plane = diff_schemas(before, after, planes=["structure", plane])
    assert sorted(item.plane for item in with_plane.differences) == sorted(["structure", plane])
    assert with_plane.planes == ("structure", plane)


def test_privileges_are_a_plane_also_inside_a_new_table() -> None:
    grant = fact("privilege", "table", "public", "t", "bob", parent=FactId("table", ("public", "t")), privileges={})
    new = schema(table("t", grant))
    assert only(diff_schemas(schema(), new)).contains == ()
    assert only(diff_schemas(schema(), new, planes="all")).contains == (grant.id,)


def test_an_unknown_plane_is_refused() -> None:
    with pytest.raises(ConfigError, match="tunnig"):
        diff_schemas(schema(), schema(), planes=["tunnig"])


def test_the_order_of_facts_does_not_matter() -> None:
    left = [*table("t", column("t", "a"), column("t", "b"), index("t", "i1", "a"), index("t", "i2", "a"))]
    right = [*table("t", column("t", "a", type="text"), index("t", "j2", "a"), index("t", "j1", "a"))]
    expected = diff_schemas(schema(left), schema(right))
    for seed in range(20):
        chance = random.Random(seed)
        chance.shuffle(left)
        chance.shuffle(right)
        assert diff_schemas(schema(left), schema(right)) == expected


# the same thing under another name


@pytest.mark.parametrize("exact", [False, True])
def test_an_index_under_another_name_is_renamed(exact: bool) -> None:
    before, after = schema(table("t", index("t", "old", "a"))), schema(table("t", index("t", "new", "a")))
    difference = only(diff_schemas(before, after, exact=exact))
    assert difference.change is Change.RENAMED
    assert difference.before is not None
    assert difference.after is not None
    assert (difference.before.id.name[-1], difference.after.id.name[-1]) == ("old", "new")
    assert difference.attributes == ()


def test_names_that_were_swapped_are_two_renames_and_no_rebuild() -> None:
    before, after = (
        schema(index("t", "i", "a"), index("t", "j", "b")),
        schema(index("t", "i", "b"), index("t", "j", "a")),
    )
    assert told(diff_schemas(before, after)) == [("renamed", "index public.t.i"), ("renamed", "index public.t.j")]


def test_a_definition_that_changed_under_its_name_is_changed() -> None:
    before, after = schema(index("t", "i", "a")), schema(index("t", "i", "b"))
    assert only(diff_schemas(before, after)).change is Change.CHANGED


def test_neither_name_nor_definition_in_common_is_removed_and_added() -> None:
    before, after = schema(index("t", "i", "a")), schema(index("t", "j", "b"))
    assert told(diff_schemas(before, after)) == [("removed", "index public.t.i"), ("added", "index public.t.j")]


def test_the_same_definition_on_another_table_is_no_rename() -> None:
    before = schema(table("t"), table("u"), index("t", "i", "a"))
    after = schema(table("t"), table("u"), index("u", "j", "a"))
    assert [item.change for item in diff_schemas(before, after).differences] == [Change.REMOVED, Change.ADDED]


def test_of_several_equal_definitions_the_same_name_stays_and_the_surplus_is_removed() -> None:
    before = schema(index("t", "a1", "a"), index("t", "keep", "a"), index("t", "z9", "a"))
    after = schema(index("t", "keep", "a"), index("t", "new", "a"))
    assert told(diff_schemas(before, after)) == [("renamed", "index public.t.new"), ("removed", "index public.t.z9")]


def test_options_do_not_keep_an_index_from_being_recognised() -> None:
    before = schema(index("t", "old", "a", options={"fillfactor": "70"}))
    after = schema(index("t", "new", "a", options={}))
    assert [(item.change, item.plane) for item in diff_schemas(before, after, planes="all").differences] == [
        (Change.CHANGED, "tuning"),
        (Change.RENAMED, "structure"),
    ]


def test_a_comment_follows_its_renamed_constraint() -> None:
    def with_comment(name: str, text: str) -> Schema:
        constraint = unique("t", name, "a")
        comment = fact("comment", "unique", "public", "t", name, parent=constraint.id, text=text)
        return schema(table("t", constraint, comment))

    assert told(diff_schemas(with_comment("u", "x"), with_comment("v", "x"))) == [("renamed", "unique public.t.v")]
    changed = diff_schemas(with_comment("u", "x"), with_comment("v", "y"))
    assert told(changed) == [("changed", "comment unique.public.t.v"), ("renamed", "unique public.t.v")]


def test_the_replica_identity_follows_its_renamed_index() -> None:
    before = schema(table("t", index("t", "old", "a", unique=True), replica_identity="index:old"))
    after = schema(table("t", index("t", "new", "a", unique=True), replica_identity="index:new"))
    assert only(diff_schemas(before, after)).change is Change.RENAMED


def test_a_name_that_one_side_wrote_out_beyond_63_bytes_is_the_same() -> None:
    long = "uq_" + "é" * 40
    before, after = schema(unique("t", "uq_" + "é" * 30, "a")), schema(unique("t", long, "a"))
    assert not diff_schemas(before, after, exact=True).differences


def test_an_owned_sequence_is_recognised_by_its_column() -> None:
    def owned(name: str, **attributes: int) -> Schema:
        default = f"nextval('public.{name}'::regclass)"
        return schema(
            table("t", column("t", "id", default=default, type="bigint", not_null=True)),
            fact("sequence", "public", name, owned_by=["public", "t", "id"], increment=1, **attributes),
        )

    diff = diff_schemas(owned("old_id_seq"), owned("t_id_seq"))
    assert not diff.differences
    assert diff.equivalent == {"owned-sequence-name": 2}
    assert told(diff_schemas(owned("old_id_seq"), owned("t_id_seq"), exact=True)) == [
        ("changed", "column public.t.id"),
        ("renamed", "sequence public.t_id_seq"),
    ]
    assert told(diff_schemas(owned("a", cache=1), owned("b", cache=9))) == [("changed", "sequence public.b")]


def test_names_of_not_null_constraints_are_hidden_and_counted() -> None:
    before = schema(of_table("not_null", "t", "t_a_not_null", columns=["a"], no_inherit=False, validated=True))
    after = schema(of_table("not_null", "t", "nn_a", columns=["a"], no_inherit=False, validated=True))
    diff = diff_schemas(before, after)
    assert (diff.differences, diff.equivalent) == ((), {"not-null-name": 1})
    assert only(diff_schemas(before, after, exact=True)).change is Change.RENAMED


def test_a_not_null_and_its_constraint_are_one_difference() -> None:
    constraint = of_table("not_null", "t", "nn", columns=["a"], no_inherit=False, validated=True)
    nullable = schema(table("t", column("t", "a")))
    strict = schema(table("t", column("t", "a", not_null=True), constraint))
    for before, after in ((nullable, strict), (strict, nullable)):
        difference = only(diff_schemas(before, after, exact=True))
        assert str(difference.id) == "column public.t.a"
        assert difference.contains == (constraint.id,)
    assert only(diff_schemas(schema(table("t")), strict)).contains == (constraint.id,)


def test_a_name_of_a_not_null_on_one_side_alone_is_hidden_and_counted() -> None:
    plain = {"columns": ["a"], "validated": True, "no_inherit": False}
    strict = column("t", "a", not_null=True)
    before, named = schema(table("t", strict)), of_table("not_null", "t", "nn", **plain)
    for left, right in ((before, schema(table("t", strict, named))), (schema(table("t", strict, named)), before)):
        diff = diff_schemas(left, right)
        assert (diff.differences, diff.equivalent) == ((), {"not-null-name": 1})
        assert only(diff_schemas(left, right, exact=True)).id == named.id
    for more in ({"validated": False}, {"no_inherit": True}):
        fact_that_says_more = of_table("not_null", "t", "nn", **{**plain, **more})
        assert only(diff_schemas(before, schema(table("t", strict, fact_that_says_more))))
    usual_name = of_table("not_null", "t", "t_a_not_null", **plain)
    assert only(diff_schemas(before, schema(table("t", strict, usual_name))))


def test_tables_of_a_missing_schema_are_differences_of_their_own() -> None:
    parent = FactId("schema", ("audit",))
    after = schema(fact("schema", "audit"), fact("table", "audit", "log", parent=parent))
    assert told(diff_schemas(schema(), after)) == [("added", "schema audit"), ("added", "table audit.log")]


def test_a_sequence_comes_and_goes_with_the_column_that_owns_it() -> None:
    serial = column("t", "id", default="nextval('public.t_id_seq'::regclass)")
    owned = fact("sequence", "public", "t_id_seq", parent=FactId("schema", ("public",)), owned_by=["public", "t", "id"])
    assert only(diff_schemas(schema(table("t", serial), owned), schema())).contains == (serial.id, owned.id)
    added = only(diff_schemas(schema(table("t")), schema(table("t", serial), owned)))
    assert (added.id, added.contains) == (serial.id, (owned.id,))


def test_a_not_null_that_is_not_valid_is_seen() -> None:
    def with_validated(validated: bool) -> Schema:
        return schema(of_table("not_null", "t", "nn", columns=["a"], no_inherit=False, validated=validated))

    assert only(diff_schemas(with_validated(False), with_validated(True))).changed_names == {"validated"}


def test_kinds_that_an_older_server_cannot_state_are_no_difference() -> None:
    constraint = of_table("not_null", "t", "nn", columns=["a"])
    old, new = schema(version=150018), schema(constraint)
    assert not diff_schemas(old, new, exact=True).differences
    assert not diff_schemas(new, old, exact=True).differences


# column order, renames


def test_another_order_of_common_columns_is_told_and_no_difference() -> None:
    before = schema(
        table("t", column("t", "a", _position=1), column("t", "x", _position=2), column("t", "b", _position=3))
    )
    same = schema(
        table("t", column("t", "a", _position=4), column("t", "x", _position=5), column("t", "b", _position=7))
    )
    moved = schema(
        table("t", column("t", "b", _position=1), column("t", "x", _position=2), column("t", "a", _position=3))
    )
    assert diff_schemas(before, same).column_order == ()
    assert diff_schemas(before, moved).column_order == (FactId("table", ("public", "t")),)
    assert not diff_schemas(before, moved).differences


def test_a_column_at_the_same_place_with_the_same_type_may_be_a_rename() -> None:
    def with_middle(name: str, **more: str) -> Schema:
        return schema(
            table(
                "t",
                column("t", "a", _position=1),
                column("t", name, _position=2, **more),
                column("t", "z", _position=3),
            )
        )

    removed, added = diff_schemas(with_middle("phone"), with_middle("msisdn")).differences[::-1]
    assert (removed.change, added.change) == (Change.REMOVED, Change.ADDED)
    assert "public.t.msisdn" in removed.hint
    assert "public.t.phone" in added.hint
    assert not any(item.hint for item in diff_schemas(with_middle("phone"), with_middle("b", type="text")).differences)


def test_two_candidates_are_none() -> None:
    before = schema(table("t", column("t", "phone_a", _position=1)))
    after = schema(table("t", column("t", "phone_b", _position=1), column("t", "phone_c", _position=2)))
    assert not any(item.hint for item in diff_schemas(before, after).differences)


def test_a_table_with_the_same_columns_may_be_a_rename() -> None:
    columns = ("id", "name", "price")
    before = schema(table("goods", *(column("goods", name) for name in columns)))
    after = schema(table("items", *(column("items", name) for name in columns)))
    added, removed = diff_schemas(before, after).differences[::-1]
    assert {added.change, removed.change} == {Change.ADDED, Change.REMOVED}
    assert added.hint
    assert removed.hint
