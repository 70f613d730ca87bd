"""`python .../process REQUEST ANSWER`: loads this folder as a package of its own name and runs the request."""

import importlib.util
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
    request, answer = sys.argv[1:3]
    sys.argv[1:] = []  # applications parse their arguments, some at import
    importlib.import_module(NAME + ".run").main(Path(request), Path(answer))


if __name__ == "__main__":
    start()
