"""What a person changes in the directory is checked, dated and written down; nothing dated is written over."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from escalations.agencies.history import What
from escalations.agencies.keeping import Done, Refused
from escalations.store import directory, tables
from escalations.store.directory_file import AgencyEntry, Notices
from tests.agencies.conftest import BY, MONDAY, Desk
from tests.store.test_directory import ASHA, BRYN, CERI, agency, held

TODAY = MONDAY.date()
FRIDAY = MONDAY + timedelta(days=4)


async def test_a_successor_is_entered_and_nothing_is_written_over(desk: Desk) -> None:
    await desk.has(agency(held(holder=ASHA)))
    done = await desk.appoint("council", held(holder=BRYN, since=FRIDAY.date()))
    assert isinstance(done, Done)
    assert done.changed
    assert await desk.holder("council") == "Asha"
    assert await desk.holder("council", on=FRIDAY) == "Bryn"
    async with desk.database.read() as tx:
        first, second = await directory.holdings(tx, desk.keys, "council")
    assert (first.holder, first.until) == (ASHA, FRIDAY.date() - timedelta(days=1))
    assert (second.holder, second.since, second.until) == (BRYN, FRIDAY.date(), None)
    (change,) = await desk.changes("council")
    assert (change.what, change.by, change.at, change.holding_id) == (What.APPOINTED, BY, MONDAY, done.holding_id)
    assert change.after["holder"] == BRYN.model_dump(mode="json")


async def test_entering_the_same_again_changes_nothing_and_writes_nothing(desk: Desk) -> None:
    await desk.has(agency(held(holder=ASHA)))
    for since in (TODAY, FRIDAY.date()):
        assert await desk.appoint("council", held(holder=ASHA, since=since)) == Done(
            changed=False, holding_id=(await standing(desk))[0].holding_id
        )
    assert await desk.changes("council") == []


async def standing(desk: Desk) -> list[directory.Held]:
    async with desk.database.read() as tx:
        return await directory.holdings(tx, desk.keys, "council")


async def test_a_slip_of_the_same_day_is_replaced_and_kept(desk: Desk) -> None:
    await desk.has(agency(held(holder=ASHA)))
    await desk.appoint("council", held(holder=BRYN, since=TODAY))
    await desk.appoint("council", held(holder=CERI, since=TODAY))
    assert await desk.holder("council") == "Ceri"
    assert [one.holder for one in await standing(desk)] == [ASHA, CERI]
    async with desk.database.read() as tx:
        replaced = select(tables.POSITIONS.c.replaced_at).where(tables.POSITIONS.c.replaced_at.is_not(None))
        assert (await tx.execute(replaced)).scalars().all() == [MONDAY]


async def test_what_was_entered_from_a_later_day_on_stays(desk: Desk) -> None:
    await desk.has(agency(held(holder=ASHA)))
    await desk.appoint("council", held(holder=CERI, since=FRIDAY.date()))
    await desk.appoint("council", held(holder=BRYN, since=TODAY))
    assert await desk.holder("council") == "Bryn"
    assert await desk.holder("council", on=FRIDAY) == "Ceri"
    assert [one.until for one in await standing(desk)] == [
        TODAY - timedelta(days=1),
        FRIDAY.date() - timedelta(days=1),
        None,
    ]


async def test_another_deputy_is_a_change_of_cover(desk: Desk) -> None:
    await desk.has(agency(held(holder=ASHA)))
    await desk.appoint("council", held(holder=ASHA, deputy=BRYN, since=TODAY))
    assert [change.what for change in await desk.changes("council")] == [What.COVER_CHANGED]


async def test_a_holding_ends_on_its_last_day(desk: Desk) -> None:
    await desk.has(agency(held(holder=ASHA)))
    holding_id = (await standing(desk))[0].holding_id
    async with desk.keeper() as keeper:
        assert await keeper.end_holding(holding_id, TODAY) == Done(changed=True, holding_id=holding_id)
        assert await keeper.end_holding(holding_id, TODAY) == Done(changed=False, holding_id=holding_id)
        later = await keeper.end_holding(holding_id, FRIDAY.date())
        earlier = await keeper.end_holding(holding_id, date(2019, 1, 1))
        none = await keeper.end_holding("0" * 32, TODAY)
    assert isinstance(later, Refused)
    assert "ends on Monday 2 March 2026 already" in later.sentence
    assert isinstance(earlier, Refused)
    assert earlier.part == "until"
    assert isinstance(none, Refused)
    assert await desk.holder("council") == "Asha"
    assert await desk.holder("council", on=FRIDAY) is None
    assert [change.what for change in await desk.changes("council")] == [What.HOLDING_ENDED]


async def test_nobody_is_appointed_where_there_is_no_agency_or_no_day_of_it(desk: Desk) -> None:
    await desk.has(agency(active_to=TODAY))
    assert isinstance(await desk.appoint("police", held(holder=ASHA)), Refused)
    ended = await desk.appoint("council", held(holder=ASHA, since=FRIDAY.date()))
    assert isinstance(ended, Refused)
    assert "ended on Monday 2 March 2026" in ended.sentence
    backwards = await desk.appoint("council", held(holder=ASHA, until=date(2019, 1, 1)))
    assert isinstance(backwards, Refused)


async def test_an_agency_is_added_changed_and_ended_and_each_is_written_down(desk: Desk) -> None:
    await desk.has(agency())
    async with desk.keeper() as keeper:
        new = agency(id="police", domains=["police.example"], parent="council")
        assert await keeper.put(new) == Done(changed=True)
        assert await keeper.put(new) == Done(changed=False)
        assert await keeper.put(new.model_copy(update={"name": "River Police"})) == Done(changed=True)
        assert await keeper.set_notices("police", Notices.ON) == Done(changed=True)
        assert await keeper.set_notices("police", Notices.ON) == Done(changed=False)
        assert await keeper.end("police", FRIDAY.date(), "council") == Done(changed=True)
        assert isinstance(await keeper.set_notices("none", Notices.ON), Refused)
    assert {change.what for change in await desk.changes("police")} == {
        What.AGENCY_ADDED,
        What.AGENCY_CHANGED,
        What.NOTICES_SET,
        What.AGENCY_ENDED,
    }
    renamed = next(change for change in await desk.changes("police") if change.what is What.AGENCY_CHANGED)
    assert (renamed.before, renamed.after) == ({"name": "Police"}, {"name": "River Police"})
    async with desk.database.read() as tx:
        found = await directory.agency(tx, "police")
        assert found is not None
        assert (found.active_to, found.successor, found.notices) == (FRIDAY.date(), "council", Notices.ON)


@pytest.mark.parametrize(
    ("entry", "part"),
    [
        (agency(id="new", parent="nobody"), "parent"),
        (agency(id="council", parent="school"), "parent"),
        (agency(id="council", parent="council"), "parent"),
        (agency(id="new", successor="nobody", active_to=date(2027, 1, 1)), "successor"),
        (agency(id="new", successor="council"), "active_to"),
        (agency(id="new", active_to=date(2019, 1, 1)), "active_to"),
        (agency(id="partnership-team", active_to=date(2027, 1, 1)), "active_to"),
        (agency(id="new", domains=["school.example"]), "domains"),
    ],
)
async def test_an_agency_that_cannot_stand_so_is_refused_and_nothing_is_changed(
    desk: Desk,
    entry: AgencyEntry,
    part: str,
) -> None:
    await desk.has(agency(), agency(id="school", parent="council", domains=["school.example"]))
    async with desk.keeper() as keeper:
        refused = await keeper.put(entry)
    assert isinstance(refused, Refused)
    assert refused.part == part
    assert await desk.changes(entry.id) == []


async def test_erasing_somebodys_details_erases_them_from_the_history_too(desk: Desk) -> None:
    await desk.has(agency())
    await desk.appoint("council", held(holder=ASHA))
    async with desk.database.write() as tx:
        (one,) = await directory.holdings(tx, desk.keys, "council")
        assert one.key_id is not None
        await desk.keys.erase(tx, one.key_id, at=MONDAY)
    (change,) = await desk.changes("council")
    assert change.erased
    assert not change.after
    async with desk.keeper() as keeper:
        assert isinstance(await keeper.end_holding(one.holding_id, TODAY), Done)
    assert not (await desk.changes("council"))[0].erased


async def test_no_name_or_address_stands_open_in_the_history(desk: Desk) -> None:
    await desk.has(agency())
    await desk.appoint("council", held(holder=ASHA, deputy=BRYN))
    async with desk.database.read() as tx:
        found = str((await tx.execute(select(tables.DIRECTORY_CHANGES))).all())
    for secret in ("Asha", "asha@", "Bryn", BY, "960001"):
        assert secret not in found


async def test_what_is_refused_on_the_way_leaves_nothing_behind(desk: Desk) -> None:
    await desk.has(agency())
    with pytest.raises(ZeroDivisionError):  # noqa: PT012  one transaction
        async with desk.keeper() as keeper:
            await keeper.put(agency(id="police"))
            raise ZeroDivisionError
    async with desk.database.read() as tx:
        assert await directory.agency(tx, "police") is None
