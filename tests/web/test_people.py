"""The pages of administrators: who may sign in, and who read a case."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import select

from escalations.rules.access import Role
from escalations.rules.notices import NoticeKind
from escalations.store import people, tables
from tests.web import answering, teamwork
from tests.web.conftest import OFFICE, Office
from tests.web.forms_filled import CHILD, WORDS, raised

NEW = "tamsin.okoro@partnership.example"


@pytest.fixture
async def boss(office: Office) -> AsyncIterator[httpx.AsyncClient]:
    """Give the browser of an administrator, who is nothing else."""
    async with await office.sign_in(Role.ADMINISTRATOR) as browser:
        yield browser


async def person(office: Office, address: str) -> people.Person | None:
    async with office.database.read() as tx:
        return await people.find(tx, office.vault, address)


async def test_somebody_is_added_and_can_sign_in(office: Office, boss: httpx.AsyncClient) -> None:
    page = await office.press("/people/add", browser=boss, name="Tamsin Okoro", address=NEW, roles=["team", "reviewer"])
    assert page.path == "/people"
    assert "Tamsin Okoro" in page.text
    assert "Tamsin Okoro, added, by Perpetua Lisle" in page.text
    found = await person(office, NEW)
    assert found is not None
    assert found.roles == {Role.TEAM, Role.REVIEWER}


async def test_what_lacks_gets_its_sentences_and_nothing_typed_is_lost(office: Office, boss: httpx.AsyncClient) -> None:
    page = await office.press("/people/add", browser=boss, name="Tamsin Okoro", address="tamsin")
    assert page.status == 422
    assert len(page.problems) == 2
    assert page.value("name") == "Tamsin Okoro"
    twice = await office.press("/people/add", browser=boss, name="Somebody", address=OFFICE, roles="team")
    assert twice.problems == [people.ALREADY_THERE.sentence]


async def test_roles_are_changed_and_access_is_ended(office: Office, boss: httpx.AsyncClient) -> None:
    await office.press("/people/add", browser=boss, name="Tamsin Okoro", address=NEW, roles="team")
    found = await person(office, NEW)
    assert found is not None
    at = f"/people/{found.person_id}"
    page = await office.get(at, browser=boss)
    none = await office.post(f"{at}/roles", browser=boss, token=page.token)
    assert none.problems == [people.NO_ROLE.sentence]
    await office.post(f"{at}/roles", browser=boss, token=page.token, roles="reviewer")
    changed = await person(office, NEW)
    assert changed is not None
    assert changed.roles == {Role.REVIEWER}
    listed = await office.post(f"{at}/end", browser=boss, token=page.token)
    assert "Tamsin Okoro, access ended, by Perpetua Lisle" in listed.text
    assert await person(office, NEW) is None
    assert "Access ended at" in (await office.get(at, browser=boss)).text


async def test_the_last_administrator_cannot_be_ended_nor_lose_the_role(
    office: Office, boss: httpx.AsyncClient
) -> None:
    async with office.database.write() as tx:
        everybody = await people.find(tx, office.vault, OFFICE)
        assert everybody is not None
        await people.change_roles(tx, everybody.person_id, (Role.TEAM,), now=office.now(), by=None)
        (me,) = [one for one in await people.listed(tx, office.vault) if Role.ADMINISTRATOR in one.roles]
    page = await office.get(f"/people/{me.person_id}", browser=boss)
    for doing, fields in (("end", {}), ("roles", {"roles": "team"})):
        refused = await office.post(f"/people/{me.person_id}/{doing}", browser=boss, token=page.token, **fields)
        assert refused.status == 422
        assert refused.problems == [people.LAST_ADMINISTRATOR.sentence]


async def test_without_the_token_of_a_page_nothing_is_changed(office: Office, boss: httpx.AsyncClient) -> None:
    found = await person(office, OFFICE)
    assert found is not None
    for path in ("/people/add", f"/people/{found.person_id}/roles", f"/people/{found.person_id}/end"):
        answer = await boss.post(path, data={"token": "x", "name": "X", "address": NEW, "roles": "team"})
        assert answer.status_code == 403, path
    still = await person(office, OFFICE)
    assert still == found
    assert await person(office, NEW) is None


@pytest.mark.parametrize("person_id", ["0" * 32, "none", "-" * 32])
async def test_who_is_not_there_has_no_page(office: Office, boss: httpx.AsyncClient, person_id: str) -> None:
    assert (await boss.get(f"/people/{person_id}")).status_code == 404


# ---- Who read a case ------------------------------------------------------------------------------------------------


async def test_every_reading_of_a_case_is_written_down_with_who_it_was(office: Office, boss: httpx.AsyncClient) -> None:
    reference = await raised(office)
    await office.settle()
    await answering.enter(office, await answering.link(office, reference, NoticeKind.ASKED))
    for _ in range(2):
        await office.get(f"/board/{reference}")
    page = await office.press("/reads", browser=boss, reference=reference.lower())
    assert page.path == f"/reads/{reference}"
    rows = re.findall(r"<tr class=\"govuk-table__row\" role=\"row\">\s*<td.*?</tr>", page.html, flags=re.DOTALL)
    assert sum("Robin Sayle" in row and "saw reference, agencies and dates" in row for row in rows) == 2
    assert sum("Wyeford Council children" in row and "read it by link" in row for row in rows) == 1
    for told in (CHILD, WORDS):
        assert told not in page.html
    again = await office.get(f"/reads/{reference}", browser=boss)
    assert "Perpetua Lisle" in again.text
    assert "looked at who read it" in again.text


async def test_the_log_knows_the_text_from_the_bare_page(office: Office) -> None:
    reference = await raised(office, "/enter")
    await office.settle()
    await office.get(f"/board/{reference}")
    found = await person(office, OFFICE)
    assert found is not None
    log = tables.ACCESS_LOG
    async with office.database.read() as tx:
        rows = (await tx.execute(select(log).where(log.c.reference == reference))).all()
    assert {(row.what, row.role, row.person_id) for row in rows} == {("read_by_team", "team", found.person_id)}


async def test_what_is_no_reference_gets_a_sentence(office: Office, boss: httpx.AsyncClient) -> None:
    page = await office.press("/reads", browser=boss, reference="PD-27-0001-2")
    assert page.status == 422
    assert len(page.problems) == 1
    assert (await boss.get("/reads/none")).status_code == 404
    stale = await boss.post("/reads", data={"token": "x", "reference": "PD-27-0002-Y"})
    assert stale.status_code == 403


# ---- Who did it -----------------------------------------------------------------------------------------------------


async def test_what_somebody_does_carries_their_name_sealed_and_never_in_the_act(office: Office) -> None:
    reference = await raised(office, "/enter")
    await office.settle()
    async with await office.sign_in(Role.TEAM) as browser:
        page = await office.get(f"/board/{reference}", browser=browser)
        assert "Robin Sayle, Partnership team" in page.text, "who entered it"
        await teamwork.does(office, reference, "pass-on", browser=browser, with_="childrens-services")
        await teamwork.does(office, reference, "phone-call", browser=browser, reached="yes", spoken_to="The desk")
    async with office.database.read() as tx:
        stored = (await tx.execute(select(tables.SUBMISSIONS))).all()
        register = (await tx.execute(select(tables.REGISTER.c.body))).scalars().all()
    assert {row.act_kind for row in stored} == {"raise", "pass_on", "note_phone_call"}
    for name in ("Perpetua", "Robin"):
        assert name not in repr(register)
        assert not any(name in row.act or name.encode() in row.sealed for row in stored)
