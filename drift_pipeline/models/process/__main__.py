"""`python .../process`: loads this folder as a package of its own name. What it shall do comes over standard input.

With the argument `standby` it waits for conversations and forks for each; else standard input is the one conversation.
"""

import importlib.util
import os
import socket
import sys
from pathlib import Path

NAME = "_drift_process"


def start() -> None:
    """Hands over to `run`; this folder leaves sys.path first, so that it shadows none of the application's modules."""
    here = Path(__file__).resolve().parent
    sys.path[:] = [each for each in sys.path if not each or Path(each).resolve() != here]
    spec = importlib.util.spec_from_file_location(NAME, here / "__init__.py", submodule_search_locations=[str(here)])
    assert spec is not None and spec.loader is not None  # noqa: PT018, S101 - a file that exists always has both
    package = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = package
    spec.loader.exec_module(package)
    standby = sys.argv[1:] == ["standby"]
    sys.argv[1:] = []  # applications parse their arguments, some at import
    channel = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    converse = importlib.import_module(NAME + ".run").converse
    if standby:
        importlib.import_module(NAME + ".standby").serve(channel, converse)
    else:
        converse(channel)


if __name__ == "__main__":
    start()
