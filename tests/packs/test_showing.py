"""A policy shown: in the terminal, as a drawing and as a page, each with the same words.

The terminal's picture of the sample is kept in ``golden``; after a change that is meant, write it anew with
``escalations policy show > tests/packs/golden/default-sample.txt`` at 80 columns, and look at it.
"""

from __future__ import annotations

import json
import re
from datetime import date
from enum import StrEnum
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from escalations.packs import checking, drawing, page, reading, saying, showing, warning
from escalations.policy import Awaits, OnLimit, Policy, Side, StartsFrom
from escalations.rules.workingtime import Amount
from tests.packs.calling import call
from tests.web.conftest import BANNED

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
PACKS = Path(__file__).parents[2] / "escalations" / "packs"
SVG = "{http://www.w3.org/2000/svg}"
TODAY = date(2027, 3, 1)


def packs() -> list[Policy]:
    return [reading.read(path) for path in sorted(PACKS.glob("*.yaml")) if "\nagencies:" not in path.read_text("utf-8")]


def by_itself() -> Policy:
    """A policy whose document says that a case moves up by itself."""
    text = reading.sample_text().replace("on_limit: propose", 'on_limit: escalate\n        source: "section 5"', 3)
    return reading.read_text(text, "ours.yaml")


def with_priorities() -> Policy:
    """A policy whose answers depend on a level of priority, and whose first answer may come sooner."""
    text = reading.sample_text().replace(
        "          standard: {within: 5 working days, remind_before: [1 working day]}\n",
        "          standard: {within: 5 working days, remind_before: [1 working day], or_sooner: true, by_priority: "
        "{high: {within: 2 working days, extend_times: 1}, highest: {within: 1 working day}}}\n",
        1,
    )
    high = "{code: high, title: high, definition: A child waits.}"
    highest = "{code: highest, title: as high as can be, definition: Now.}"
    return reading.read_text(f"priorities: [{high}, {highest}]\n{text}", "ours.yaml")


def in_terminal(policy: Policy) -> list[str]:
    return [line.plain for line in showing.lines(saying.say(policy))]


# ---- The terminal ---------------------------------------------------------------------------------------------------


def test_the_sample_is_shown_as_it_was() -> None:
    assert "\n".join(in_terminal(reading.sample())) + "\n" == (GOLDEN / "default-sample.txt").read_text("utf-8")


def test_the_command_prints_that_and_fits_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    code, said = call("policy", "show", str(PACKS / "default-sample.yaml"))
    assert code == 0
    assert max(len(line) for line in said.splitlines()) <= 80
    assert said.splitlines()[0] == "Professional Differences Policy (sample), version 2026-1"


def test_a_narrow_terminal_gets_narrow_lines() -> None:
    ladder = saying.say(reading.sample())
    assert max(len(line.plain) for line in showing.lines(ladder, width=60)) <= 60


@pytest.mark.parametrize("policy", packs(), ids=lambda policy: policy.id)
def test_every_time_limit_of_a_policy_is_said(policy: Policy) -> None:
    said = " ".join(re.sub(r"[│▼┌└─]", " ", "\n".join(in_terminal(policy))).split())
    page_said = re.sub(r"<[^>]+>", " ", page.body(policy))
    for stage in policy.stages:
        assert f"Stage {stage.number}: {stage.title}" in said
    for clock in saying.say(policy).clocks:
        for span in clock.spans:
            assert span.words in said
            assert span.words in page_said


def test_a_longer_limit_has_a_longer_bar_and_a_reminder_its_place_in_it() -> None:
    def bar(within: str, *reminders: str) -> str:
        span = saying.Span("standard", Amount.parse(within), tuple(Amount.parse(one) for one in reminders))
        return showing.bar(span, saying.hours(Amount.parse("20 working days")))

    assert len(bar("1 working day")) < len(bar("5 working days")) < len(bar("20 working days")) == 30
    early, late = bar("10 working days", "8 working days"), bar("10 working days", "1 working day")
    assert early.index("|") < late.index("|")
    assert bar("10 working days", "5 working days", "1 working day").count("|") == 2
    assert bar("1 elapsed hour", "1 elapsed hour")[-1] == "┃"


def test_a_clock_that_an_earlier_stage_has_is_said_once() -> None:
    ladder = saying.say(reading.sample())
    assert [clock.as_at for clock in ladder.rungs[0].clocks] == [None, None, None]
    assert [clock.as_at for clock in ladder.rungs[2].clocks] == [1, 1, 1]
    text = reading.sample_text().replace(
        "    clocks: *ladder\n  - number: 3", "    clocks: *ladder\n    source: p. 7\n  - number: 3"
    )
    assert saying.say(reading.read_text(text, "ours")).rungs[1].source == "p. 7"


def test_what_moves_up_by_itself_is_said_so() -> None:
    said = "\n".join(in_terminal(by_itself()))
    assert "or by itself when a time limit passes" in said
    assert "If that time passes, the case moves up by\n" in said or "the case moves up by itself" in said
    assert "Time alone moves a case up only where" in said
    assert "Time alone moves nothing" in "\n".join(in_terminal(reading.sample()))
    assert "Source: section 5." in said


def test_what_may_not_be_paused_or_extended_is_said() -> None:
    text = reading.sample_text().replace(
        "        awaits: respond\n", "        awaits: respond\n        may_pause: false\n", 1
    )
    text = text.replace(
        "standard: {within: 10 working days,", "standard: {within: 10 working days, extend_at_most: 2 working days,"
    )
    said = " ".join(saying.say(reading.read_text(text, "ours")).conventions)
    assert "The time to answer is not paused." in said
    assert "The time to decide is extended by 2 working days at most (standard track)." in said


def test_a_limit_by_priority_and_one_that_may_be_sooner_are_said() -> None:
    policy = with_priorities()
    answer = saying.say(policy).rungs[0].clocks[2]
    assert "within 5 working days of the arrival of the notice, or sooner where a time that keeps" in answer.text
    assert "Where its priority is high: within 2 working days of" in answer.text
    said = "\n".join(in_terminal(policy))
    assert "standard, as high as can be\n" in said
    assert "Priority high: A child waits." in said
    assert "extended once at most (standard track, priority high)" in said.replace("\n  ", " ")
    assert "standard, high" in texts(ET.fromstring(drawing.as_document(policy)))  # noqa: S314  our own
    found = checking.check_text(reading.sample_text(), "x", today=TODAY).warnings
    assert found == ()
    assert [one.place[-1] for one in warning.warnings(policy, today=TODAY)] == ["high"] * 3, "nobody is reminded"


def test_where_an_escalation_may_begin_and_what_a_clock_spans_are_said() -> None:
    text = reading.sample_text().replace(
        "process_clocks:\n  - id: whole-process\n", "process_clocks:\n  - id: first-two\n    to_stage: 2\n"
    )
    skipping = "skipping: {start_at_most: 3, levels: true, because: [risk, both_agree]}"
    text = f"{skipping}\nthematic: {{start_stage: 2}}\n{text}"
    ladder = saying.say(reading.read_text(text, "ours.yaml"))
    assert ladder.groups[0].clocks[0].title == "Settle the whole matter, stages 1 to 2"
    said = " ".join(ladder.conventions)
    assert (
        "An escalation may start as high as stage 3 and may pass over a level on the way up, by a person who gives the "
        "reason (risk or both agree). Source: not in the document: our choice."
    ) in said
    assert "A thematic escalation starts at stage 2." in said
    held = reading.read_text(f"thematic: {{taken: false}}\n{reading.sample_text()}", "ours.yaml")
    assert "A thematic escalation is held for the partnership's team." in " ".join(saying.say(held).conventions)


@pytest.mark.parametrize("policy", packs(), ids=lambda policy: policy.id)
def test_no_convention_is_said_twice(policy: Policy) -> None:
    said = saying.say(policy).conventions
    assert len(said) == len(set(said))


# ---- Adoption -------------------------------------------------------------------------------------------------------


def test_who_adopted_it_who_put_it_live_and_the_dates_are_shown_everywhere() -> None:
    sample = reading.sample()
    for said in ("\n".join(in_terminal(sample)), page.alone(sample)):
        for part in (
            "Sample: the executive group, on 12 January 2026",
            "Sample: the business manager (a second person)",
            "1 February 2026",
            "31 December 2027",
        ):
            assert part in said


def test_a_review_that_is_due_is_said_first() -> None:
    sample = reading.sample()
    notes = warning.dated(sample, date(2028, 1, 1))
    assert notes == ("Its review was due on 31 December 2027; have it reviewed, and write the next date.",)
    assert "Its review was due on 31 December 2027" in page.alone(sample, notes=notes)
    assert warning.dated(sample, date(2027, 11, 1)) == ("Its review is due on 31 December 2027, in 60 days.",)
    assert warning.dated(sample, date(2027, 9, 29)) == ()


# ---- The drawing ----------------------------------------------------------------------------------------------------


def texts(root: ET.Element) -> str:
    return " ".join(found.text or "" for found in root.iter(f"{SVG}text"))


@pytest.mark.parametrize("policy", [*packs(), by_itself(), with_priorities()], ids=lambda policy: policy.id)
def test_the_drawing_is_xml_that_says_in_text_what_it_shows(policy: Policy) -> None:
    root = ET.fromstring(drawing.as_document(policy))  # noqa: S314  our own
    assert root.tag == f"{SVG}svg"
    assert root.attrib["role"] == "img"
    title, desc = list(root)[:2]
    assert (title.tag, desc.tag) == (f"{SVG}title", f"{SVG}desc")
    assert root.attrib["aria-labelledby"] == f"{title.attrib['id']} {desc.attrib['id']}"
    assert policy.title in (title.text or "")
    said = texts(root)
    for clock in saying.say(policy).clocks:
        for span in clock.spans:
            assert span.words in said
    for stage in policy.stages:
        assert f"Stage {stage.number}:" in said
        assert f"Stage {stage.number}:" in (desc.text or "")


@pytest.mark.parametrize("policy", [*packs(), with_priorities()], ids=lambda policy: policy.id)
def test_nothing_of_the_drawing_lies_outside_it(policy: Policy) -> None:
    """Letters of 13 units and more, each line within the width by a wide typeface's measure, and no style or script."""
    text = drawing.as_document(policy)
    root = ET.fromstring(text)  # noqa: S314  our own
    _, _, width, height = (float(number) for number in root.attrib["viewBox"].split())
    for found in root.iter(f"{SVG}text"):
        size = float(found.attrib["font-size"])
        assert size >= 13
        letters = len(found.text or "") * size * (0.64 if "font-weight" in found.attrib else 0.56)
        assert float(found.attrib["x"]) + letters <= width, found.text
        assert float(found.attrib["y"]) <= height
    for found in root.iter(f"{SVG}rect"):
        assert float(found.attrib.get("x", "0")) + float(found.attrib["width"]) <= width
        assert float(found.attrib.get("y", "0")) + float(found.attrib["height"]) <= height + 1
    assert re.search(r"<(script|style|foreignObject)|style=|href", text) is None


def test_what_is_written_in_a_policy_is_escaped() -> None:
    text = reading.sample_text().replace("title: Managers", 'title: "Managers <b>&"')
    policy = reading.read_text(text, "ours.yaml")
    root = ET.fromstring(drawing.as_document(policy))  # noqa: S314  our own
    assert "Stage 2: Managers <b>&" in texts(root)
    assert "Managers <b>" not in page.alone(policy)
    assert "Managers &lt;b&gt;&amp;" in page.alone(policy)


# ---- The page, and the other ways to show it -------------------------------------------------------------------------


def test_the_page_needs_nothing_else() -> None:
    alone = page.alone(reading.sample())
    assert re.search(r"<(script|link|img|iframe)|src=|url\(|@import", alone) is None
    assert 'lang="en-GB"' in alone
    assert "<svg" in alone


def test_a_policy_is_written_into_a_file(tmp_path: Path) -> None:
    for as_format, beginning in (("svg", "<?xml"), ("html", "<!DOCTYPE html>"), ("json", "{"), ("terminal", "Prof")):
        file = tmp_path / f"policy.{as_format}"
        code, said = call("policy", "show", "--format", as_format, "--output", str(file))
        assert (code, said.replace("\n", "")) == (0, f"{file} was written.")
        assert file.read_text("utf-8").startswith(beginning)
    assert json.loads((tmp_path / "policy.json").read_text("utf-8")) == reading.sample().model_dump(mode="json")
    code, said = call("policy", "show", "--format", "png")
    assert code == 2
    assert "terminal, svg, html, json" in said


def test_one_that_is_wrong_is_not_shown() -> None:
    code, said = call("policy", "show", str(HERE / "broken" / "typo.yaml"))
    assert code == 1
    assert "did you mean on_limit?" in said
    assert "`escalations policy check` lists everything" in said


# ---- Words ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vocabulary", "said"),
    [
        (Awaits, saying.AWAITED),
        (Awaits, saying.TITLES),
        (Side, saying.SIDES),
        (StartsFrom, saying.FROM),
        (OnLimit, saying.THEN),
    ],
)
def test_every_code_has_words_and_none_is_banned(vocabulary: type[StrEnum], said: dict[StrEnum, str]) -> None:
    assert set(said) == set(vocabulary)
    assert [text for text in said.values() if not text or BANNED.search(text)] == []


@pytest.mark.parametrize("policy", [*packs(), by_itself(), with_priorities()], ids=lambda policy: policy.id)
def test_nothing_that_is_shown_says_a_banned_word(policy: Policy) -> None:
    shown = ("\n".join(in_terminal(policy)), page.alone(policy, notes=("Note.",)), drawing.as_document(policy))
    assert [BANNED.findall(re.sub(r"silence does", "", text)) for text in shown] == [[], [], []]
