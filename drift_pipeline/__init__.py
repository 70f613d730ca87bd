"""Finds out where SQLAlchemy models and live PostgreSQL databases have grown apart.

Public API: `check(environment) -> Report` and `compare(source, target) -> Comparison`. Nothing heavy is imported until
it is used: the command line must start without Dagster, Alembic or SQLAlchemy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drift_pipeline.comparison import Comparison as Comparison
    from drift_pipeline.comparison import compare as compare
    from drift_pipeline.report.report import Report as Report
    from drift_pipeline.use_case import check as check

__version__ = "0.1.0"

_LAZY = {
    "check": ("drift_pipeline.use_case", "check"),
    "compare": ("drift_pipeline.comparison", "compare"),
    "Comparison": ("drift_pipeline.comparison", "Comparison"),
    "Report": ("drift_pipeline.report.report", "Report"),
    # What `dagster ... -m drift_pipeline` looks for. It must not be called `defs` or `definitions`: importing a
    # sub-module of that name would replace the attribute by the module.
    "code_location": ("drift_pipeline.orchestration.definitions", "defs"),
}

__all__ = ["Comparison", "Report", "__version__", "check", "compare"]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib  # noqa: PLC0415

    module, attribute = _LAZY[name]
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])
