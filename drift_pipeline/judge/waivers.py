"""Waivers: findings that somebody accepted, with a reason and an end. Pure; the file is read elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase

from drift_pipeline.diff.differences import Change
from drift_pipeline.judge.findings import Finding
from drift_pipeline.judge.words import visible

CHANGES: dict[str, Change] = {
    "missing": Change.ADDED,
    "extra": Change.REMOVED,
    "changed": Change.CHANGED,
    "renamed": Change.RENAMED,
}
"""What a waiver calls a change, seen from the live database."""


@dataclass(frozen=True)
class Waiver:
    """An accepted finding. It holds up to and including the day `expires`.

    `kind`: of the fact, `*` for any. `name`: a shell pattern on the dotted name. `change`: one of `CHANGES`, or empty
    for any. `environment`: the only one that it is about; empty for all. `where`: file and entry, for messages.
    """

    name: str
    reason: str
    owner: str
    expires: date
    kind: str = "*"
    change: str = ""
    environment: str = ""
    where: str = ""

    def is_about(self, finding: Finding) -> bool:
        """Whether this finding is what was accepted."""
        difference = finding.difference
        if self.kind not in ("*", difference.id.kind):
            return False
        if self.change and CHANGES[self.change] is not difference.change:
            return False
        facts = [fact.id for fact in (difference.before, difference.after) if fact is not None]
        return any(fnmatchcase(".".join(each.name), self.name) for each in (difference.id, *facts))

    @property
    def text(self) -> str:
        """For people: which findings."""
        words = [self.change, "" if self.kind == "*" else self.kind.replace("_", " "), self.name]
        return visible(" ".join(word for word in words if word))


def apply_waivers(
    findings: Sequence[Finding], waivers: Sequence[Waiver], environment: str, today: date
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """The findings, those set aside that somebody accepted; and notes on waivers that ended or match nothing.

    A finding that an expired waiver was about counts again and says so, unless another waiver still holds.
    """
    own = [waiver for waiver in waivers if waiver.environment in ("", environment)]
    matched: set[int] = set()
    judged = []
    for finding in findings:
        about = [index for index, waiver in enumerate(own) if waiver.is_about(finding)]
        matched.update(about)
        judged.append(_judged(finding, [own[index] for index in about], today))
    notes = [_unused(waiver, environment) for index, waiver in enumerate(own) if index not in matched]
    ended = [own[index] for index in sorted(matched) if own[index].expires < today]
    return tuple(judged), (*map(_ended, ended), *notes)


def _judged(finding: Finding, waivers: Sequence[Waiver], today: date) -> Finding:
    if not waivers:
        return finding
    last = max(waivers, key=lambda waiver: waiver.expires)
    owner, reason = visible(last.owner), visible(last.reason).rstrip(".")
    if last.expires < today:
        return replace(finding, remark=f"The waiver by {owner} expired on {last.expires}: {reason}.")
    return replace(finding, set_aside=f"waived by {owner} until {last.expires}: {reason}")


def _ended(waiver: Waiver) -> str:
    where, owner = visible(waiver.where), visible(waiver.owner)
    return f"{where}: the waiver of {waiver.text} by {owner} expired on {waiver.expires}: its findings count again"


def _unused(waiver: Waiver, environment: str) -> str:
    return f"{visible(waiver.where)}: the waiver of {waiver.text} matches nothing in {visible(environment)} any more"
