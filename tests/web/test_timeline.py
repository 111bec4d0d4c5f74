"""The drawing of a case's life, over stories that the rules alone drive."""

from __future__ import annotations

import re
from datetime import timedelta
from xml.etree import ElementTree as ET

from escalations.rules import events
from escalations.store.register import Entry
from escalations.web import telling, timeline
from escalations.web.story import Story as Telling
from escalations.web.story import Told
from escalations.web.timeline import Mark
from tests.builders import REFERENCE, Story
from tests.web.conftest import BANNED

NAMES = telling.Names({})


def _told(story: Story) -> Telling:
    return Telling(
        story.case,
        tuple(
            Told(Entry(seq, REFERENCE, seq, event.kind, event.at, events.dumps(event), "", ""), event)
            for seq, event in enumerate(story.happened, 1)
        ),
    )


def _draw(story: Story) -> timeline.Drawing:
    return timeline.draw(_told(story), NAMES, now=story.now)


def _late() -> Story:
    """A case with a passed limit, a confirmed claim, a move to stage 2 and an answer there."""
    story = Story().raised().at("2027-03-03 10:00")
    story.moves_up()
    story.at("2027-03-05 10:00")
    claim = story.says_done("2027-03-05 09:00", position="manager") if story.case.stage == 2 else ""
    if claim:
        story.confirms(claim)
    return story


def test_the_drawing_is_well_formed_and_named() -> None:
    drawn = _draw(_late())
    root = ET.fromstring(str(drawn.svg))  # noqa: S314  our own
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == "life-title life-desc"
    kinds = [element.tag.rpartition("}")[2] for element in root]
    assert kinds[:2] == ["title", "desc"]
    assert "style" not in str(drawn.svg)


def test_everything_that_is_drawn_stands_in_the_facts_in_order_of_time() -> None:
    drawn = _draw(_late())
    moments = [fact.at for fact in drawn.facts]
    assert moments == sorted(moments)
    words = " ".join(re.findall(r'<text class="life-words[^>]*>([^<]*)</text>', str(drawn.svg)))
    for fact in drawn.facts:
        for word in fact.words.split():
            assert telling_escaped(word) in words


def telling_escaped(word: str) -> str:
    return word.replace("&", "&amp;").replace("'", "&#39;")


def test_a_passed_limit_is_marked_and_a_running_one_is_due() -> None:
    story = Story().raised().at("2027-03-03 10:00")
    drawn = _draw(story)
    limits = [fact for fact in drawn.facts if fact.mark is Mark.LIMIT]
    assert [fact.words for fact in limits] == ["Time limit passed: acknowledge"]
    assert "life-bar--after" in str(drawn.svg)
    assert any(fact.mark is Mark.DUE and fact.words == "Due: answer" for fact in drawn.facts)


def test_the_present_moment_is_a_line_until_the_case_is_closed() -> None:
    story = Story().raised()
    assert sum(fact.mark is Mark.NOW for fact in _draw(story).facts) == 1
    assert "life-now" in str(_draw(story).svg)


def test_what_was_written_up_later_is_drawn_where_it_happened_too() -> None:
    story = Story().raised().at("2027-03-03 10:00")
    story.says_done("2027-03-02 11:00")
    happened = [fact for fact in _draw(story).facts if fact.mark is Mark.HAPPENED]
    assert len(happened) == 1
    assert happened[0].at < story.now - timedelta(hours=12)


def test_no_two_bars_lie_on_each_other() -> None:
    drawn = _draw(_late())
    bars = [
        (float(x), float(y), float(y) + float(height))
        for x, y, height in re.findall(
            r'<rect class="life-bar" x="([\d.]+)" y="([\d.]+)" width="7" height="([\d.]+)"', str(drawn.svg)
        )
    ]
    for place, (x, top, bottom) in enumerate(bars):
        for other_x, other_top, other_bottom in bars[place + 1 :]:
            assert x != other_x or bottom <= other_top + 1 or other_bottom <= top + 1


def test_everything_that_happens_is_told_in_plain_words() -> None:
    story = _late()
    for event in story.happened:
        said = telling.sentence(event, NAMES)
        assert said.endswith("."), said
        assert BANNED.findall(said) == []
        assert "_" not in said
        assert BANNED.findall(telling.label(event, NAMES) or "") == []
