"""Asking somebody outside an escalation for advice: by the team's pages, by their own link, as both sides read it."""

from __future__ import annotations

from typing import Any

import pytest

from escalations.policy import Side
from escalations.rules.notices import NoticeKind
from tests.builders import SCHOOL, SOCIAL_CARE
from tests.web import answering, teamwork
from tests.web.conftest import Office, Page
from tests.web.forms_filled import raised
from tests.web.test_team_acts import case_of

QUESTION = "Is a fracture of this kind seen at that age, Quillon?"
ADVICE = "It is rare, and an X-ray of the whole skeleton is usual, Tarragon."
WHO: dict[str, Any] = {
    "adviser_name": "Orla Penhallow",
    "adviser_work": "Designated doctor, Wyeford Hospital",
    "adviser_email": "orla.penhallow@wyeford-hospital.example",
    "adviser_email_again": "orla.penhallow@wyeford-hospital.example",
    "adviser_question": QUESTION,
}
AGREED = {"said_raising": "J Marsh, head", "said_responding": "T Okoro, team manager", "known_by": "phone"}


@pytest.fixture
async def reference(office: Office) -> str:
    found = await raised(office)
    await office.settle()
    return found


async def asks(office: Office, reference: str, **more: Any) -> Page:  # noqa: ANN401
    page = await teamwork.does(office, reference, "adviser", **{**WHO, **more})
    await office.settle()
    return page


async def advises(office: Office, page: Page, **fields: Any) -> Page:  # noqa: ANN401
    press: dict[str, Any] = {"token": page.token, "link": page.value("link"), "once": page.value("once")}
    return await office.post("/answer/advice", **press, **fields)


async def test_what_is_typed_is_checked_before_anybody_is_told_and_the_address_twice(
    office: Office, reference: str
) -> None:
    other = await teamwork.fills(
        office, reference, "adviser", **{**WHO, "adviser_email_again": "orla@elsewhere.example"}
    )
    assert "The two addresses are not the same" in other.text
    assert QUESTION in other.text
    check = await teamwork.fills(office, reference, "adviser", **WHO)
    assert check.title.startswith(teamwork.CHECK)
    assert "orla.penhallow@wyeford-hospital.example" in check.text
    assert "whoever is asked for advice" in check.text
    assert "They read the question and nothing else" in check.text
    half = await teamwork.fills(office, reference, "adviser", **WHO, said_raising="J Marsh")
    assert "for the other side" in half.text
    done = await teamwork.sends(office, check)
    assert "The partnership team asked for advice: Adviser" in done.text


async def test_whoever_is_asked_reads_the_question_and_nothing_else_and_answers(office: Office, reference: str) -> None:
    await asks(office, reference)
    token = await answering.link(office, reference, NoticeKind.ASKED_TO_ADVISE)
    shut = await answering.open_link(office, token)
    assert QUESTION not in shut.text
    page = await answering.enter(office, token, name="Orla Penhallow", role="Designated doctor")
    assert QUESTION in page.text
    assert "You read the question and nothing else" in page.text
    for of_the_case in ("Oak Lane", "Children’s services", "What was raised", "Person 1"):
        assert of_the_case not in page.text
    assert "Write the advice" in (await advises(office, page, advice_able="yes")).text
    done = await advises(office, page, advice_able="yes", advice_text=ADVICE)
    assert "Recorded" in done.title
    assert "Oak Lane" not in done.text
    await office.settle()
    assert (await case_of(office, reference)).advisers[0].advised_at is not None
    again = await answering.enter(office, token)
    assert ADVICE in again.text


async def test_both_sides_read_question_and_advice_by_role_and_the_team_by_name(office: Office, reference: str) -> None:
    await asks(office, reference)
    token = await answering.link(office, reference, NoticeKind.ASKED_TO_ADVISE)
    page = await answering.enter(office, token, name="Orla Penhallow", role="Designated doctor")
    await advises(office, page, advice_able="yes", advice_text=ADVICE)
    await office.settle()
    for agency in (SCHOOL, SOCIAL_CARE):
        read = await answering.enter(
            office, await answering.link(office, reference, NoticeKind.ADVICE_GIVEN, agency=agency)
        )
        assert QUESTION in read.text
        assert ADVICE in read.text
        assert "Penhallow" not in read.text
        assert "wyeford-hospital" not in read.text
    team = await office.get(f"/board/{reference}")
    assert "Orla Penhallow" in team.text
    assert ADVICE in team.text
    for secret in ("Quillon", "Tarragon", "Penhallow"):
        assert all(secret not in mail for mail in await office.mails())


async def test_where_both_sides_agreed_they_read_what_both_wrote_and_no_account(office: Office, reference: str) -> None:
    asked = await answering.enter(office, await answering.link(office, reference, NoticeKind.ASKED))
    press: dict[str, Any] = {"token": asked.token, "link": asked.value("link"), "once": asked.value("once")}
    await office.post("/answer/answer", **press, offers="agreed_in_part", reasons="We saw her at home, Verbena.")
    await office.settle()
    await asks(office, reference, **AGREED)
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.ASKED_TO_ADVISE))
    assert "We saw her at home, Verbena." in page.text
    assert "Read what was raised" in page.text
    assert "Asked of you" not in page.text


async def test_an_invitation_that_the_team_ends_shows_nothing_any_more(office: Office, reference: str) -> None:
    await asks(office, reference)
    token = await answering.link(office, reference, NoticeKind.ASKED_TO_ADVISE)
    page = await answering.enter(office, token)
    ended = await teamwork.does(office, reference, "adviser-end", adviser_end_text="She is away, Wormwood.")
    assert "no longer asks for advice" in ended.text
    await office.settle()
    late = await advises(office, page, advice_able="yes", advice_text=ADVICE)
    assert ADVICE in late.text
    gone = await answering.open_link(office, token)
    assert "Your advice is no longer asked for" in gone.text
    assert QUESTION not in gone.text
    side = await answering.enter(
        office, await answering.link(office, reference, NoticeKind.ADVISER_ASKED, agency=SCHOOL)
    )
    assert "Wormwood" not in side.text
    row = next(row for row in await office.notices(reference) if row.notice.kind is NoticeKind.ADVICE_ENDED)
    assert row.notice.to.side is Side.OUTSIDE


async def test_the_team_writes_down_what_an_adviser_said_by_phone(office: Office, reference: str) -> None:
    await asks(office, reference)
    done = await teamwork.does(office, reference, "advice", advice_able="no", advice_text="She knows the family.")
    assert "cannot advise on this, as the partnership team wrote down" in done.text


async def test_the_link_is_over_when_its_time_is(office: Office, reference: str) -> None:
    await asks(office, reference)
    token = await answering.link(office, reference, NoticeKind.ASKED_TO_ADVISE)
    await answering.enter(office, token)
    await office.until("2027-03-16 09:30")
    late = await answering.open_link(office, token)
    assert "Your advice is no longer asked for" in late.text
