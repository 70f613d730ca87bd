"""The DDL of create_all for PostgreSQL, one statement at a time, with what each is about; no database is needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.schema import AddConstraint, CreateTable, DDLElement

from .locations import Locations
from .paper import PlainConnection, plain_dialect

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
        self._before: set[str] = set()
        self._created: set[int] = set()
        self._locations = locations
        self._translate = translate
        self._built_any = False

        self.dialect = plain_dialect()
        self.connection: Any = PlainConnection(self.dialect, self._take)

    def add(self, metadata: MetaData) -> None:
        """Everything that create_all of this MetaData sends; a part that fails becomes a fault, the rest goes on."""
        self._built_any = False
        self._before = set(self._seen)
        self._drop_unresolved(metadata)
        for table in metadata.tables.values():
            self._note(table)
        for sequence in getattr(metadata, "_sequences", {}).values():
            self._need_schema(sequence.schema)
        try:
            metadata.create_all(self.connection, checkfirst=False)
        except Exception as error:
            self._fault(_about("", "the models as a whole", None), error)
            self._each_alone(metadata)

    def _each_alone(self, metadata: MetaData) -> None:
        """One table after the other where create_all stopped; what was sent before is not sent twice."""
        for table in metadata.tables.values():
            if id(table) in self._created:
                continue
            try:
                table.create(self.connection, checkfirst=False)
            except Exception as error:
                self._fault(self._about_table(table), error)

    def _drop_unresolved(self, metadata: MetaData) -> None:
        """Foreign keys to tables that nobody declares: they would stop create_all before its first statement."""
        for table in metadata.tables.values():
            for constraint in list(table.foreign_key_constraints):
                try:
                    for element in constraint.elements:
                        _ = element.column
                except Exception as error:
                    columns = _columns_of(constraint, table)
                    where = self._locations.of(table, columns[0] if columns else "")
                    self._fault(self._about_part("constraint", constraint, table, columns, where), error)
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
            about = _about("schema", "schema " + name, name)
            self._append("CREATE SCHEMA IF NOT EXISTS " + quoted, "schema", about)

    def _take(self, element: Any) -> None:
        kind = KINDS.get(getattr(element, "__visit_name__", ""), "")
        table = _table_of(element)
        about = self._described(kind, element, table)
        later = _keys_apart(element) if isinstance(element, CreateTable) else []
        self._built_any = self._built_any or kind == "table"
        try:
            text = element if isinstance(element, str) else self._compiled(element)
        except Exception as error:
            self._fault(about, error)
            return
        self._append(text, kind or ("after" if self._built_any else "before"), about)
        if kind == "table":
            self._created.add(id(table))
        for constraint in later:
            self._take(AddConstraint(constraint))

    def _compiled(self, element: Any) -> str:
        options: dict[str, Any] = {}
        if self._translate:
            options = {"schema_translate_map": self._translate, "render_schema_translate": True}
        if not isinstance(element, DDLElement):  # a query or an insert of a listener
            options["compile_kwargs"] = {"literal_binds": True}
        return str(element.compile(dialect=self.dialect, **options)).strip()

    def _append(self, text: str, kind: str, about: dict[str, Any]) -> None:
        # several tables may ask for the same type or extension; of a table that several MetaData declare alike,
        # create_all makes the first
        if text in (self._seen if kind in ("type", "schema", "before", "after") else self._before):
            return
        self._seen.add(text)
        self.found.append({"sql": text, "kind": kind, **about})

    def _fault(self, about: dict[str, Any], error: Exception) -> None:
        message = " ".join(str(error).split()) or type(error).__name__
        self.faults.append({"message": message, **about})

    def _described(self, kind: str, element: Any, table: Any) -> dict[str, Any]:
        """What a statement is about, for people and as a name, and where that is declared."""
        subject: Any = getattr(element, "element", None)
        name = str(getattr(subject, "name", None) or "")
        if table is not None and kind in ("index", "constraint", "comment"):
            columns = _columns_of(subject, table) if kind != "comment" else [name]
            where = self._locations.of(table, columns[0] if columns else "")
            return self._about_part(kind, subject, table, columns, where)
        if table is not None:
            return self._about_table(table)
        if kind in ("type", "sequence"):
            schema = self._translated(getattr(subject, "schema", None))
            return _about(kind, f"{kind} {_joined(schema, name)}", schema, [name])
        first = " ".join(str(element if isinstance(element, str) else getattr(element, "statement", element)).split())
        return _about("", "DDL event: " + (first if len(first) <= 60 else first[:57] + "..."), None)

    def _about_table(self, table: Any) -> dict[str, Any]:
        schema = self._translated(table.schema)
        what = "table " + _joined(schema, table.name)
        return _about("table", what, schema, [table.name], where=self._locations.of(table))

    def _about_part(self, kind: str, subject: Any, table: Any, columns: list[str], where: str) -> dict[str, Any]:
        schema = self._translated(table.schema)
        dotted, name = _joined(schema, table.name), str(getattr(subject, "name", None) or "")
        if kind == "comment":
            what = f"comment on {dotted} {'' if subject is table else name}".strip()
        elif kind == "index":
            what = f"index {_joined(schema, name or 'without a name')}"
        else:
            noun = str(getattr(subject, "__visit_name__", "constraint")).replace("_constraint", "").replace("_", " ")
            what = f"{noun} {dotted} ({name or ', '.join(columns)})"
        return _about(kind, what, schema, [table.name, name], columns, where=where)


def _about(
    kind: str, what: str, schema: str | None, name: Sequence[str] = (), columns: Sequence[str] = (), *, where: str = ""
) -> dict[str, Any]:
    subject = {"kind": kind, "schema": schema, "name": list(name), "columns": list(columns)}
    return {"what": what, "location": where, "subject": subject}


def _keys_apart(element: Any) -> list[Any]:
    """Takes the foreign keys out of a CREATE TABLE: each table can then be built, whatever happens to the others."""
    table = element.element
    keys = sorted(table.foreign_key_constraints, key=lambda each: each._creation_order)
    included = element.include_foreign_key_constraints
    element.include_foreign_key_constraints = []
    if included is None:
        return [each for each in keys if not each.use_alter]
    chosen = {id(each) for each in included}
    return [each for each in keys if id(each) in chosen]


def _columns_of(subject: Any, table: Any) -> list[str]:
    """Names of the columns that a constraint or an index is on; expressions have none."""
    keys = getattr(subject, "column_keys", None)
    if keys:
        return [table.columns[each].name if each in table.columns else str(each) for each in keys]
    return [str(each.name) for each in getattr(subject, "columns", ()) or () if getattr(each, "name", None)]


def _joined(*names: str | None) -> str:
    return ".".join(each for each in names if each)


def _table_of(element: Any) -> Any:
    subject = getattr(element, "element", None)
    if getattr(subject, "__visit_name__", "") in ("table", "view"):
        return subject
    return getattr(subject, "table", None)
