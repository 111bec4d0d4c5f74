"""Practice, "Words": what screens never say. Every page that any test opens is read too (see `conftest.Page`)."""

from __future__ import annotations

import re
from enum import StrEnum
from importlib import resources

import pytest

from escalations.policy import Awaits, Side, StartsFrom, Track
from escalations.rules.acts import Concern
from escalations.rules.case import Cause, DeliveryState, Done, Outcome, Status
from escalations.rules.notices import Ask, NoticeKind
from escalations.store.notices import NoticeState
from escalations.web import telling, words
from escalations.web.link_acts import Agreed, Decision, Offer
from tests.web.conftest import BANNED

TEMPLATES = sorted(
    path.name
    for path in resources.files("escalations.web").joinpath("templates").iterdir()
    if path.name.endswith(".html")
)


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_says_a_banned_word(name: str) -> None:
    text = resources.files("escalations.web").joinpath("templates", name).read_text(encoding="utf-8")
    shown = re.sub(r"\{[{%#].*?[}%#]\}", " ", text, flags=re.DOTALL)
    assert BANNED.findall(shown) == []


def test_there_are_templates_to_look_at() -> None:
    assert len(TEMPLATES) > 20


def test_the_guard_can_fail() -> None:
    for word in ("Breach", "silent", "owed by", "fault", "against", "failed", "culprit"):
        assert BANNED.search(f"It was {word} them.") is not None
    assert BANNED.search("default") is None


@pytest.mark.parametrize(
    ("vocabulary", "said"),
    [
        (Concern, words.CONCERNS),
        (Done, words.DONE),
        (Cause, words.CAUSES),
        (Awaits, words.AWAITED),
        (Awaits, words.SHORT_AWAITED),
        (Side, words.SIDES),
        (Track, words.TRACKS),
        (Status, words.STATUSES),
        (DeliveryState, words.DELIVERIES),
        (NoticeKind, words.NOTICES),
        (NoticeState, words.NOTICE_STATES),
        (StartsFrom, words.STARTS),
        (Ask, telling.HEADINGS),
        (Ask, telling.ASKED),
    ],
)
def test_every_code_has_words_and_none_is_banned(vocabulary: type[StrEnum], said: dict[StrEnum, str]) -> None:
    assert set(said) == set(vocabulary)
    for text in said.values():
        assert text
        assert BANNED.findall(text) == []


def test_what_can_be_chosen_by_link_has_words() -> None:
    assert {Outcome(choice.value) for choice in Agreed} == set(words.AGREEMENTS)
    assert {Outcome(choice.value) for choice in Offer} == set(words.OFFERS)
    assert {Outcome(choice.value) for choice in Decision} == set(words.DECISIONS)


def test_no_reply_recorded_is_what_a_screen_says() -> None:
    assert words.CAUSES[Cause.SILENT] == "no reply recorded"
