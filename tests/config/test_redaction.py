"""Secrets are taken out of text wherever they stand, and what is none stays readable."""

from __future__ import annotations

import io
import logging

import pytest

from drift_pipeline.redaction import RedactingFilter, redact, secrets_in

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1"

LEAKS = [
    ("connect to postgresql://u:s3cr3t@h:5/d failed", "connect to postgresql://u:***@h:5/d failed"),
    ("postgresql+asyncpg://u:s3@cr3t/x@h/d and postgres://v:s3cr3t@i/e", None),
    ("s3://key:s3cr3t@bucket/x", "s3://key:***@bucket/x"),
    ("host=h password=s3cr3t dbname=d", "host=h password=*** dbname=d"),
    ("host=h password='s3cr3t \\' more' dbname=d", "host=h password=*** dbname=d"),
    ("PGPASSWORD=s3cr3t psql", "PGPASSWORD=*** psql"),
    ('{"password": "s3cr3t", "user": "u"}', '{"password": ***, "user": "u"}'),
    ("{'db_password': 's3cr3t'}", "{'db_password': ***}"),
    ("https://h/x?token=s3cr3t&page=2", "https://h/x?token=***&page=2"),
    (f"https://api.telegram.org/bot{TOKEN}/sendMessage", "https://api.telegram.org/bot***/sendMessage"),
    (f"token {TOKEN} was refused", "token *** was refused"),
    ("Authorization: Bearer s3cr3ts3cr3t", "Authorization: Bearer ***"),
    ("ghp_s3cr3ts3cr3ts3cr3ts3cr3t", "***"),
]


@pytest.mark.parametrize(("text", "expected"), LEAKS, ids=[text for text, _ in LEAKS])
def test_what_looks_like_a_secret_is_taken_out(text: str, expected: str | None) -> None:
    redacted = redact(text)

    assert "s3cr3t" not in redacted
    assert "cr3t" not in redacted
    assert "AAHdq" not in redacted
    if expected is not None:
        assert redacted == expected


@pytest.mark.parametrize(
    "text",
    [
        'password authentication failed for user "reader"',
        "production: PROD_DB_PASSWORD is not set",
        "column public.users.password_hash: type text became varchar",
        "public.users.token: not null",
        "postgresql://reader@h/d and https://example.com:8080/a?b=c",
        "2026-11-22 12:00:00 role:reader@h",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_a_known_value_is_taken_out_in_every_spelling() -> None:
    assert redact("x p@ss/wörd y p%40ss%2Fw%C3%B6rd z", ["p@ss/wörd"]) == "x *** y *** z"


def test_secrets_are_found_among_variables_but_not_what_names_something() -> None:
    found = secrets_in(
        {
            "PROD_DB_PASSWORD": "hunter22",
            "STAGING_DB_PASSWORD": "postgres",
            "STAGING_DB_USER": "postgres",
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "PROD_DATABASE_URL": "postgresql://u:p%40ssw@h/d",
            "PGPASSFILE": "/home/me/.pgpass",
            "PATH": "/usr/bin",
            "A_TOKEN": "x",
        }
    )

    assert found == {"hunter22", TOKEN, "p%40ssw", "p@ssw"}


def test_log_records_and_their_tracebacks_are_redacted() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter({"hunter22"}))
    logger = logging.Logger("test")
    logger.addHandler(handler)

    try:
        int("postgresql://u:s3cr3t@h/d")
    except ValueError:
        logger.exception("with %s", "hunter22")

    assert "hunter22" not in stream.getvalue()
    assert "s3cr3t" not in stream.getvalue()
    assert "ValueError" in stream.getvalue()
