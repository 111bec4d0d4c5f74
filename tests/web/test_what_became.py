"""After something was sent by link: who did it and what comes next, or the form as it was filled in (issue 3 used)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from escalations.intake import submissions
from escalations.policy import Side, Track
from escalations.rules import acts
from escalations.rules.actors import Actor, Channel
from escalations.rules.acts import Act, Concern, Reason
from escalations.rules.case import (
    Changed,
    Done,
    Felt,
    FileNote,
    LeaveReason,
    Outcome,
    PartyReason,
    ReopenReason,
    Route,
    Says,
    WithdrawReason,
)
from escalations.rules.notices import NoticeKind
from escalations.rules.plan import Kept, Learning, PlanSays
from escalations.web import retyped
from escalations.web.forms import Reading
from escalations.web.link_acts import Doing
from tests import builders
from tests.web import answering, teamwork
from tests.web.conftest import Office, Page
from tests.web.forms_filled import CHILD, raised

SPOKEN = {"done": "spoke", "done_at_month": "2", "done_at_year": "2027", "done_at_time": "16:00"}
ACCOUNT = "We spoke at length, and agreed a visit."


@pytest.fixture
async def reference(office: Office) -> str:
    found = await raised(office)
    await office.settle()
    return found


@pytest.fixture
async def asked(office: Office, reference: str) -> str:
    """Give the token of the link that asks children's services to answer."""
    return await answering.link(office, reference, NoticeKind.ASKED)


async def _do(office: Office, page: Page, doing: str, **fields: Any) -> Page:  # noqa: ANN401
    browser = fields.pop("browser", None)
    return await office.post(
        f"/answer/{doing}",
        browser=browser,
        token=page.token,
        once=page.value("once"),
        seen_stage=page.value("seen-stage"),
        **fields,
    )


# ---- Not carried out -------------------------------------------------------------------------------------------------


async def test_what_was_said_to_be_done_stays_on_the_form_where_it_is_refused(office: Office, asked: str) -> None:
    page = await answering.enter(office, asked)
    refused = await _do(office, page, "say-done", **SPOKEN, done_at_day="1", done_text=ACCOUNT)
    assert refused.title.startswith("Not carried out")
    assert "before this escalation was raised" in refused.problems[0]
    assert (refused.value("done"), refused.value("done-at-day"), refused.value("done-at-time")) == (
        "spoke",
        "1",
        "16:00",
    )
    assert refused.value("done-text") == ACCOUNT
    await office.until("2027-03-02 10:00")
    again = {**SPOKEN, "done_at_month": "3", "done_at_day": "1", "done_text": refused.value("done-text")}
    late = await _do(office, await answering.enter(office, asked), "say-done", **again)
    assert "said to be done" in late.text


async def test_a_reload_shows_what_was_typed_again(office: Office, asked: str) -> None:
    page = await answering.enter(office, asked)
    refused = await _do(office, page, "say-done", **SPOKEN, done_at_day="1", done_text=ACCOUNT)
    assert (await office.get(refused.path)).value("done-text") == ACCOUNT


async def test_without_the_code_nothing_that_was_typed_is_shown(office: Office, asked: str) -> None:
    page = await answering.enter(office, asked)
    refused = await _do(office, page, "say-done", **SPOKEN, done_at_day="1", done_text=ACCOUNT)
    async with office.new_browser() as other:
        await answering.open_link(office, asked, browser=other)
        shown = await office.get(refused.path, browser=other)
    assert "This was not carried out" in shown.text
    assert ACCOUNT not in shown.text


async def test_words_of_an_act_that_came_too_late_are_given_back(office: Office, reference: str) -> None:
    await office.until("2027-03-03 10:00")
    token = await answering.link(office, reference, NoticeKind.ASKED_TO_CHOOSE)
    page = await answering.enter(office, token)
    office.settles_at_once = False
    await _do(office, page, "agree", outcome="agreed_as_asked")
    moved = await _do(office, page, "move-up", move_text="No word for two days.")
    await office.settle()
    refused = await office.get(moved.path)
    assert "This was not carried out" in refused.text
    assert "was closed at" in refused.text
    assert "No word for two days." in refused.text


async def test_what_the_other_side_sent_is_nobody_elses_page(office: Office, reference: str, asked: str) -> None:
    sent = await _do(office, await answering.enter(office, asked), "acknowledge")
    async with office.new_browser() as raiser:
        await answering.open_link(office, await answering.link(office, reference, NoticeKind.RECEIPT), browser=raiser)
        assert (await office.get(sent.path, browser=raiser)).status == 404


_ORIGIN: dict[str, Any] = {
    "submission_id": "s",
    "by": Actor(side=Side.RESPONDING, agency_id="childrens-services", position="practitioner"),
    "channel": Channel.LINK,
    "received_at": builders.civil("2027-03-01 09:30"),
}


def _every_act() -> list[Act]:
    when = {**_ORIGIN, "happened_at": builders.civil("2027-03-01 16:00")}
    return [
        acts.Acknowledge(**_ORIGIN),
        acts.ReachedByPerson(**_ORIGIN, agency_id="police", position="practitioner"),
        acts.SayDone(**when, done=Done.MET, agency_id="police"),
        acts.Respond(**_ORIGIN, offers=Outcome.AGREED_IN_PART),
        acts.Agree(**_ORIGIN, outcome=Outcome.AGREED_IN_PART),
        acts.MoveUp(**_ORIGIN),
        acts.Stay(**_ORIGIN),
        acts.ConfirmDone(**_ORIGIN, claim_id="c1"),
        acts.DenyDone(**_ORIGIN, claim_id="c1"),
        acts.Decide(**_ORIGIN, outcome=Outcome.DECIDED_AS_ASKED),
        acts.SetSooner(**_ORIGIN, clock_id="3-resolve", due_at=builders.civil("2027-03-03 12:00")),
        acts.Object(**_ORIGIN),
        acts.ChangeTrack(**_ORIGIN, track=Track.URGENT),
        acts.SayNotUrgent(**_ORIGIN),
        acts.NoteFile(**_ORIGIN, note=FileNote.READ),
        acts.NoteFile(**_ORIGIN, note=FileNote.RECORDED),
        acts.Withdraw(**_ORIGIN, reason=WithdrawReason.NO_ANSWER),
        acts.Redirect(**_ORIGIN, route=Route.LADO),
        acts.LookBack(**_ORIGIN, agency_id="police", changed=(Changed.OTHER,), felt=Felt.MIXED),
        acts.Account(**_ORIGIN, clock_id="2-acknowledge", agency_id="police", says=Says.NOT_REACHED),
        acts.Misdirected(**_ORIGIN, agency_id="childrens-services", should_be="police"),
        acts.ChangeParties(**_ORIGIN, add=("police",), remove=("health",), because=PartyReason.OTHER),
        acts.ChangeContact(**_ORIGIN),
        acts.ChangeRaisers(**_ORIGIN, leave=("police",), because=LeaveReason.NO_LONGER_OURS),
        acts.VouchForSender(**_ORIGIN, theirs=False),
        acts.GiveAdvice(**_ORIGIN, adviser="adviser_a", declined=True),
        acts.Reopen(**_ORIGIN, because=ReopenReason.NOT_DONE, at_stage=1),
        acts.AskToReopen(**_ORIGIN),
        acts.ProposePlan(
            **_ORIGIN,
            actions=(acts.ProposedAction(agency_id="police", due_on=builders.civil("2027-03-09 12:00").date()),),
        ),
        acts.AnswerPlan(**_ORIGIN, plan_id="p1", agency_id="police", says=PlanSays.AGREED),
        acts.ReportAction(**when, action_id="a1", done=True),
        acts.CheckAction(**_ORIGIN, action_id="a1", so=False),
        acts.RecordDissent(**_ORIGIN, agency_id="police", formal=True),
        acts.AnswerFollowUp(
            **_ORIGIN, agency_id="police", kept=Kept.SOME, changed=(Changed.OTHER,), learning=(Learning.TRAINING,)
        ),
        acts.Correct(**_ORIGIN, entry="s1"),
        acts.Complete(**_ORIGIN, concern=Concern.THEMATIC, reason=Reason.OTHER, people=0),
    ]


@pytest.mark.parametrize("act", _every_act(), ids=lambda act: act.kind)
def test_every_form_of_a_link_can_be_filled_in_again_from_what_was_sealed(act: Act) -> None:
    raw = retyped.typed(act, {"text": "TEXT", "plan": "PLAN", "spoken_to": "WHOM", "problem": "PROBLEM"})
    assert {"TEXT", "WHOM", "PROBLEM"} & {value for values in raw.values() for value in values}
    codes = {value for value in act.model_dump(mode="json").values() if isinstance(value, str)}
    for field in ("done", "offers", "outcome", "decision", "done-agency", "reached-agency"):
        if field in raw:
            assert raw[field][0] in codes


def test_every_form_is_known_by_its_act() -> None:
    assert {retyped.doing_of(act) for act in _every_act()} == set(Doing)


@pytest.mark.parametrize(
    ("instant", "written"),
    [
        (builders.civil("2027-03-01 16:00"), "16:00"),
        (datetime.fromisoformat("2027-10-31T00:30:00+00:00"), "01:30 BST"),
        (datetime.fromisoformat("2027-10-31T01:30:00+00:00"), "01:30 GMT"),
    ],
)
def test_a_time_is_written_as_the_form_reads_it(instant: datetime, written: str) -> None:
    act = acts.SayDone(**{**_ORIGIN, "happened_at": instant}, done=Done.MET, agency_id="police")
    raw = retyped.typed(act, {"text": "x"})
    assert raw["done-at-time"] == [written]
    reading = Reading(raw, now=builders.civil("2027-12-01 10:00"))
    assert reading.moment("done-at", "The time", missing_day="-", missing_time="-") == instant


async def test_what_was_refused_after_somebody_left_is_told_to_the_next_who_looks(office: Office, asked: str) -> None:
    page = await answering.enter(office, asked)
    office.settles_at_once = False
    await _do(office, page, "say-done", **SPOKEN, done_at_day="1", done_text=ACCOUNT)
    waiting = await office.get("/answer")
    assert "What was sent from here at 09:30 on Monday 1 March 2027 is stored and is being worked on." in waiting.text
    office.settles_at_once = True
    await office.settle()
    told = await office.get("/answer")
    assert "was not carried out: That is before this escalation was raised" in told.text
    assert ACCOUNT not in told.text
    done = await _do(office, told, "acknowledge")
    assert "Recorded" in done.title
    assert "was not carried out" not in (await office.get("/answer")).text


# ---- Recorded --------------------------------------------------------------------------------------------------------


async def test_the_page_after_an_answer_says_who_did_it_when_and_what_comes_next(office: Office, asked: str) -> None:
    page = await answering.enter(office, asked)
    done = await _do(office, page, "answer", offers="agreed_in_part", reasons="We read the file.")
    assert "Tamsin Okoro, Social worker, in your agency" in done.text
    assert "09:30 on Monday 1 March 2027" in done.text
    assert "Nothing more is asked of you now" in done.text
    assert "from Oak Lane Primary School: by 17:00 on Thursday 4 March 2027" in done.text


async def test_after_an_acknowledgement_the_answer_is_still_asked_of_you(office: Office, asked: str) -> None:
    done = await _do(office, await answering.enter(office, asked), "acknowledge")
    yours = done.text[done.text.index("Still asked of you") : done.text.index("Also waited for")]
    assert "Give your answer: by 17:00 on Monday 8 March 2027" in yours


async def _answered(office: Office, asked: str) -> None:
    page = await answering.enter(office, asked)
    await _do(office, page, "answer", offers="agreed_in_part", reasons="We read the file.")


async def test_a_link_that_is_done_names_who_did_it_to_the_same_side_behind_the_code(
    office: Office, asked: str
) -> None:
    await _answered(office, asked)
    page = await office.get("/answer")
    assert "What this link asked is done" in page.text
    assert "By Tamsin Okoro, Social worker, in your agency" in page.text
    assert "Wyeford Council children's services answered at stage 1" in page.text
    assert "from Oak Lane Primary School: by 17:00 on Thursday 4 March 2027" in page.text


async def test_without_the_code_a_link_that_is_done_says_side_position_stage_and_times(
    office: Office, asked: str
) -> None:
    await _answered(office, asked)
    async with office.new_browser() as colleague:
        page = await answering.open_link(office, asked, browser=colleague)
    assert "An answer was given" in page.text
    assert "By Your agency (Social worker)" in page.text
    assert "from the agency that raised it: by 17:00 on Thursday 4 March 2027" in page.text
    for told in ("Tamsin", "Oak Lane", "We agree to a part", CHILD):
        assert told not in page.text


async def test_the_other_side_reads_who_answered_with_position_and_agency(
    office: Office, reference: str, asked: str
) -> None:
    await _answered(office, asked)
    async with office.new_browser() as raiser:
        token = await answering.link(office, reference, NoticeKind.ANSWERED)
        page = await answering.enter(office, token, name="Ottoline Brack", role="Lead", browser=raiser)
        assert "We read the file." in page.text
        assert "Tamsin Okoro, Social worker, Wyeford Council children's services (practitioner)" in page.text
        ended = await _do(office, page, "agree", outcome="agreed_in_part", browser=raiser)
        assert "By Ottoline Brack, Lead, in your agency" in ended.text
        assert "Nothing more is asked of anybody" in ended.text


async def test_who_of_the_team_did_something_stays_the_teams(office: Office, reference: str, asked: str) -> None:
    await teamwork.does(office, reference, "extend", clock="3-resolve", more="1", extend_text="They asked for a day.")
    async with office.new_browser() as browser:
        page = await answering.enter(office, asked, browser=browser)
    assert "They asked for a day." in page.text
    assert "Robin Sayle" not in page.text
    assert "The partnership team" in page.text


async def test_what_events_overtook_says_which(office: Office, reference: str, asked: str) -> None:
    await answering.enter(office, asked)
    async with office.new_browser() as raiser:
        token = await answering.link(office, reference, NoticeKind.RECEIPT)
        page = await answering.enter(office, token, name="Ottoline Brack", role="Lead", browser=raiser)
        await _do(office, page, "agree", outcome="agreed_another_way", browser=raiser)
    done = await office.get("/answer")
    assert "Settled with Wyeford Council children's services" in done.text
    assert "By Ottoline Brack, Lead, Oak Lane Primary School (who raised it)" in done.text
    async with office.new_browser() as colleague:
        bare = await answering.open_link(office, asked, browser=colleague)
    assert "Ottoline" not in bare.text, "without a code nobody is named"


async def test_an_act_is_sealed_with_who_did_it(office: Office, reference: str, asked: str) -> None:
    await _answered(office, asked)
    async with office.database.read() as tx:
        row = (await submissions.of_case(tx, reference, act_kind="respond"))[0]
        assert (await submissions.content(tx, office.vault, row.submission_id))["by"]["name"] == "Tamsin Okoro"
