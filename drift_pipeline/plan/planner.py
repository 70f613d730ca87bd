"""The front door of the plan room: SQL that turns one schema into another, and the proof that it does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread

import psycopg2

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.diff.differences import Difference, SchemaDiff
from drift_pipeline.diff.reprint import Printed
from drift_pipeline.errors import EngineError, ScratchError
from drift_pipeline.plan.contest import compete, weighed_again
from drift_pipeline.plan.copying import Copying
from drift_pipeline.plan.early import Early
from drift_pipeline.plan.engines import ENGINES, NATIVE, engine_named
from drift_pipeline.plan.engines.process import make_ready, run_engine
from drift_pipeline.plan.ground import Ground, Scope, State, owners_for_good, scope_like, tolerated_in
from drift_pipeline.plan.memory import Memory
from drift_pipeline.plan.online.prove import spare_copy, with_online
from drift_pipeline.plan.outcome import outcome, unproven
from drift_pipeline.plan.proof import Leg, perform, screened, walk_natively
from drift_pipeline.plan.roles import proof_roles
from drift_pipeline.plan.sandbox import Sandbox
from drift_pipeline.plan.statements import Plan, Statement
from drift_pipeline.schema.facts import Fact, Schema
from drift_pipeline.schema.statistics import Statistics
from drift_pipeline.scratch.server import ScratchServer
from drift_pipeline.threads import switching_quickly

DEFAULT_ENGINES = ("migra", NATIVE)


def plan_repair(
    server: ScratchServer,
    *,
    live: Schema,
    models: Schema,
    models_database: Database,
    diff: SchemaDiff,
    live_database: Database | None = None,
    engine_timeout: float = 30.0,
    engines: Sequence[str] = DEFAULT_ENGINES,
    scope: Scope | None = None,
    whole: Schema | None = None,
    everything: bool = False,
    exact: bool = False,
    read_timeout: float = 60.0,
    cache: Path | None = None,
    online: bool = False,
    sizes: Callable[[], Statistics] | None = None,
    printed: Printed | None = None,
    later: Callable[[Callable[[], object]], object] | None = None,
) -> Plan:
    """Statements that turn `live` into `models`, proven on copies of `models_database` as far as they can be.

    `live`, `models`: facts as they are compared; `diff`: what differs between them and is to be repaired.
    `models_database`: a scratch database that holds the models, with nobody connected to it. `scope`: turns everything
    that is read from a copy into what is compared; without it, whatever `models` leaves out of the models' database
    stays out. `whole`: all facts of the models' database, where they are known. `everything`: `diff` is all that
    differs, so nothing is to be left as it is. `live_database`: read by an engine, and only where the native planner
    cannot rebuild the live schema on scratch. `cache`: a folder that remembers proven plans. `online`: with the
    variant for a database in use. `sizes`: of the live tables, by which proven plans are weighed. `printed`: what the
    models' database printed already. `later`: takes what is to be called before the server is let go of, so that the
    copies are dropped while the caller goes on. Raises ScratchError; what an engine does wrong is a note.
    """
    if not diff.differences:
        return Plan()
    major = live.server_major if online else 0
    memory, key = _memory(cache, live, models, diff=diff, engines=engines, server=server)
    key += f"-online-{major}" if online else ""
    if memory and (remembered := memory.recall(key)) and (weighed := weighed_again(remembered, sizes)):
        return weighed
    for engine in engines:
        if engine != NATIVE:
            make_ready(engine_named(engine))
    live = live.sharing(models)
    with ExitStack() as stack:
        stack.enter_context(_faults_of_scratch())
        stack.enter_context(switching_quickly())
        # the roles go after the copy whose objects they own
        roles = ExitStack()
        stack.push(roles)
        copy = stack.enter_context(Copying(server, models_database))
        asked = next((engine for engine in engines if engine != NATIVE), "")
        second = stack.enter_context(Copying(server, models_database)) if asked else None
        ground = Ground(
            server,
            roles.enter_context(proof_roles(server, (live, models))),
            goal=models,
            given_owners=owners_for_good(live, models),
            scope=scope or scope_like(models, models_database, read_timeout),
            planes=diff.planes,
            exact=exact,
            tolerated=frozenset() if everything else tolerated_in(live, models, models_database, diff, exact=exact),
            read_timeout=read_timeout,
            engine_timeout=engine_timeout,
            online_for=major or (server.version // 10000 if online else 0),
            sizes=sizes,
            base=models,
            printed={} if printed is None else printed,
        )
        copy.prepare(ground)
        if second is not None:
            second.prepare(ground, marked=False)
        start, first = _thought_out(ground, copy, live=live, models=models, whole=whole)
        box = copy.box()
        early = stack.enter_context(Early(ground, asked, second, first, models_database)) if second else None
        down = _back_to(live, ground, box, start, live_database, first=first)
        if not down.open:
            # it is live now, as far as anything is compared: what repairs it is written from live's own facts
            down.state = replace(down.state, inside=live)
        if early is not None and not early.stands_where(down):
            early.forget()
            early = None
        known = list(diff.differences) if everything and not down.open else None
        plan = _forward(
            ground,
            box,
            down,
            source=live,
            target_database=models_database,
            diff=diff,
            engines=engines,
            known=known,
            early=early,
        )
        if later is not None:
            later(_closing(stack.pop_all()))
    if memory:
        memory.keep(key, plan)
    return plan


def plan_between(
    server: ScratchServer | None,
    source: Schema,
    target: Schema,
    *,
    planes: Collection[str] = ("structure",),
    exact: bool = False,
    source_database: Database | None = None,
    target_database: Database | None = None,
    engine_timeout: float = 30.0,
    engines: Sequence[str] = DEFAULT_ENGINES,
    read_timeout: float = 60.0,
    online: bool = False,
    diff: SchemaDiff | None = None,
) -> Plan:
    """Statements that turn `source` into `target`, two schemas of any origin; proven if there is a scratch server.

    `source_database`, `target_database`: where the two were read from, if they are databases; engines read the second,
    and the first only if it cannot be rebuilt on scratch. Without a server the native planner's word stands, unproven.
    `online`: with the variant for a database in use. `diff`: what differs on these planes, where that is known already.
    """
    diff = diff or diff_schemas(source, target, planes=planes, exact=exact)
    if not diff.differences:
        return Plan()
    if server is None:
        return unproven(source, target, diff, ["There was no scratch server to prove it on."])
    with ExitStack() as stack:
        stack.enter_context(_faults_of_scratch())
        ground = Ground(
            server,
            stack.enter_context(proof_roles(server, (source, target))),
            goal=target,
            scope=lambda schema: schema,
            given_owners=owners_for_good(source, target),
            planes=diff.planes,
            exact=exact,
            read_timeout=read_timeout,
            engine_timeout=engine_timeout,
            online_for=(source.server_major or server.version // 10000) if online else 0,
        )
        box = stack.enter_context(ground.copy(label="source"))
        down = _back_to(source, ground, box, _standing(ground, box, source), source_database)
        down = _with_grants(down, source, diff.planes)
        if target_database is None:
            other = stack.enter_context(ground.copy(label="target"))
            built = _back_to(target, ground, other, _standing(ground, other, target), None)
            target_database = None if built.open else other.admin
        usable = [engine for engine in engines if engine == NATIVE or target_database is not None]
        return _forward(
            ground,
            box,
            down,
            source=source,
            target_database=target_database or box.admin,
            diff=diff,
            engines=usable,
        )


@contextmanager
def built_on_scratch(
    server: ScratchServer, schema: Schema, *, planes: Collection[str] = ("structure",), read_timeout: float = 60.0
) -> Iterator[Database]:
    """A scratch database in which the schema stands, as far as it could be made there; dropped at exit."""
    with ExitStack() as stack:
        with _faults_of_scratch():
            ground = Ground(
                server,
                stack.enter_context(proof_roles(server, (schema,))),
                goal=schema,
                scope=lambda read: read,
                given_owners=owners_for_good(schema),
                planes=planes,
                read_timeout=read_timeout,
            )
            box = stack.enter_context(ground.copy(label="built"))
            _back_to(schema, ground, box, _standing(ground, box, schema), None)
        yield box.admin


# ---------------------------------------------------------------- the two legs


def _closing(stack: ExitStack) -> Callable[[], object]:
    """Begins to close the stack, in a thread of its own; what is returned waits for its end."""
    thread = Thread(target=stack.close)
    thread.start()
    return thread.join


def _thought_out(
    ground: Ground, copy: Copying, *, live: Schema, models: Schema, whole: Schema | None
) -> tuple[Leg, Sequence[Statement]]:
    """Where the way down begins, and its first statements, while the copy is being made."""
    state = State(models) if whole is None else ground.state_of(whole)
    start = Leg(state, ground.differences(copy.box, state.inside, live))
    first = ground.native(state.inside, live, start.open)
    _ = live.fingerprint  # kept in it: the report asks for it, and here is time
    start.state = ground.marked(state, copy.marks())
    return start, first


def _back_to(
    schema: Schema,
    ground: Ground,
    box: Sandbox,
    start: Leg,
    fallback: Database | None,
    *,
    first: Sequence[Statement] | None = None,
) -> Leg:
    """Down: makes the copy equal to `schema`, natively; what is left is tried by the first engine over `fallback`."""
    down = walk_natively(ground, box, schema, start, measure=False, first=first)
    if not down.open or fallback is None:
        return down
    engine = ENGINES[0]
    try:
        proposals = run_engine(engine, box.admin, fallback, timeout=ground.engine_timeout)
    except EngineError as error:
        ground.notes.append(f"{error.message} {error.hint}".strip())
        return down
    statements, _ = screened(proposals, engine.name)
    if not perform(box, statements, measure=False).kept:
        return down
    state = ground.read(box, down.state)
    reached = Leg(state, ground.differences(box, state.inside, schema))
    return walk_natively(ground, box, schema, reached, measure=False)


def _with_grants(down: Leg, source: Schema, planes: Collection[str]) -> Leg:
    """Where nobody compares privileges, the copy has its own, and owners: what is made anew needs the source's."""
    if down.open:
        return down
    inside = down.state.inside
    facts = {key: _owned_as(source, fact) for key, fact in inside.facts.items()}
    if "privileges" not in planes:
        facts = {key: fact for key, fact in facts.items() if key.kind != "privilege"}
        facts |= {
            key: fact for key, fact in source.facts.items() if key.kind == "privilege" and fact.parent in inside.facts
        }
    down.state = replace(down.state, inside=replace(inside, facts=facts))
    return down


def _owned_as(source: Schema, fact: Fact) -> Fact:
    owner = source.facts[fact.id].attributes.get("owner") if fact.id in source.facts else None
    if owner is None or fact.attributes.get("owner") in (None, owner):
        return fact
    return replace(fact, attributes={**fact.attributes, "owner": owner})


def _standing(ground: Ground, box: Sandbox, goal: Schema) -> Leg:
    state = ground.read(box)
    return Leg(state, ground.differences(box, state.inside, goal))


def _forward(
    ground: Ground,
    box: Sandbox,
    down: Leg,
    *,
    source: Schema,
    target_database: Database,
    diff: SchemaDiff,
    engines: Sequence[str],
    known: list[Difference] | None = None,
    early: Early | None = None,
) -> Plan:
    """Up: the plan, and where it is asked for its variant for a database in use. `known`: all that differs between the
    copy, which is the source now as far as `down` came, and the goal, where that is known."""
    start = Leg(down.state, ground.differences(box, down.state.inside, ground.goal) if known is None else known)
    with spare_copy(ground, box) as spare:
        attempts = (
            compete(ground, box, start, target=target_database, engines=engines, early=early)
            if start.open
            else (None, [])
        )
        plan = outcome(ground, down, start, attempts, source=source, diff=diff)
        return with_online(ground, spare, down, plan)


# ---------------------------------------------------------------- what a plan begins with


def _memory(
    cache: Path | None,
    source: Schema,
    target: Schema,
    *,
    diff: SchemaDiff,
    engines: Sequence[str],
    server: ScratchServer,
) -> tuple[Memory | None, str]:
    if cache is None:
        return None, ""
    return Memory(cache), Memory.key(source, target, diff, engines, server.version)


@contextmanager
def _faults_of_scratch() -> Iterator[None]:
    try:
        yield
    except psycopg2.Error as error:
        words = " ".join((error.diag.message_primary or str(error)).split())
        raise ScratchError(
            f"The plan could not be proven, the scratch server failed: {words}",
            hint="Run `drift doctor`; DRIFT_SCRATCH_URL names another server.",
        ) from error
