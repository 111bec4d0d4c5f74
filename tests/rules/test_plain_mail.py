"""A plain email raises a case that lacks something: who may complete it, what that brings, and who is told.

Source: the rules of practice, "How it really starts and ends" and "A child must not wait in a queue of ours"; choosing
an agency is never done "by a timer, a parser or a score".
"""

from __future__ import annotations

from typing import Any

import pytest

from escalations.policy import Side
from escalations.rules import acts, asking, decider, events, notices
from escalations.rules.actors import SYSTEM, Actor, Channel
from escalations.rules.case import DeliveryState, Status
from escalations.rules.notices import RAISER, Ask, NoticeKind, Recipient
from tests import builders
from tests.builders import POLICE, SCHOOL, SENDER, SOCIAL_CARE, TEAM, Story, plain_mail, raiser
from tests.deeds import ACTORS, HEALTH, KINDS, deed

SAID: dict[str, Any] = {"concern": acts.Concern.CHILD, "reason": acts.Reason.PLAN}


def told_since(story: Story, seen: int) -> list[str]:
    """Give what everything since then obliges us to tell."""
    since = {id(event) for event in story.happened[seen:]}
    return sorted(
        f"{notice.kind}: {notice.to.agency_id or notice.to.side} {notice.to.position} ({notice.asks})"
        for event, notice in story.notices()
        if id(event) in since
    )


def from_an_unknown_sender(**more: object) -> Story:
    return Story().raised(**plain_mail(**more))


def from_a_school(**more: object) -> Story:
    return Story().raised(**plain_mail(by=raiser(position=RAISER), raising_agency=SCHOOL, **more))


# ---- Raised ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [(), (SOCIAL_CARE,), (SOCIAL_CARE, POLICE)])
def test_a_case_of_a_sender_who_is_not_recognised_is_held_and_its_clock_runs(named: tuple[str, ...]) -> None:
    story = from_an_unknown_sender(responding_agencies=named)
    assert story.case.status is Status.HELD
    assert story.case.raising_agency is None
    assert story.runs("whole-process")
    assert story.runs("team-look")
    assert told_since(story, 0) == ["held: team team (team)", "receipt: raising raiser (complete)"]


def test_a_mail_that_says_everything_is_asked_nothing_more() -> None:
    story = from_a_school(responding_agencies=(SOCIAL_CARE,), concern=acts.Concern.CHILD, reason=acts.Reason.PLAN)
    assert story.case.status is Status.OPEN
    assert "receipt: oak-school raiser (read)" in told_since(story, 0)


def test_on_the_form_i_do_not_know_is_an_answer_and_nothing_is_asked_again() -> None:
    story = Story().raised(responding_agencies=())
    assert "receipt: oak-school raiser (read)" in told_since(story, 0)
    act = acts.Complete(**story.by_raiser(), concern=acts.Concern.CHILD, reason=acts.Reason.PLAN)
    assert story.refused(act).code == "already_complete"


def test_an_open_case_that_lacks_its_reason_runs_and_asks_for_it() -> None:
    story = from_a_school(responding_agencies=(SOCIAL_CARE,))
    assert story.case.status is Status.OPEN
    assert "receipt: oak-school raiser (complete)" in told_since(story, 0)


# ---- Completed ------------------------------------------------------------------------------------------------------


def test_completing_a_case_held_for_nothing_but_its_agency_passes_it_on() -> None:
    story = from_a_school()
    seen = len(story.happened)
    story.later(minutes=20).completes(SOCIAL_CARE)
    assert story.case.status is Status.OPEN
    assert story.case.stage == 1
    assert not story.runs("team-look")
    assert story.last(events.PassedOn).by == raiser(position=RAISER)
    told = told_since(story, seen)
    assert "asked: childrens-services practitioner (respond)" in told
    assert not [line for line in told if line.startswith("completed")], "the team does not have to look any more"


def test_the_clock_of_people_is_not_met_by_what_somebody_else_did() -> None:
    story = from_a_school()
    story.later(minutes=20).completes(SOCIAL_CARE)
    (ended,) = [event for event in story.happened if isinstance(event, events.ClockEnded)]
    assert (ended.awaits, ended.end) == ("look", "stopped")


@pytest.mark.parametrize("named", [(), (SOCIAL_CARE,)])
def test_a_case_of_an_unknown_agency_stays_held_and_the_team_hears_that_it_was_completed(
    named: tuple[str, ...],
) -> None:
    story = from_an_unknown_sender()
    seen = len(story.happened)
    story.later(minutes=20).completes(*named)
    assert story.case.status is Status.HELD
    assert [party.agency_id for party in story.case.parties] == list(named)
    assert story.runs("team-look"), "it is still the team's to pass on, and its time runs"
    assert told_since(story, seen) == ["completed: team team (team)"]


def test_without_an_agency_it_stays_held() -> None:
    story = from_a_school()
    story.completes()
    assert story.case.status is Status.HELD
    assert story.runs("team-look")


def test_what_was_entered_quietly_is_never_passed_on_by_completing_it() -> None:
    story = Story().raised(
        **{**plain_mail(), "by": TEAM, "channel": Channel.TEAM, "raising_agency": SCHOOL, "hold": True}
    )
    story.completes(SOCIAL_CARE, by=TEAM)
    assert story.case.status is Status.HELD
    assert told_since(story, 0) == ["held: team team (team)"]


def test_the_codes_that_were_said_take_the_place_of_what_was_not_stated() -> None:
    story = from_a_school()
    story.completes(SOCIAL_CARE, concern=acts.Concern.SIBLINGS, reason=acts.Reason.REFERRAL, level_of_need=3, people=2)
    said = story.last(events.Completed)
    assert (said.concern, said.reason, said.level_of_need, said.people) == ("siblings", "referral_not_accepted", 3, 2)


def test_an_open_case_keeps_its_agency_however_it_is_completed() -> None:
    story = from_a_school(responding_agencies=(SOCIAL_CARE,))
    refused = story.refused(acts.Complete(**story.by_raiser(), responding_agencies=(POLICE,), **SAID))
    assert refused.code == "already_passed_on"
    seen = len(story.happened)
    story.completes()
    assert [party.agency_id for party in story.case.parties] == [SOCIAL_CARE]
    assert told_since(story, seen) == ["words_added: childrens-services practitioner (respond)"]


def test_each_agency_that_was_asked_already_hears_that_something_was_added() -> None:
    story = from_a_school(responding_agencies=(SOCIAL_CARE, POLICE))
    seen = len(story.happened)
    story.later(minutes=20).completes()
    assert told_since(story, seen) == [
        "words_added: childrens-services practitioner (respond)",
        "words_added: police practitioner (respond)",
    ]


def test_it_is_completed_once() -> None:
    story = from_an_unknown_sender()
    story.completes()
    act = acts.Complete(**builders.origin(SENDER, story.now), concern=acts.Concern.CHILD, reason=acts.Reason.PLAN)
    assert story.refused(act).code == "already_complete"


def test_a_person_s_own_agency_is_not_who_it_is_raised_with() -> None:
    story = from_a_school()
    act = acts.Complete(**builders.origin(raiser(), story.now), responding_agencies=(SCHOOL,), **SAID)
    assert story.refused(act).code == "same_agency"


def test_the_link_to_complete_serves_until_that_is_done() -> None:
    story = from_an_unknown_sender()
    to = Recipient(Side.RAISING, None, RAISER)
    assert not asking.is_done(story.case, Ask.COMPLETE, to, stage=0, about=None)
    story.completes()
    assert asking.is_done(story.case, Ask.COMPLETE, to, stage=0, about=None)


def test_time_completes_and_passes_on_nothing() -> None:
    story = from_an_unknown_sender(responding_agencies=(SOCIAL_CARE,)).later(days=90)
    assert story.case.status is Status.HELD
    assert story.case.incomplete
    assert not {"completed", "passed_on", "stage_started"} & set(story.kinds())


# ---- Who may --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_while_the_agency_is_not_known_only_whoever_sent_it_acts_for_that_side_to_complete_it_or_take_it_back(
    kind: type[acts.ActModel],
) -> None:
    story = from_an_unknown_sender(responding_agencies=(SOCIAL_CARE,)).later(minutes=5)
    accepted = set()
    for who, by in ACTORS.items():
        decided = decider.decide(story.case, deed(kind, by, story.case, story.now), story.now)
        if not isinstance(decided, decider.Refused):
            accepted.add(who)
    of_people = {
        acts.PassOn: {"team"},
        acts.NotePhoneCall: {"team"},
        acts.ChangeContact: {"team"},
        acts.ChangeRaisers: {"team"},
        acts.AwaitAgency: {"team"},
        acts.Transfer: {"team"},
        acts.Link: {"team"},
        acts.Complete: {"team", "whoever sent it"},
    }
    of_people |= {of: {"team", "whoever sent it"} for of in (acts.AddWords, acts.ChangeTrack)}
    of_people |= {of: {"whoever sent it"} for of in (acts.Withdraw, acts.Redirect)}
    of_the_system = {acts.ReportDelivery: {"system"}, acts.ReportMessage: {"system"}}
    assert accepted == {**of_people, **of_the_system}.get(kind, set())


def test_somebody_of_the_raising_side_in_general_does_not_act_for_a_sender_who_is_not_known() -> None:
    story = from_an_unknown_sender()
    for by in (Actor(side=Side.RAISING), raiser(), raiser(position=RAISER)):
        assert story.refused(acts.Complete(**builders.origin(by, story.now), **SAID)).code == "not_your_side"


def test_whoever_sent_it_goes_on_by_their_own_link_once_the_team_has_said_which_agency_they_are_of() -> None:
    story = from_an_unknown_sender()
    story.passes_on(SOCIAL_CARE, raised_by=SCHOOL)
    assert story.case.raising_agency == SCHOOL
    story.later(hours=1).completes()
    story.act(acts.Agree(**builders.origin(SENDER, story.now), outcome="agreed_as_asked"))  # type: ignore[arg-type]  # pydantic reads it
    assert story.case.status is Status.CLOSED


# ---- Passed on ------------------------------------------------------------------------------------------------------


def test_the_team_says_which_agency_raised_it_or_cannot_pass_it_on() -> None:
    story = from_an_unknown_sender(responding_agencies=(SOCIAL_CARE,))
    act = acts.PassOn(**story.by_team(), responding_agencies=(SOCIAL_CARE,))
    assert story.refused(act).code == "raising_agency_needed"
    seen = len(story.happened)
    story.passes_on(SOCIAL_CARE, raised_by=SCHOOL)
    assert story.last(events.PassedOn).raising_agency == SCHOOL
    told = told_since(story, seen)
    assert "passed_on: oak-school raiser (complete)" in told, "what is still missing is asked for again"
    assert "asked: childrens-services practitioner (respond)" in told


def test_the_team_puts_an_agency_right_that_was_taken_for_another() -> None:
    story = from_a_school()
    story.passes_on(SOCIAL_CARE, raised_by=HEALTH)
    assert story.case.raising_agency == HEALTH
    assert story.refused(acts.Stay(**story.by_raiser())).code == "not_your_side", "the school did not raise it"
    story.later(hours=1)
    story.act(acts.MoveUp(**builders.origin(raiser(position=RAISER), story.now)))


def test_an_agency_that_was_known_all_along_is_not_said_again() -> None:
    story = from_a_school()
    story.passes_on(SOCIAL_CARE, raised_by=SCHOOL)
    assert story.last(events.PassedOn).raising_agency is None


def test_a_case_is_not_passed_on_to_the_agency_that_raised_it() -> None:
    story = from_an_unknown_sender()
    act = acts.PassOn(**story.by_team(), responding_agencies=(SCHOOL,), raising_agency=SCHOOL)
    assert story.refused(act).code == "same_agency"


# ---- What reaches nobody --------------------------------------------------------------------------------------------


def report(story: Story, state: DeliveryState, *, to_raiser: bool) -> acts.ReportDelivery:
    return acts.ReportDelivery(
        **builders.origin(SYSTEM, story.now, channel=Channel.SYSTEM),
        notice_id="n1",
        to_raiser=to_raiser,
        stage=0,
        starts_clocks=False,
        state=state,
    )


def test_a_receipt_that_does_not_reach_its_sender_is_told_to_the_team_and_not_as_the_team_s_own() -> None:
    story = from_an_unknown_sender()
    seen = len(story.happened)
    story.act(report(story, DeliveryState.UNDELIVERED, to_raiser=True))
    assert told_since(story, seen) == ["delivery_trouble: team team (team)"]
    assert story.case.unreached == ()
    seen = len(story.happened)
    story.act(report(story, DeliveryState.UNDELIVERED, to_raiser=False))
    assert told_since(story, seen) == ["delivery_trouble: team team_deputy (team)"]


def test_the_team_notes_that_it_phoned_whoever_sent_it() -> None:
    story = from_an_unknown_sender()
    story.act(acts.NotePhoneCall(**story.by_team(), agency_id=None, reached=True))
    assert story.last(events.PhoneCallNoted).agency_id is None
    story.passes_on(SOCIAL_CARE, raised_by=SCHOOL)
    act = acts.NotePhoneCall(**story.by_team(), agency_id=None, reached=True)
    assert story.refused(act).code == "not_a_party", "by now their agency has a name"


def test_what_was_written_before_these_fields_reads_and_is_written_the_same() -> None:
    """The register's older rows, and what Temporal holds, stay the same to the byte."""
    passed = '{"at":"2027-03-01T09:30:00Z","kind":"passed_on","responding_agencies":["police"]}'
    reported = '{"at":"2027-03-01T09:30:00Z","kind":"notice_reported","notice_id":"n","stage":1,"starts_clocks":true,'
    older = (passed, f'{reported}"state":"delivered"}}')
    for text in older:
        assert events.dumps(events.loads(text)) == text
        assert not {"raising_agency", "to_raiser"} & set(events.loads(text).model_dump(mode="json"))


def test_the_notice_that_asks_to_complete_leaves_with_the_receipt_alone() -> None:
    story = from_an_unknown_sender().later(days=1)
    asks = [notice for _, notice in story.notices() if notice.asks is Ask.COMPLETE]
    assert [notice.kind for notice in asks] == [NoticeKind.RECEIPT]
    assert notices.overtaken(story.case, NoticeKind.COMPLETED, stage=0, about=None) is False
    story.passes_on(SOCIAL_CARE, raised_by=SCHOOL)
    assert notices.overtaken(story.case, NoticeKind.COMPLETED, stage=0, about=None) is True
