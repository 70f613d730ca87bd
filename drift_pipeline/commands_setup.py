"""Commands around the checks: beginning in a repository, and completion in a shell."""
# ruff: noqa: PLC0415  (imports inside of functions: `drift --help` needs none of them)

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from drift_pipeline.init.begin import Choice, Discovered

SHELLS = ("bash", "zsh", "fish")
COMPLETE_VARIABLE = "_DRIFT_COMPLETE"


@click.command(short_help="Begin in a repository.", epilog="Exit codes: 0 written, 3 nothing found or not written.")
@click.option("--models", multiple=True, metavar="TARGET", help="module:attribute of the MetaData; default: found.")
@click.option("--env", "environments", multiple=True, metavar="NAME", help="Default: production and staging.")
@click.option("--alembic", default="", metavar="FILE", help="The project's alembic.ini; default: found.")
@click.option("--github/--no-github", "workflow", default=None, help="Write the workflow; default: yes.")
@click.option("--yes", "-y", "--non-interactive", is_flag=True, help="Ask nothing, take what was found.")
@click.option("--force", is_flag=True, help="Write files anew that are there already.")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def init(yes: bool, debug: bool, **options: Any) -> int:
    """Find the models and the migrations of this folder, and write what a check needs.

    Written are drift.toml, .env.example, the SQL that creates the role that looks, and a workflow for GitHub; nothing
    that exists is overwritten without --force. On a terminal it asks before it writes.
    """
    from drift_pipeline.init import begin
    from drift_pipeline.output import show

    root = Path.cwd()
    wishes = begin.Wishes(
        models=_split(options["models"]),
        alembic=options["alembic"],
        environments=tuple(begin.checked_name(name) for name in _split(options["environments"])),
        workflow=options["workflow"],
        force=options["force"],
    )
    discovered = begin.discover(root, wishes)
    for line in begin.described(discovered):
        show(line)
    choice = begin.choose(discovered, wishes)
    if not yes and sys.stdin.isatty() and sys.stdout.isatty():
        discovered, choice = _asked(discovered, choice, wishes)
    for line in chain(choice.notes, begin.write(root, choice)):  # told as it is written
        show(line)
    show("\nNext:")
    for line in begin.next_steps(root, choice):
        show(f"  {line}")
    return 0


def _asked(discovered: Discovered, choice: Choice, wishes: Any) -> tuple[Discovered, Choice]:
    """The same with a person's answers; what was given on the command line is not asked again."""
    import dataclasses

    from drift_pipeline.init import begin
    from drift_pipeline.output import show

    models = choice.verified.models
    answers = wishes
    if not wishes.models:
        said = click.prompt("Models", default=", ".join(models.targets) or "(those of env.py)")
        if said not in {", ".join(models.targets), "(those of env.py)"}:
            answers = dataclasses.replace(answers, models=_split((said,)))
    if not wishes.alembic:
        said = click.prompt("Alembic's configuration", default=models.alembic or "none")
        if said not in {models.alembic, "none"}:
            answers = dataclasses.replace(answers, alembic=said)
    if not wishes.environments:
        said = click.prompt("Environments", default=", ".join(choice.environments))
        names = tuple(begin.checked_name(name) for name in _split((said,)))
        answers = dataclasses.replace(answers, environments=names)
    if wishes.workflow is None:
        workflow = click.confirm("Write a workflow for GitHub?", default=choice.workflow)
        answers = dataclasses.replace(answers, workflow=workflow)
    if (answers.models, answers.alembic) != (wishes.models, wishes.alembic):
        discovered = begin.discover(discovered.repository.root, answers)
        for line in begin.described(discovered):
            show(line)
    return discovered, begin.choose(discovered, answers)


def _split(given: tuple[str, ...]) -> tuple[str, ...]:
    """`--env a --env b` and `--env a,b` are the same."""
    return tuple(item.strip() for each in given for item in each.split(","))


@click.command(short_help="Complete commands in your shell.", epilog="Exit codes: 0 printed, 3 no such shell.")
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> int:
    """Print what makes SHELL complete commands, options and the names of environments.

    bash: echo 'eval "$(drift completion bash)"' >> ~/.bashrc

    zsh: echo 'eval "$(drift completion zsh)"' >> ~/.zshrc

    fish: drift completion fish > ~/.config/fish/completions/drift.fish
    """
    from click.shell_completion import get_completion_class

    from drift_pipeline.commands import drift
    from drift_pipeline.output import show

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    show(kind(drift, {}, "drift", COMPLETE_VARIABLE).source())
    return 0


def topics(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """Those of the page about trouble that begin so."""
    from drift_pipeline.trouble import entries

    return [name for name in entries() if name.startswith(typed)]


@click.command(short_help="Explain a message.", epilog="Exit codes: 0 printed, 3 no such entry.")
@click.argument("topic", default="", shell_complete=topics)
def explain(topic: str) -> int:
    """Print the entry of the page about trouble that a message names, such as connection-refused.

    Without TOPIC it lists the entries.
    """
    from drift_pipeline import trouble
    from drift_pipeline.output import show

    show(trouble.explain(topic) if topic else "\n".join(trouble.entries()))
    return 0


def environment_names(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """The environments of the settings that begin so. Settings with a mistake complete nothing, and say nothing."""
    from drift_pipeline.config import load_settings
    from drift_pipeline.errors import DriftError

    try:
        names = load_settings().environments
    except DriftError:
        return []
    return sorted(name for name in names if name.startswith(typed))


def sources(context: click.Context, parameter: click.Parameter, typed: str) -> list[Any]:
    """What `drift diff` and `drift snapshot` take: environments, `models`, files."""
    from click.shell_completion import CompletionItem

    names = [*environment_names(context, parameter, typed), *(["models"] if "models".startswith(typed) else [])]
    return [CompletionItem(name) for name in names] or [CompletionItem(typed, type="file")]
