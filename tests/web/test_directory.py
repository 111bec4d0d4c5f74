"""The directory's pages: listed, changed with a date and written down, searched without a trace, loaded as a table."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import httpx
from sqlalchemy import func, select

from escalations.agencies import history
from escalations.agencies.history import What
from escalations.agencies.keeping import Keeper
from escalations.rules.access import Role
from escalations.store import directory, tables
from escalations.store.directory_file import Notices
from tests.web.conftest import Office, Page
from tests.web.forms_filled import raised

ACADEMY = "/directory/agencies/ridgeway-academy"
COUNCIL = "/directory/agencies/childrens-services"
CANARY = "Quenby Zzyzx-Canary"
SOMEBODY: dict[str, Any] = {
    "position": "senior_manager",
    "title": "Principal",
    "kind": "person",
    "name": CANARY,
    "email": "quenby@ridgeway.example",
    "phone": "01632 960 555",
    "days": ["mon", "tue"],
    "since_day": "1",
    "since_month": "3",
    "since_year": "2027",
}


def told(page: Page) -> str:
    """Give what can be read, without the spaces that links leave before a mark."""
    return re.sub(r" ([.,:;])", r"\1", page.text)


async def changes(office: Office, agency: str) -> list[What]:
    async with office.database.read() as tx:
        return [change.what for change in await history.read(tx, office.vault, agency)]


async def holder(office: Office, position: str, agency: str = "ridgeway-academy", days: int = 0) -> str | None:
    async with office.database.read() as tx:
        found = await directory.holders(tx, office.vault, agency, position, office.now() + timedelta(days=days))
    return None if found is None else found.name


async def test_the_list_is_by_type_with_town_parent_notices_and_vacancies(office: Office) -> None:
    page = await office.get("/directory")
    assert page.status == 200
    assert "Directory (9)" in told(page)
    assert "School (2)" in told(page)
    assert "Ridgeway Academy Marchbury Ridgeway Learning Trust On senior manager" in told(page)
    assert "Oak Lane Primary School Wyeford Wyeford Council education safeguarding On Nothing" in told(page)


async def test_an_agencys_page_has_its_positions_titles_deputies_days_and_what_falls_to_whom(office: Office) -> None:
    page = await office.get(COUNCIL)
    for said in (
        "Service manager senior manager",
        "Gwen Achterberg gwen.achterberg@council.example 01632 960205",
        "works Monday, Tuesday, Wednesday",
        "Rafiq Stenhouse",
        "council.example",
        "On. Whoever holds the position gets the notices by email",
        "Nothing since it was loaded.",
    ):
        assert said in told(page), said
    academy = await office.get(ACADEMY)
    assert "Vacant falls to the Designated safeguarding lead" in academy.text
    assert "Ridgeway Learning Trust" in academy.text
    assert (await office.get("/directory/agencies/none")).status == 404


async def test_somebody_is_put_in_post_from_a_day_and_it_is_written_down(office: Office) -> None:
    shown = await office.press(f"{ACADEMY}/appoint", **SOMEBODY)
    assert shown.path == f"{ACADEMY}"
    assert "It is entered." in shown.text
    assert CANARY in shown.text
    assert "works Monday, Tuesday" in shown.text
    assert await changes(office, "ridgeway-academy") == [What.APPOINTED]
    assert f"Robin Sayle: Principal (senior manager): {CANARY} from Monday 1 March 2027." in shown.text
    again = await office.press(f"{ACADEMY}/appoint", **SOMEBODY)
    assert "It was so already. Nothing was changed." in again.text
    assert await changes(office, "ridgeway-academy") == [What.APPOINTED]


async def test_a_successor_to_come_is_shown_and_takes_over_on_the_day(office: Office) -> None:
    page = await office.press(f"{ACADEMY}/appoint", **{**SOMEBODY, "position": "manager", "since_day": "15"})
    assert f"Then: {CANARY}, from Monday 15 March 2027" in told(page)
    assert "Petra Lindqvist-Moore" in told(page)
    assert await holder(office, "manager") == "Petra Lindqvist-Moore"
    assert await holder(office, "manager", days=14) == CANARY
    await office.until("2027-03-16 10:00")
    later = await office.get(ACADEMY)
    assert "Petra Lindqvist-Moore, from Sunday 1 September 2024 to Sunday 14 March 2027" in later.text


async def test_the_form_brings_what_stands_and_a_deputy_and_days_are_changed_from_a_day(office: Office) -> None:
    page = await office.get(ACADEMY)
    link = re.search(r'href="(/directory/agencies/ridgeway-academy/appoint\?from=[0-9a-f]+)"[^>]*>Deputy', page.html)
    assert link is not None
    form = await office.get(link[1])
    assert form.value("name") == "Petra Lindqvist-Moore"
    assert form.value("since-day") == "1"
    fields: dict[str, Any] = {
        name: form.value(name.replace("_", "-"))
        for name in ("position", "title", "kind", "name", "email", "phone", "since_day", "since_month", "since_year")
    }
    done = await office.post(
        f"{ACADEMY}/appoint",
        token=form.token,
        **fields,
        days=["mon"],
        deputy_name="Sid Sole",
        deputy_email="sid@ridgeway.example",
    )
    assert "Sid Sole" in told(done)
    assert await changes(office, "ridgeway-academy") == [What.COVER_CHANGED]
    position = fields["position"]
    assert await holder(office, position) == "Petra Lindqvist-Moore"
    assert await holder(office, position, days=3) == "Sid Sole"


async def test_a_post_is_made_vacant_from_a_day(office: Office) -> None:
    wanted: dict[str, Any] = {**SOMEBODY, "kind": "vacant", "position": "head", "title": "Head"}
    both = await office.press(f"{ACADEMY}/appoint", **wanted)
    assert both.problems == ["You chose vacant and named somebody. Choose who holds it, or clear the name and email"]
    done = await office.press(f"{ACADEMY}/appoint", **{**wanted, "name": "", "email": "", "phone": ""})
    assert "Head (head): vacant from Monday 1 March 2027." in told(done)
    assert await holder(office, "head") == "Petra Lindqvist-Moore"


async def test_what_is_missing_is_said_and_nothing_typed_is_lost(office: Office) -> None:
    empty = await office.press(f"{ACADEMY}/appoint", position="")
    assert empty.status == 422
    assert empty.problems == [
        "Choose the position",
        "Enter what the agency calls this position",
        "Choose what holds it, or that it is vacant",
        "Enter the name",
        "Enter the email address: nobody can be told without one",
        "Tick the days on which messages can be answered",
        "Enter from which day",
    ]
    wrong = await office.press(
        f"{ACADEMY}/appoint", **{**SOMEBODY, "email": "quenby at ridgeway", "until_day": "1", "until_month": "2"}
    )
    assert wrong.problems == [
        "Enter an email address in the right form, like name@example.org",
        "The last day must include a year",
    ]
    assert wrong.value("name") == CANARY
    assert wrong.value("email") == "quenby at ridgeway"
    backwards = await office.press(
        f"{ACADEMY}/appoint", **{**SOMEBODY, "until_day": "1", "until_month": "2", "until_year": "2027"}
    )
    assert backwards.problems == ["The last day must not be before the first one, Monday 1 March 2027."]
    assert await changes(office, "ridgeway-academy") == []


async def test_a_stale_page_and_a_database_that_is_away_change_nothing_and_give_back_what_was_typed(
    office: Office,
) -> None:
    stale = await office.post(f"{ACADEMY}/appoint", token="0" * 64, **SOMEBODY)
    assert stale.status == 403
    assert stale.value("name") == CANARY
    form = await office.get(f"{ACADEMY}/appoint")
    office.database.away = True
    away = await office.post(f"{ACADEMY}/appoint", token=form.token, **SOMEBODY)
    office.database.away = False
    assert away.status == 503
    assert CANARY in away.text
    assert "nothing was changed" in away.text
    assert await changes(office, "ridgeway-academy") == []


async def test_a_last_day_is_entered_and_open_escalations_are_named(office: Office) -> None:
    reference = await raised(office)
    await office.settle()
    page = await office.get(COUNCIL)
    assert f"Open escalations wait for it {reference}" in told(page)
    ends = re.findall(
        r'href="(/directory/agencies/childrens-services/holdings/[0-9a-f]+/end)"[^>]*>([^<]*<[^>]*>[^<]*)', page.html
    )
    path = next(href for href, text in ends if "(practitioner)" in text)
    form = await office.get(path)
    assert f"Open escalations wait for this position: {reference}." in told(form)
    done = await office.post(path, token=form.token, until_day="5", until_month="3", until_year="2027")
    assert "whoever is in post leaves on Friday 5 March 2027, and nobody is entered to follow" in told(done)
    assert reference in told(done)
    assert await changes(office, "childrens-services") == [What.HOLDING_ENDED]
    listed = await office.get("/directory")
    assert "Open escalations wait for somebody who is not there" in told(listed)
    assert f"so it falls to the Practice standards lead. Waiting: {reference}" in told(listed)


async def test_an_empty_post_that_reaches_nobody_is_named_with_the_escalations_that_wait(office: Office) -> None:
    reference = await raised(office)
    await office.settle()
    async with office.database.write() as tx:
        keeper = Keeper(tx, office.vault, at=office.now(), by="the team")
        for one in await directory.holdings(tx, office.vault, "childrens-services"):
            if one.position in {"practitioner", "escalation_lead"}:
                await keeper.end_holding(one.holding_id, date(2027, 2, 28))
    page = await office.get(COUNCIL)
    assert "Nobody is its escalation lead." in told(page)
    assert f"nobody is in post. Open escalations wait for this position: {reference}" in told(page)
    assert "and it reaches nobody" in told(await office.get("/directory"))


async def test_a_notice_that_reached_nobody_is_named_at_the_empty_post(office: Office) -> None:
    async with office.database.write() as tx:
        keeper = Keeper(tx, office.vault, at=office.now(), by="the team")
        for one in await directory.holdings(tx, office.vault, "childrens-services"):
            if one.position in {"practitioner", "escalation_lead"}:
                await keeper.end_holding(one.holding_id, date(2027, 2, 28))
    reference = await raised(office)
    await office.settle()
    page = await office.get(COUNCIL)
    assert f"Social worker: nobody is in post. Open escalations wait for this position: {reference}." in told(page)
    board = await office.get("/board")
    assert "1 position with nobody in post, now or soon: open escalations wait for it." in told(board)
    assert "team: nobody" not in page.text  # the team's own clock to see to it waits for the team
    await office.press(f"{COUNCIL}/appoint", **{**SOMEBODY, "position": "practitioner"})
    assert "nobody is in post" not in told(await office.get(COUNCIL))
    assert "with nobody in post, now" not in (await office.get("/board")).text


async def test_an_agency_is_added_with_one_contact_and_starts_with_team_only(office: Office) -> None:
    form = await office.get("/directory/new")
    assert form.value("notices") == "team_only"
    lacking = await office.post("/directory/new", token=form.token)
    assert lacking.problems == [
        "Enter the agency’s name",
        "Enter what type of agency it is, like School",
        "Enter the town",
        "Choose how the agency is told",
    ]
    fields: dict[str, Any] = {
        "name": "Elm Lane School",
        "type": "School",
        "town": "Wyeford",
        "parent": "ridgeway-trust",
        "domains": "@ElmLane.example",
        "notices": "team_only",
        "lead_name": CANARY,
        "lead_email": "quenby@elmlane.example",
    }
    public = await office.post("/directory/new", token=form.token, **{**fields, "domains": "gmail.com"})
    assert len(public.problems) == 1
    assert "Anybody can have an address at gmail.com" in public.problems[0]
    assert public.value("lead-name") == CANARY
    taken = await office.post("/directory/new", token=form.token, **{**fields, "domains": "council.example"})
    assert "Wyeford Council children's services has council.example already" in taken.problems[0]
    done = await office.post("/directory/new", token=form.token, **fields)
    assert done.path == "/directory/agencies/elm-lane-school"
    assert "elmlane.example" in told(done)
    assert "Team only. The partnership team alone" in told(done)
    assert await holder(office, "manager", "elm-lane-school") == CANARY
    twice = await office.post("/directory/new", token=form.token, **fields)
    assert twice.problems == ["Elm Lane School in Wyeford is in the directory already."]
    async with office.database.read() as tx:
        found = await directory.agency_of_address(tx, office.vault, "x@elmlane.example", office.now())
    assert found == "elm-lane-school"


async def test_an_agency_is_changed_and_the_change_is_told(office: Office) -> None:
    form = await office.get(f"{ACADEMY}/change")
    assert form.value("name") == "Ridgeway Academy"
    done = await office.post(
        f"{ACADEMY}/change",
        token=form.token,
        name="Ridgeway High",
        type="School",
        town="Marchbury",
        parent="ridgeway-trust",
        domains="ridgeway.example rh.example",
    )
    assert "The name: Ridgeway Academy became Ridgeway High" in told(done)
    assert "the mail domains: ridgeway.example became rh.example, ridgeway.example" in told(done)
    assert "On. Whoever" in told(done)  # how it is told has a form of its own
    itself = await office.post(
        f"{ACADEMY}/change", token=form.token, name="A", type="School", town="M", parent="ridgeway-academy"
    )
    assert itself.problems == ["Choose the agency that it belongs to, or none"]


async def test_an_agency_is_ended_with_the_one_that_follows(office: Office) -> None:
    form = await office.get(f"{ACADEMY}/end")
    lacking = await office.post(f"{ACADEMY}/end", token=form.token, successor="")
    assert lacking.problems == ["Enter the last day of the agency"]
    done = await office.post(
        f"{ACADEMY}/end",
        token=form.token,
        until_day="31",
        until_month="3",
        until_year="2027",
        successor="ridgeway-trust",
    )
    assert "to Wednesday 31 March 2027" in told(done)
    assert "Followed by Ridgeway Learning Trust" in told(done)
    await office.until("2027-04-01 09:00")
    assert "Ridgeway Academy" not in told(await office.get("/directory"))
    raising = await office.get("/raise/you")
    assert "Ridgeway Academy" not in raising.text


async def test_how_an_agency_is_told_says_what_each_means_and_what_waits_for_the_team(office: Office) -> None:
    form = await office.get(f"{COUNCIL}/notices")
    for said in (
        "It is now: On.",
        "Nobody at the agency gets an email.",
        "The partnership team alone gets",
        "with a link",
    ):
        assert said in told(form)
    assert "A change affects only what comes after it." in told(form)
    await office.post(f"{COUNCIL}/notices", token=form.token, notices="team_only")
    reference = await raised(office)
    await office.settle()
    waits = await office.get(f"{COUNCIL}/notices")
    assert f"1 notice waits for the team to pass on, and will not be sent by email: {reference}" in told(waits)
    assert f"{reference} Wyeford Council children's services, practitioner Notice of the stage" in told(
        await office.get("/directory/to-tell")
    )
    assert "1 notice is for the team to pass on" in told(await office.get("/directory"))
    assert f"{reference}: Notice of the stage, to the practitioner" in told(await office.get(COUNCIL))
    await office.press(f"/board/{reference}/phone-call", reached="yes")
    assert "There is none." in told(await office.get("/directory/to-tell"))
    done = await office.post(f"{COUNCIL}/notices", token=form.token, notices="on")
    assert "From now on notices to this agency go as you chose." in told(done)
    async with office.database.read() as tx:
        found = await directory.agency(tx, "childrens-services")
    assert found is not None
    assert found.notices is Notices.ON


async def test_a_name_is_searched_for_by_post_and_stands_in_no_address(office: Office) -> None:
    page = await office.get("/directory")
    found = await office.post("/directory/find", token=page.token, who="PETRA")
    assert found.path == "/directory/find"
    assert "2 found" in found.text
    assert "Designated safeguarding lead (manager) at Ridgeway Academy" in found.text
    deputy = await office.post("/directory/find", token=page.token, who="rafiq")
    assert "deputy of the Service manager" in deputy.text
    assert "0 found" in (await office.post("/directory/find", token=page.token, who="nobody here")).text
    assert (await office.post("/directory/find", token=page.token, who=" ")).problems == [
        "Enter a name or a part of one"
    ]
    assert (await office.browser.get("/directory/find")).status_code == 405
    hrefs = re.findall(r'(?:href|action)="([^"]*)"', (await office.get(COUNCIL)).html)
    assert not [href for href in hrefs if "gwen" in href.casefold() and not href.startswith("mailto:")]


async def upload(office: Office, content: bytes, **more: str) -> Page:
    page = await office.get("/directory/import")
    data = {"token": str(page.token), **more}
    answer = await office.browser.post(
        "/directory/import", data=data, files={"file": ("schools.csv", content, "text/csv")}, follow_redirects=True
    )
    return Page(answer)


TABLE = "agency;type;town;name;email;colour\nElm School;School;Wyeford;Zoë Canary;zoe@elm.example;red\n"


async def test_a_type_that_is_not_known_is_said_to_be_new_by_a_tick_and_a_second_look(office: Office) -> None:
    shown = await upload(office, TABLE.replace(";School;", ";GP surgery;").encode())
    assert shown.status == 422
    assert "Gp surgery is not a type that is known here" in shown.text
    unsaid = await upload(office, b"", table=shown.value("table"), do="look")
    assert unsaid.status == 422
    looked = await upload(office, b"", table=shown.value("table"), do="look", **{"new-type": "gp-surgery"})
    assert "A new agency: gp surgery, Wyeford" in looked.text
    assert "Elm School" not in told(await office.get("/directory"))
    pressed = {"table": looked.value("table"), "digest": looked.value("digest"), "new-type": "gp-surgery"}
    assert (await upload(office, b"", **pressed)).path == "/directory"
    assert "Elm School" in told(await office.get("/directory"))


async def test_on_the_form_too_a_typing_error_makes_no_type(office: Office) -> None:
    form = await office.get("/directory/new")
    fields: dict[str, Any] = {"name": "Ash", "type": "Shcool", "town": "Wyeford", "parent": "", "notices": "team_only"}
    refused = await office.post("/directory/new", token=form.token, **fields)
    (problem,) = refused.problems
    assert problem == (
        "Shcool is not a type that is known here. Did you mean School? If it is a new type, tick that it is new"
    )
    assert refused.value("name") == "Ash"
    added = await office.post("/directory/new", token=refused.token, new_type="yes", **fields)
    assert added.path == "/directory/agencies/ash"


async def test_a_table_is_shown_first_and_loaded_by_a_press(office: Office) -> None:
    shown = await upload(office, TABLE.encode("cp1252"))
    assert "2 new, 0 changed, 0 ends, 0 as it is. Nothing has been changed yet." in shown.text
    assert "Escalation lead (escalation lead): Zoë Canary, from Monday 1 March 2027" in shown.text
    assert "no column has this name: colour" in shown.text
    assert "Elm School" not in told(await office.get("/directory"))
    pressed = {"table": shown.value("table"), "digest": shown.value("digest")}
    done = await upload(office, b"", **pressed)
    assert done.path == "/directory"
    assert "The table was loaded." in told(done)
    assert "Elm School" in told(done)
    twice = await upload(office, b"", **pressed)
    assert twice.problems == ["This table was loaded already, or waited too long. Send the file again."]
    again = await upload(office, TABLE.encode())
    assert "Everything in this table stands in the directory already." in again.text


async def test_a_table_waits_sealed_and_not_for_ever(office: Office) -> None:
    shown = await upload(office, TABLE.encode())
    async with office.database.read() as tx:
        assert "Canary" not in str((await tx.execute(select(tables.DRAFTS))).all())
    pressed = {"table": shown.value("table"), "digest": shown.value("digest")}
    office.time += timedelta(hours=3)
    assert "waited too long" in (await upload(office, b"", **pressed)).problems[0]
    assert "Elm School" not in told(await office.get("/directory"))


async def test_where_the_directory_changed_meanwhile_it_is_shown_again(office: Office) -> None:
    shown = await upload(office, TABLE.encode())
    await upload(office, b"", table=shown.value("table"), digest=shown.value("digest"))
    changed = await upload(office, TABLE.replace("Zoë", "Ada").encode())
    async with office.database.write() as tx:
        keeper = Keeper(tx, office.vault, at=office.now(), by="somebody else")
        holding = (await directory.holdings(tx, office.vault, "elm-school"))[0]
        await keeper.end_holding(holding.holding_id, office.now().date())
    seen = await upload(office, b"", table=changed.value("table"), digest="0" * 64)
    assert seen.problems == ["The directory was changed meanwhile. Look again at what this comes to."]
    done = await upload(office, b"", table=seen.value("table"), digest=seen.value("digest"))
    assert "The table was loaded." in told(done)


async def test_what_is_wrong_with_a_table_is_shown_with_its_lines_and_nothing_is_loaded(office: Office) -> None:
    shown = await upload(office, TABLE.replace("zoe@elm.example", "zoe").encode())
    assert shown.status == 422
    assert "Nothing was changed: 1 to put right" in shown.text
    assert "2 email Write one email address in the form name@example.org" in shown.text
    assert (await upload(office, b"")).problems == ["Choose a CSV file with something in it"]
    assert "This is a spreadsheet" in (await upload(office, b"PK\x03\x04")).text
    stale = await office.browser.post(
        "/directory/import", data={"token": "0"}, files={"file": ("a.csv", b"agency\nA\n", "text/csv")}
    )
    assert stale.status_code == 403
    async with office.database.read() as tx:
        counted = await tx.execute(select(func.count()).select_from(tables.DIRECTORY_CHANGES))
        assert counted.scalar_one() == 0


async def test_the_directory_is_downloaded_and_loading_it_again_changes_nothing(office: Office) -> None:
    answer = await office.browser.get("/directory/export.csv")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "Everything in this table stands in the directory already." in (await upload(office, answer.content)).text


async def test_an_administrator_keeps_the_directory_and_opens_no_case(office: Office) -> None:
    reference = await raised(office)
    await office.settle()
    async with await office.sign_in(Role.ADMINISTRATOR) as browser:
        page = await office.get(COUNCIL, browser=browser)
    assert reference in page.text
    assert f'href="/board/{reference}"' not in page.html
    assert f'href="/board/{reference}"' in (await office.get(COUNCIL)).html


async def test_a_get_changes_nothing(office: Office) -> None:
    page = await office.get(ACADEMY)
    paths = set(re.findall(r'href="(/directory[^"]*)"', page.html))
    before = await _dump(office)
    for path in sorted(paths):
        answer = await office.browser.get(path)
        assert isinstance(answer, httpx.Response)
        assert answer.status_code == 200, path
    assert await _dump(office) == before


async def _dump(office: Office) -> list[object]:
    async with office.database.read() as tx:
        return [
            (await tx.execute(select(table))).all()
            for table in (tables.AGENCIES, tables.POSITIONS, tables.AGENCY_DOMAINS, tables.DIRECTORY_CHANGES)
        ]
