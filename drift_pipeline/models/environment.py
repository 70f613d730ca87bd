"""What the application's process gets from our environment: everything but the ways to a live database."""

from __future__ import annotations

import re
from collections.abc import Mapping

# names of variables that reach a database or an alert's channel; they are left out
_WITHHELD = re.compile(
    r"""^(?:
        DRIFT_.*
      | TELEGRAM_.*
      | .+_DB_(?:HOST|PORT|NAME|USER|PASSWORD|URL|SSLMODE|SSLROOTCERT|SSLCERT|SSLKEY|OPTIONS)
      | .+_DATABASE_URL
      | PG(?:HOST|HOSTADDR|PORT|DATABASE|USER|PASSWORD|PASSFILE|SERVICE|SERVICEFILE|OPTIONS|SSL.*|REQUIRE.*)
    )$""",
    re.VERBOSE,
)

_DATABASE_URL = re.compile(r"^(?P<scheme>(?:postgres|postgresql|cockroachdb|redshift)(?:\+\w+)?)://", re.IGNORECASE)

NOWHERE = "nobody@127.0.0.1:1/drift_connects_nowhere"
"""What a database URL in another variable points to instead: it parses, and port 1 of the loopback answers nobody."""

# set anew for each process, terminal or run of a CI service: they say nothing about the models
_VOLATILE = re.compile(
    r"^(?:_|PWD|OLDPWD|SHLVL|COLUMNS|LINES|TERM.*|SSH_.*|XDG_SESSION.*|WINDOWID|GITHUB_.*|RUNNER_.*|ACTIONS_.*|CI_.*"
    r"|DAGSTER_.*|PYTEST_.*|COV_.*|INVOCATION_ID|JOURNAL_STREAM|DBUS_.*|TMUX.*|STY|MAKE.*|MFLAGS|TMPDIR|VSCODE_.*)$"
)


def for_models(environ: Mapping[str, str], given: Mapping[str, str]) -> tuple[dict[str, str], frozenset[str]]:
    """The environment of the application's process, and the names that were withheld or point nowhere in it.

    `given`: `models.env` of the settings, which wins.
    """
    result: dict[str, str] = {}
    withheld: set[str] = set()
    for name, value in environ.items():
        address = _DATABASE_URL.match(value)
        if _WITHHELD.match(name):
            withheld.add(name)
        elif address:
            withheld.add(name)
            result[name] = f"{address['scheme']}://{NOWHERE}"
        else:
            result[name] = value
    # our own interpreter's are not the application's
    for name in ("PYTHONHOME", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__"):
        result.pop(name, None)
    return {**result, **given}, frozenset(withheld - set(given))


def stable(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that may change what the models declare."""
    return {name: value for name, value in sorted(environment.items()) if not _VOLATILE.match(name)}
