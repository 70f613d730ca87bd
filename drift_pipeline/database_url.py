"""Any spelling of a PostgreSQL address that people have, as libpq's connection parameters.

libpq's own parser judges the result, and parses `key=value` strings alone. URLs are split here, because drivers accept
more than libpq does (a password with a raw `@`, `/` or `%`, a `+driver`, `ssl=require`), and because libpq's messages
repeat the password.
"""

from __future__ import annotations

import difflib
import re
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

import psycopg2
from psycopg2.extensions import make_dsn, parse_dsn

from drift_pipeline.errors import ConfigError

SCHEMES = frozenset({"postgres", "postgresql", "postgis", "pgsql", "psql"})
_SCHEME = re.compile(r"^(?:jdbc:)?(?P<base>[A-Za-z][A-Za-z0-9.-]*)(?:\+[A-Za-z0-9_]+)*://", re.ASCII)
_PORT = re.compile(r"[0-9]{1,5}")

# What asyncpg, JDBC, node and others call TLS, in libpq's words.
_SSL_WORDS = {
    "true": "require", "1": "require", "on": "require", "yes": "require", "no-verify": "require",
    "false": "disable", "0": "disable", "off": "disable", "no": "disable",
}  # fmt: skip
_ALIASES = {"ssl": "sslmode", "database": "dbname", "username": "user", "application-name": "application_name"}

# Parameters that a driver or an application's pool reads and that say nothing about where the database is.
_DRIVER_ONLY = frozenset({
    # asyncpg and SQLAlchemy's dialects
    "async_fallback", "command_timeout", "connection_class", "executemany_mode", "max_cached_statement_lifetime",
    "max_cacheable_statement_size", "prepare_threshold", "prepared_statement_cache_size",
    "prepared_statement_name_func", "statement_cache_size", "timeout", "use_native_hstore", "use_native_unicode",
    # pools
    "max_conns", "max_overflow", "min_conns", "pool_max_conns", "pool_min_conns", "pool_recycle", "pool_size",
    "pool_timeout", "pool_pre_ping",
    # Prisma, Rails, Go, Node
    "connection_limit", "pgbouncer", "pool", "prepared_statements", "schema", "search_path", "sslaccept",
    "socket_timeout", "statement_timeout", "supa", "uselibpqcompat", "workaround",
})  # fmt: skip
_LIBPQ = (
    "host", "hostaddr", "port", "dbname", "user", "password", "passfile", "connect_timeout", "client_encoding",
    "options", "application_name", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "channel_binding",
    "gssencmode", "krbsrvname", "service", "target_session_attrs", "load_balance_hosts",
)  # fmt: skip


class _Parts(NamedTuple):
    user: str
    password: str
    hosts: str
    database: str
    query: str


def parse_parameters(url: str, name: str) -> dict[str, str]:
    """libpq's parameters of a URL or a `key=value` string. `name`: what messages call the database.

    Raises ConfigError, never with a part of the password, for what is no address of a PostgreSQL database.
    """
    text = url.strip()
    if text[:1] in {"'", '"'} and text[-1:] == text[:1]:
        text = text[1:-1]  # quotes that a shell or a .env reader left
    scheme = _SCHEME.match(text)
    parameters = _from_url(text[scheme.end() :], scheme["base"], name) if scheme else _from_words(text, name)
    _check(parameters, name)
    return {key: value for key, value in parameters.items() if value}


def _from_words(text: str, name: str) -> dict[str, str]:
    try:
        return dict(parse_dsn(text)) if "=" in text else _refuse(name)
    except psycopg2.Error:
        return _refuse(name)


def _refuse(name: str) -> dict[str, str]:
    raise ConfigError(
        f"{name}: the address of the database is neither a PostgreSQL URL nor a key=value string",
        hint="write postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
    ) from None


def _from_url(rest: str, scheme: str, name: str) -> dict[str, str]:
    if scheme.lower() not in SCHEMES:
        raise ConfigError(
            f"{name}: {scheme.lower()}:// is no PostgreSQL database",
            hint="drift compares PostgreSQL databases: postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
        )
    parts = _split(rest, name)
    hosts, ports = _hosts(parts.hosts, name)
    parameters = {"host": hosts, "port": ports, "user": unquote(parts.user), "password": unquote(parts.password)}
    parameters["dbname"] = unquote(parts.database)
    parameters.update(_query(parts.query, name))
    return parameters


def _split(rest: str, name: str) -> _Parts:
    """Cut at the marks, taking a raw `@`, `/`, `?` or `#` inside the password for what it is where that can be told."""
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        end = authority.rindex("@")
    elif "@" in rest and ":" in authority and not _PORT.fullmatch(authority.rpartition(":")[2]):
        end = rest.rindex("@")  # no port: the start of a password with a raw / ? or #
    else:
        end = -1
    user, _, password = rest[:end].partition(":") if end >= 0 else ("", "", "")
    address, _, query = rest[end + 1 :].partition("?")
    hosts, _, database = address.partition("/")
    query, _, fragment = query.partition("#")
    if "@" in database + fragment or re.search(r"[@#]", hosts):
        raise _ambiguous(name)
    return _Parts(user, password, hosts, database.partition("#")[0], query)


def _ambiguous(name: str) -> ConfigError:
    return ConfigError(
        f"{name}: cannot tell where the password ends in the URL",
        hint="percent-encode @ : / ? # % in user and password (@ is %40, / is %2F), or use the single variables",
    )


def _hosts(text: str, name: str) -> tuple[str, str]:
    """`h1:5432,[::1]` as libpq's two lists: hosts and ports."""
    hosts, ports = [], []
    for item in text.split(","):
        match = re.fullmatch(r"(?:\[(?P<six>[^\]]*)\]|(?P<host>[^:\[\]]*))(?::(?P<port>[0-9]*))?", item)
        if not match:
            raise ConfigError(
                f"{name}: host and port in the URL cannot be read",
                hint="write HOST:PORT with a number as the port, an IPv6 address in [brackets]",
            )
        hosts.append(unquote(match["six"] or match["host"] or ""))
        ports.append(match["port"] or "")
    return ",".join(hosts).strip(","), ",".join(ports) if any(ports) else ""


def _query(text: str, name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    # libpq and the drivers leave `+` alone, parse_qsl would make a blank of it
    for key, value in parse_qsl(text.replace("+", "%2B"), keep_blank_values=True):
        word = _ALIASES.get(key, key)
        if "@" in text and word not in _LIBPQ and key not in _DRIVER_ONLY:
            raise _ambiguous(name)  # a password with a raw `?`: to name the key would show a part of it
        if key in _DRIVER_ONLY:
            continue
        if word == "sslmode":
            value = _SSL_WORDS.get(value.lower(), value)  # noqa: PLW2901 (translated in place)
        if word == "host":
            host, port = (value, "") if value.startswith(("/", "@")) else _hosts(value, name)
            # SQLAlchemy repeats host= for each of several hosts
            found["host"] = f"{found['host']},{host}" if "host" in found else host
            if port:
                found["port"] = f"{found['port']},{port}" if "port" in found else port
            continue
        found[word] = value
    return found


def _check(parameters: dict[str, str], name: str) -> None:
    """libpq knows every key, and a database is named."""
    for key, value in parameters.items():
        try:
            make_dsn(**{key: value})
        except psycopg2.Error as error:
            close = difflib.get_close_matches(key, _LIBPQ, n=1)
            raise ConfigError(
                f"{name}: the database's address has an unknown parameter {key!r}",
                hint=f"did you mean {close[0]}?" if close else "remove it; libpq, which connects, does not know it",
            ) from error
    if not parameters.get("dbname") and "service" not in parameters:
        raise ConfigError(
            f"{name}: the address names no database", hint="write postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        )
