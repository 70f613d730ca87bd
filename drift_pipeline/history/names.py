"""Names as path segments: environments and run ids are data, and become folders without being able to leave theirs."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from drift_pipeline.errors import StoreError

MAX_BYTES = 200
"""Longest encoded segment; file systems stop at 255 bytes, and a staged copy needs a few more."""

_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")


def to_segment(name: str, *, what: str) -> str:
    """A folder name for any name: percent-encoded where it holds anything but letters, digits, `_`, `-`, `.` and `~`.

    `what` names it in messages, such as "environment". StoreError for the empty name and for one that is too long.
    """
    # a leading dot would hide the folder, or be `.` and `..` themselves
    encoded = quote(name, safe="")
    if encoded.startswith("."):
        encoded = "%2E" + encoded[1:]
    if not encoded or len(encoded) > MAX_BYTES:
        problem = "is empty" if not encoded else f"is too long ({len(encoded)} bytes encoded, at most {MAX_BYTES})"
        raise StoreError(f"the name of the {what} {problem}", hint=f"give the {what} a shorter, plain name")
    return encoded


def from_segment(segment: str) -> str:
    """The name that `to_segment` made this folder name of."""
    return unquote(segment)


def file_name(name: str) -> str:
    """The name itself if it is a plain file name (letters, digits and `_ . + -`), else StoreError."""
    if not _FILE_NAME.fullmatch(name) or len(name) > MAX_BYTES:
        raise StoreError(
            f"{name!r:.80} is not a plain file name for an artifact", hint="use letters, digits, _ - and ."
        )
    return name
