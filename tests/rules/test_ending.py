"""The team ends a case on somebody's word, or one that it holds; who hears of it, and what it may not do.

Source: the rules of practice, "How it really starts and ends" ("It ends when the raising side or the final body says
so") and "Never by a timer, a parser or a score"; the domain, what is *redirected* with its route recorded.
"""

from __future__ import annotations

import pytest

from escalations.policy import Awaits, Side, Track
from escalations.rules import acts, events
from escalations.rules.actors import Channel
from escalations.rules.case import Outcome, Route, Status
from tests.builders import POLICE, SOCIAL_CARE, TEAM, Story, plain_mail
from tests.deeds import OFFERS

AGREED = OFFERS[:3]
DECIDED = (Outcome.DECIDED_AS_ASKED, Outcome.DECIDED_ANOTHER_WAY, Outcome.NOT_AGREED_DECIDED)
OTHERWISE = (Outcome.WITHDRAWN, Outcome.REDIRECTED, Outcome.OVERTAKEN)


def closing(
    story: Story, outcome: Outcome, on_word_of: Side | None = None, route: Route | None = None, **more: object
) -> acts.Close:
    if outcome is Outcome.REDIRECTED and route is None:
        route = Route.COMPLAINT
    return acts.Close.model_validate(
        {**story.by_team(**more), "outcome": outcome, "on_word_of": on_word_of, "route": route}
    )


def at_the_final_stage() -> Story:
    story = Story().raised(track=Track.URGENT)
    while story.case.stage < 4:
        story.later(minutes=10)
        story.moves_up()
    return story


def held() -> Story:
    return Story().raised(responding_agencies=())


def told_at_the_end(story: Story) -> list[str]:
    return sorted(
        f"{notice.kind}: {notice.to.agency_id or notice.to.side} {notice.to.position}"
        for event, notice in story.notices()
        if isinstance(event, events.Closed)
    )


# ---- An open case ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [*AGREED, *OTHERWISE])
def test_what_the_raising_side_says_by_phone_ends_an_open_case(outcome: Outcome) -> None:
    story = Story().raised().later(hours=3)
    story.act(closing(story, outcome, Side.RAISING))
    assert (story.case.status, story.case.outcome, story.case.on_word_of) == (Status.CLOSED, outcome, Side.RAISING)
    assert not [clock for clock in story.case.clocks if clock.running]
    assert story.last(events.Closed).by == TEAM


@pytest.mark.parametrize("outcome", Outcome)
def test_nobody_ends_an_open_case_on_the_team_s_own_judgement(outcome: Outcome) -> None:
    for story in (Story().raised().later(hours=3), at_the_final_stage()):
        assert story.refused(closing(story, outcome)).code == "word_needed"


@pytest.mark.parametrize("outcome", [*DECIDED, Outcome.REDIRECTED, Outcome.OVERTAKEN])
def test_what_the_final_body_says_ends_a_case_that_has_reached_it(outcome: Outcome) -> None:
    story = at_the_final_stage()
    story.act(closing(story, outcome, Side.FINAL_BODY))
    assert (story.case.outcome, story.case.on_word_of) == (outcome, Side.FINAL_BODY)
    decided = [event.position for event in story.happened if isinstance(event, events.Decided)]
    assert decided == (["chair"] if outcome in DECIDED else [])


def test_the_final_body_says_nothing_of_a_case_that_has_not_reached_it() -> None:
    story = Story().raised().later(hours=3)
    assert story.refused(closing(story, Outcome.DECIDED_AS_ASKED, Side.FINAL_BODY)).code == "not_at_final_stage"


@pytest.mark.parametrize(
    ("side", "outcome"),
    [
        *((Side.RAISING, outcome) for outcome in DECIDED),
        *((Side.FINAL_BODY, outcome) for outcome in (*AGREED, Outcome.WITHDRAWN)),
    ],
)
def test_nobody_says_what_is_the_other_s_to_say(side: Side, outcome: Outcome) -> None:
    story = at_the_final_stage()
    assert story.refused(closing(story, outcome, side)).code == "not_theirs_to_say"


def test_an_agreement_by_phone_settles_with_each_agency_that_was_left() -> None:
    story = Story().raised(responding_agencies=(SOCIAL_CARE, POLICE)).later(hours=3)
    story.agrees(Outcome.AGREED_AS_ASKED, agency=POLICE)
    story.act(closing(story, Outcome.AGREED_ANOTHER_WAY, Side.RAISING))
    assert [(party.settled, party.outcome) for party in story.case.parties] == [
        (True, Outcome.AGREED_ANOTHER_WAY),
        (True, Outcome.AGREED_AS_ASKED),
    ]
    assert story.case.outcome is Outcome.AGREED_IN_PART, "outcomes that differ close a case as agreed in part"


@pytest.mark.parametrize(
    ("outcome", "end"), [*((outcome, "met") for outcome in AGREED), *((outcome, "stopped") for outcome in OTHERWISE)]
)
def test_only_a_settlement_meets_the_clock_over_the_whole_process(outcome: Outcome, end: str) -> None:
    story = Story().raised().later(hours=3)
    story.act(closing(story, outcome, Side.RAISING))
    ends = {event.awaits: event.end for event in story.happened if isinstance(event, events.ClockEnded)}
    assert ends[Awaits.SETTLE_ALL] == end
    assert ends[Awaits.RESPOND] == "stopped"


def test_when_they_said_so_is_kept_and_is_never_before_it_was_raised() -> None:
    story = Story().raised().at("2027-03-03 11:00")
    story.act(closing(story, Outcome.WITHDRAWN, Side.RAISING, happened_at="2027-03-02 16:00"))
    closed = story.last(events.Closed)
    assert closed.happened_at is not None
    assert closed.happened_at < closed.at == story.now
    story = Story().raised().at("2027-03-03 11:00")
    early = closing(story, Outcome.WITHDRAWN, Side.RAISING, happened_at="2027-02-02 16:00")
    assert story.refused(early).code == "before_its_clock"


def test_everyone_who_was_told_of_it_hears_that_it_is_closed() -> None:
    story = Story().raised(track=Track.URGENT).later(minutes=10)
    story.moves_up()
    story.act(closing(story, Outcome.WITHDRAWN, Side.RAISING))
    assert told_at_the_end(story) == [
        "closed: childrens-services manager",
        "closed: childrens-services practitioner",
        "closed: oak-school manager",
        "closed: oak-school raiser",
    ]


def test_the_partnership_is_told_how_a_case_ended_that_it_was_told_of() -> None:
    story = at_the_final_stage()
    story.act(closing(story, Outcome.OVERTAKEN, Side.RAISING))
    assert story.happened[-1].kind == "partnership_notified"


# ---- Redirected -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", Route)
def test_what_is_redirected_names_its_route_and_the_raiser_is_asked_to_read_it(route: Route) -> None:
    story = Story().raised().later(hours=1)
    story.act(closing(story, Outcome.REDIRECTED, Side.RAISING, route))
    assert story.case.route is route
    assert told_at_the_end(story) == [
        "closed: childrens-services practitioner",
        "redirected: oak-school raiser",
    ]


def test_redirected_without_a_route_is_refused_and_so_is_a_route_for_anything_else() -> None:
    story = Story().raised().later(hours=1)
    act = acts.Close(**story.by_team(), outcome=Outcome.REDIRECTED, on_word_of=Side.RAISING)
    assert story.refused(act).code == "route_needed"
    assert story.refused(closing(story, Outcome.WITHDRAWN, Side.RAISING, Route.LADO)).code == "route_not_needed"


# ---- A held case ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "word"),
    [(Outcome.WITHDRAWN, Side.RAISING), (Outcome.REDIRECTED, None), (Outcome.OVERTAKEN, None)],
)
def test_what_is_held_is_withdrawn_by_its_raiser_or_ended_by_the_team(outcome: Outcome, word: Side | None) -> None:
    story = held().later(minutes=30)
    story.act(closing(story, outcome, word))
    assert (story.case.status, story.case.outcome, story.case.on_word_of) == (Status.CLOSED, outcome, word)
    ends = {event.awaits: event.end for event in story.happened if isinstance(event, events.ClockEnded)}
    assert ends == {"look": "met", "settle_all": "stopped"}, "the team has looked; nothing was settled"
    kind = "redirected" if outcome is Outcome.REDIRECTED else "closed"
    assert told_at_the_end(story) == [f"{kind}: oak-school raiser"]


@pytest.mark.parametrize("outcome", [*AGREED, *DECIDED])
def test_nobody_has_agreed_or_decided_what_no_agency_was_told_of(outcome: Outcome) -> None:
    story = held()
    assert story.refused(closing(story, outcome, Side.RAISING)).code == "not_passed_on"


def test_only_its_raiser_withdraws_what_is_held() -> None:
    story = held()
    assert story.refused(closing(story, Outcome.WITHDRAWN)).code == "word_needed"
    assert story.refused(closing(story, Outcome.WITHDRAWN, Side.FINAL_BODY)).code == "not_at_final_stage"


def test_of_what_was_entered_quietly_and_never_passed_on_nobody_hears_the_end() -> None:
    story = Story().raised(hold=True, channel=Channel.TEAM, by=TEAM)
    story.act(closing(story, Outcome.OVERTAKEN))
    assert told_at_the_end(story) == []


def test_a_mail_of_a_sender_who_is_not_recognised_can_be_sent_another_way() -> None:
    """A family member who uses the address is sent to the complaints route, and told nothing about any case."""
    story = Story().raised(**plain_mail())
    story.act(closing(story, Outcome.REDIRECTED, route=Route.COMPLAINT))
    assert told_at_the_end(story) == ["redirected: raising raiser"]


@pytest.mark.parametrize("raised", [{}, {"responding_agencies": ()}, plain_mail()])
def test_time_alone_ends_nothing(raised: dict[str, object]) -> None:
    story = Story().raised(**raised).later(days=365)
    assert story.case.status is not Status.CLOSED
    assert "closed" not in story.kinds()
