"""The policy in force as a page: everybody may read it, and nothing on it is about a case or a person."""

from __future__ import annotations

from pathlib import Path

from escalations import second_opinion
from escalations.store import directory_file
from tests.web.conftest import Office
from tests.web.forms_filled import raised

PROGRAM = Path(second_opinion.__file__).read_bytes()


async def test_everybody_reads_the_policy_in_force_without_signing_in(office: Office) -> None:
    nobody = office.new_browser()
    page = await office.get("/policy", browser=nobody)
    assert page.status == 200
    for part in ("Stage 1: Practitioner to practitioner", "Answer", "5 working days", "a second person"):
        assert part in page.text
    assert "<svg" in page.html
    assert 'href="/policy"' in (await office.get("/", browser=nobody)).html


async def test_nothing_on_it_is_of_a_case_or_a_person(office: Office) -> None:
    reference = await raised(office)
    await office.settle()
    text = (await office.get("/policy")).html.partition("<main")[2].partition("</main>")[0]
    people = [
        person
        for agency in directory_file.sample().agencies
        for holding in agency.positions
        for person in (holding.holder, holding.deputy)
        if person is not None
    ]
    assert reference not in text
    assert [person for person in people if person.name in text or person.email in text] == []


async def test_the_drawing_can_be_taken_as_a_file(office: Office) -> None:
    found = await office.get("/policy/ladder.svg")
    assert found.html.startswith("<?xml")
    assert found.answer.headers["content-type"].startswith("image/svg+xml")
    assert "Stage 4" in found.html


async def test_the_program_that_counts_a_receipt_again_can_be_taken_by_anybody(office: Office) -> None:
    nobody = office.new_browser()
    assert 'href="/policy/second_opinion.py"' in (await office.get("/policy", browser=nobody)).html
    found = await office.get("/policy/second_opinion.py", browser=nobody)
    assert found.answer.content == PROGRAM
    assert "attachment" in found.answer.headers["content-disposition"]


async def test_a_review_that_is_due_is_said_on_it(office: Office) -> None:
    assert "review was due" not in (await office.get("/policy")).text
    await office.until("2028-01-05 10:00")
    assert "Its review was due on 31 December 2027" in (await office.get("/policy")).text
