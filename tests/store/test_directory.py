"""The directory says who holds a position on a day, and by which rule somebody stands in."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from escalations.packs import reading
from escalations.policy import Policy
from escalations.store import directory, directory_file, tables
from escalations.store.directory import Rule
from escalations.store.directory_file import AgencyEntry, DirectoryFile, Holding, Notices, Person, PositionKind, Weekday
from escalations.store.engine import Database
from escalations.store.vault import Vault

MONDAY, THURSDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC), datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
LONG_AGO = date(2020, 4, 1)
ASHA, BRYN, CERI, DINA = (
    Person(name=name, email=f"{name.lower()}@council.example", phone="01632 960001")
    for name in ("Asha", "Bryn", "Ceri", "Dina")
)


def held(
    position: str = "manager",
    holder: Person | None = ASHA,
    deputy: Person | None = None,
    **more: object,
) -> Holding:
    return Holding.model_validate(
        {
            "position": position,
            "title": position.replace("_", " ").capitalize(),
            "since": LONG_AGO,
            "holder": holder,
            "deputy": deputy,
            **more,
        }
    )


def agency(*positions: Holding, id: str = "council", **more: object) -> AgencyEntry:  # noqa: A002  the file's word
    return AgencyEntry.model_validate(
        {
            "id": id,
            "name": id.title(),
            "type": "council",
            "town": "Wyeford",
            "active_from": LONG_AGO,
            "positions": positions,
            **more,
        }
    )


async def load(database: Database, keys: Vault, *agencies: AgencyEntry) -> None:
    async with database.write() as tx:
        assert await directory.load(tx, keys, DirectoryFile(sample=False, agencies=agencies)) == len(agencies)


async def who(
    database: Database,
    keys: Vault,
    position: str = "manager",
    on: datetime = MONDAY,
    of: str | None = "council",
    *,
    closed: bool = False,
) -> tuple[str, Rule] | None:
    async with database.read() as tx:
        found = await directory.holders(tx, keys, of, position, on, closed=closed)
    return None if found is None else (found.name, found.rule)


async def test_the_holder_is_told(database: Database, keys: Vault) -> None:
    await load(database, keys, agency(held(holder=ASHA, deputy=BRYN)))
    async with database.read() as tx:
        found = await directory.holders(tx, keys, "council", "manager", MONDAY)
    assert found == directory.Contact(
        agency_id="council",
        position="manager",
        held="manager",
        title="Manager",
        kind=PositionKind.PERSON,
        name="Asha",
        email="asha@council.example",
        phone="01632 960001",
        rule=Rule.HOLDER,
    )


async def test_a_monday_to_wednesday_holder_hands_over_on_thursday(database: Database, keys: Vault) -> None:
    days = [Weekday.MON, Weekday.TUE, Weekday.WED]
    await load(database, keys, agency(held(holder=ASHA, deputy=BRYN, working_days=days)))
    assert await who(database, keys, on=MONDAY) == ("Asha", Rule.HOLDER)
    assert await who(database, keys, on=THURSDAY) == ("Bryn", Rule.DEPUTY)


async def test_without_a_deputy_the_holder_is_told_on_any_day(database: Database, keys: Vault) -> None:
    await load(database, keys, agency(held(holder=ASHA, working_days=[Weekday.MON]), held("escalation_lead", BRYN)))
    assert await who(database, keys, on=THURSDAY) == ("Asha", Rule.HOLDER)


async def test_the_day_is_the_one_in_london(database: Database, keys: Vault) -> None:
    await load(database, keys, agency(held(holder=ASHA, deputy=BRYN, working_days=[Weekday.MON])))
    # Half past midnight on a Tuesday in summer, while it is still Monday in UTC.
    assert await who(database, keys, on=datetime(2026, 6, 1, 23, 30, tzinfo=UTC)) == ("Bryn", Rule.DEPUTY)


@pytest.mark.parametrize("positions", [(), (held(holder=None),), (held(until=date(2026, 3, 1)),)])
async def test_an_empty_position_falls_to_the_agencys_lead(
    database: Database,
    keys: Vault,
    positions: tuple[Holding, ...],
) -> None:
    await load(database, keys, agency(*positions, held("escalation_lead", CERI, title="Standards lead")))
    async with database.read() as tx:
        found = await directory.holders(tx, keys, "council", "manager", MONDAY)
    assert found is not None
    assert (found.name, found.rule, found.position, found.held, found.title) == (
        "Ceri",
        Rule.LEAD,
        "manager",
        "escalation_lead",
        "Standards lead",
    )


async def test_the_leads_deputy_stands_in_for_the_lead(database: Database, keys: Vault) -> None:
    await load(database, keys, agency(held("escalation_lead", CERI, DINA, working_days=[Weekday.MON])))
    assert await who(database, keys, on=THURSDAY) == ("Dina", Rule.LEAD)
    assert await who(database, keys, "escalation_lead", on=THURSDAY) == ("Dina", Rule.DEPUTY)


async def test_a_deputy_without_a_holder_is_told(database: Database, keys: Vault) -> None:
    await load(database, keys, agency(held(holder=None, deputy=BRYN), held("escalation_lead", CERI)))
    assert await who(database, keys) == ("Bryn", Rule.DEPUTY)


async def test_where_nobody_is_in_post_nobody_is_named(database: Database, keys: Vault) -> None:
    await load(database, keys, agency(held(holder=None)), agency(id="trust"))
    assert await who(database, keys) is None
    assert await who(database, keys, of="trust") is None
    assert await who(database, keys, of="no-such-agency") is None


async def test_a_change_of_staff_reaches_open_cases_on_its_day(database: Database, keys: Vault) -> None:
    await load(database, keys, agency(held(holder=ASHA)))
    async with database.write() as tx:
        await directory.appoint(tx, keys, "council", held(holder=BRYN, since=THURSDAY.date(), title="Team manager"))
    assert await who(database, keys, on=MONDAY) == ("Asha", Rule.HOLDER)
    assert await who(database, keys, on=THURSDAY) == ("Bryn", Rule.HOLDER)
    async with database.read() as tx:
        assert await directory.titles(tx, "council", MONDAY) == {"manager": "Manager"}
        assert await directory.titles(tx, "council", THURSDAY) == {"manager": "Team manager"}


async def test_a_closed_agency_is_reached_by_its_deputy_then_by_its_parents_lead(
    database: Database,
    keys: Vault,
) -> None:
    await load(
        database,
        keys,
        agency(held(holder=ASHA, deputy=BRYN), held("head", ASHA), id="school", parent="trust"),
        agency(held("escalation_lead", CERI), id="trust"),
        agency(held(holder=ASHA), id="alone"),
    )
    assert await who(database, keys, of="school", closed=True) == ("Bryn", Rule.DEPUTY)
    assert await who(database, keys, "head", of="school", closed=True) == ("Ceri", Rule.STAND_IN)
    assert await who(database, keys, of="alone", closed=True) is None


async def test_somebody_who_was_erased_is_nobody(database: Database, keys: Vault, now: datetime) -> None:
    await load(database, keys, agency(held(holder=ASHA), held("escalation_lead", CERI)))
    async with database.write() as tx:
        key_id = (
            await tx.execute(select(tables.POSITIONS.c.key_id).where(tables.POSITIONS.c.position == "manager"))
        ).scalar_one()
        await keys.erase(tx, key_id, at=now)
    assert await who(database, keys) == ("Ceri", Rule.LEAD)


async def test_no_name_or_address_stands_open_in_the_tables(database: Database, keys: Vault) -> None:
    await load(database, keys, agency(held(holder=ASHA, deputy=BRYN)))
    async with database.read() as tx:
        rows = (await tx.execute(select(tables.POSITIONS))).all()
    for secret in ("Asha", "asha@", "Bryn", "960001"):
        assert secret not in str(rows)


async def test_a_file_is_loaded_once(database: Database, keys: Vault) -> None:
    await load(database, keys, agency())
    with pytest.raises(directory.NotEmpty):
        await load(database, keys, agency(id="another"))


async def test_agencies_are_chosen_from_those_of_the_day(database: Database, keys: Vault) -> None:
    await load(
        database,
        keys,
        agency(id="b-old", active_to=date(2026, 3, 2), successor="a-new"),
        agency(id="a-new", active_from=date(2026, 3, 3)),
        agency(id="c-always"),
    )
    async with database.write() as tx:
        assert [one.agency_id for one in await directory.agencies(tx, MONDAY)] == ["b-old", "c-always"]
        assert [one.agency_id for one in await directory.agencies(tx, THURSDAY)] == ["a-new", "c-always"]
        await directory.set_notices(tx, "a-new", Notices.OFF)
        new, old = await directory.agency(tx, "a-new"), await directory.agency(tx, "b-old")
        assert new is not None
        assert old is not None
        assert (new.notices, old.successor, old.notices) == (Notices.OFF, "a-new", Notices.TEAM_ONLY)
        with pytest.raises(directory.UnknownAgency):
            await directory.set_notices(tx, "no-such-agency", Notices.ON)


async def test_every_position_of_the_sample_policy_reaches_somebody_in_the_sample_directory(
    database: Database,
    keys: Vault,
) -> None:
    policy: Policy = reading.sample()
    rungs = {stage.raising_position for stage in policy.stages} | {stage.responding_position for stage in policy.stages}
    wanted: set[tuple[str | None, str]] = {(None, "team"), (None, "team_deputy")}
    wanted |= {
        (policy.final_body.agency, policy.final_body.position),
        (policy.final_body.agency, policy.final_body.alternate_position),
    }
    async with database.write() as tx:
        await directory.load(tx, keys, directory_file.sample())
        for one in await directory.agencies(tx, MONDAY):
            assert one.sample
            if one.agency_type not in {"partnership", "academy-trust", "education"}:
                wanted |= {(one.agency_id, rung) for rung in rungs}
    for of, position in sorted(wanted, key=str):
        assert await who(database, keys, position, of=of) is not None, (of, position)
    assert await who(database, keys, "senior_manager", of="ridgeway-academy") == ("Petra Lindqvist-Moore", Rule.LEAD)


def test_titles_differ_by_the_kind_of_agency() -> None:
    titles = {
        (one.type, holding.title)
        for one in directory_file.sample().agencies
        for holding in one.positions
        if holding.position == "manager"
    }
    assert {
        ("police", "Detective sergeant"),
        ("childrens-services", "Team manager"),
        ("school", "Designated safeguarding lead"),
    } <= titles


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("agencies: [", "line 1"),
        ("[]", "the file"),
        ("sample: true\nagencies: []", "agencies"),
        ("sample: true\nagencys: []", "agencys"),
        ("sample: true\nagencies: [{id: a, name: A, type: t, town: T, active_from: 2020-01-01, parent: b}]", "parent"),
        (
            "sample: true\nagencies: [{id: a, name: A, type: t, town: T, active_from: 2020-01-01, parent: a}]",
            "own parent",
        ),
        (
            "sample: true\nagencies:\n" + 2 * "- {id: a, name: A, type: t, town: T, active_from: 2020-01-01}\n",
            "same id",
        ),
        (
            (
                "sample: true\nagencies:\n- {id: a, name: A, type: t, town: T, active_from: 2020-01-01, positions: ["
                "{position: head, title: Head, since: 2020-01-01, holder: {name: Canary, email: canary@gov.uk}}]}"
            ),
            "example.org",
        ),
        (
            (
                "sample: true\nagencies:\n- {id: a, name: A, type: t, town: T, active_from: 2020-01-01, positions: ["
                "{position: head, title: Head, since: 2020-01-01, "
                "holder: {name: Canary, email: c@x.example, phone: '999'}}]}"
            ),
            "01632",
        ),
        (
            (
                "sample: false\nagencies:\n- {id: a, name: A, type: t, town: T, active_from: 2020-01-01, positions: ["
                "{position: head, title: Head, since: 2020-01-01, holder: {name: Canary, email: canary at gov}}]}"
            ),
            "email",
        ),
    ],
)
def test_a_file_that_is_no_directory_is_refused_with_the_place_and_without_its_words(text: str, says: str) -> None:
    with pytest.raises(directory_file.NotADirectory) as caught:
        directory_file.read_text(text)
    assert says in str(caught.value)
    assert "anary" not in str(caught.value)
    assert caught.value.__cause__ is None
