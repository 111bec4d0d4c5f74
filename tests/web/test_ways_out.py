"""What is held and cannot be passed on: an agency is added first, or it is not for this process (issue 4, build 2).

Whoever wrote is answered in fixed words: nothing that the team writes down leaves the house, and the answer says where
to turn. Both are kept with the case.
"""

from __future__ import annotations

from typing import Any

import pytest

from escalations.mail.words import TURN_TO
from escalations.policy import Awaits
from escalations.rules.case import Outcome, Route, Status
from escalations.rules.notices import NoticeKind
from escalations.rules.senders import Outside
from tests.web import answering, teamwork
from tests.web.conftest import Office
from tests.web.test_moves_by_itself import skipping, under
from tests.web.test_raised_from_outside import case_of, held

PARENT = "My daughter's social worker does not ring me back."
NOTE = "She is the mother of a child whom another team knows. Sent to the complaints officer."
CLOSES: dict[str, Any] = {"outside": "family", "route": "complaint", "sent_there": "no", "outside_text": NOTE}


def told(mails: list[str], subject: str) -> list[str]:
    """Give the messages of a subject, unfolded."""
    return [mail.replace("=\r\n", "") for mail in mails if subject in mail]


async def test_the_ways_of_the_policys_document_stand_before_the_usual_ones(office: Office) -> None:
    usual = await held(office, PARENT)
    assert "own document sends" not in (await office.get(f"/board/{usual}/not-for-this")).text
    elsewhere = [{"what": "A complaint about somebody’s conduct", "where": "that agency’s complaints route"}]
    await under(office, skipping(out_of_scope=elsewhere))
    reference = await held(office, PARENT + " Still not.")
    text = (await office.get(f"/board/{reference}/not-for-this")).text
    own = text.index("A complaint about somebody’s conduct: that agency’s complaints route")
    assert own < text.index("Where does it go?")


async def test_a_parent_is_answered_in_fixed_words_and_nothing_of_the_teams_note_leaves(office: Office) -> None:
    reference = await held(office, PARENT)
    page = await office.get(f"/board/{reference}/pass-on")
    assert "It cannot be passed on?" in page.text
    check = await teamwork.fills(office, reference, "not-for-this", **CLOSES)
    assert check.title.startswith(teamwork.CHECK)
    await teamwork.sends(office, check)
    case = await case_of(office, reference)
    assert (case.status, case.outcome, case.route, case.outside) == (
        Status.CLOSED,
        Outcome.REDIRECTED,
        Route.COMPLAINT,
        Outside.FAMILY,
    )
    (mail,) = told(await office.mails(), "this is not the place for what you sent")
    assert "no agency" in mail.lower()
    assert "Please turn to the right place for what you sent: the complaints procedure" in mail.replace("\r\n", " ")
    assert "999" in mail
    assert "mother" not in mail
    assert "social worker does not ring" not in mail
    board = await office.get(f"/board/{reference}")
    assert "redirected" in board.text.lower()
    assert {row.notice.kind for row in await office.notices(reference)} >= {NoticeKind.NOT_FOR_THIS}


async def test_whoever_wrote_reads_where_it_goes_and_not_what_the_team_wrote_down(office: Office) -> None:
    reference = await held(office, PARENT)
    await teamwork.does(office, reference, "not-for-this", **{**CLOSES, "sent_there": "yes"})
    (mail,) = told(await office.mails(), "this is not the place for what you sent")
    assert "has sent it to the right place for it: the complaints procedure" in mail.replace("\r\n", " ")
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.NOT_FOR_THIS))
    assert "It goes another way: a complaint." in page.text
    assert NOTE not in page.text


async def test_what_is_missing_is_said_and_nothing_typed_is_lost(office: Office) -> None:
    reference = await held(office, PARENT)
    again = await teamwork.fills(office, reference, "not-for-this", outside_text=NOTE)
    assert again.status == 422
    assert set(again.problems) == {
        "Say who wrote it, as far as you know",
        "Say where it goes instead",
        "Say whether you have sent it there",
    }
    assert NOTE in again.text


async def test_an_agency_is_added_first_and_the_teams_own_time_limit_goes_on(office: Office) -> None:
    reference = await held(office)
    before = {clock.clock_id: clock.due_at for clock in (await case_of(office, reference)).running(Awaits.LOOK)}
    await teamwork.does(office, reference, "add-agency", agency_text="Little Acorns, a childminder in Wyeford.")
    case = await case_of(office, reference)
    assert case.status is Status.HELD
    assert {clock.clock_id: clock.due_at for clock in case.running(Awaits.LOOK)} == before
    (mail,) = told(await office.mails(), "your agency is added to our list first")
    assert "no agency" in mail.lower()
    assert "Acorns" not in mail
    page = await office.get(f"/board/{reference}")
    assert "An agency is to be added to the directory first" in page.text
    assert "Little Acorns, a childminder in Wyeford." in page.text


async def test_what_agencies_were_told_of_does_not_end_so(office: Office) -> None:
    reference = await held(office, sender="callum.threlkeld@oaklane.example")
    late = await office.get(f"/board/{reference}/not-for-this")
    assert "This cannot be done on this escalation now." in late.text


@pytest.mark.parametrize("route", list(Route))
def test_every_way_that_it_can_go_has_words_for_whoever_wrote(route: Route) -> None:
    assert TURN_TO[route]
