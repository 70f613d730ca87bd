"""The body of a revision is Python that hands Alembic exactly the statements of the plan."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql

from drift_pipeline.plan.revisions.body import execute_call, revision_body
from drift_pipeline.plan.revisions.guards import Guard
from drift_pipeline.plan.statements import Statement

DIALECT = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]


def executed(source: str) -> list[str]:
    """What the server would get from this source: through text(), as op.execute does it."""
    got: list[str] = []

    class Op:
        @staticmethod
        def execute(sql: str) -> None:
            compiled = sa.text(sql).compile(dialect=DIALECT)
            assert not compiled.params
            got.append(str(compiled))

        @staticmethod
        def get_context() -> Any:
            return SimpleNamespace(autocommit_block=Block)

    class Block:
        def __enter__(self) -> None:
            got.append("BEGIN BLOCK")

        def __exit__(self, *_: object) -> None:
            got.append("END BLOCK")

    exec(source, {"op": Op})
    return got


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE a ALTER b SET DEFAULT 'x:y'::text",
        r"SELECT ':a', '\:b', 'a::b', '\::c', '12:30', ':a:b'",
        "COMMENT ON TABLE t IS '100 % \"sure\"'",
        "CREATE FUNCTION f() RETURNS void AS $$\nBEGIN\n  x := ':y';\nEND $$ LANGUAGE plpgsql",
        "SELECT 'it''s', E'\\n', '😀', 'back\\slash'",
        'ALTER TABLE "a\nb" DROP COLUMN ":c"',
    ],
)
def test_the_server_gets_the_statement_to_the_letter(sql: str) -> None:
    assert executed("\n".join(execute_call(sql))) == [sql]


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: text == text.strip(" ;\n\t\r"))
)
def test_any_text_arrives_as_it_is(text: str) -> None:
    sql = f"SELECT '{text}'"
    assert executed("\n".join(execute_call(sql))) == [sql]


def test_what_cannot_run_in_a_transaction_gets_a_block_of_its_own() -> None:
    plan = [Statement("A", "native"), Statement("B", "native", transactional=False), Statement("C", "native")]
    assert executed("if True:\n    " + revision_body(plan)) == ["A", "BEGIN BLOCK", "B", "END BLOCK", "C"]


def test_a_name_with_a_line_break_cannot_leave_its_comment() -> None:
    plan = [Statement("A", "native", settles=("k",))]
    assert executed("if True:\n    " + revision_body(plan, [Guard("k", "column x\nimport os")])) == ["A"]


def test_a_revision_without_statements_is_valid_python() -> None:
    assert executed("if True:\n    " + revision_body([])) == []
