"""What a proof stands on: which facts count, how a copy is read, what still differs from where one wants to be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field, replace

from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.diff.differences import Difference, SchemaDiff
from drift_pipeline.diff.reprint import Printed, Reprinter, Shape, shape_of
from drift_pipeline.plan.engines import NATIVE
from drift_pipeline.plan.native.write import write_statements
from drift_pipeline.plan.neighbourhood import Map, around
from drift_pipeline.plan.roles import ProofRoles
from drift_pipeline.plan.sandbox import Sandbox, connect, sandbox
from drift_pipeline.plan.statements import Statement
from drift_pipeline.schema.coverage import ATTACHED
from drift_pipeline.schema.facts import Fact, FactId, Schema, Value
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.schema.rereading import Marks, Reading, read_again, read_marks, read_whole
from drift_pipeline.schema.scope import without_own_privileges
from drift_pipeline.schema.statistics import Statistics
from drift_pipeline.scratch.server import ScratchServer

Scope = Callable[[Schema], Schema]


@dataclass(frozen=True)
class State:
    """A copy as it was read: `inside`, the facts that are compared, and `outside`, the others (None: unread).

    `reading`: everything, with the marks by which a later read knows what was touched since.
    """

    inside: Schema
    outside: Mapping[FactId, Fact] | None = None
    reading: Reading | None = None


@dataclass(frozen=True)
class Ground:
    """The same for every leg and engine of one plan.

    `goal`: the facts that the plan shall reach. `scope`: leaves the facts that are compared. `tolerated`: ids of facts
    that differ from the goal and that nobody asked to repair. `planes`, `exact`: as for `diff_schemas`. `given_owners`:
    owners that no statement can change, so that no copy can have them. `online_for`: the major of the server for which
    the variant for a database in use is asked for; 0 if nobody asks. `sizes`: how large the live tables are, asked
    where it decides. `printed`: what a database that is as `base` printed again, `printed_elsewhere` others.
    """

    server: ScratchServer
    roles: ProofRoles
    goal: Schema
    scope: Scope
    planes: Collection[str] = ("structure",)
    exact: bool = False
    tolerated: frozenset[FactId] = frozenset()
    read_timeout: float = 60.0
    engine_timeout: float = 30.0
    given_owners: Mapping[FactId, Value] = field(default_factory=dict)
    online_for: int = 0
    sizes: Callable[[], Statistics] | None = None
    notes: list[str] = field(default_factory=list)
    maps: dict[int, Map] = field(default_factory=dict)
    base: Schema = field(default_factory=lambda: Schema.of(()))
    printed: Printed = field(default_factory=dict)
    printed_elsewhere: dict[Shape, Printed] = field(default_factory=dict)

    def copy(self, template: str = "", label: str = "proof") -> AbstractContextManager[Sandbox]:
        """A sandbox: a copy of the scratch database `template`, or an empty one."""
        return sandbox(self.server, self.roles, template=template, label=label)

    def read(self, box: Sandbox, before: State | None = None) -> State:
        """The facts of a copy. The role of the proof is called by the name of the role that it stands in for.

        `before`: the state of the copy, or of what it was copied from, before statements ran: what they did not touch
        is not read again.
        """
        with self._looking(box) as session:
            if before is None or before.reading is None:
                return self._state(read_whole(session, self._renamed))
            return self._state(read_again(session, before.reading, self._renamed))

    def state_of(self, whole: Schema) -> State:
        """The state of a copy of a database that was read already: `whole` is everything in it. See `marked`."""
        return self._state(Reading(whole, {}))

    def marked(self, state: State, marks: Marks) -> State:
        """The state, with the marks of the copy, so that later on only what was touched has to be read."""
        return replace(state, reading=replace(state.reading, marks=marks) if state.reading else None)

    def marks(self, box: Sandbox) -> Marks:
        """The marks of a copy as it stands."""
        with self._looking(box) as session:
            return read_marks(session)

    @contextmanager
    def _looking(self, box: Sandbox) -> Iterator[Connection]:
        """A transaction that sees one moment. What ran in the copy is committed, and nothing runs there now."""
        with closing(connect(box.admin)) as session, session.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read, read only")
            cursor.execute("select set_config('statement_timeout', %s, true)", (f"{self.read_timeout * 1000:.0f}",))
            yield session

    def _renamed(self, schema: Schema) -> Schema:
        return _under_old_name(schema, self.roles.worker, self.roles.builder)

    def _state(self, reading: Reading) -> State:
        inside = _with_owners(self.scope(reading.schema), self.given_owners).sharing(self.goal)
        if inside.facts is self.goal.facts:
            inside = self.goal  # whose neighbourhoods are known
        # a new object brings its owner's privileges along: they say nothing but who ran the statement
        others = without_own_privileges(reading.schema).facts
        return State(inside, {key: fact for key, fact in others.items() if key not in inside.facts}, reading)

    def differences(self, box: Sandbox | Callable[[], Sandbox], state: Schema, goal: Schema) -> list[Difference]:
        """What differs between the two and is not tolerated; `box` is as `state` says, or gives one that is."""
        with Reprinter(
            lambda: (box if isinstance(box, Sandbox) else box()).admin, known=lambda: self._printed_in(state)
        ) as reprint:
            found = diff_schemas(state, goal, planes=self.planes, exact=self.exact, reprint=reprint).differences
        return [item for item in found if not (ids_of(item) & self.tolerated)]

    def _printed_in(self, state: Schema) -> Printed:
        """What was printed in a copy with the same columns."""
        shape = shape_of(state, self.base)
        return self.printed_elsewhere.setdefault(shape, {}) if shape else self.printed

    def native(self, state: Schema, goal: Schema, differences: Sequence[Difference]) -> list[Statement]:
        """The native planner's statements for these differences."""
        return native_statements(state, goal, differences, self.planes, self.maps)


def native_statements(
    source: Schema,
    target: Schema,
    differences: Sequence[Difference],
    planes: Collection[str],
    maps: dict[int, Map] | None = None,
) -> list[Statement]:
    """What the native planner writes to settle these differences. `maps`: of schemas that were asked about before."""
    near_source, near_target = around(source, target, differences, maps)
    written = write_statements(near_source, near_target, differences, planes=planes)
    return [replace(item, engine=NATIVE) for item in written]


def owners_for_good(*schemas: Schema) -> dict[FactId, Value]:
    """Owners of extensions: whoever creates one owns it, and PostgreSQL has no statement to change that."""
    return {fact.id: fact.attributes.get("owner") for schema in schemas for fact in schema.of_kind("extension")}


def _with_owners(schema: Schema, owners: Mapping[FactId, Value]) -> Schema:
    given = {
        key: replace(fact, attributes={**fact.attributes, "owner": owners[key]})
        for key, fact in schema.facts.items()
        if key in owners and "owner" in fact.attributes
    }
    return replace(schema, facts={**schema.facts, **given}) if given else schema


def ids_of(difference: Difference) -> set[FactId]:
    """The facts that a difference is about, on either side."""
    sides = (difference.before, difference.after)
    return {difference.id, *(fact.id for fact in sides if fact is not None)}


def all_ids(differences: Iterable[Difference]) -> set[FactId]:
    """The facts that any of the differences is about, with those that come and go with them."""
    return {key for item in differences for key in (*ids_of(item), *item.contains)}


def scope_like(models: Schema, database: Database, read_timeout: float) -> Scope:
    """A scope that leaves out what `models` leaves out of its own database."""
    everything = read_schema(database, read_timeout=read_timeout)
    hidden = everything.facts.keys() - models.facts.keys()

    def scope(schema: Schema) -> Schema:
        return replace(schema, facts={key: fact for key, fact in schema.facts.items() if key not in hidden})

    return scope


def tolerated_in(
    live: Schema, models: Schema, models_database: Database, diff: SchemaDiff, *, exact: bool
) -> frozenset[FactId]:
    """Facts that differ and that the caller does not want repaired."""
    with Reprinter(models_database) as reprint:
        everything = diff_schemas(live, models, planes=diff.planes, exact=exact, reprint=reprint).differences
    return frozenset(all_ids(everything) - all_ids(diff.differences))


def changed_outside(before: State, after: State) -> set[FactId]:
    """Facts beyond what is compared that are not as they were."""
    if before.outside is None or after.outside is None:
        return set()
    keys = before.outside.keys() | after.outside.keys()
    return {key for key in keys if _stated(before.outside.get(key)) != _stated(after.outside.get(key))}


def lost_grants(before: State, after: State) -> set[FactId]:
    """What was granted on relations that were made anew meanwhile, and is not granted any more.

    Who looks at structure alone does not see it go, and the copy may never have had it.
    """
    if before.reading is None or after.reading is None:
        return set()
    oids = {name: oid for oid, (name, _) in before.reading.marks.items()}
    anew = {name for oid, (name, _) in after.reading.marks.items() if oids.get(name, oid) != oid}
    return {
        key
        for key, fact in before.inside.facts.items()
        if key.kind == "privilege" and anew and key.name[1:3] in anew and key not in after.reading.schema.facts
        if key.name[-1] != _owner_of(fact, before.inside)
    }


def _owner_of(privilege: Fact, schema: Schema) -> Value:
    about = schema.facts.get(privilege.parent) if privilege.parent else None
    return about.attributes.get("owner") if about else None


def _stated(fact: Fact | None) -> dict[str, Value] | None:
    # a partition that is left out gets a part of whatever its parent gets
    return None if fact is None else {name: value for name, value in fact.stated.items() if name != ATTACHED}


def _under_old_name(schema: Schema, role: str, name: str) -> Schema:
    if role == name:
        return schema

    def renamed(key: FactId) -> FactId:
        if key.kind not in {"privilege", "default_privilege", "user_mapping"} or role not in key.name:
            return key
        return FactId(key.kind, tuple(name if part == role else part for part in key.name))

    def relabelled(fact: Fact) -> Fact:
        key, attributes = renamed(fact.id), dict(fact.attributes)
        if attributes.get("owner") == role:
            attributes["owner"] = name
        if isinstance(listed := attributes.get("roles"), list) and role in listed:  # of a policy
            attributes["roles"] = [*sorted(str(name if each == role else each) for each in listed)]
        return (
            fact if key is fact.id and attributes == fact.attributes else replace(fact, id=key, attributes=attributes)
        )

    facts = (relabelled(fact) for fact in schema.facts.values())
    return replace(schema, facts={fact.id: fact for fact in facts})
