"""The review's page and files: right figures or a clear sentence for every year, and never a name."""

from __future__ import annotations

import csv
import io
import json

import pytest

from escalations.review.figures import Section
from tests.web.conftest import Office
from tests.web.forms_filled import raised


async def told(office: Office) -> str:
    """Give one that nobody answers, and that somebody takes up: the partnership is told of it."""
    reference = await raised(office)
    await office.settle()
    await office.until("2027-03-02 17:30")
    return reference


async def test_a_year_without_cases_has_a_clear_sentence(office: Office) -> None:
    page = await office.get("/review?year=2025")
    assert page.status == 200
    assert "No escalation was notified in April 2025 to March 2026" in page.text
    assert "There is no expected figure." in page.text


async def test_a_year_that_still_runs_and_has_one_open_case_says_both(office: Office) -> None:
    await told(office)
    page = await office.get("/review?year=2026")
    assert "2026/27 is not over: these are the figures so far." in page.text
    assert "Open now" in page.text


@pytest.mark.parametrize(
    ("year", "said"),
    [
        ("2031", "2031/32 has not begun"),
        ("next", "That is not a year"),
        ("<script>", "That is not a year"),
        ("0", "That is not a year"),
    ],
)
async def test_what_is_no_year_gets_a_sentence_beside_what_was_typed(office: Office, year: str, said: str) -> None:
    page = await office.get(f"/review?year={year}")
    assert page.status == 422
    assert [problem for problem in page.problems if problem.startswith(said)]
    assert page.value("year") == year
    assert page.title.startswith("Error: ")


async def test_without_a_year_the_last_one_that_is_over_is_shown_or_the_registers_first(office: Office) -> None:
    await told(office)
    assert "review of 2026/27" in (await office.get("/review")).text
    office.time = office.time.replace(year=2028)
    assert "review of 2026/27" in (await office.get("/review")).text


async def test_each_chart_has_its_table_and_its_words(office: Office) -> None:
    await told(office)
    await office.until("2027-03-30 10:00")
    html = (await office.get("/review?year=2026")).html
    charts = html.count('class="review-drawing" role="img" aria-label="')
    assert charts == html.count("<svg xmlns") - html.count('<svg xmlns="http://www.w3.org/2000/svg" width="14"')
    for piece in html.split('class="review-drawing"')[1:]:
        assert "<table" in piece.split('class="review-drawing"')[0]


async def test_the_sections_come_in_the_order_of_the_review(office: Office) -> None:
    html = (await office.get("/review")).html
    places = [html.find(f'id="{section.value}"') for section in Section]
    there = [place for place in places if place >= 0]
    assert there == sorted(there)
    assert there[0] == places[0]


async def test_the_files_say_what_the_page_says_and_no_file_is_kept_by_a_browser_under_a_name_of_a_person(
    office: Office,
) -> None:
    await told(office)
    answer = await office.browser.get("/review/2026/cases.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="review-2026-27-cases.csv"'
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff")))) == []
    made = json.loads((await office.browser.get("/review/2026/review.json")).text)
    assert made["format"] == "escalations-review/1"
    numbers = list(
        csv.DictReader(io.StringIO((await office.browser.get("/review/2026/measures.csv")).text.lstrip("\ufeff")))
    )
    assert {row["figure"] for row in numbers} == {figure["id"] for figure in made["figures"] if figure["rows"]}
    alone = (await office.browser.get("/review/2026/review.html")).text
    assert "<script" not in alone
    assert "http://127" not in alone


async def test_the_public_gets_no_rows(office: Office) -> None:
    await told(office)
    assert (await office.browser.get("/review/2026/cases.csv?audience=public")).status_code == 404
    page = await office.get("/review?year=2026&audience=public")
    assert "For publication." in page.text
    assert "cases.csv" not in page.html


@pytest.mark.parametrize("path", ["2031/cases.csv", "then/review.json", "2026/secrets.csv", "2026/review.exe"])
async def test_a_file_that_there_is_not_is_no_page(office: Office, path: str) -> None:
    assert (await office.browser.get(f"/review/{path}")).status_code == 404


async def test_nobody_but_the_team_sees_it(office: Office) -> None:
    stranger = office.new_browser(client="203.0.113.7")
    for path in ("/review", "/review/2026/cases.csv", "/review/2026/review.html"):
        assert (await stranger.get(path)).status_code in {303, 403, 404}
    await stranger.aclose()
