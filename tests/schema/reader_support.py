"""What the reader's tests share: what changed between two schemas, in words short enough to be written by hand."""

from __future__ import annotations

from drift_pipeline.schema.facts import Schema


def changes(before: Schema, after: Schema) -> set[str]:
    """`+kind` and `-kind` for facts that came and went, `kind.attribute` for attributes that changed."""
    said = {f"+{key.kind}" for key in after.facts.keys() - before.facts.keys()}
    said |= {f"-{key.kind}" for key in before.facts.keys() - after.facts.keys()}
    for key in before.facts.keys() & after.facts.keys():
        old, new = before.facts[key].stated, after.facts[key].stated
        said |= {f"{key.kind}.{name}" for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    return said
