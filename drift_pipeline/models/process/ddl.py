"""The DDL of create_all for PostgreSQL, one statement at a time, with what each is about; no database is needed."""

from __future__ import annotations

from typing import Any, Callable  # noqa: UP035 - Python 3.9

from sqlalchemy import MetaData, create_mock_engine
from sqlalchemy.engine.mock import MockConnection
from sqlalchemy.schema import AddConstraint, CreateTable

from .locations import Locations

# SQLAlchemy's names of what it visits, and ours; everything else comes from DDL events
KINDS = {
    "create_table": "table",
    "create_view": "view",
    "create_table_as": "table",
    "create_index": "index",
    "add_constraint": "constraint",
    "create_sequence": "sequence",
    "create_enum_type": "type",
    "create_domain_type": "type",
    "create_schema": "schema",
    "set_table_comment": "comment",
    "set_column_comment": "comment",
    "set_constraint_comment": "comment",
}


class Statements:
    """Collects statements and faults. `translate`: schema_translate_map, its key None for unqualified names."""

    def __init__(self, locations: Locations, translate: dict[str | None, str]) -> None:
        self.found: list[dict[str, Any]] = []
        self.faults: list[dict[str, Any]] = []
        self.columns: list[list[Any]] = []
        self.tables: list[list[Any]] = []
        self._schemas: set[str] = set()
        self._seen: set[str] = set()
        self._locations = locations
        self._translate = translate
        self._built_any = False

        self.dialect = plain_dialect()
        self.connection: Any = PlainConnection(self.dialect, self._take)

    def add(self, metadata: MetaData) -> None:
        """Everything that create_all of this MetaData sends; a part that fails becomes a fault, the rest goes on."""
        self._built_any = False
        self._drop_unresolved(metadata)
        for table in metadata.tables.values():
            self._note(table)
        for sequence in getattr(metadata, "_sequences", {}).values():
            self._need_schema(sequence.schema)
        try:
            metadata.create_all(self.connection, checkfirst=False)
        except Exception as error:
            self._fault("the models as a whole", error, "")
            self._each_alone(metadata)

    def _each_alone(self, metadata: MetaData) -> None:
        """One table after the other where create_all stopped; what was sent before is not sent twice."""
        for table in metadata.tables.values():
            if any(each["kind"] == "table" and each["table"] == _key(table) for each in self.found):
                continue
            try:
                table.create(self.connection, checkfirst=False)
            except Exception as error:
                self._fault("table " + _dotted(table), error, self._locations.of(table))

    def _drop_unresolved(self, metadata: MetaData) -> None:
        """Foreign keys to tables that nobody declares: they would stop create_all before its first statement."""
        for table in metadata.tables.values():
            for constraint in list(table.foreign_key_constraints):
                try:
                    for element in constraint.elements:
                        _ = element.column
                except Exception as error:
                    columns = ", ".join(constraint.column_keys)
                    where = self._locations.of(table, constraint.column_keys[0] if constraint.column_keys else "")
                    self._fault(f"foreign key {_dotted(table)} ({columns})", error, where)
                    table.constraints.discard(constraint)
                    for element in constraint.elements:
                        table.foreign_keys.discard(element)
                        element.parent.foreign_keys.discard(element)

    def _note(self, table: Any) -> None:
        schema = self._translated(table.schema)
        self._need_schema(table.schema)
        self.tables.append([schema, table.name, self._locations.of(table)])
        for column in table.columns:
            self._need_schema(getattr(column.type, "schema", None))
            self.columns.append([schema, table.name, column.name, self._locations.of(table, column.name)])

    def _translated(self, schema: str | None) -> str | None:
        return self._translate.get(schema, schema)

    def _need_schema(self, schema: str | None) -> None:
        """create_all makes no schemas: their names are what the builder needs."""
        name = self._translated(schema)
        if isinstance(name, str) and name not in self._schemas:
            self._schemas.add(name)
            quoted = self.dialect.identifier_preparer.quote(name)
            self._append("CREATE SCHEMA IF NOT EXISTS " + quoted, "schema", "schema " + name, "", None)

    def _take(self, element: Any) -> None:
        kind = KINDS.get(getattr(element, "__visit_name__", ""), "")
        table = _table_of(element)
        what, where = self._described(kind, element, table)
        later = []
        if isinstance(element, CreateTable):
            self._built_any = True
            # keys come last, so that each table can be built by itself, whatever happens to the others
            later = sorted(table.foreign_key_constraints, key=lambda each: each._creation_order)
            if element.include_foreign_key_constraints is not None:
                chosen = {id(each) for each in element.include_foreign_key_constraints}
                later = [each for each in later if id(each) in chosen]
            else:
                later = [each for each in later if not each.use_alter]
            element.include_foreign_key_constraints = []
        if not kind:
            kind = "after" if self._built_any else "before"
        try:
            text = element if isinstance(element, str) else self._compiled(element)
        except Exception as error:
            self._fault(what, error, where)
            return
        self._append(text, kind, what, where, _key(table) if table is not None else None)
        for constraint in later:
            self._take(AddConstraint(constraint))

    def _compiled(self, element: Any) -> str:
        options: dict[str, Any] = {}
        if self._translate:
            options = {"schema_translate_map": self._translate, "render_schema_translate": True}
        if not getattr(element, "is_ddl", False) and getattr(element, "supports_execution", False):
            options["compile_kwargs"] = {"literal_binds": True}
        return str(element.compile(dialect=self.dialect, **options)).strip()

    def _append(self, text: str, kind: str, what: str, where: str, table: Any) -> None:
        # the same type or extension may be asked for by several tables, or by several MetaData
        if kind in ("type", "schema", "before", "after") and text in self._seen:
            return
        self._seen.add(text)
        self.found.append({"sql": text, "kind": kind, "what": what, "location": where, "table": table})

    def _fault(self, what: str, error: Exception, where: str) -> None:
        message = " ".join(str(error).split()) or type(error).__name__
        self.faults.append({"what": what, "message": message, "location": where})

    def _described(self, kind: str, element: Any, table: Any) -> tuple[str, str]:
        """What a statement is about, for people, and where that is declared."""
        subject: Any = getattr(element, "element", None)
        where = ""
        if table is not None:
            columns = [str(each.name) for each in getattr(subject, "columns", ()) if getattr(each, "name", None)]
            one = columns[0] if columns and kind in ("index", "constraint") else ""
            one = str(subject.name) if kind == "comment" and getattr(subject, "table", None) is table else one
            where = self._locations.of(table, one)
        if kind == "table":
            return "table " + _dotted(table), where
        name = getattr(subject, "name", None)
        if kind == "constraint":
            noun = str(getattr(subject, "__visit_name__", "constraint")).replace("_constraint", "").replace("_", " ")
            columns_text = ", ".join(getattr(subject, "column_keys", ()) or ())
            return f"{noun} {_dotted(table)} ({name or columns_text})", where
        if kind == "index":
            schema = self._translated(table.schema)
            return "index " + ".".join(each for each in (schema, str(name or "without a name")) if each), where
        if kind == "comment":
            return "comment on {} {}".format(_dotted(table), "" if subject is table else name).strip(), where
        if kind in ("type", "sequence"):
            schema = self._translated(getattr(subject, "schema", None))
            return "{} {}".format(kind, ".".join(each for each in (schema, str(name)) if each)), where
        first = " ".join(str(element if isinstance(element, str) else getattr(element, "statement", element)).split())
        return "DDL event: " + (first if len(first) <= 60 else first[:57] + "..."), where


class _Nothing:
    """The result of a statement that was only written down: no rows."""

    rowcount = -1
    returns_rows = False

    def _none(self, *_arguments: Any, **_options: Any) -> None:
        return None

    def _empty(self, *_arguments: Any, **_options: Any) -> list[Any]:
        return []

    scalar = scalar_one_or_none = first = fetchone = one_or_none = close = _none
    fetchall = all = fetchmany = _empty

    def scalars(self) -> _Nothing:
        return self

    mappings = unique = scalars

    def __iter__(self) -> Any:
        return iter(())


class PlainConnection(MockConnection):
    """Hands every statement to `take` and answers without rows.

    Listeners of DDL events, and env.py files, call more on a connection than SQLAlchemy's own mock has.
    """

    def __init__(self, dialect: Any, take: Callable[[Any], None]) -> None:
        def executor(statement: Any, *_multi: Any, **_parameters: Any) -> _Nothing:
            take(statement)
            return _Nothing()

        super().__init__(dialect, executor)
        self._executor = executor
        self.info: dict[str, Any] = {}

    def exec_driver_sql(self, statement: str, *_arguments: Any, **_options: Any) -> Any:
        return self._executor(statement)

    def scalar(self, statement: Any, *_arguments: Any, **_options: Any) -> Any:
        self._executor(statement)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_error: object) -> None:
        return None

    def begin(self) -> _Transaction:
        return _Transaction()

    begin_nested = begin

    def commit(self) -> None:
        """There is nothing to commit."""

    rollback = close = commit

    def in_transaction(self) -> bool:
        return False

    def get_execution_options(self) -> dict[str, Any]:
        return {}


class _Transaction:
    def __enter__(self) -> _Transaction:
        return self

    def __exit__(self, *_error: object) -> None:
        return None

    def commit(self) -> None:
        """There is nothing to commit."""

    rollback = close = commit


def plain_dialect() -> Any:
    """PostgreSQL's dialect as a connection to a current server would set it up.

    Its defaults before the first connection double backslashes in literals, and its usual parameter style doubles
    percent signs everywhere: text that is meant for a driver's formatting, and is wrong as plain SQL.
    """
    dialect: Any = create_mock_engine("postgresql+psycopg2://", lambda _element: None, paramstyle="named").dialect
    dialect._backslash_escapes = False
    return dialect


def _table_of(element: Any) -> Any:
    subject = getattr(element, "element", None)
    if getattr(subject, "__visit_name__", "") in ("table", "view"):
        return subject
    return getattr(subject, "table", None)


def _key(table: Any) -> list[str | None]:
    return [table.schema, table.name]


def _dotted(table: Any) -> str:
    return ".".join(each for each in (table.schema, table.name) if each)
