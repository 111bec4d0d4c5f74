"""Notices of an agency are off, team only or on, and every delivery follows it (practice, "Starting quietly")."""

from __future__ import annotations

import pytest

from escalations.activities.letters import TEAM_TOLD
from escalations.agencies.keeping import Done, Keeper
from escalations.mail.address import Replies
from escalations.policy import Awaits
from escalations.rules.case import Cause
from escalations.rules.notices import NoticeKind
from escalations.store.directory_file import AgencyEntry, Notices
from escalations.store.notices import NoticeState
from tests.web import answering, teamwork
from tests.web.conftest import Office
from tests.web.forms_filled import raised

AGENCY = "childrens-services"
TEAM = "team@partnership.example"
SCHOOL = "oak-school"
RAISER = "ottoline.brack@oaklane.example"


async def told(office: Office, notices: Notices, agency: str = AGENCY) -> None:
    async with office.database.write() as tx:
        done = await Keeper(tx, office.vault, at=office.now(), by="the team").set_notices(agency, notices)
    assert isinstance(done, Done)


def mails(office: Office) -> list[tuple[str, str, str]]:
    """Give whom each message went to, its subject, and its text."""
    found = []
    for to, message in office.relay.taken:
        body = message.get_body(("plain",))
        assert body is not None
        found.append((to, str(message["Subject"]), str(body.get_content())))
    return found


async def states(office: Office, reference: str, agency: str = AGENCY) -> set[tuple[str, NoticeState, str | None]]:
    return {
        (row.notice.kind.value, row.state, row.last_code)
        for row in await office.notices(reference)
        if row.notice.to.agency_id == agency
    }


async def runs(office: Office, reference: str, awaits: Awaits) -> bool:
    async with office.database.read() as tx:
        case = await office.cases.read(tx, reference)
    assert case is not None
    return bool(case.running(awaits))


def test_a_new_agency_starts_with_team_only() -> None:
    entry = {"id": "x", "name": "X", "type": "t", "town": "T", "active_from": "2026-01-01"}
    assert AgencyEntry.model_validate(entry).notices is Notices.TEAM_ONLY


async def test_on_the_agency_is_told_and_its_clocks_run(office: Office) -> None:
    reference = await raised(office)
    await office.settle()
    assert await states(office, reference) == {("asked", NoticeState.SENT, "accepted")}
    assert "tamsin.okoro@council.example" in {to for to, _, _ in mails(office)}
    assert await runs(office, reference, Awaits.ACKNOWLEDGE)


async def test_team_only_the_team_alone_hears_and_no_clock_of_the_agency_runs(office: Office) -> None:
    await told(office, Notices.TEAM_ONLY)
    reference = await raised(office)
    await office.settle()
    assert await states(office, reference) == {("asked", NoticeState.OFF, TEAM_TOLD)}
    sent = mails(office)
    assert {to for to, _, _ in sent} == {TEAM, RAISER}
    (to_team,) = [text for to, _, text in sent if to == TEAM]
    assert "the practitioner of the agency that it was raised with: an answer to an escalation is asked" in " ".join(
        to_team.split()
    )
    assert f"/board/{reference}" in to_team
    assert "/l/" not in to_team  # an agency's link is nobody else's
    assert not await runs(office, reference, Awaits.ACKNOWLEDGE)
    assert await runs(office, reference, Awaits.MEND_DELIVERY)
    troubles = [row for row in await office.notices(reference) if row.notice.kind is NoticeKind.DELIVERY_TROUBLE]
    assert [(row.state, row.last_code) for row in troubles] == [(NoticeState.SUPERSEDED, TEAM_TOLD)]


async def test_what_the_team_gets_in_an_agencys_place_cannot_be_answered_as_the_agency(office: Office) -> None:
    replies = office.replies = Replies.of(office.settings, office.vault)
    assert replies is not None
    await raised(office)
    await office.settle()
    (asked,) = [mail for to, mail in office.relay.taken if to == "tamsin.okoro@council.example"]
    assert replies.notice_with(str(asked["Message-ID"])) is not None
    assert asked["Reply-To"] is not None
    await told(office, Notices.TEAM_ONLY)
    later = await raised(office)
    await office.settle()
    (passed_on,) = [mail for to, mail in office.relay.taken if to == TEAM and later in str(mail["Subject"])]
    assert passed_on["Reply-To"] is None
    assert replies.notice_with(str(passed_on["Message-ID"])) is None
    assert replies.notice_in(passed_on.as_string()) is None


async def test_off_the_team_is_reminded_whom_to_tell(office: Office) -> None:
    await told(office, Notices.OFF)
    reference = await raised(office)
    await office.settle()
    assert await states(office, reference) == {("asked", NoticeState.OFF, "not_by_mail")}
    sent = mails(office)
    assert {to for to, _, _ in sent} == {TEAM, RAISER}
    assert [subject for to, subject, _ in sent if to == TEAM] == [
        f"{reference}: please tell an agency that is not told by email"
    ]
    assert not await runs(office, reference, Awaits.ACKNOWLEDGE)
    assert await runs(office, reference, Awaits.MEND_DELIVERY)


@pytest.mark.parametrize("notices", [Notices.OFF, Notices.TEAM_ONLY])
async def test_once_the_team_has_told_them_what_runs_from_the_notice_runs(office: Office, notices: Notices) -> None:
    await told(office, notices)
    reference = await raised(office)
    await office.settle()
    await office.press(f"/board/{reference}/phone-call", reached="yes")
    assert await runs(office, reference, Awaits.ACKNOWLEDGE) or await runs(office, reference, Awaits.RESPOND)
    assert not await runs(office, reference, Awaits.MEND_DELIVERY)


async def test_what_the_team_has_not_told_is_nobody_elses_delay(office: Office) -> None:
    await told(office, Notices.TEAM_ONLY)
    reference = await raised(office)
    await office.settle()
    await office.until("2027-04-30 17:00")
    async with office.database.read() as tx:
        case = await office.cases.read(tx, reference)
    assert case is not None
    causes = {
        clock.cause for clock in case.clocks if clock.agency_id == AGENCY and clock.awaits is not Awaits.MEND_DELIVERY
    }
    assert causes <= {None, Cause.NOT_SENT}


async def test_turning_it_on_affects_only_what_comes_after(office: Office) -> None:
    await told(office, Notices.TEAM_ONLY)
    reference = await raised(office)
    await office.settle()
    before = await office.mails()
    await told(office, Notices.ON)
    await office.settle()
    assert await office.mails() == before
    assert await states(office, reference) == {("asked", NoticeState.OFF, TEAM_TOLD)}
    later = await raised(office)
    await office.settle()
    assert ("asked", NoticeState.SENT, "accepted") in await states(office, later)


async def test_whoever_raised_it_by_the_form_is_answered_though_their_agency_is_not_told_by_mail(
    office: Office,
) -> None:
    await told(office, Notices.TEAM_ONLY, SCHOOL)
    reference = await raised(office)
    await office.settle()
    assert RAISER in {to for to, _, _ in mails(office)}
    # The others at the agency are told as the agency is.
    await office.until("2027-03-03 10:00")
    addresses = {to for to, _, _ in mails(office)}
    assert {to for to in addresses if to.endswith("@oaklane.example")} == {RAISER}
    assert ("limit_passed", NoticeState.OFF, TEAM_TOLD) in await states(office, reference, SCHOOL)


async def test_whoever_it_was_entered_for_is_told_as_their_agency_is(office: Office) -> None:
    await told(office, Notices.TEAM_ONLY, SCHOOL)
    reference = await raised(office, "/enter")
    await office.settle()
    await teamwork.does(office, reference, "pass-on", with_=AGENCY)
    sent = mails(office)
    assert RAISER not in {to for to, _, _ in sent}
    assert any("whoever raised it: the escalation was received" in " ".join(text.split()) for _, _, text in sent)
    assert "tamsin.okoro@council.example" in {to for to, _, _ in sent}


@pytest.mark.parametrize("notices", [Notices.OFF, Notices.TEAM_ONLY])
async def test_no_code_goes_to_an_agency_that_is_not_told_by_mail_any_more_nor_to_the_team(
    office: Office,
    notices: Notices,
) -> None:
    reference = await raised(office)
    await office.settle()
    token = await answering.link(office, reference, NoticeKind.ASKED)
    await told(office, notices)
    before = len(await office.mails())
    opened = await answering.open_link(office, token)
    await office.post("/answer/send-code", token=opened.token)
    assert len(await office.mails()) == before


async def test_the_team_is_told_whatever_its_own_agency_says(office: Office) -> None:
    await told(office, Notices.OFF, "partnership-team")
    await raised(office, "/enter")
    await office.settle()
    assert TEAM in {to for to, _, _ in mails(office)}


async def test_what_the_team_cannot_be_told_of_still_waits_to_be_told(office: Office) -> None:
    await told(office, Notices.TEAM_ONLY)
    office.relay.refuses = True
    reference = await raised(office)
    await office.settle()
    assert await states(office, reference) == {("asked", NoticeState.OFF, "refused")}
    assert await runs(office, reference, Awaits.MEND_DELIVERY)
