"""Puts a proven revision among the project's own, and says in words what came out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from drift_pipeline.errors import MigrationError
from drift_pipeline.plan.revisions.make import MadeRevision


def place_revision(made: MadeRevision) -> Path | None:
    """Writes the file into the folder of the project's revisions, if there is one to write.

    A revision is never overwritten: one with the same id and another name or text is a MigrationError.
    """
    if not made.text or made.home is None:
        return None
    path = made.home / made.file_name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(made.text)
    except FileExistsError as error:
        raise MigrationError(
            f"the revision {made.revision} is there already: {path}",
            hint="it holds this very repair: review and apply it, or delete it to have it written anew",
        ) from error
    except OSError as error:
        raise MigrationError(
            f"the revision could not be written to {path}: {error.strerror}",
            hint="check that the folder of the revisions exists and may be written to",
        ) from error
    return path


def described(made: MadeRevision, path: Path | None) -> Iterator[str]:
    """Lines for people: what is pending, what was written where, what it leaves as it is."""
    if made.pending:
        yield f"pending: {', '.join(made.pending)}: alembic upgrade head applies what is written already"
    if not made.text:
        yield "no revision is needed" + (" beside it" if made.pending else "")
    elif path is not None:
        yield f"revision {made.revision} follows {', '.join(made.parents) or 'nothing'}: {path}"
        back = "down leads back" if made.reversible else "the project's template has no downgrade()"
        yield f"Alembic ran it on a scratch copy: up leads to the models, {back}"
    yield from made.notes
    if made.withheld:
        names = ", ".join(str(each.id) for each in made.withheld)
        yield f"left as it is, because data or objects would be lost: {names} (--allow-destructive includes it)"
