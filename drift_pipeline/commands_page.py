"""The page of commands, made from the commands themselves: python -m drift_pipeline.commands_page docs/commands.md"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from drift_pipeline.commands import drift

BEGIN = """# Commands

Every command says with `--help` what it understands; this page is made from the same words. Results go to standard
output, everything else to standard error; what goes wrong is one line, and the next step under it.

| exit code | means |
|---|---|
| 0 | no drift, or minor drift |
| 1 | major drift |
| 2 | critical drift |
| 3 | could not look: configuration, connection, permission, time limit, models that do not import, wrong usage |

`--fail-on` says from where on the code is not 0. `drift diff` ends with 0 for equal and 1 for different schemas.
"""


def to_markdown() -> str:
    """The whole page."""
    return "\n".join([BEGIN, *(_section(name, drift.commands[name]) for name in sorted(drift.commands))])


def _section(name: str, command: click.Command) -> str:
    lines = [f"## drift {name}", "", _words(command), ""]
    arguments = [item for item in command.params if isinstance(item, click.Argument)]
    usage = " ".join([f"drift {name}", "[OPTIONS]", *(_of_argument(item) for item in arguments)])
    lines += ["```text", usage, "```", ""]
    rows = [_row(item) for item in command.params if isinstance(item, click.Option) and not item.hidden]
    if rows:
        lines += ["| option | meaning |", "|---|---|", *rows, ""]
    if command.epilog:
        lines += [command.epilog, ""]
    return "\n".join(lines)


def _words(command: click.Command) -> str:
    """The command's help; lines that stand alone there, such as examples, stay apart."""
    return _plain(inspect.cleandoc(command.help or "").replace("\f", "").strip())


def _plain(text: str) -> str:
    """`.env.<environment>` is no tag."""
    return text.replace("<", "&lt;").replace(">", "&gt;")


def _of_argument(argument: click.Argument) -> str:
    if isinstance(argument.type, click.Choice):
        return "|".join(map(str, argument.type.choices))
    return (argument.metavar or argument.name or "").upper()


def _row(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    value = "" if option.is_flag or option.count else f" {_value(option)}"
    meaning = [_plain(option.help or ""), *_facts(option)]
    return f"| {names}{value} | {' '.join(part for part in meaning if part)} |".replace("\n", " ")


def _value(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return " / ".join(f"`{choice}`" for choice in option.type.choices)
    return f"`{option.metavar or option.type.name.upper()}`"


def _facts(option: click.Option) -> Iterator[str]:
    if option.required:
        yield "Required."
    if option.multiple:
        yield "May be given several times."
    if option.show_default and option.default is not None:
        yield f"Default: `{option.default}`."


if __name__ == "__main__":
    for place in sys.argv[1:]:
        Path(place).write_text(to_markdown(), encoding="utf-8")
