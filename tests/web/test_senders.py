"""Whoever raises by form from outside the agency's own addresses waits for the team, and is told so (practice)."""

from __future__ import annotations

from typing import Any

import pytest

from escalations.intake import submissions
from escalations.rules import acts
from escalations.rules.case import Case, Status
from escalations.rules.notices import NoticeKind
from tests.web import answering
from tests.web.conftest import Office, Page
from tests.web.forms_filled import YOU, fill

OUTSIDE = {"email": "ottoline.brack@mail.example"}


async def _sent(office: Office, start: str = "/raise", **changes: Any) -> Page:  # noqa: ANN401
    check = await fill(office, start, **changes)
    return await office.post(f"{start}/check", token=check.token, answers=check.value("answers"))


async def _case(office: Office, receipt: Page) -> Case:
    reference = next(word for word in receipt.text.split() if word.startswith("PD-27-"))
    async with office.database.read() as tx:
        case = await office.cases.read(tx, reference)
    assert case is not None
    return case


@pytest.mark.parametrize("email", [YOU["email"], "Anybody@OakLane.example", "callum.threlkeld@oaklane.example"])
async def test_an_address_of_the_agencys_own_is_passed_on_at_once(office: Office, email: str) -> None:
    receipt = await _sent(office, you={"email": email})
    assert "looks at this before" not in receipt.text
    assert (await _case(office, receipt)).status is Status.OPEN


@pytest.mark.parametrize(
    "email",
    [
        "ottoline.brack@mail.example",
        "ottoline.brack@oaklane.example.mail.example",
        "tamsin.okoro@council.example",
        "ottoline.brack@notoaklane.example",
    ],
)
async def test_any_other_address_is_held_for_the_team_and_nothing_is_refused(office: Office, email: str) -> None:
    receipt = await _sent(office, you={"email": email})
    assert receipt.path == "/raise/receipt"
    assert "not one that we know to be your agency’s own" in receipt.text
    assert "01632 960231" in receipt.text
    assert "looks at it and passes it on within 2 working hours" in receipt.text
    case = await _case(office, receipt)
    assert (case.status, case.raising_agency) == (Status.HELD, None)
    assert case.clocks, "the whole process counts from receipt, and the team has a clock of its own"
    told = {(row.notice.to.side.value, row.notice.kind) for row in await office.notices(case.reference)}
    assert told == {("raising", NoticeKind.RECEIPT), ("team", NoticeKind.HELD)}


async def test_the_page_to_check_says_so_before_anything_is_sent(office: Office) -> None:
    outside = await fill(office, you=OUTSIDE)
    assert "not one that we know to be an address of Oak Lane Primary School" in outside.text
    assert "Send the escalation" in outside.text
    own = await office.press("/raise/you", **YOU)
    assert own.path == "/raise/check"
    assert "not one that we know" not in own.text


async def test_on_the_urgent_track_the_team_has_an_hour(office: Office) -> None:
    receipt = await _sent(office, you=OUTSIDE, safety={"urgent": "yes"})
    assert "looks at it and passes it on within 1 hour." in receipt.text


async def test_an_agency_without_domains_is_known_by_those_who_hold_its_positions(office: Office) -> None:
    await office.forget_domains("oak-school")
    assert (await _case(office, await _sent(office))).status is Status.HELD
    held = await _sent(office, you={"email": "callum.threlkeld@oaklane.example"})
    assert (await _case(office, held)).status is Status.OPEN


async def test_the_team_reads_which_agency_it_was_said_to_be_and_passes_it_on(office: Office) -> None:
    receipt = await _sent(office, you=OUTSIDE)
    case = await _case(office, receipt)
    async with office.database.read() as tx:
        raised = (await submissions.of_case(tx, case.reference, act_kind="raise"))[0]
        sealed = await submissions.content(tx, office.vault, raised.submission_id)
    act = acts.loads(raised.act)
    assert isinstance(act, acts.Raise)
    assert (act.raising_agency, act.hold, sealed["raiser"]["agency"]) == (None, False, "oak-school")
    page = await office.get(f"/board/{case.reference}")
    assert "So they say: the address is not one of that agency’s own." in page.text


async def test_whoever_wrote_from_outside_reads_their_own_words_behind_a_code(office: Office) -> None:
    receipt = await _sent(office, you=OUTSIDE)
    case = await _case(office, receipt)
    page = await answering.enter(office, await answering.link(office, case.reference, NoticeKind.RECEIPT))
    assert "The partnership team has it and has not passed it on yet." in page.text


async def test_what_the_team_enters_for_somebody_needs_no_address_of_the_agencys(office: Office) -> None:
    receipt = await _sent(office, "/enter", you={"email": "somebody@mail.example"})
    case = await _case(office, receipt)
    assert case.raising_agency == "oak-school"


async def test_the_team_finds_the_agency_that_was_named_chosen_and_a_word_to_make_sure(office: Office) -> None:
    receipt = await _sent(office, you=OUTSIDE)
    case = await _case(office, receipt)
    form = await office.get(f"/board/{case.reference}/pass-on")
    assert form.value("raising-agency") == "oak-school"
    assert "says that they are of Oak Lane Primary School, Wyeford (school). Their address is not one" in form.text
    assert "ring the agency to make sure" in form.text
