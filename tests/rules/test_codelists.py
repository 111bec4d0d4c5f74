"""The lists that people choose from: a policy's own, with the usual ones where it has none (issue 5, item 1)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from escalations.packs import reading
from escalations.policy import Policy, canonical
from escalations.rules import acts
from escalations.rules.acts import NOT_KNOWN, NOT_STATED, LegalStatus, Reason
from escalations.rules.case import Outcome
from escalations.rules.codelists import USUAL, CodeEntry, CodeLists, ListKind
from escalations.rules.notices import RAISER
from tests import builders
from tests.builders import Story

DAY = date(2027, 3, 1)
OWN = CodeLists(
    version="2",
    reasons=(
        CodeEntry(code="level", words="The level of help", synonyms=("threshold",), was=("threshold_not_agreed",)),
        CodeEntry(code="drift", words="Nothing happens", was=("no_response_or_drift",)),
        CodeEntry(code="closed", words="It was closed", no_longer_used_from=date(2027, 1, 1)),
    ),
    themes=(CodeEntry(code="neglect", words="Neglect"), CodeEntry(code="exploitation", words="Exploitation")),
    levels_of_need=(CodeEntry(code="1", words="Low"), CodeEntry(code="2", words="High")),
    legal_statuses=(),
)


def under(lists: CodeLists | None) -> Policy:
    """Give the sample with these lists."""
    return Policy.model_validate(reading.sample().model_dump() | {"lists": lists})


def raised(lists: CodeLists | None = OWN, **said: Any) -> Story:  # noqa: ANN401
    """Give a case of a policy with lists of its own."""
    return Story(policy=under(lists)).raised(**said)


def first(story: Story) -> Any:  # noqa: ANN401
    return story.happened[0]


# ---- Which list there is --------------------------------------------------------------------------------------------


def test_a_policy_without_lists_has_the_usual_ones_and_the_text_that_it_had() -> None:
    policy = under(None)
    assert "lists" not in canonical(policy)
    assert all(policy.codes(kind) == USUAL[kind] for kind in ListKind)


def test_the_lists_of_the_sample_are_the_usual_ones() -> None:
    for kind in ListKind:
        assert reading.sample().codes(kind) == USUAL[kind], kind


def test_the_usual_lists_have_every_code_that_the_rules_name() -> None:
    assert [one.code for one in USUAL[ListKind.REASONS]] == [one for one in Reason if one != NOT_STATED]
    assert [one.code for one in USUAL[ListKind.LEGAL_STATUSES]] == [one for one in LegalStatus if one != NOT_KNOWN]
    assert [one.code for one in USUAL[ListKind.OUTCOMES]] == list(Outcome)


def test_outcomes_that_a_policy_does_not_name_keep_their_words() -> None:
    lists = CodeLists(version="1", outcomes=(CodeEntry(code="withdrawn", words="Taken back"),))
    outcomes = under(lists).codes(ListKind.OUTCOMES)
    assert outcomes.words(Outcome.WITHDRAWN) == "Taken back"
    assert outcomes.words(Outcome.AGREED_IN_PART) == "Agreed in part"


def test_what_is_no_longer_used_is_not_offered_from_that_day_on_and_keeps_its_words() -> None:
    reasons = under(OWN).codes(ListKind.REASONS)
    assert "closed" in reasons.offered(date(2026, 12, 31))
    assert "closed" not in reasons.offered(date(2027, 1, 1))
    assert reasons.words("closed") == "It was closed"


@pytest.mark.parametrize("written", ["level", "The level of help", "THRESHOLD", "  the  level of help. "])
def test_a_reason_is_named_by_its_code_its_words_or_a_synonym(written: str) -> None:
    assert under(OWN).codes(ListKind.REASONS).named(written, DAY) == "level"


@pytest.mark.parametrize("written", ["", "something else", "level of", "plan not followed", "it was closed"])
def test_what_names_no_entry_that_is_used_is_not_guessed(written: str) -> None:
    assert under(OWN).codes(ListKind.REASONS).named(written, DAY) is None


# ---- What is recorded -----------------------------------------------------------------------------------------------


def test_codes_of_the_policy_s_own_lists_are_recorded() -> None:
    event = first(raised(reason="drift", theme="neglect", level_of_need=2))
    assert (event.reason, event.theme, event.level_of_need, event.legal_status) == ("drift", "neglect", 2, NOT_KNOWN)


def test_an_older_code_is_recorded_as_what_has_taken_its_place() -> None:
    assert first(raised(reason=Reason.THRESHOLD)).reason == "level"


def test_raising_is_never_refused_for_a_code_and_whoever_raised_it_is_asked() -> None:
    story = raised(reason=Reason.PLAN, theme="a_theme", level_of_need=4, legal_status="child_in_need")
    event = first(story)
    assert (event.reason, event.theme, event.level_of_need, event.legal_status) == (NOT_STATED, None, None, NOT_KNOWN)
    assert story.case.incomplete


def test_whoever_completes_it_chooses_from_the_list() -> None:
    of_school = builders.raiser(position=RAISER)
    story = raised(**builders.plain_mail(raising_agency=builders.SCHOOL, by=of_school))
    act = acts.Complete(
        **builders.origin(of_school, story.now),
        responding_agencies=(builders.SOCIAL_CARE,),
        concern=acts.Concern.CHILD,
        reason="plan_not_followed",
    )
    assert story.refused(act).code == "no_such_reason"
    story.completes(builders.SOCIAL_CARE, reason="drift", theme="neglect")
    assert not story.case.incomplete


def test_an_event_without_a_theme_has_the_text_that_it_had() -> None:
    assert "theme" not in first(raised(reason="drift")).model_dump_json()


# ---- What does not hold together ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lists", "sentence"),
    [
        ({"reasons": []}, "has no entry"),
        ({"reasons": [{"code": "a", "words": "A"}, {"code": "a", "words": "B"}]}, "two entries have the code a"),
        ({"reasons": [{"code": "not_stated", "words": "A"}]}, "needs no entry"),
        ({"levels_of_need": [{"code": "high", "words": "High"}]}, "a number from 1 to 9"),
        ({"outcomes": [{"code": "a_draw", "words": "A draw"}]}, "no outcome that the rules know"),
        ({"themes": [{"code": "a", "words": "A", "was": ["b"]}, {"code": "b", "words": "B"}]}, "is in the list itself"),
        (
            {"themes": [{"code": "a", "words": "A", "was": ["x"]}, {"code": "b", "words": "B", "was": ["x"]}]},
            "is counted as a already",
        ),
        ({"themes": [{"code": "a", "words": "A"}, {"code": "b", "words": "B", "synonyms": ["a"]}]}, "means a as well"),
    ],
)
def test_lists_that_contradict_themselves_are_refused(lists: dict[str, Any], sentence: str) -> None:
    values = reading.sample().model_dump() | {"lists": {"version": "1", **lists}}
    with pytest.raises(ValidationError, match=sentence):
        Policy.model_validate(values)
