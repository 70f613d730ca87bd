"""Connections of paper: they take every statement, and no server reads it."""

from __future__ import annotations

from typing import Any, Callable  # noqa: UP035 - Python 3.9

from sqlalchemy import create_mock_engine, inspection
from sqlalchemy.engine.mock import MockConnection


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


class _EmptyDatabase:
    """What `inspect(connection)` gives: nothing is there yet, whatever a listener asks for."""

    def __init__(self, connection: PlainConnection) -> None:
        self.bind = self.engine = connection
        self.dialect = connection.dialect
        self.default_schema_name = "public"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        there: Any = False if name.startswith("has_") else []
        return lambda *_arguments, **_options: there


inspection._inspects(PlainConnection)(_EmptyDatabase)


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
