"""The sentences that every output shares: verdict, what was and was not compared, what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from drift_pipeline.judge.findings import Cause, Finding, Impact, Severity
from drift_pipeline.judge.words import dotted, kind_word, subject, visible
from drift_pipeline.report.report import Coverage, Report

NOW = {
    Impact.BREAKS: "Breaks the application now",
    Impact.EXPOSES: "Exposes data now",
    Impact.DEGRADES: "Degrades the application now",
}

RECOMMENDATIONS: Mapping[Severity, tuple[str, ...]] = {
    Severity.CRITICAL: (
        "Review every DROP before anything is applied.",
        "Back up the database before applying.",
        "Generate an Alembic migration and have it reviewed.",
        "Try it on staging first.",
        "Choose a maintenance window for production.",
    ),
    Severity.MAJOR: (
        "Review the changes.",
        "Generate an Alembic migration.",
        "Test it on staging.",
        "Deploy it when traffic is low.",
    ),
    Severity.MINOR: (
        "Review the changes at your convenience.",
        "Make a migration when ready.",
        "Let it go out with the next regular release.",
    ),
}
"""What to do, by the worst severity that has findings."""

REPAIR_NOW = "Repair first what breaks the application now: it does not wait for a release."


def verdict(report: Report) -> str:
    """One line that says how it stands. What breaks the application comes first, whatever the severity."""
    environment = visible(report.context.environment)
    aside = len(report.findings) - len(report.counting)
    if not report.counting:
        shown = f" {differences(aside)} set aside." if aside else ""
        return f"No drift in {environment}.{shown}{_faults(report)}"
    worst = _worst_now(report)
    counted = f"{differences(len(report.counting))} ({counts_text(report.counts)})"
    if worst is None or report.impact is Impact.DEGRADES:
        also = " Degrades the application now." if worst else " Nothing breaks now."
        return f"{report.severity.value.capitalize()} drift in {environment}: {counted}.{also}{_faults(report)}"
    more = sum(finding.impact is report.impact for finding in report.counting) - 1
    others = f" (and {more} more)" if more else ""
    return f"{NOW[report.impact]}: {worst.title}{others}. Drift in {environment}: {counted}.{_faults(report)}"


def _worst_now(report: Report) -> Finding | None:
    if report.impact is Impact.NONE:
        return None
    return next(finding for finding in report.counting if finding.impact is report.impact)


def _faults(report: Report) -> str:
    count = len(report.model_faults)
    if not count:
        return ""
    return f" {count} declaration{'s' * (count > 1)} of the models could not be built, and {_were(count)} not compared."


def _were(count: int) -> str:
    return "were" if count > 1 else "was"


def differences(count: int) -> str:
    """`1 difference`, `2 differences`."""
    return f"{count} difference{'' if count == 1 else 's'}"


def tables_text(count: int) -> str:
    """`1 table`, `2 tables`."""
    return f"{count} table{'' if count == 1 else 's'}"


def counts_text(counts: Mapping[str, int]) -> str:
    """`2 critical, 1 major`; levels without findings are left out."""
    return ", ".join(f"{count} {level}" for level, count in counts.items() if count) or "none"


def coverage_line(coverage: Coverage) -> str:
    """What was compared and what was not. Nobody says "no drift" without it."""
    left_out = not_compared(coverage)
    where = f" in schema{'s' * (len(coverage.schemas) > 1)} {', '.join(map(_name, coverage.schemas))}"
    compared = (
        f"Compared: {coverage.facts} fact{'' if coverage.facts == 1 else 's'}{where if coverage.schemas else ''}."
    )
    return f"{compared} Not compared: {'; '.join(left_out) if left_out else 'nothing was left out'}."


def _name(schema: str) -> str:
    return dotted((schema,))


def not_compared(coverage: Coverage) -> tuple[str, ...]:
    """What was left out, one phrase each: what cannot be looked at first, then what was left out on purpose."""
    phrases = [f"{_counted(what, count)} (not covered)" for what, count in sorted(coverage.not_covered.items())]
    phrases += [
        f"{count} {visible(kind_word(kind, count))} (the models cannot declare {'it' if count == 1 else 'them'})"
        for kind, count in sorted(coverage.unmanaged.items())
    ]
    if coverage.planes_off:
        phrases.append(f"{', '.join(coverage.planes_off)} (switched off)")
    phrases += [f"{_counted(reason, count)} (left out)" for reason, count in sorted(coverage.excluded.items())]
    return tuple(phrases)


def _counted(what: str, count: int) -> str:
    return f"{visible(what)}: {count}" if count else visible(what)


def spelling_line(coverage: Coverage) -> str:
    """What differs in spelling only and was taken for equal; empty when nothing was."""
    total = sum(coverage.equivalent.values())
    if not total:
        return ""
    rules = ", ".join(f"{visible(rule)}: {count}" for rule, count in sorted(coverage.equivalent.items()))
    return f"Taken for equal, only spelled differently: {total} ({rules})."


def pending_line(report: Report) -> str:
    """Which migrations wait to be applied; empty when none do."""
    if not report.pending:
        return ""
    return f"Migrations not applied: {_waiting(report)}. alembic upgrade head brings what they hold."


def pending_warning(report: Report) -> str:
    """Why the SQL is not to be run before the migrations that wait; empty where it does nothing that they do."""
    if not report.pending or not any(map(comes_with_migration, report.counting)):
        return ""
    return (
        f"Migrations not applied: {_waiting(report)}. Apply them first (alembic upgrade head) and check again: "
        "this SQL makes what they bring as well, and afterwards they would fail."
    )


def comes_with_migration(finding: Finding) -> bool:
    """Whether a migration that waits brings all of it."""
    return finding.causes == (Cause.PENDING_MIGRATION,)


def _waiting(report: Report) -> str:
    shown = ", ".join(visible(item) for item in report.pending[:10])
    return shown + (f" and {len(report.pending) - 10} more" if len(report.pending) > 10 else "")


def order_line(coverage: Coverage) -> str:
    """Tables whose columns stand in another order; empty when none do."""
    if not coverage.column_order:
        return ""
    tables = ", ".join(visible(table) for table in coverage.column_order[:10])
    more = len(coverage.column_order) - 10
    shown = f"{tables} and {more} more" if more > 0 else tables
    return f"Columns stand in another order, which PostgreSQL cannot change: {shown}."


def recommendations(report: Report) -> dict[str, list[str]]:
    """What to do, by severity, for the severities that have findings; `now` first if something breaks."""
    found: dict[str, list[str]] = {}
    if report.impact is Impact.BREAKS:
        found["now"] = [REPAIR_NOW]
    for level, advice in RECOMMENDATIONS.items():
        if report.counts[level.value]:
            found[level.value] = list(advice)
    if found and (first := _by_migration(report)):
        heading = next(iter(found))
        found[heading] = [*found[heading], *first] if heading == "now" else [*first, *found[heading]]
    return found


def _by_migration(report: Report) -> list[str]:
    """What is written already and only has to be applied, and what that leaves of what breaks."""
    broken = [finding for finding in report.counting if finding.impact is Impact.BREAKS]
    of_all = broken or list(report.counting)
    brought = [finding for finding in of_all if comes_with_migration(finding)]
    if not report.pending or not brought:
        return []
    what = "that break the application" if broken else "differences"
    some = f"{len(brought)} of the {len(of_all)} {what}"
    everything = "all that breaks the application" if broken else "all of it"
    steps = [
        f"Apply the migrations that wait, with alembic upgrade head: {_waiting(report)}. "
        f"They bring {some if len(brought) < len(of_all) else everything}."
    ]
    rest = [finding for finding in of_all if finding not in brought]
    if broken and rest:
        steps.append(f"The rest is repaired by SQL, in schema-diff.sql: {_subjects(rest)}.")
    return steps


PROOF_LINES = {
    "proven": "The plan was proven on a scratch copy: it ran, and what it left equals the models.",
    "unproven": "The plan is not proven: see the statements that are marked.",
    "not needed": "",
}


def proof_line(report: Report) -> str:
    """How far the plan was proven, in a sentence; empty when there is nothing to prove."""
    return f"{PROOF_LINES[report.plan.proof.value]} {refusal_line(report)}".strip()


def refusal_line(report: Report) -> str:
    """What a proof on a copy cannot know: that the live database refuses a repair, or may. Empty if nothing says so."""
    environment = visible(report.context.environment)
    refused = [each for each in report.findings if any(item.fails for item in each.evidence)]
    unsure = [each for each in report.findings if each not in refused and any(item.unsure for item in each.evidence)]
    lines = []
    if refused:
        lines.append(f"As {environment} stands, it fails at {_subjects(refused)}: decide first, see there.")
    if unsure:
        lines.append(f"Whether {environment} lets it pass at {_subjects(unsure)}, nobody could look: see there.")
    return " ".join(lines)


def _subjects(findings: Sequence[Finding]) -> str:
    names = ", ".join(subject(finding.difference.id) for finding in findings[:3])
    return names + (f" and {len(findings) - 3} more" if len(findings) > 3 else "")
