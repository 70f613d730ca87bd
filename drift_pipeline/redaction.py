"""Secrets taken out of text, before anybody reads it.

Two ways, because neither suffices alone: patterns find what looks like a secret wherever it stands, and the values of
the variables that hold one are replaced wherever they appear.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import quote, quote_plus, unquote

HIDDEN = "***"
_SHORTEST = 4
"""Shorter values are left to the patterns: replacing "a" everywhere would leave nothing to read."""

_SECRET_NAME = re.compile(r"PASSW|SECRET|TOKEN|API_?KEY|CREDENTIAL|PRIVATE_KEY", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^\s:/@]*:(?P<password>\S+)@", re.IGNORECASE)


class _Pattern(NamedTuple):
    """What looks like a secret; `kept` is put in place of the whole match."""

    expression: re.Pattern[str]
    kept: str


_PATTERNS = (
    # scheme://user:password@host; a raw @ or / in the password is taken along, up to the last @ of the word
    _Pattern(
        re.compile(r"(?P<head>[a-z][a-z0-9+.-]*://[^\s:/@'\"]*):[^\s'\"]*@", re.IGNORECASE), rf"\g<head>:{HIDDEN}@"
    ),
    # password=…, "password": "…", PGPASSWORD=…, ?sslpassword=…&; a colon alone is prose
    _Pattern(
        re.compile(
            r"(?P<head>[\w-]*(?:password|passwd|secret|token|api_?key)(?:\s*=\s*|[\"']\s*:\s*))"
            r"(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\s'\",;&)}\]]+)",
            re.IGNORECASE,
        ),
        rf"\g<head>{HIDDEN}",
    ),
    # a Telegram bot's token is part of the address
    _Pattern(re.compile(r"(?P<head>\bbot|\b)\d{6,12}:[A-Za-z0-9_-]{30,}"), rf"\g<head>{HIDDEN}"),
    _Pattern(re.compile(r"(?P<head>\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), rf"\g<head>{HIDDEN}"),
    _Pattern(re.compile(r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abp]-|AKIA)[A-Za-z0-9_-]{10,}"), HIDDEN),
    # passwords as PostgreSQL stores them
    _Pattern(re.compile(r"SCRAM-SHA-256\$[^\s'\"]+"), HIDDEN),
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without passwords, tokens and credentials in URLs. `secrets`: values to hide wherever they appear."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) < _SHORTEST:
            continue
        for spelling in {secret, quote(secret, safe=""), quote_plus(secret), unquote(secret)}:
            text = text.replace(spelling, HIDDEN)
    for pattern in _PATTERNS:
        text = pattern.expression.sub(pattern.kept, text)
    return text


def secrets_in(variables: Mapping[str, str]) -> frozenset[str]:
    """The values that these variables hold and that nobody may see: passwords, tokens, passwords within URLs.

    A password that is also the value of a harmless variable (user and password both `postgres`) is no secret by
    value: hiding it would make messages unreadable.
    """
    open_values = {value for name, value in variables.items() if name.endswith(("_USER", "_NAME", "_HOST"))}
    found: set[str] = set()
    for name, value in variables.items():
        if _SECRET_NAME.search(name) and "://" not in value and not value.startswith("/"):
            found.add(value)
        inside = _URL_PASSWORD.search(value)
        if inside:
            found.update((inside["password"], unquote(inside["password"])))
    return frozenset(value for value in found if len(value) >= _SHORTEST and value not in open_values)


class RedactingFilter(logging.Filter):
    """Takes secrets out of log records, their exceptions' texts included. Add it to handlers, not to loggers."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets = frozenset(secrets)

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrites the record; never drops one."""
        record.msg, record.args = redact(record.getMessage(), self._secrets), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text, self._secrets)
        return True
