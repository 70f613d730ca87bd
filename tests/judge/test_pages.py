"""Each rule has a page: what the generator writes, with an example that is run, or the reason why there is none."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from drift_pipeline.errors import ConfigError
from drift_pipeline.judge.rules.examples.shown import CHOSEN, EXAMPLES, NOT_SHOWN, example_of
from drift_pipeline.judge.rules.levels import checked_levels
from drift_pipeline.judge.rules.listing import listed_rules, rules_markdown, write_all
from drift_pipeline.judge.rules.rule import ListedRule

DOCS = Path(__file__).parents[2] / "docs"
RULES = listed_rules()
AGAIN = "run python -m drift_pipeline.judge.rules.listing docs"

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


def page_of(rule: ListedRule) -> str:
    return (DOCS / "rules" / f"{rule.id}.md").read_text(encoding="utf-8")


def test_the_documentation_is_what_the_rules_say(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "OLD.md").write_text("a rule that is gone")
    write_all(tmp_path)
    written = {path.relative_to(tmp_path): path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.md")}
    kept = [DOCS / "rules.md", *(DOCS / "rules").rglob("*")]
    assert {path.relative_to(DOCS): path.read_text(encoding="utf-8") for path in kept} == written, AGAIN
    assert {path.stem for path in kept[1:]} == {rule.id for rule in RULES}


def test_the_list_leads_to_each_page() -> None:
    text = rules_markdown()
    assert [f"[{rule.id}](rules/{rule.id}.md)" for rule in RULES] == re.findall(r"\[\w+\]\(rules/\w+\.md\)", text)


@each_rule
def test_a_page_says_the_problem_and_what_to_do(rule: ListedRule) -> None:
    text = page_of(rule)
    assert re.findall(r"(?m)^#+ ([^·\n]+)", text) == [
        f"{rule.id} ", "Problem", "Example", "What to do", "Another level, or none",
    ]  # fmt: skip
    assert rule.reason in text
    assert rule.advice in text
    assert f"**{rule.level}**" in text


@each_rule
def test_every_link_of_a_page_leads_somewhere(rule: ListedRule) -> None:
    headings = re.findall(r"(?m)^## (.+)", rules_markdown())
    for target, anchor in re.findall(r"\]\(([^)#]+)(?:#([^)]+))?\)", page_of(rule)):
        assert (DOCS / "rules" / target).is_file()
        assert not anchor or anchor in {heading.lower() for heading in headings}


@each_rule
def test_a_page_shows_the_sql_that_is_run_or_says_why_there_is_none(rule: ListedRule) -> None:
    text, found = page_of(rule), example_of(rule.id)
    if rule.id in NOT_SHOWN:
        assert found is None
        assert "```sql" not in text
        assert NOT_SHOWN[rule.id] in text
        return
    assert found is not None
    (block,) = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    sides = dict(re.findall(r"-- (both sides|the live database|the models)\n(.*?)(?=\n-- |\Z)", block, re.DOTALL))
    shown = {"both sides": found.both, "the live database": found.live, "the models": found.models}
    assert {side: words(sides.get(side, "")) for side in shown} == {side: words(sql) for side, sql in shown.items()}
    for name, severity, impact in found.expected:
        assert re.search(rf"rule (\[{name}\]\({name}\.md\)|{name}), {severity}, impact now: {impact}", text)


def words(sql: str) -> list[str]:
    """What is left of SQL without what only divides it."""
    return sql.replace("-- (nothing)", "").replace(";", " ; ").rstrip("; \n").replace(" ; ", " ").split()


@each_rule
def test_the_settings_of_a_page_are_accepted_and_those_it_denies_are_not(rule: ListedRule) -> None:
    found = re.findall(r"```toml\n(.*?)```", page_of(rule), re.DOTALL)
    if found:
        levels = tomllib.loads(found[0])["rules"]
        assert checked_levels(levels)[rule.id] != rule.level
    elif rule.sort != "severity":
        with pytest.raises(ConfigError):
            checked_levels({rule.id: "major"})
    else:
        assert (rule.fixed, rule.level) == (True, "critical")
    if rule.fixed and rule.level != "minor":
        with pytest.raises(ConfigError, match="at least"):
            checked_levels({rule.id: "minor"})


def test_the_tables_of_examples_name_rules_and_examples_that_exist() -> None:
    names = Counter(item.name for item in EXAMPLES)
    assert [name for name, count in names.items() if count > 1] == []
    assert set(CHOSEN.values()) <= set(names)
    assert {*CHOSEN, *NOT_SHOWN} <= {rule.id for rule in RULES}
    assert set(CHOSEN).isdisjoint(NOT_SHOWN)
