"""The process in which one engine runs: `python -m drift_pipeline.plan.engines.runner MODULE [standby]`.

Standard input is a socket. Each request is one line, a JSON object `{"module", "source", "target", "limit"}`; each
answer is one line, the word `answered` and a JSON object, either `{"statements": [...]}` or `{"error": ..., "missing":
module}`. Connection URIs come that way since the arguments and the environment of a process can be read by others. A
process that stands by forks for each conversation: importing an engine costs more than its answer.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import sys
import warnings

from drift_pipeline.models.process.standby import serve


def main() -> None:
    """Answers what comes over standard input; an engine's failure is an answer. Never returns."""
    warnings.simplefilter("ignore")
    channel = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    if sys.argv[2:] == ["standby"]:
        serve(channel, converse, [sys.argv[1]])
    converse(channel)


def converse(channel: socket.socket, _parent: int = 0) -> None:
    """Answers one request after the other until the other side hangs up. Never returns."""
    with channel.makefile("r", encoding="utf-8") as lines:
        for line in lines:
            request = json.loads(line)
            # Whoever started us ends us at the limit. If they were killed themselves, the alarm does.
            signal.alarm(int(request["limit"]) + 5)
            answer = _propose(request["module"], request["source"], request["target"])
            channel.sendall(b"answered " + json.dumps(answer).encode() + b"\n")
    os._exit(0)


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
    main()
