"""An agency says whether what was raised in its name is theirs (practice, "Who sees what, and when").

Nothing ends and nobody's time limit changes by it: the team is asked to find out whose it is, by a clock of its own.
"""

from __future__ import annotations

import pytest

from escalations.policy import Awaits, Side
from escalations.rules import acts
from escalations.rules.case import Status
from escalations.rules.notices import LEAD, RAISER, WRITER, Ask, NoticeKind, notices_for
from escalations.rules.onward import onward
from escalations.rules.senders import RaiserAt, Stands, SureBy
from escalations.rules.telling import Recipient
from tests import builders
from tests.builders import SCHOOL, SOCIAL_CARE, Story, raiser

CONTACT = raiser(position=LEAD)


def taken(**more: object) -> Story:
    story = Story().raised(**builders.plain_mail())
    story.later(minutes=20)
    said = {"sender_stands": Stands.TAKEN, "sender_known_by": SureBy.PHONED, **more}
    story.act(
        acts.PassOn(**story.by_team(), responding_agencies=(SOCIAL_CARE,), raising_agency=SCHOOL, **said)  # type: ignore[arg-type]
    )
    return story


def vouches(story: Story, *, theirs: bool) -> None:
    story.act(acts.VouchForSender(**builders.origin(CONTACT, story.now), theirs=theirs))


def test_nobody_is_taken_for_somebody_of_an_agency_without_a_word_on_how_that_is_known() -> None:
    story = Story().raised(**builders.plain_mail()).later(minutes=20)
    act = acts.PassOn(
        **story.by_team(), responding_agencies=(SOCIAL_CARE,), raising_agency=SCHOOL, sender_stands=Stands.TAKEN
    )
    assert story.refused(act).code == "how_known_needed"


@pytest.mark.parametrize("stands", [Stands.TAKEN, Stands.CONTACT])
def test_the_agencys_own_contact_is_asked_in_either_case(stands: Stands) -> None:
    story = taken(sender_stands=stands)
    (passed,) = (event for event in story.happened if event.kind == "passed_on")
    told = {(one.kind, one.to.position, one.asks) for one in notices_for(story.case, passed)}
    assert (NoticeKind.IN_YOUR_NAME, LEAD, Ask.VOUCH) in told


def test_where_it_is_not_theirs_the_team_has_a_clock_and_the_others_keep_theirs() -> None:
    story = taken().later(hours=1)
    before = {clock.clock_id: clock.due_at for clock in story.case.clocks if clock.running}
    vouches(story, theirs=False)
    assert (story.case.raiser_at, story.case.status) == (RaiserAt.NOBODY, Status.OPEN)
    (look,) = story.case.running(Awaits.LOOK)
    assert look.waits_for is Side.TEAM
    after = {clock.clock_id: clock.due_at for clock in story.case.clocks if clock.running and clock is not look}
    assert after == before
    act = acts.Withdraw(**builders.origin(raiser(position=RAISER), story.now), reason="other")  # type: ignore[arg-type]
    assert story.refused(act).code == "not_theirs"


def told_of(story: Story, kind: str) -> list[tuple[NoticeKind, str | None, str]]:
    last = [event for event in story.happened if event.kind == kind][-1]
    return [(one.kind, one.to.agency_id, one.to.position) for one in notices_for(story.case, last)]


def test_the_responding_side_and_the_address_hear_that_it_is_not_theirs_and_that_it_is_after_all() -> None:
    story = taken()
    vouches(story, theirs=False)
    told = told_of(story, "sender_vouched")
    assert (NoticeKind.WHOSE, SOCIAL_CARE, "practitioner") in told
    assert (NoticeKind.LINKS_ELSEWHERE, SCHOOL, WRITER) in told
    vouches(story, theirs=True)
    again = told_of(story, "sender_vouched")
    assert (NoticeKind.WHOSE, SOCIAL_CARE, "practitioner") in again
    assert NoticeKind.LINKS_ELSEWHERE not in {kind for kind, _, _ in again}
    at_once = taken()
    vouches(at_once, theirs=True)
    assert told_of(at_once, "sender_vouched") == [], "nobody had been told otherwise"


def test_the_address_hears_that_the_agencys_contact_holds_its_links_and_is_told_once() -> None:
    story = taken(sender_stands=Stands.CONTACT, sender_known_by=None)
    assert (NoticeKind.LINKS_ELSEWHERE, SCHOOL, WRITER) in told_of(story, "passed_on")
    vouches(story, theirs=False)
    assert NoticeKind.LINKS_ELSEWHERE not in {kind for kind, _, _ in told_of(story, "sender_vouched")}
    kept = taken()
    assert NoticeKind.LINKS_ELSEWHERE not in {kind for kind, _, _ in told_of(kept, "passed_on")}


def test_that_it_is_theirs_after_all_ends_the_teams_clock_and_opens_the_links_again() -> None:
    story = taken().later(hours=1)
    vouches(story, theirs=False)
    vouches(story.later(minutes=30), theirs=True)
    assert story.case.raiser_at is RaiserAt.ADDRESS
    assert not story.case.running(Awaits.LOOK)
    assert story.refused(acts.VouchForSender(**builders.origin(CONTACT, story.now), theirs=True)).code == "said_before"


def test_somebody_else_of_the_agency_who_is_named_settles_whose_it_is() -> None:
    story = taken().later(hours=1)
    vouches(story, theirs=False)
    story.act(acts.ChangeContact(**story.by_team()))
    assert story.case.raiser_at is RaiserAt.ADDRESS
    assert not story.case.running(Awaits.LOOK)


def test_whoever_raised_it_does_not_vouch_for_themselves() -> None:
    story = taken().later(hours=1)
    act = acts.VouchForSender(**builders.origin(raiser(position=RAISER), story.now), theirs=True)
    assert story.refused(act).code == "not_your_side"


def test_a_link_that_the_contact_is_given_asks_whose_it_is_until_they_say_that_it_is_theirs() -> None:
    story = taken().later(hours=1)
    contact = Recipient(Side.RAISING, SCHOOL, LEAD)
    assert onward(story.case, contact).asks is Ask.VOUCH
    vouches(story, theirs=True)
    assert onward(story.case, contact).asks is Ask.READ
