"""Where the link in an answer to somebody's mail leads, by how the case stands (issue 4)."""

from __future__ import annotations

import pytest

from escalations.policy import Side
from escalations.rules.notices import RAISER, Ask, Recipient
from escalations.rules.onward import May, onward
from tests.builders import SCHOOL, SOCIAL_CARE, Story, plain_mail

TO_RAISER = Recipient(Side.RAISING, SCHOOL, RAISER)
TO_PRACTITIONER = Recipient(Side.RESPONDING, SOCIAL_CARE, "practitioner")
TO_MANAGER = Recipient(Side.RESPONDING, SOCIAL_CARE, "manager")


def _at_stage_2() -> Story:
    story = Story().raised()
    story.moves_up()
    return story.after(working_days=2)


def test_the_raising_side_reads_and_may_settle_whatever_was_asked_before() -> None:
    story = Story().raised()
    assert (onward(story.case, TO_RAISER).asks, onward(story.case, TO_RAISER).may) == (Ask.READ, May.SETTLE)
    story.responds()
    assert onward(story.case, TO_RAISER).may is May.SETTLE
    story.agrees()
    assert onward(story.case, TO_RAISER).may is May.READ


def test_what_a_plain_mail_lacks_is_asked_of_whoever_raised_it_and_of_nobody_else() -> None:
    story = Story().raised(**plain_mail())
    whoever = Recipient(Side.RAISING, None, RAISER)
    assert (onward(story.case, whoever).may, onward(story.case, whoever).completes) == (May.TAKE_BACK, True)
    assert not onward(story.case, Recipient(Side.RAISING, None, "manager")).completes
    story.completes(SOCIAL_CARE)
    assert not onward(story.case, whoever).completes


@pytest.mark.parametrize("to", [TO_PRACTITIONER, TO_MANAGER])
def test_a_stage_that_was_left_still_takes_an_answer(to: Recipient) -> None:
    case = _at_stage_2().case
    assert case.stage == 2
    found = onward(case, to)
    expected = (1, May.ANSWER_LATE) if to is TO_PRACTITIONER else (2, May.ANSWER)
    assert (found.asks, found.stage, found.may) == (Ask.RESPOND, *expected)


def test_whoever_has_answered_reads_and_whom_it_has_not_reached_does_too() -> None:
    story = Story().raised()
    assert onward(story.case, TO_MANAGER).may is May.READ
    story.responds()
    assert onward(story.case, TO_PRACTITIONER).asks is Ask.READ
