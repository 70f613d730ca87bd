"""Reports made by hand, with the names that break renderings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from drift_pipeline.diff.differences import AttributeChange, Change, Difference, SchemaDiff
from drift_pipeline.judge.findings import Evidence, Finding
from drift_pipeline.judge.judge import judge
from drift_pipeline.judge.words import visible
from drift_pipeline.models.faults import ModelFault
from drift_pipeline.plan.statements import OnlinePlan, Plan, Proof, Statement, Step
from drift_pipeline.report.report import Context, Coverage, Report
from drift_pipeline.schema.facts import Fact, FactId, Schema

HOSTILE = (
    "plain",
    'quo"te',
    "apo'strophe",
    "new\nline",
    "carriage\rreturn",
    "x\n; drop table victim; --",
    "x\r; drop table victim; --",
    "x*/; drop table victim; /*",
    "tick`tick",
    "``` fence",
    "pipe|pipe",
    "back\\slash",
    "back\\|pipe",
    "end\\",
    "<script>alert(1)</script>",
    "<!-- comment",
    "&amp;",
    "![image](http://example.com/x.png)",
    "[link](javascript:alert(1))",
    "**bold** _it_ ~~gone~~",
    "# heading",
    "- item",
    "1. item",
    "    indented",
    "@everyone #1",
    "www.example.com https://example.com",
    "$math$",
    "[red]markup[/red]",
    "{{ template }} {% raw %}",
    "%s %(name)s {0}",
    "\x1b[31mred\x1b[0m",
    "right\u202eto left",
    "zero\u200bwidth",
    "family 👨‍👩‍👧 smile 😀",
    "ümläut 表 имя",
    "n" * 63,
    " spaces ",
    "UPPER",
    "::error::annotation",
)

CONTEXT = Context(
    environment="production",
    checked_at=datetime(2026, 11, 22, 2, 0, tzinfo=UTC),
    target="db.example.com:5432/shop",
    server_version="17.2",
    scratch_version="18.0 (embedded)",
    models="shop.models:Base.metadata",
    tables=12,
    live_fingerprint="a" * 32,
    model_fingerprint="b" * 32,
    branch="main",
    commit="abc1234def567890",
    timings={"plan": 1.23456, "live": 0.5},
)
COVERAGE = Coverage(
    schemas=("public", "billing"), facts=214, unmanaged={"trigger": 2}, planes_off=("privileges", "owners", "tuning")
)
NO_PLAN = Plan()


def fact(kind: str, *name: str, **attributes: object) -> Fact:
    return Fact(FactId(kind, name), attributes)  # type: ignore[arg-type]


def missing(kind: str, *name: str, **attributes: object) -> Difference:
    return Difference(FactId(kind, name), Change.ADDED, None, fact(kind, *name, **attributes))


def extra(kind: str, *name: str, contains: tuple[FactId, ...] = (), **attributes: object) -> Difference:
    key = FactId(kind, name)
    return Difference(key, Change.REMOVED, fact(kind, *name, **attributes), None, contains=contains)


def retyped(*name: str, before: str, after: str) -> Difference:
    old, new = fact("column", *name, type=before), fact("column", *name, type=after)
    return Difference(old.id, Change.CHANGED, old, new, (AttributeChange("type", before, after),))


def judged(*differences: Difference, environment: str = "production") -> tuple[Finding, ...]:
    schema = Schema.of([])
    return judge(SchemaDiff(differences), schema, schema, environment=environment)


def report(*differences: Difference, plan: Plan = NO_PLAN, environment: str = "production") -> Report:
    context = replace(CONTEXT, environment=environment)
    return Report(context, judged(*differences, environment=environment), plan, COVERAGE)


CLEAN = report()

ORDINARY = report(
    extra("table", "public", "legacy", contains=(FactId("column", ("public", "legacy", "a")),)),
    retyped("public", "orders", "total", before="numeric(10,2)", after="numeric(12,2)"),
    missing("column", "public", "orders", "note", type="text", not_null=False),
    extra("index", "public", "orders", "ix_old", unique=False),
    missing("comment", "table", "public", "orders", text="Orders"),
)
ORDINARY = replace(
    ORDINARY,
    plan=Plan(
        (
            Statement('DROP TABLE "public"."legacy"', "migra", destructive=True, proven=True),
            Statement("ALTER TABLE public.orders ADD COLUMN note text", "migra", proven=True),
            Statement(
                "CREATE INDEX CONCURRENTLY i ON public.orders (total)", "native", transactional=False, note="slow"
            ),
        ),
        Proof.UNPROVEN,
        open=("comment on table public.orders",),
        engine="migra",
    ),
    model_faults=(ModelFault("index public.ix_x", 'function "f" does not exist', "shop/models.py:30"),),
    notes=("extension postgis is stood in for on scratch",),
)


ONLINE = replace(
    ORDINARY,
    plan=replace(
        ORDINARY.plan,
        online=OnlinePlan(
            (
                Step("add the column", (ORDINARY.plan.statements[1],)),
                Step("build the index", (ORDINARY.plan.statements[2],), transactional=False, statement_timeout="0"),
                Step(
                    "drop the table",
                    (replace(ORDINARY.plan.statements[0], hazards=("locks public.legacy (12 MB) for an instant",)),),
                    online=False,
                    note="nothing makes it gentler",
                ),
            ),
            Proof.PROVEN,
            notes=("an index was left as it is",),
        ),
    ),
)
"""The same with steps for a database in use."""


def hostile_report() -> Report:
    """Each hostile name as table, column, default, comment, fault, note, statement, environment's note."""
    differences = [extra("table", "public", name) for name in HOSTILE]
    differences += [missing("column", "public", "t", name, type="text", not_null=False) for name in HOSTILE]
    for name in HOSTILE:
        old, new = (fact("column", "public", "d", name, default=value) for value in (f"'{name}'", "'x'"))
        change = AttributeChange("default", f"'{name}'", "'x'")
        differences.append(Difference(old.id, Change.CHANGED, old, new, (change,), hint=f"perhaps {name}"))
    findings = tuple(
        replace(finding, remark=name, evidence=(Evidence(visible(name)),), declared=name, adoption=f"{name}\n{name}")
        for finding, name in zip(judged(*differences), HOSTILE * 3, strict=True)
    )
    keys = [finding.difference.key for finding in findings]
    quoted = ['"' + name.replace('"', '""') + '"' for name in HOSTILE]
    statements = tuple(
        Statement(f"DROP TABLE public.{name}", "native", destructive=True, settles=(key,), note=name)
        for name, key in zip(quoted, keys, strict=False)
    )
    return Report(
        replace(CONTEXT, branch=HOSTILE[5], models=HOSTILE[8]),
        findings,
        Plan(statements, Proof.UNPROVEN, open=HOSTILE, notes=HOSTILE),
        replace(COVERAGE, schemas=HOSTILE, excluded=dict.fromkeys(HOSTILE, 1), column_order=HOSTILE[:9]),
        tuple(ModelFault(name, name, name) for name in HOSTILE),
        HOSTILE,
        HOSTILE,
    )


def hostile_steps() -> Report:
    """The same as steps for a database in use."""
    hostile = hostile_report()
    steps = tuple(
        Step(name, (replace(statement, hazards=(name,)),), note=name, online=number % 2 == 0)
        for number, (name, statement) in enumerate(zip(HOSTILE, hostile.plan.statements, strict=True))
    )
    return replace(hostile, plan=replace(hostile.plan, online=OnlinePlan(steps, open=HOSTILE, notes=HOSTILE)))
