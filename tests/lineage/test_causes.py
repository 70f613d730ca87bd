"""Each cause planted alone and together with others: what was done where comes out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drift_pipeline.scratch.server import ScratchServer
from tests.conftest import run_sql
from tests.lineage.project import BY_HAND, FIRST, Seen, check, stamped, written

HAND, PENDING, MODEL = "manual change", "pending migration", "unmigrated model"

EXPECTED = {
    # one alone
    "column by_hand_added": {HAND},
    "column by_hand_type": {HAND},
    "table by_hand_table": {HAND},
    "index ix_by_hand": {HAND},
    "column pending_added": {PENDING},
    "column pending_dropped": {PENDING},
    "column pending_type": {PENDING},
    "table pending_table": {PENDING},
    "index ix_pending": {PENDING},
    "column model_added": {MODEL},
    "column model_dropped": {MODEL},
    "column model_type": {MODEL},
    "table model_table": {MODEL},
    "index ix_model": {MODEL},
    # in pairs, and all of them
    "column hand_and_pending": {HAND, PENDING},
    "column pending_and_model": {PENDING, MODEL},
    "column hand_and_model": {HAND, MODEL},
    "column hand_null_model_type": {HAND, MODEL},
    "column all_three": {HAND, PENDING, MODEL},
    # a pending revision drops the table that somebody put an index on
    "table dropped_table": {HAND, PENDING},
    # made in the first revision, and neither dropped by hand nor declared
    "index ix_hand_dropped": {MODEL},
}


@pytest.fixture(scope="module")
def seen(server: ScratchServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    with server.create(label="live") as live:
        run_sql(live, FIRST + BY_HAND + stamped("r1"))
        yield check(written(tmp_path_factory.mktemp("project") / "shop"), live)


@pytest.mark.parametrize("what", EXPECTED)
def test_the_cause_is_what_was_done(seen: Seen, what: str) -> None:
    assert seen.causes()[what] == EXPECTED[what]


def test_a_default_that_is_read_once_differs_nowhere_and_is_told_of(seen: Seen) -> None:
    assert "the default of public.kept_table.made is the moment in which the table was made" in seen.notes


def test_nothing_else_differs(seen: Seen) -> None:
    # what was done by hand just as the pending revision does it is no difference any more
    assert set(seen.causes()) == set(EXPECTED)


def test_the_pending_revision_is_named(seen: Seen) -> None:
    assert seen.looked.report.pending == ("r2 more of them",)
    assert seen.looked.report.context.revision == "r1"


def test_what_a_migration_brings_is_mended_by_it(seen: Seen) -> None:
    findings = {item.difference.id.name[-1]: item for item in seen.looked.report.findings}
    assert findings["pending_dropped"].remedy == "database"
    assert "waits to be applied" in findings["pending_dropped"].remedy_reason
    assert findings["pending_dropped"].adoption == ""
    assert "Column('by_hand_added', Integer())" in findings["by_hand_added"].adoption
    assert findings["by_hand_added"].remedy == "decide"
