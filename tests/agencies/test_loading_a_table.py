"""A table as people have it is loaded as a whole or not at all, and the second time changes nothing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from escalations.agencies import showing, table
from escalations.agencies.history import What
from escalations.store import directory, directory_file, tables
from escalations.store.directory_file import Notices, Person
from tests.agencies.conftest import MONDAY, Desk, kinds, lines, rows, said
from tests.store.test_directory import ASHA, BRYN, agency, held

SMALLEST = rows(
    "School name,Type,Town,DSL,E-mail,Tel",
    "Elm Lane School,School,Wyeford,Ada Quill,ada@elm.example,01632 960101",
    "Ash Road School,School,Marchbury,Ben Rook,ben@ash.example,01632 960102",
)


async def test_one_contact_for_each_agency_is_enough_and_it_is_its_lead(desk: Desk) -> None:
    made = await desk.load(SMALLEST)
    assert kinds(made.lines) == ["new", "new", "new", "new"]
    assert await desk.holder("elm-lane-school", "escalation_lead") == "Ada Quill"
    assert await desk.holder("elm-lane-school", "manager") == "Ada Quill"  # an empty position falls to the lead
    async with desk.database.read() as tx:
        found = await directory.agency(tx, "ash-road-school")
        assert found is not None
        assert (found.name, found.agency_type, found.town) == ("Ash Road School", "school", "Marchbury")
        assert found.notices is Notices.TEAM_ONLY  # how everybody starts
        assert not found.sample
    assert {change.what for change in await desk.changes("elm-lane-school")} == {What.AGENCY_ADDED, What.APPOINTED}


async def test_the_same_table_twice_changes_nothing(desk: Desk) -> None:
    await desk.load(SMALLEST)
    desk.now += timedelta(days=30)
    again = await desk.load(SMALLEST)
    assert not again.changes
    assert kinds(again.lines) == ["same", "same"]
    assert len(await desk.changes("elm-lane-school")) == 2


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(lambda text: text.encode("utf-8-sig"), id="UTF-8 with its mark"),
        pytest.param(lambda text: text.encode("cp1252"), id="Windows-1252"),
        pytest.param(lambda text: text.encode("utf-16"), id="UTF-16"),
        pytest.param(lambda text: text.replace(",", ";").encode(), id="semicolons"),
        pytest.param(lambda text: text.replace(",", "\t").encode(), id="tabs"),
        pytest.param(lambda text: ("sep=;\r\n" + text.replace(",", ";")).encode(), id="the separator announced"),
        pytest.param(lambda text: text.replace("\n", "\r\n\r\n ,,\r\n").encode(), id="empty lines"),
        pytest.param(lambda text: text.replace(",", " , ").encode(), id="spaces"),
        pytest.param(lambda text: text.replace("School name", "ORGANISATION_NAME").encode(), id="another heading"),
    ],
)
async def test_however_it_was_saved_it_is_the_same_table(desk: Desk, written: object) -> None:
    text = SMALLEST.replace("Ada Quill", "Zoë Quíll")
    await desk.load(text)
    assert callable(written)
    content = written(text)
    assert isinstance(content, bytes)
    assert not (await desk.load(content)).changes


async def test_columns_come_in_any_order_and_those_without_a_name_are_said(desk: Desk) -> None:
    made = await desk.load(
        rows("email,shoe size,name,town,type,agency", "ada@elm.example,38,Ada Quill,Wyeford,School,Elm Lane School")
    )
    assert made.unread == ("shoe size",)
    assert await desk.holder("elm-lane-school", "escalation_lead") == "Ada Quill"


WRONG = rows(
    "agency,type,town,position,name,email,phone,since,until,notices,mail domains,belongs to",
    "Elm School,School,Wyeford,,Ada,ada at elm,,,,,,",
    ",School,Wyeford,,Ben,ben@x.example,,,,,,",
    "Ash School,,,,,c@x.example,1632960001,,,,,",
    "Oak School,School,Wyeford,DSL,Dan,d@x.example,,31/2/2026,,maybe,gmail.com,Nobody’s Trust",
    "Fir School,School,Wyeford,manager,Eve,e@x.example,,2/3/2026,1/3/2026,,,",
    "Yew School,School,Wyeford,,Fay,f@x.example,,,,,,",
    "Yew School,College,Wyeford,,Gil,g@x.example,,,,,,",
    "Bay School,School,Wyeford,,Hal,h@x.example,,,,,,,more",
    "Box School,School,Wyeford,,Ivy,,,,,,,",
)


async def test_everything_that_is_wrong_is_said_at_once_with_its_line_and_what_to_write(desk: Desk) -> None:
    made = await desk.check(WRONG)
    assert said(made) == [
        "line 2, email: Write one email address in the form name@example.org",
        "line 3, agency: Write the agency’s name",
        "line 4, type: This agency is new. Write its type, like School",
        "line 4, town: This agency is new. Write its town",
        "line 4, name: Write the name, or the word vacant where nobody is in post",
        "line 4, phone: This number seems to have lost its first 0. Format the column as text and write it again",
        "line 5, notices: Write off, team only or on",
        (
            "line 5, mail domains: Anybody can have an address at gmail.com, so it cannot be an agency’s own. Leave it "
            "out: the addresses of the people named in its positions count as the agency’s by themselves"
        ),
        "line 5, belongs to: No agency has this name, in the directory or in this file",
        (
            "line 5, position: Write one of escalation lead, practitioner, manager, senior manager, head, chair, "
            "alternate chair, team, team deputy"
        ),
        "line 5, since: Write a real date with the day first, like 1/9/2026, or 2026-09-01",
        "line 6, until: The last day must not be before the first one",
        "line 8, type: Line 7 says something else of the same agency",
        "line 9: This line has more cells than the first one. Put quotation marks around a cell with a comma in it.",
        "line 10, email: Write the email address: nobody can be told without one",
    ]
    assert not made.lines


async def test_where_anything_is_wrong_nothing_is_loaded(desk: Desk) -> None:
    made = await desk.check(SMALLEST.replace("ben@ash.example", "ben"))
    assert said(made) == ["line 3, email: Write one email address in the form name@example.org"]
    assert not made.entries
    assert not made.holdings


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "nothing in this file"),
        (b"\n,,\n", "nothing in this file"),
        (b"agency,name\n", "no line below"),
        (b"what,ever\n1,2\n", "first line must name the columns, agency among them"),
        (b"agency,email,E-mail\nA,b,c\n", "Two columns hold the same: email and E-mail"),
        (b"PK\x03\x04 and so on", "This is a spreadsheet"),
        (b"agency\x00,name\nA,b\n", "This is no text"),
        (b"agency,name\n\x81\x8d,b\n", "This is no text"),
        (b'agency,name\nA,b\n"C,d\nE,f\n', "line 3: A quotation mark was opened and not closed"),
        (b"agency\n" + b"A\n" * 5_001, "at most 5,000 lines"),
        (b"agency\n" + b"A" * 900_000, "longer than 900 kB"),
    ],
)
async def test_what_is_no_table_is_said_in_one_sentence(desk: Desk, content: bytes, says: str) -> None:
    made = await desk.check(content)
    assert len(made.wrong) == 1
    assert says in str(made.wrong[0])


async def test_the_lines_are_those_of_the_file_though_a_cell_has_several(desk: Desk) -> None:
    made = await desk.check('agency,type,town,name,email\n"Elm\nSchool",School,W,Ada,ada@elm.example\n,School,W,B,b\n')
    assert {wrong.line for wrong in made.wrong} == {4}


async def test_two_agencies_of_one_name_are_told_apart_by_town_and_never_guessed(desk: Desk) -> None:
    head = "agency,type,town,name,email"
    await desk.load(
        rows(head, "St Mary,School,Wyeford,Ada,ada@a.example", "St Mary,School,Marchbury,Ben,ben@b.example")
    )
    assert await desk.holder("st-mary", "escalation_lead") == "Ada"
    assert await desk.holder("st-mary-2", "escalation_lead") == "Ben"
    guessed = await desk.check(rows(head, "St Mary,,,Cat,cat@c.example"))
    assert said(guessed) == ["line 2, town: Several agencies have this name. Write the town, or the agency’s id"]
    await desk.load(rows("agency id,name,email", "st-mary-2,Cat,cat@c.example"))
    assert await desk.holder("st-mary-2", "escalation_lead") == "Cat"


async def test_a_new_holder_follows_the_old_one_from_the_day_that_the_line_names(desk: Desk) -> None:
    await desk.has(agency(held(holder=ASHA, deputy=BRYN, title="Team manager")))
    made = await desk.load(
        rows("agency id,position,name,email,since", "council,manager,Cat,cat@council.example,5/3/2026")
    )
    assert lines(made) == [
        (2, "changed", "Council: Team manager (manager): Cat, from Thursday 5 March 2026; before: Asha")
    ]
    assert await desk.holder("council") == "Asha"
    assert await desk.holder("council", on=MONDAY + timedelta(days=3)) == "Cat"
    async with desk.database.read() as tx:
        newest = (await directory.holdings(tx, desk.keys, "council"))[-1]
    # What the line says nothing of stays: the title, the deputy.
    assert (newest.title, newest.deputy) == ("Team manager", BRYN)


async def test_an_empty_cell_changes_nothing_and_a_word_says_that_nobody_is_there(desk: Desk) -> None:
    await desk.has(agency(held(holder=ASHA, deputy=BRYN), notices="on", domains=["council.example"]))
    head = "agency id,notices,mail domains,position,name,email,phone,deputy name"
    await desk.load(rows(head, "council,,,manager,Asha,asha@council.example,,"))
    assert await desk.changes("council") == []
    await desk.load(rows(head, "council,,,manager,Asha,asha@council.example,,none"))
    async with desk.database.read() as tx:
        (*_, newest) = await directory.holdings(tx, desk.keys, "council")
    assert (newest.holder, newest.deputy) == (ASHA, None)
    await desk.load(rows(head, "council,,,manager,vacant,,,"))
    assert await desk.holder("council") is None


async def test_a_last_day_ends_a_holding_or_an_agency(desk: Desk) -> None:
    await desk.has(agency(held(holder=ASHA)), agency(id="old"))
    made = await desk.load(
        rows(
            "agency id,position,name,email,until,active to,followed by",
            "council,manager,Asha,asha@council.example,6/3/2026,,",
            "old,,,,,31/3/2026,council",
        )
    )
    assert kinds(made.lines) == ["ended", "ended"]
    assert await desk.holder("council", on=MONDAY + timedelta(days=5)) is None
    async with desk.database.read() as tx:
        old = await directory.agency(tx, "old")
    assert old is not None
    assert (old.active_to, old.successor) == (date(2026, 3, 31), "council")


async def test_a_trust_and_its_schools_come_in_one_table_in_any_order(desk: Desk) -> None:
    await desk.load(
        rows(
            "agency,type,town,belongs to,name,email",
            "Elm School,School,Wyeford,Ridge Trust,Ada,ada@elm.example",
            "Ridge Trust,Academy trust,Wyeford,,Ben,ben@ridge.example",
        )
    )
    async with desk.database.read() as tx:
        school = await directory.agency(tx, "elm-school")
    assert school is not None
    assert school.parent == "ridge-trust"


async def test_a_domain_of_another_agency_is_refused_on_its_line(desk: Desk) -> None:
    await desk.has(agency(domains=["council.example"]))
    made = await desk.check(
        rows("agency,type,town,mail domains,name,email", "Elm School,School,W,council.example,Ada,ada@elm.example")
    )
    assert len(made.wrong) == 1
    assert "line 2, mail domains: Council has council.example already" in said(made)[0]


async def test_two_contacts_for_one_position_are_not_both_taken(desk: Desk) -> None:
    made = await desk.check(SMALLEST + "Elm Lane School,School,Wyeford,Cy,cy@elm.example,\n")
    assert [one.split(": ", 1)[0] for one in said(made)] == ["line 4, position"]
    assert "Line 2 says already" in said(made)[0]
    assert "as the deputy" in said(made)[0]


async def test_what_was_written_out_can_be_loaded_again_and_changes_nothing(desk: Desk) -> None:
    async with desk.database.write() as tx:
        await directory.load(tx, desk.keys, directory_file.sample())
    written = showing.as_csv(await desk.listed())
    made = await desk.load(written)
    assert not made.changes
    assert len(made.lines) == written.count("\r\n") - 1
    async with desk.database.read() as tx:
        assert (await tx.execute(select(func.count()).select_from(tables.DIRECTORY_CHANGES))).scalar_one() == 0


async def test_what_was_written_out_makes_the_same_directory_elsewhere(desk: Desk) -> None:
    await desk.has(
        agency(
            held(holder=Person(name="=SUM(A1)", email="a@x.example", phone="+44 1632 960001"), deputy=BRYN),
            held("head", None),
            held("escalation_lead", ASHA, kind="rota", working_days=["sat", "sun"], until=date(2026, 9, 1)),
            name='"The" Council, Ltd',
            domains=["council.example", "x.example"],
            notices="off",
        ),
        agency(id="bare", parent="council"),
    )
    written = showing.as_csv(await desk.listed())
    assert "'=SUM" in written
    assert "'+44" in written
    before = showing.as_data(await desk.listed(), desk.now)
    async with desk.database.write() as tx:
        for one in (tables.AGENCY_DOMAINS, tables.POSITIONS, tables.AGENCIES):
            await tx.execute(one.delete())
    await desk.load(written)
    assert showing.as_data(await desk.listed(), desk.now) == before


def test_every_column_has_one_name_of_its_own() -> None:
    assert len({name: column for name, column in table.NAMES.items() if name == column.value}) == len(table.Column)


TYPO = rows(
    "agency,type,town,name,email", "Elm School,Shcool,Wyeford,Ada,a@x.example", "Ash,GP surgery,W,Ben,b@x.example"
)


async def test_a_type_that_nobody_knows_is_refused_with_its_line_and_the_nearest_known_one(desk: Desk) -> None:
    made = await desk.check(TYPO)
    assert said(made) == [
        (
            "line 2, type: Shcool is not a type that is known here. Did you mean School? A new type has to be said to "
            "be new"
        ),
        "line 3, type: Gp surgery is not a type that is known here. A new type has to be said to be new",
    ]
    assert made.only_new_types
    assert made.new_types == ("shcool", "gp-surgery")
    assert not (await desk.check(TYPO + "Fir,Shcool,W,Cy,not an address\n")).only_new_types


async def test_a_type_that_was_said_to_be_new_is_taken_and_known_from_then_on(desk: Desk) -> None:
    right = TYPO.replace("Shcool", "School")
    made = await desk.load(right, new_types=frozenset({"gp-surgery"}))
    assert kinds(made.lines) == ["new"] * 4
    more = await desk.check(rows("agency,type,town,name,email", "Bay,GP surgery,W,Di,d@x.example"))
    assert not more.wrong
