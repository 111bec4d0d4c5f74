"""The file read, and recorded on an agency's files, by link."""

from __future__ import annotations

from escalations.rules.case import FileNote
from escalations.rules.notices import NoticeKind
from tests.builders import SCHOOL, SOCIAL_CARE
from tests.web import answering
from tests.web.conftest import Office
from tests.web.forms_filled import raised
from tests.web.test_team_acts import case_of


async def test_both_sides_say_it_by_link_and_the_team_reads_it_in_the_life_of_the_case(office: Office) -> None:
    reference = await raised(office)
    await office.settle()
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.ASKED))
    await office.post(
        "/answer/read-file", token=page.token, once=page.value("once"), read_file_text="The Zanzibar file"
    )
    page = await office.get("/answer")
    assert "We have read the file" not in page.text
    assert "The Zanzibar file" in page.text
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.REACHED))
    assert "We have read the file" not in page.text
    await office.post("/answer/recorded", token=page.token, once=page.value("once"))
    assert [(one.agency_id, one.note) for one in (await case_of(office, reference)).files] == [
        (SOCIAL_CARE, FileNote.READ),
        (SCHOOL, FileNote.RECORDED),
    ]
    life = (await office.get(f"/board/{reference}")).text
    assert "says that it read the file, at stage 1" in life
    assert "says that this is recorded on its files" in life
