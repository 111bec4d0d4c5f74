"""A case that becomes urgent, by the pages of whoever raised it and of the team."""

from __future__ import annotations

import pytest

from escalations.policy import Track
from escalations.rules.notices import NoticeKind
from tests.builders import SCHOOL, civil
from tests.web import answering, teamwork
from tests.web.conftest import Office
from tests.web.forms_filled import raised
from tests.web.test_team_acts import case_of

WHY = "He was seen with new bruises today, Zanzibar."


@pytest.fixture
async def reference(office: Office) -> str:
    found = await raised(office)
    await office.settle()
    return found


async def test_whoever_raised_it_says_by_link_that_it_is_urgent_and_sees_the_numbers_first(
    office: Office, reference: str
) -> None:
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.REACHED))
    form = page.html.split('id="urgent"')[1].split("</form>")[0]
    assert form.index('href="tel:999"') < form.index("<textarea")
    empty = await office.post("/answer/urgent", token=page.token, once=page.value("once"))
    assert "Say why it is urgent now" in empty.text
    await office.post("/answer/urgent", token=page.token, once=page.value("once"), urgent_text=WHY)
    case = await case_of(office, reference)
    assert case.track is Track.URGENT
    assert [clock.due_at for clock in case.clocks if clock.rule_id == "reached"]
    told = [row.notice.to.position for row in await office.notices(reference) if row.notice.kind is NoticeKind.TRACK]
    assert sorted(told) == ["practitioner", "raiser"]
    assert all("Zanzibar" not in mail for mail in await office.mails())
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.TRACK, agency=SCHOOL))
    assert "It is urgent now" not in page.text


async def test_the_team_makes_it_urgent_on_somebody_s_word_and_puts_it_back(office: Office, reference: str) -> None:
    form = await office.get(f"/board/{reference}/track")
    assert form.html.index("Please phone first") < form.html.index("<textarea")
    check = await teamwork.fills(
        office, reference, "track", to_track="urgent", track_said_by="Ola Quill", track_text=WHY
    )
    assert check.title.startswith(teamwork.CHECK)
    assert "says that it is urgent" in check.text
    page = await teamwork.sends(office, check)
    assert "Urgent from here on" in page.text
    assert (await case_of(office, reference)).track is Track.URGENT
    page = await teamwork.does(
        office, reference, "track", to_track="standard", track_said_by="Ola Quill", track_text="He is safe now."
    )
    case = await case_of(office, reference)
    assert case.track is Track.STANDARD
    assert case.clock("3-resolve").due_at == civil("2027-03-08 17:00")
    page = await office.get(f"/board/{reference}")
    assert "it was put on the urgent track, which gives it 24 elapsed hours from then" in page.text


async def test_nothing_typed_is_lost_where_the_team_says_nothing_of_who_told_it(office: Office, reference: str) -> None:
    page = await teamwork.fills(office, reference, "track", to_track="urgent", track_text=WHY)
    assert page.status == 422
    assert "Enter who told you" in page.text
    assert WHY in page.text
