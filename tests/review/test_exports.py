"""A review as files: opened by others' programs, without a formula, a name or a reference."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pyexcel  # type: ignore[import-untyped]  # it has no types
import pytest
from rich.console import Console

from escalations import parts
from escalations.packs import reading
from escalations.policy import Side
from escalations.review import exports, rows, terminal
from escalations.review.dataset import Known
from escalations.review.exports import Export
from escalations.review.figures import Audience
from escalations.review.reading import Reader
from escalations.review.years import Year
from escalations.rules import acts
from escalations.rules.actors import Actor
from escalations.rules.case import Done, Outcome
from escalations.simulation.direct import Direct
from escalations.store import directory, directory_file
from tests import builders
from tests.builders import SOCIAL_CARE, Story, civil, origin, raiser, responder
from tests.harness import settings
from tests.review.told import known, of_records, record, settled_at_two

YEAR = Year(2026)


def every_file(made: Export) -> dict[str, str]:
    """Give everything that a review is written as."""
    screen = Console(file=io.StringIO(), width=200)
    terminal.show(made, screen)
    file = screen.file
    assert isinstance(file, io.StringIO)
    return {
        "cases.csv": exports.cases_csv(made),
        "measures.csv": exports.measures_csv(made),
        "review.json": exports.as_json(made),
        "review.html": exports.as_html(made, partnership="Sample Safeguarding Partnership"),
        "terminal": file.getvalue(),
    }


@pytest.mark.parametrize("width", [80, 100])
def test_in_a_terminal_every_table_fits_its_width_and_every_number_is_whole(width: int) -> None:
    made = exports.export(known(settled_at_two(), settled_at_two(responding_agencies=(SOCIAL_CARE, "police"))), YEAR)
    screen = Console(file=io.StringIO(), width=width)
    terminal.show(made, screen)
    file = screen.file
    assert isinstance(file, io.StringIO)
    lines = file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    text = file.getvalue()
    assert "A: Came to it" in text, "a letter stands for a head that would not fit"
    assert "…" not in text.replace("… of these", ""), "nothing is cut off"


def test_one_case_is_one_case() -> None:
    found = exports.export(known(settled_at_two()), YEAR)
    assert "Rests on 1 case notified in the year." in exports.as_html(found, partnership="Sample")
    assert "1 cases" not in exports.as_html(found, partnership="Sample")


def test_a_page_folds_its_long_tables_and_a_file_and_what_is_printed_do_not() -> None:
    found = exports.export(known(settled_at_two()), YEAR)
    folded, whole = str(exports.body(found, unfolded=False)), str(exports.body(found))
    assert "review-folded" not in whole
    assert "review-folded" not in exports.as_html(found, partnership="Sample").partition("</style>")[2]
    long = [figure for figure in found.review.figures if len(figure.table.rows) > exports.FOLDED_FROM]
    assert long
    assert folded.count('<details class="govuk-details review-folded">') == len(long)
    assert folded.count("<table") == whole.count("<table")
    for figure in found.review.figures:
        assert f'href="#figure-{figure.id}"' in folded or len(found.review.of(figure.section)) == 1


def opened(text: str, folder: Path) -> list[Mapping[str, object]]:
    """Give a CSV file as a spreadsheet library reads it."""
    file = folder / "export.csv"
    file.write_text("\ufeff" + text, encoding="utf-8", newline="")
    found: list[Mapping[str, object]] = pyexcel.get_records(file_name=str(file), encoding="utf-8-sig")
    return found


def test_a_spreadsheet_library_opens_both_tables(tmp_path: Path) -> None:
    made = exports.export(known(settled_at_two(), Story().raised()), YEAR)
    cases = opened(exports.cases_csv(made), tmp_path)
    assert [row["raised_by_type"] for row in cases] == ["school"]
    assert list(cases[0]) == list(rows.COLUMNS)
    numbers = opened(exports.measures_csv(made), tmp_path)
    assert {row["year"] for row in numbers} == {"2026/27"}
    found = {(row["figure"], row["row"], row["column"]): row["value"] for row in numbers}
    assert found["counts", "notified", "cases"] == 1
    assert found["times", "acknowledge", "in_time"] == 2


@pytest.mark.parametrize("title", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_is_taken_for_a_formula_whatever_a_policy_or_a_type_is_called(title: str, tmp_path: Path) -> None:
    one = record(settled_at_two(), "A")
    policy = reading.sample().model_copy(update={"title": title})
    found = of_records([replace(one, frame=replace(one.frame, policy=policy))])
    types = {"oak-school": replace(found.agencies["oak-school"], agency_type=title)}
    made = exports.export(replace(found, agencies={**found.agencies, **types}), YEAR)
    for text in (exports.cases_csv(made), exports.measures_csv(made)):
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert "'" + title in [row[6] for row in csv.reader(io.StringIO(exports.cases_csv(made)))]


def test_html_in_a_title_stays_text() -> None:
    one = record(settled_at_two(), "A")
    stages = one.frame.policy.stages
    renamed = (stages[0].model_copy(update={"title": "<script>alert(1)</script>"}), *stages[1:])
    policy = reading.sample().model_copy(update={"stages": renamed})
    made = exports.export(of_records([replace(one, frame=replace(one.frame, policy=policy))]), YEAR)
    html = exports.as_html(made, partnership="<b>Ours</b>")
    assert "<script" not in html
    assert "<b>Ours" not in html
    assert "&lt;script&gt;" in html


def test_the_page_that_stands_alone_needs_nothing_else() -> None:
    html = exports.as_html(exports.export(known(settled_at_two()), YEAR), partnership="Ours")
    assert not re.findall(r'(?:src|href)="(?!#)', html)
    assert "url(" not in html
    assert "<svg" in html
    assert ' style="' not in html


def test_the_json_has_the_shape_that_the_docs_describe() -> None:
    made = json.loads(exports.as_json(exports.export(known(settled_at_two()), YEAR)))
    assert set(made) == {"format", "year", "audience", "as_of", "says", "figures", "cases"}
    assert made["year"] == {"key": "2026", "short": "2026/27", "words": "April 2026 to March 2027"}
    for figure in made["figures"]:
        assert set(figure) == {"id", "title", "section", "definition", "rests_on", "says", "columns", "rows"}
        for row in figure["rows"]:
            assert len(row["cells"]) == len(figure["columns"])
    times = next(figure for figure in made["figures"] if figure["id"] == "times")
    assert times["rows"][0]["cells"][2] == {"count": 2, "of": 2, "percent": None}


def test_rows_have_months_and_types_and_an_order_that_tells_nothing() -> None:
    first, second = settled_at_two(), settled_at_two(level_of_need=3)
    here, there = exports.export(known(first, second), YEAR), exports.export(known(second, first), YEAR)
    assert here.rows == there.rows
    assert [row.number for row in here.rows] == [1, 2]
    text = exports.cases_csv(here)
    assert not re.search(r"\d{4}-\d{2}-\d{2}|\d:\d\d", text), "a month and no date"
    for name in ("oak-school", "PD-27"):
        assert name not in text


def test_an_export_for_the_public_has_no_rows() -> None:
    made = exports.export(known(settled_at_two()), YEAR, audience=Audience.PUBLIC)
    assert made.rows == ()
    assert json.loads(exports.as_json(made))["cases"] == []


CHILD, RAISER, SAID = "Persephone Canarybird", "Zebedee Quartermaine", "kingfisher weir"
CANARIES = ("canarybird", "quartermaine", "kingfisher", "oaklane", "01632", "oak lane", "pd-27", "tamsin", "okoro")
"""A child, a raiser, what was said; and the names, addresses and numbers of the directory."""


async def test_no_name_of_a_child_or_a_raiser_and_no_word_of_a_case_reaches_an_export(tmp_path: Path) -> None:
    words = {
        "raiser": {"name": RAISER, "email": "z.quartermaine@oaklane.example", "phone": "01632 960300", "role": RAISER},
        "people": [{"name": CHILD, "date_of_birth": "2019-05-04", "case_numbers": {"oak-school": CHILD}}],
        **dict.fromkeys(("problem", "wanted", "tried", "referred"), f"{CHILD} was at the {SAID}, says {RAISER}."),
    }
    said = {"text": f"{CHILD} {SAID}", "answer": CHILD, "account": RAISER, "by": {"name": RAISER, "role": CHILD}}
    async with parts.opened(settings(tmp_path, policy_file=None), migrate=True) as opened_parts:
        async with opened_parts.database.write() as tx:
            await directory.load(tx, opened_parts.vault, directory_file.sample())
        life = Direct(opened_parts)
        await life.raises(builders.raise_(civil("2027-03-01 09:30")), words=words)
        by = responder("practitioner")
        await life.act(acts.Acknowledge(**origin(by, civil("2027-03-01 10:00"))), words=said)
        done = origin(by, civil("2027-03-02 12:00"), happened_at=civil("2027-03-02 10:00"))
        await life.act(acts.SayDone(**done, done=Done.ANSWERED, agency_id=SOCIAL_CARE), words=said)
        await life.act(acts.ConfirmDone(**origin(raiser(), civil("2027-03-02 13:00")), claim_id="c1"), words=said)
        await life.act(acts.MoveUp(**origin(raiser(), civil("2027-03-02 14:00"))), words=said)
        manager = Actor(side=Side.RESPONDING, agency_id=SOCIAL_CARE, position="manager")
        answer = origin(manager, civil("2027-03-05 14:00"))
        await life.act(acts.Respond(**answer, offers=Outcome.AGREED_IN_PART), words=said)
        await life.act(
            acts.Agree(**origin(raiser(), civil("2027-03-08 14:00")), outcome=Outcome.AGREED_IN_PART), words=said
        )
        found = await Reader(opened_parts.database).read(now=civil("2027-06-01 12:00"))
    assert len(found.cases) == 1
    for audience, agency in ((Audience.PARTNERSHIP, None), (Audience.AGENCY, "oak-school"), (Audience.PUBLIC, None)):
        made = exports.export(found, YEAR, audience=audience, agency=agency)
        for name, text in every_file(made).items():
            assert text
            assert [canary for canary in CANARIES if canary in text.lower()] == [], (audience, name)


def test_the_search_for_names_can_fail() -> None:
    found: Known = known(settled_at_two())
    types = {"oak-school": replace(found.agencies["oak-school"], agency_type=CHILD)}
    made = exports.export(replace(found, agencies={**found.agencies, **types}), YEAR)
    assert all("canarybird" in text.lower() for text in every_file(made).values())
