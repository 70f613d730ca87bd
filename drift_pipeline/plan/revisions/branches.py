"""Which head a new revision follows."""

from __future__ import annotations

from collections.abc import Sequence

from drift_pipeline.errors import MigrationError
from drift_pipeline.models.history import Revision


def chosen_head(revisions: Sequence[Revision], branch: str = "") -> str:
    """The only head, or the one that `branch` names: by its id, the beginning of it, or a branch label.

    `base` where there is no revision yet. MigrationError where it is not clear.
    """
    newest = [each for each in revisions if each.is_head]
    if branch:
        exact = [each for each in newest if each.id == branch or branch in each.branch_labels]
        found = exact or [each for each in newest if each.id.startswith(branch)]
        if len(found) != 1:
            raise MigrationError(
                f"models.branch is {branch}, which names {'several heads' if found else 'no head'} of the migrations; "
                f"there are {_listed(newest)}",
                hint="set it to one of them, or to a branch label that one of them has",
            )
        return found[0].id
    if len(newest) > 1:
        raise MigrationError(
            f"the migrations have several heads: {_listed(newest)}",
            hint="merge them first (alembic merge heads), or set models.branch to the one that new revisions follow",
        )
    return newest[0].id if newest else "base"


def _listed(newest: Sequence[Revision]) -> str:
    return ", ".join(each.id + "".join(f" ({label})" for label in each.branch_labels) for each in newest)
