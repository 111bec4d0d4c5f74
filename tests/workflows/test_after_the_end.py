"""What a case still waits for after its end, on the real server: an action's date, and the follow-up."""

from __future__ import annotations

from datetime import date

from temporalio import client as temporal

from escalations.rules import acts, events
from escalations.rules.case import Changed, Outcome
from escalations.rules.plan import Kept, Learning
from tests.builders import SCHOOL, SOCIAL_CARE, civil, frame, origin, raiser, responder
from tests.workflows.registers import FaultyRegister
from tests.workflows.running import started, worker

MONDAY = "2027-03-01 09:30"


async def test_a_closed_case_wakes_for_what_was_agreed_and_for_the_follow_up(
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    register = FaultyRegister(frame())
    async with worker(escalations_client, task_queue, register):
        case = await started(escalations_client, task_queue, register, MONDAY)
        await case.until("2027-03-01 12:00")
        now = civil("2027-03-01 12:00")
        action = acts.ProposedAction(agency_id=SOCIAL_CARE, due_on=date(2027, 3, 9))
        for act in (
            acts.Respond(**origin(responder(), now), offers=Outcome.AGREED_IN_PART),
            acts.ProposePlan(**origin(responder(), now), actions=(action,)),
            acts.Agree(**origin(raiser(), now), outcome=Outcome.AGREED_IN_PART),
        ):
            assert (await case.act(act)).applied
        await case.until("2027-03-09 17:01")
        passed = [event for event in case.events() if isinstance(event, events.ActionDatePassed)]
        assert [event.due_at for event in passed] == [civil("2027-03-09 17:00")]
        await case.until("2027-05-27 17:01")
        assert any(isinstance(event, events.FollowUpAsked) for event in case.events())
        now = civil("2027-05-27 17:01")
        for by, agency in ((raiser(), SCHOOL), (responder(), SOCIAL_CARE)):
            answer = acts.AnswerFollowUp(
                **origin(by, now),
                agency_id=agency,
                kept=Kept.ALL,
                changed=(Changed.PLAN_AMENDED,),
                learning=(Learning.NONE,),
            )
            assert (await case.act(answer)).applied
