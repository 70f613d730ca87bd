"""The bodies of a revision's functions: statements as Alembic operations, as Python source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from drift_pipeline.plan.native.quote import quote_literal
from drift_pipeline.plan.revisions.guards import Guard
from drift_pipeline.plan.revisions.source import INDENT, broken, escaped, indented, literal, one_line
from drift_pipeline.plan.statements import Statement, Step

_NOTHING: Mapping[str, list[str]] = {}
_NOBODY: Mapping[str, Guard] = {}


@dataclass(frozen=True)
class Direction:
    """Which of the two functions is written. `revision`: its id, by which a database notes what ran there.

    `noted`: it notes it in any case, since it is run in steps.
    """

    revision: str = ""
    back: bool = False
    noted: bool = False


def revision_body(
    statements: Sequence[Statement],
    guards: Sequence[Guard] = (),
    *,
    operations: Mapping[str, list[str]] = _NOTHING,
    direction: Direction | None = None,
    first: Sequence[str] = (),
    steps: Sequence[Step] = (),
    beside: Mapping[str, Guard] = _NOBODY,
) -> str:
    """Source of a function's body that runs these statements, its first line without indentation, as templates want it.

    `guards`: what to say and to ask before the statements that settle a difference; all questions are asked before
    anything is changed. `operations`: by statement, where Alembic has one; else it is executed as it is. Statements
    that cannot run inside a transaction go into an `autocommit_block`. `first`: lines before everything else. `steps`:
    the statements once more, each step to be committed before the next one. `beside`: by what a statement takes off or
    puts back, what to ask whether that is there as it was. Without statements: `pass`.

    Which of the guarded repairs ran is noted in the comment of the version table: `downgrade` takes back those.
    """
    direction = direction or Direction()
    settled = {key for statement in statements for key in statement.settles}
    asked = {each.key: each for each in guards if each.question and each.key in settled}
    used = [beside[name] for statement in statements for name in statement.again if name in beside]
    begins = asked or steps or direction.noted
    lines = [*first, *([_CONTEXT] if begins or used else ())]
    if direction.back:
        lines += _begin_back(asked, direction) if begins else ()
    else:
        lines += _begin(asked) if begins else ()
        lines += _go_on(direction) if steps else _needed() if asked else ()
    lines += _there(used) if used else ()
    said = {guard.key: guard.comment for guard in guards}
    chosen = _Chosen("done" if direction.back else "needed", asked, beside)
    for number, step in enumerate(steps, start=1):
        calls = list(_calls(step.statements, said, operations, chosen))
        lines += _step(number, step, calls)
    if steps:
        lines += _end_steps()
        kept = {id(statement) for step in steps for statement in step.statements}
        statements = [each for each in statements if id(each) not in kept]
    for transactional, group in groupby(statements, key=lambda statement: statement.transactional):
        calls = list(_calls(group, said, operations, chosen))
        if transactional:
            lines += calls
        else:
            lines += ["with op.get_context().autocommit_block():", *indented(calls)]
    if (asked or direction.noted) and not steps:
        lines += _end_back(direction) if direction.back else _end(direction)
    return "\n".join(indented(lines)).strip() or "pass"


# ---------------------------------------------------------------- what a database needs, and what was done there


_CONTEXT = "context, bind = op.get_context(), op.get_bind()"


def _begin(asked: Mapping[str, Guard]) -> Iterator[str]:
    yield from _questions("repairs", asked.values())


def _questions(name: str, guards: Iterable[Guard]) -> Iterator[str]:
    yield f"{name} = {{"
    for guard in guards:
        yield f"{INDENT}# {one_line(guard.comment)}"
        first, *more = broken(escaped(guard.question))
        yield f"{INDENT}{literal(guard.number)}: {first}{'' if more else ','}"
        yield from (f"{INDENT}{each}{',' if each is more[-1] else ''}" for each in more)
    yield "}"


def _there(used: Iterable[Guard]) -> Iterator[str]:
    """Asked under a search_path that prints every name in full."""
    yield from _questions("beside", {guard.number: guard for guard in used}.values())
    yield "there = set(beside)"
    yield "if not context.as_sql:"
    yield f'{INDENT}path = bind.execute(sa.text("SHOW search_path")).scalar()'
    yield f"{INDENT}set_path = sa.text(\"SELECT set_config('search_path', :path, false)\")"
    yield f'{INDENT}bind.execute(set_path, {{"path": "pg_catalog"}})'
    yield f"{INDENT}there = {{each for each in beside if bind.execute(sa.text(beside[each])).scalar()}}"
    yield f'{INDENT}bind.execute(set_path, {{"path": path}})'
    yield ""


def _needed() -> Iterator[str]:
    yield "# what this database has already is left alone; a script made with --sql cannot ask, and does everything"
    yield "needed = {"
    yield f"{INDENT}number"
    yield f"{INDENT}for number, question in repairs.items()"
    yield f"{INDENT}if context.as_sql or bind.execute(sa.text(question)).scalar()"
    yield "}"
    yield ""


def _go_on(direction: Direction) -> Iterator[str]:
    """What is needed and how far it came are noted with each step: a run that stopped goes on where it was."""
    yield from _ask_the_note()
    yield f'begun = [word for word in said.split() if word.startswith("{_note(direction)}")]'
    yield 'said = " ".join(word for word in said.split() if word not in begun)'
    yield "if begun:  # it was stopped on the way: what was committed is done"
    yield f'{INDENT}numbers, _, done = begun[0].partition("=")[2].partition("@")'
    yield f'{INDENT}needed, done = set(numbers.split(",")), int(done)'
    yield "else:"
    yield from indented([*list(_needed())[:-1], "done = 0"])
    yield ""
    yield "def note(step):"
    yield f'{INDENT}numbers = ",".join(sorted(needed))'
    yield f'{INDENT}words = f"{{said}} {_note(direction)}{{numbers}}@{{step}}".strip()'
    yield f"{INDENT}op.create_table_comment(table, words, schema=schema)"
    yield ""


def _end(direction: Direction) -> Iterator[str]:
    yield ""
    yield "# which repairs ran here is noted at the version table: downgrade() takes back these, and no others"
    yield from _ask_the_note()
    yield f'note = "{_note(direction)}" + ",".join(sorted(needed))'
    yield 'op.create_table_comment(table, f"{said} {note}".strip(), schema=schema)'


def _begin_back(asked: Mapping[str, Guard], direction: Direction) -> Iterator[str]:
    yield "# upgrade() noted at the version table what it did here; without asking (--sql), everything is taken back"
    yield from _ask_the_note()
    everything = ", ".join(literal(each) for each in sorted({guard.number for guard in asked.values()}))
    yield f"done = {{{everything}}} if context.as_sql else set()" if everything else "done = set()"
    yield "for word in said.split():"
    yield f'{INDENT}if word.startswith("{_note(direction)}"):'
    yield f'{INDENT * 2}done.update(word.partition("=")[2].partition("@")[0].split(","))'
    yield ""


def _end_back(direction: Direction) -> Iterator[str]:
    yield ""
    yield f'rest = " ".join(word for word in said.split() if not word.startswith("{_note(direction)}"))'
    yield "if rest:"
    yield f"{INDENT}op.create_table_comment(table, rest, schema=schema)"
    yield "else:"
    yield f"{INDENT}op.drop_table_comment(table, schema=schema)"


def _ask_the_note() -> Iterator[str]:
    yield "table, schema = context.version_table, context.version_table_schema"
    yield 'said = "" if context.as_sql else sa.inspect(bind).get_table_comment(table, schema)["text"] or ""'


def _note(direction: Direction) -> str:
    return f"drift:{direction.revision}="


# ---------------------------------------------------------------- statements


def _step(number: int, step: Step, calls: list[str]) -> Iterator[str]:
    """What went before is committed where the block begins; the limits hold for the session."""
    yield f"# {one_line(step.title)}"
    yield f"if done < {number}:"
    limits = (("lock_timeout", step.lock_timeout), ("statement_timeout", step.statement_timeout))
    inside = [line for name, value in limits for line in execute_call(f"SET {name} = {quote_literal(value)}")]
    block = ["with context.autocommit_block():", *indented([*inside, *([] if step.transactional else calls)])]
    yield from indented([*block, *(calls if step.transactional else ()), f"note({number})"])
    yield ""


def _end_steps() -> Iterator[str]:
    yield "with context.autocommit_block():"
    for name in ("lock_timeout", "statement_timeout"):
        yield from indented(execute_call(f"RESET {name}"))


@dataclass(frozen=True)
class _Chosen:
    """Where a statement runs. `name`: of the variable that holds the numbers of the repairs that are made."""

    name: str
    asked: Mapping[str, Guard]
    beside: Mapping[str, Guard]

    def conditions(self, statement: Statement) -> list[str]:
        """A statement for several differences runs where any of them needs it."""
        numbers = {self.asked[key].number for key in statement.settles if key in self.asked}
        always = not all(key in self.asked for key in statement.settles)
        there = {self.beside[each].number for each in statement.again if each in self.beside}
        return [*([] if always else _among(numbers, self.name)), *_among(there, "there")]


def _among(numbers: set[str], name: str) -> list[str]:
    few = [f"{literal(each)} in {name}" for each in numbers]
    return few if len(few) < 2 else [f"{name} & {{{', '.join(map(literal, sorted(numbers)))}}}"]


def _calls(
    statements: Iterable[Statement], said: dict[str, str], operations: Mapping[str, list[str]], chosen: _Chosen
) -> Iterator[str]:
    for statement in statements:
        for key in statement.settles:
            if (comment := said.pop(key, "")) and (key not in chosen.asked or chosen.name == "done"):
                yield f"# {one_line(comment)}"
        lines = operations.get(statement.sql) or execute_call(statement.sql)
        if conditions := chosen.conditions(statement):
            yield f"if {' and '.join(conditions)}:"
            lines = indented(lines)
        yield from lines


def execute_call(sql: str) -> list[str]:
    """`op.execute(…)` as lines of source; colons that SQLAlchemy would take for parameters are escaped."""
    lines = escaped(sql.strip().rstrip(";")).splitlines(keepends=True) or [""]
    if len(lines) == 1 and len(lines[0]) < 80:
        return [f"op.execute({literal(lines[0])})"]
    return ["op.execute(", *(f"{INDENT}{each}" for line in lines for each in broken(line)), ")"]
