"""Somebody else is told where the agency is closed, or where one person holds two levels: and it is said to whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from escalations import parts
from escalations.intake import recipients
from escalations.intake.opening import InForce
from escalations.packs import reading
from escalations.packs.term_dates import Days
from escalations.policy import Awaits, Policy, Side
from escalations.rules import acts, events
from escalations.rules.case import Cause, DeliveryState
from escalations.rules.instead import Because, By
from escalations.rules.notices import NoticeKind
from escalations.simulation.direct import Direct
from escalations.store import closures, directory, directory_file, notices, register
from escalations.store.directory_file import Holding, Person
from escalations.store.notices import NoticeRow
from tests import builders
from tests.builders import civil
from tests.harness import RAISER_WORDS, settings
from tests.relays import ScriptedRelay

EASTER = Days(date(2027, 3, 29), date(2027, 4, 9), "Easter holidays")
IN_THE_HOLIDAYS, IN_TERM = civil("2027-04-06 09:30"), civil("2027-04-13 09:30")
OAK, RIDGEWAY = "oak-school", "ridgeway-academy"


class House:
    """An installation with the sample directory, whose schools are closed at Easter."""

    def __init__(self, opened: parts.Parts, relay: ScriptedRelay) -> None:
        self.parts, self.relay = opened, relay
        self.case = Direct(opened)

    async def raised(self, at: datetime, with_: str = OAK, **more: Any) -> None:  # noqa: ANN401
        raised = {"raising_agency": "police", "responding_agencies": (with_,), **more}
        by = builders.raiser("police")
        await self.case.raises(builders.raise_(at, by=by, **raised), words=RAISER_WORDS)

    async def moved_up(self, at: datetime) -> None:
        """Taken to the next stage as the sample has it: the level passed over is told one working day before."""
        await self.case.act(acts.MoveUp(**builders.origin(builders.raiser("police"), at)))
        case = await self.case.case()
        if case.move is not None and case.move.takes_effect_at is not None:
            await self.case.until(case.move.takes_effect_at)

    async def notice(self, kind: NoticeKind, side: Side | None = None) -> NoticeRow:
        async with self.parts.database.read() as tx:
            rows = await notices.of_case(tx, self.case.reference)
        return [row for row in rows if row.notice.kind is kind and side in {None, row.notice.to.side}][-1]

    def went_to(self, row: NoticeRow) -> str:
        return next(address for notice_id, address, _ in self.relay.taken if notice_id == row.notice_id)

    def says(self, row: NoticeRow) -> str:
        raw = next(raw for notice_id, _, raw in self.relay.taken if notice_id == row.notice_id)
        return " ".join(raw.decode().replace("=\n", "").split())

    async def reported(self) -> list[events.NoticeReported]:
        async with self.parts.database.read() as tx:
            entries = await register.read(tx, self.case.reference)
        happened = (events.loads(entry.body) for entry in entries)
        return [event for event in happened if isinstance(event, events.NoticeReported)]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    relay = ScriptedRelay()
    async with parts.opened(settings(tmp_path), migrate=True, relay=relay) as opened:
        async with opened.database.write() as tx:
            await directory.load(tx, opened.vault, directory_file.sample())
            await closures.put(tx, "wyeford", [EASTER], types=("school",), at=IN_TERM)
        yield House(opened, relay)


async def appoint(house: House, agency: str, position: str, holder: str | None, deputy: str | None = None) -> None:
    def person(name: str | None) -> Person | None:
        return None if name is None else Person(name=name, email=f"{name}@{agency}.example", phone="01632 960001")

    holding = Holding(
        position=position, title=position, since=date(2026, 1, 1), holder=person(holder), deputy=person(deputy)
    )
    async with house.parts.database.write() as tx:
        await directory.appoint(tx, house.parts.vault, agency, holding, at=IN_TERM)


# ---- The school is closed -------------------------------------------------------------------------------------------


async def test_in_the_holidays_the_deputy_is_told_and_the_raiser_hears_so(house: House) -> None:
    await house.raised(IN_THE_HOLIDAYS)
    asked = await house.notice(NoticeKind.ASKED)
    assert house.went_to(asked) == "sioned.marchbank@oaklane.example"
    assert "as the deputy of the person who usually has it" in house.says(asked)
    said = house.says(await house.notice(NoticeKind.REACHED))
    assert "The agency is closed until Monday 12 April 2027. Its deputy was told instead" in said
    (event,) = await house.reported()
    assert event.told_instead is not None
    assert (event.told_instead.because, event.told_instead.by) == (Because.CLOSED, By.DEPUTY)
    assert event.told_instead.opens_on == date(2027, 4, 12)
    case = await house.case.case()
    (acknowledge,) = case.running(Awaits.ACKNOWLEDGE)
    assert acknowledge.due_at == civil("2027-04-07 17:00"), "the deadline stays"


async def test_without_a_deputy_whoever_stands_in_is_told(house: House) -> None:
    await house.raised(IN_THE_HOLIDAYS, RIDGEWAY)
    asked = await house.notice(NoticeKind.ASKED)
    assert house.went_to(asked) == "lowri.castlereagh@ridgewaytrust.example"
    assert "Whoever stands in for it was told instead" in house.says(await house.notice(NoticeKind.REACHED))
    (event,) = await house.reported()
    assert event.told_instead is not None
    assert (event.told_instead.by, event.told_instead.agency_id) == (By.STAND_IN, "ridgeway-trust")


async def test_where_nobody_stands_in_the_team_is_told_on_the_day_and_the_cause_is_that_it_is_closed(
    house: House,
) -> None:
    await appoint(house, "ridgeway-trust", "escalation_lead", None)
    await house.raised(IN_THE_HOLIDAYS, RIDGEWAY, track="urgent")
    (event,) = await house.reported()
    assert event.state is DeliveryState.NO_ONE_IN_POST
    assert event.told_instead is not None
    assert event.told_instead.by is By.NOBODY
    trouble = await house.notice(NoticeKind.DELIVERY_TROUBLE)
    assert trouble.created_at == IN_THE_HOLIDAYS
    assert "The agency is closed until Monday 12 April 2027. Nobody stands in for it" in house.says(trouble)
    await house.case.until(civil("2027-04-06 12:00"))
    case = await house.case.case()
    passed = [clock for clock in case.clocks if clock.agency_id == RIDGEWAY and clock.cause is not None]
    assert {clock.cause for clock in passed if clock.awaits is Awaits.BE_REACHED} == {Cause.CLOSED}


async def test_in_term_nobody_stands_in(house: House) -> None:
    await house.raised(IN_TERM)
    assert house.went_to(await house.notice(NoticeKind.ASKED)) == "noor.haverstock@oaklane.example"
    (event,) = await house.reported()
    assert event.told_instead is None
    assert "is closed" not in house.says(await house.notice(NoticeKind.REACHED))


async def test_a_school_s_own_days_come_on_top_of_its_council_s(house: House) -> None:
    own = [
        Days(date(2027, 4, 6), date(2027, 4, 6), "Revision day", opens=True),
        Days(date(2027, 4, 13), date(2027, 4, 13), "INSET day"),
    ]
    async with house.parts.database.write() as tx:
        await closures.put(tx, OAK, own, at=IN_TERM)
    async with house.parts.database.read() as tx:
        assert await closures.shut(tx, OAK, date(2027, 4, 6)) is None
        inset = await closures.shut(tx, OAK, date(2027, 4, 13))
        assert inset == closures.Shut("INSET day", date(2027, 4, 14))
        assert await closures.shut(tx, RIDGEWAY, date(2027, 4, 6)) is not None
        assert await closures.shut(tx, "police", date(2027, 4, 6)) is None
        days = (await closures.closures(tx))[OAK]
    assert [(one.first, one.last) for one in days] == [
        (date(2027, 3, 29), date(2027, 4, 5)),
        (date(2027, 4, 7), date(2027, 4, 9)),
        (date(2027, 4, 13), date(2027, 4, 13)),
    ]


async def test_of_several_councils_a_school_follows_the_one_that_is_its_parent_and_else_none(house: House) -> None:
    other = [Days(date(2027, 5, 31), date(2027, 6, 4), "Half term")]
    async with house.parts.database.write() as tx:
        await closures.put(tx, "education-safeguarding", other, types=("school",), at=IN_TERM)
    async with house.parts.database.read() as tx:
        assert await closures.shut(tx, OAK, date(2027, 6, 1)) is not None
        assert await closures.shut(tx, OAK, date(2027, 4, 6)) is None
        assert await closures.shut(tx, RIDGEWAY, date(2027, 6, 1)) is None
        assert await closures.shut(tx, RIDGEWAY, date(2027, 4, 6)) is None


async def test_a_later_import_takes_the_place_of_the_same_days_and_leaves_others(house: House) -> None:
    async with house.parts.database.write() as tx:
        autumn = [Days(date(2027, 10, 25), date(2027, 10, 29), "Half term")]
        assert await closures.put(tx, "wyeford", autumn, types=("school",), at=IN_TERM) == (1, 0)
        put_right = [Days(date(2027, 4, 1), date(2027, 4, 16), "Easter holidays")]
        assert await closures.put(tx, "wyeford", put_right, types=("school",), at=IN_TERM) == (1, 1)
        assert await closures.shut(tx, OAK, date(2027, 3, 30)) is None
        assert await closures.shut(tx, OAK, date(2027, 4, 15)) is not None
        assert await closures.shut(tx, OAK, date(2027, 10, 26)) is not None


# ---- One person at two levels ---------------------------------------------------------------------------------------


async def test_where_one_person_holds_two_levels_the_next_person_is_asked_and_it_is_said(house: House) -> None:
    await appoint(house, OAK, "manager", "both")
    await appoint(house, OAK, "senior_manager", "both")
    await house.raised(IN_TERM)
    await house.moved_up(civil("2027-04-14 09:30"))
    assert (await house.reported())[-1].told_instead is None, "at stage 2 the manager is another person"
    await house.moved_up(civil("2027-04-20 09:30"))
    asked = await house.notice(NoticeKind.ASKED)
    assert (asked.notice.stage, house.went_to(asked)) == (3, "winston.farraday@oaklane.example")
    assert "yours is the next level that somebody else holds" in house.says(asked)
    told = (await house.reported())[-1].told_instead
    assert told is not None
    assert (told.because, told.by, told.position) == (Because.ONE_PERSON, By.NEXT_PERSON, "head")
    assert "The next level that another person holds was told instead" in house.says(
        await house.notice(NoticeKind.REACHED)
    )
    assert "one person holds this level and the one below" in house.says(await house.notice(NoticeKind.ONE_PERSON))
    async with house.parts.database.read() as tx:
        found = await recipients.find(
            tx, house.parts.vault, house.case.reference, asked.notice.to, at=IN_TERM, instead=asked.told_instead
        )
    assert isinstance(found, recipients.Addressee)
    assert found.address == "winston.farraday@oaklane.example", "whoever was asked opens the link"


async def test_where_no_level_above_has_another_person_the_same_one_is_asked_again_and_it_is_said(
    house: House,
) -> None:
    for position in ("manager", "senior_manager", "head"):
        await appoint(house, OAK, position, "all")
    await house.raised(IN_TERM)
    await house.moved_up(civil("2027-04-14 09:30"))
    await house.moved_up(civil("2027-04-20 09:30"))
    asked = await house.notice(NoticeKind.ASKED)
    assert house.went_to(asked) == "all@oak-school.example"
    told = (await house.reported())[-1].told_instead
    assert told is not None
    assert (told.because, told.by) == (Because.ONE_PERSON, By.SAME_PERSON)
    assert "The same person was asked again" in house.says(await house.notice(NoticeKind.REACHED))
    assert "The same person was asked again" in house.says(await house.notice(NoticeKind.ONE_PERSON))


async def test_a_policy_may_ask_the_same_person_at_both(tmp_path: Path) -> None:
    values = reading.sample().model_dump(mode="json") | {"one_person_two_rungs": "asked_again"}
    relay = ScriptedRelay()
    async with parts.opened(settings(tmp_path), migrate=True, relay=relay) as opened:
        async with opened.database.write() as tx:
            await directory.load(tx, opened.vault, directory_file.sample())
        house = House(replace(opened, in_force=InForce(Policy.model_validate(values))), relay)
        await appoint(house, OAK, "practitioner", "both")
        await appoint(house, OAK, "manager", "both")
        await house.raised(IN_TERM)
        await house.moved_up(civil("2027-04-14 09:30"))
        asked = await house.notice(NoticeKind.ASKED)
        assert house.went_to(asked) == "both@oak-school.example"
        told = (await house.reported())[-1].told_instead
        assert told is not None
        assert told.by is By.SAME_PERSON
