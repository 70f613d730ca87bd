"""A snapshot is the schema, whole; the same schema gives the same bytes; anything else is refused in one clear line."""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path

import pytest

from drift_pipeline.errors import SnapshotError
from drift_pipeline.schema import snapshot
from drift_pipeline.schema.facts import Fact, FactId, Schema
from drift_pipeline.schema.snapshot import from_json, load, save, to_json

TABLE = FactId("table", ("public", 'Bobby"; drop'))
COLUMN = FactId("column", (*TABLE.name, "naïve\n🦆"))


def small(order: int = 1) -> Schema:
    facts = [
        Fact(TABLE, {"options": {"b": "1", "a": "2"}, "row_security": False, "tags": ["z", "a"], "none": None}),
        Fact(COLUMN, {"type": "numeric(10,2)", "default": "'a\\b\u2028'::text", "_position": 3, "ratio": 0.1}, TABLE),
    ][::order]
    edges = [(COLUMN, TABLE), (COLUMN, FactId("extension", ("citext",)))][::order]
    return Schema(
        {fact.id: fact for fact in facts}, 180006, {"large objects": 2}, {"members of extensions": 9}, frozenset(edges)
    )


def test_what_comes_back_is_what_went_in() -> None:
    back = from_json(to_json(small()))
    assert back == small()
    assert back.fingerprint == small().fingerprint
    assert back.facts[COLUMN].parent == TABLE


def test_an_empty_schema_comes_back() -> None:
    assert from_json(to_json(Schema({}, 0))) == Schema({}, 0)


def test_the_same_schema_gives_the_same_bytes_whatever_its_order() -> None:
    assert to_json(small(1)) == to_json(small(-1))


def test_the_text_is_json_with_one_fact_a_line() -> None:
    text = to_json(small())
    assert [len(fact) for fact in json.loads(text)["facts"]] == [4, 4]
    assert sum(line.startswith('["') for line in text.splitlines()) == 2


def test_a_file_comes_back_and_has_the_mode_of_any_other(tmp_path: Path) -> None:
    path, other = tmp_path / "s.json", tmp_path / "other"
    other.touch()
    save(small(), path)
    assert load(path) == small()
    assert path.stat().st_mode == other.stat().st_mode
    assert set(os.listdir(tmp_path)) == {"other", "s.json"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no JSON"),
        ("create table t ();", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "no snapshot"),
        ('{"format": "terraform"}', "no snapshot"),
        ('{"format": "drift-snapshot", "version": 0}', "version 0"),
        ('{"format": "drift-snapshot", "version": 99}', "version 99"),
        ('{"format": "drift-snapshot"}', "version None"),
        ('{"format": "drift-snapshot", "version": 1}', "damaged"),
    ],
)
def test_what_is_no_snapshot_is_refused(text: str, says: str) -> None:
    with pytest.raises(SnapshotError, match=says) as caught:
        from_json(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    "damage",
    [
        {"facts": [["table"]]},
        {"facts": [["table", ["a"], None, []]]},
        {"facts": [["table", [1], None, {}]]},
        {"facts": [["table", [], None, {}]]},
        {"facts": [["table", ["a"], "x", {}]]},
        {"facts": [["table", ["a"], None, {}]] * 2},
        {"facts": [["table", ["a"], {"b": 1}, {}]]},
        {"facts": {}, "depends": [[0, 1]]},
        {"facts": None},
        {"depends": [[0, 5]]},
        {"depends": [[-1, 0]]},
        {"depends": [7]},
        {"excluded": []},
        {"not_covered": {"x": "many"}},
        {"server_version": "18"},
    ],
)
def test_a_damaged_snapshot_is_refused(damage: dict[str, object]) -> None:
    data = {**json.loads(to_json(small())), **damage}
    with pytest.raises(SnapshotError, match="damaged"):
        from_json(json.dumps(data))


def test_a_truncated_snapshot_is_refused() -> None:
    text = to_json(small())
    for end in range(0, len(text) - 2, 7):
        with pytest.raises(SnapshotError):
            from_json(text[:end])


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe\x00")
    text = tmp_path / "text.json"
    text.write_text("hello")
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "none.json", tmp_path, tmp_path / "fifo", binary, text):
        with pytest.raises(SnapshotError) as caught:
            load(path)
        assert str(path) in str(caught.value)
        assert caught.value.hint


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(SnapshotError, match="bytes"):
        load(path)


def test_an_earlier_snapshot_survives_a_failed_one(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    save(small(), path)
    before = path.read_bytes()
    broken = Schema.of([Fact(TABLE, {"text": "\ud800"})])
    with pytest.raises(SnapshotError):
        save(broken, path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["s.json"]


def test_a_folder_that_does_not_exist_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match=r"cannot be written"):
        save(small(), tmp_path / "none" / "s.json")


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path: Path) -> None:
    old, young, other = (tmp_path / f".{name}" for name in ("s.json.part-old", "s.json.part-young", "x.json.part-old"))
    for path in (old, young, other):
        path.write_text("{")
    for path in (old, other):
        os.utime(path, (0, 0))
    save(small(), tmp_path / "s.json")
    assert set(os.listdir(tmp_path)) == {young.name, other.name, "s.json"}


@pytest.mark.slow
def test_ten_thousand_tables_take_seconds() -> None:
    facts = []
    for number in range(10_000):
        table = FactId("table", ("public", f"table_{number:05}"))
        facts.append(Fact(table, {"persistence": "permanent", "options": {}, "row_security": False}))
        for part in range(25):
            column = FactId("column", (*table.name, f"column_{part}"))
            stated = {"type": "bigint", "not_null": True, "default": None, "_position": part, "identity_options": {}}
            facts.append(Fact(column, stated, table))
    random.Random(1).shuffle(facts)
    schema = Schema.of(facts)
    start = time.perf_counter()
    text = to_json(schema)
    written = time.perf_counter()
    assert from_json(text) == schema
    # two seconds each; a slip that makes it quadratic takes hours
    assert written - start < 60
    assert time.perf_counter() - written < 60


def test_a_name_that_holds_the_number_between_facts_is_written_as_it_is() -> None:
    hostile = [
        Fact(
            FactId("comment", ("table", "s", f"t{at}")),
            {"text": f"a,{snapshot._BETWEEN},b", "more": [1, snapshot._BETWEEN]},
        )
        for at in range(3)
    ]
    schema = Schema.of(hostile, 180000)
    assert from_json(to_json(schema)) == schema
    assert [line for line in to_json(schema).splitlines() if line.startswith('["comment"')] == [
        json.dumps(["comment", list(fact.id.name), None, dict(sorted(fact.attributes.items()))], separators=(",", ":"))
        + ("," if fact is not hostile[-1] else "")
        for fact in hostile
    ]
