"""The process in which one engine runs: `python -m drift_pipeline.plan.engines.runner`.

Standard input: one JSON object `{"module", "source", "target", "limit"}`. Standard output: one JSON object, either
`{"statements": [...]}` or `{"error": ..., "missing": module}`. Connection URIs come by standard input, since the
arguments and the environment of a process can be read by others.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import warnings


def main() -> int:
    """Run the engine that standard input names; 0 even if the engine fails: the answer says so."""
    warnings.simplefilter("ignore")
    # engines print what they like; only the answer may reach the pipe
    answer_pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    request = json.load(sys.stdin)
    # Whoever started us ends us at the limit. If they were killed themselves, the alarm does.
    signal.alarm(int(request["limit"]) + 5)
    answer = _propose(request["module"], request["source"], request["target"])
    with answer_pipe:
        json.dump(answer, answer_pipe)
    return 0


def _propose(module: str, source: str, target: str) -> dict[str, object]:
    try:
        engine = importlib.import_module(module)
        return {"statements": [str(statement) for statement in engine.propose(source, target)]}
    except ImportError as error:
        return {"error": _last_words(error), "missing": error.name or ""}
    except Exception as error:  # the boundary to foreign code
        return {"error": _last_words(error)}


def _last_words(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}".rstrip(": ")


if __name__ == "__main__":
    sys.exit(main())
