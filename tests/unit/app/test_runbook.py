"""The runbook knows every alarm; its commands exist, and its links lead somewhere."""

import re
from collections.abc import Iterator

import click
import pytest
import typer

from bridge_patch.adapters.alerts import ALARMS, Alarm, Severity
from bridge_patch.app import cli
from bridge_patch.app.monitoring_rules import WATCHES
from tests.e2e.rehearsal_page import RUNBOOK, Command, anchors, blocks, prelude, sections

PAGE = RUNBOOK.read_text(encoding="utf-8")
#: What the contract promises that users may go on typing.
GREPS = (
    'grep "AI Sizer"',
    'grep "Risk Governor"',
    'grep "SHADOW"',
    r'grep "ACCEPT\|PASS"',
    'grep "EXEC_INTENT"',
    "grep GOVERNOR | grep -c ACCEPT",
    "grep REJECT",
    'grep BTCUSDT | grep "PUBLISHED"',
    "grep -c LIVE",
    'grep "AI-SIZER"',
    "grep GOVERNOR | awk -F'[[]' '{print $2}' | sort | uniq -c",
)
MEANT = [(a, about.severity, a.anchor) for a, about in ALARMS.items()] + [
    (rule.name, rule.severity, rule.page) for rule in WATCHES
]


OURS = re.compile(
    r"(?:sudo )?(?:/opt/quantum/current/bin/)?(?:bp[kr]?|bridge-patch) (?P<words>.+)"
)


def lines() -> list[str]:
    found = [c.line for part in sections(PAGE).values() for b in blocks(part) for c in b]
    return [*found, *re.findall(r"`((?:bp[kr]? |bridge-patch )[^`]+)`", PAGE)]


def commands(group: object, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in getattr(group, "commands", {}).items():
        yield f"{prefix}{name}", command
        yield from commands(command, f"{prefix}{name} ")


@pytest.mark.parametrize(("name", "severity", "page"), MEANT, ids=[m[0] for m in MEANT])
def test_every_alarm_and_watch_has_its_section(
    name: str, severity: Severity, page: str
) -> None:
    """A link in a message at night leads to what to do, or it is worse than none."""
    anchor = page.partition("#")[2]
    parts = re.split(r"^(?=#{2,3} )", PAGE, flags=re.MULTILINE)
    (part,) = [one for one in parts if anchors(one)[:1] == [anchor]]

    assert f"- **Means** (`{name}`, {severity}): " in part
    assert "\n- **Look**: " in part
    assert "\n- **Do**: " in part


def test_no_section_is_of_an_alarm_that_does_not_exist() -> None:
    told = {one for one in anchors(PAGE) if one.startswith(("alarm-", "watch-"))}

    assert told == {page.partition("#")[2] for _, _, page in MEANT}
    assert len(told) == len(Alarm) + len(WATCHES)


@pytest.mark.parametrize("grep", GREPS)
def test_every_grep_of_the_contract_is_in_it(grep: str) -> None:
    assert [line for line in lines() if line.endswith(f"| {grep}")]


@pytest.mark.parametrize(
    "words", sorted({found["words"] for line in lines() if (found := OURS.match(line))})
)
def test_every_command_of_ours_exists_with_its_options(words: str) -> None:
    """Also in the alarms' sections, which no rehearsal pulls."""
    known = dict(commands(typer.main.get_command(cli.app)))
    name = max((n for n in known if f"{words} ".startswith(f"{n} ")), key=len)
    options = {o for p in known[name].params for o in (*p.opts, *p.secondary_opts)}

    assert set(re.findall(r"(?<= )--[\w-]+", words)) - {"--env-file"} <= options
    assert " --env-file" in prelude(PAGE)


def test_every_link_within_the_page_leads_to_a_heading() -> None:
    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) <= set(anchors(PAGE))


def test_a_promise_that_does_not_come_is_a_fault() -> None:
    """A rehearsal that finds everything is no rehearsal."""
    ((one,),) = blocks("```console\n$ bp status\nmode … LIVE …\n(exit code 1)\n```\n")

    assert one == Command("bp status", ("mode … LIVE …",), 1)
    assert one.faults("mode   LIVE on paper", 1) == []
    assert len(one.faults("mode   SHADOW on paper\nLIVE", 0)) == 2
