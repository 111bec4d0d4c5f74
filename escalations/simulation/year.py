"""A past year of invented escalations, and a few that are open now: ``escalations demo --year``, and the first start.

Who raises with whom, why and how it goes is drawn from plausible weights with a fixed seed: schools and health raise
most, children's services receives most, the police raise few, most of what goes higher is settled by the managers, and
what goes higher still often does so through delay. Every case is lived through by the real rules and written into the
real register, in the order of time over all cases, as if it had happened. Two runs with one seed agree.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random  # noqa: TID251  nothing secret: the same year for the same seed
from typing import TypeVar

from escalations import errors
from escalations.parts import Parts
from escalations.policy import Track
from escalations.review import years
from escalations.rules import acts, workingtime
from escalations.rules.acts import Concern, LegalStatus, Reason
from escalations.rules.case import Changed, Done, Felt, Outcome, Says
from escalations.rules.workingtime import Amount, Calendar, Unit
from escalations.simulation import lives, lives_after
from escalations.simulation.direct import Direct
from escalations.simulation.lives import Way
from escalations.simulation.scripts import Facts, Script, Step
from escalations.store import directory, register

Code = TypeVar("Code")
SEED = 20
RECENT = timedelta(days=30)
_START_HOURS = (9, 9.5, 10, 10.25)

WAYS: tuple[tuple[Way, int], ...] = (
    (lives.at_once, 7),
    (lives.slow_to_acknowledge, 2),
    (lives.by_phone, 3),
    (lives.phoned_in, 2),
    (lives.notice_came_back, 1),
    (lives.urgent, 1),
    (lives.withdrawn, 1),
    (lives.extended, 1),
    (lives.redirected, 1),
    (lives.two_agencies, 1),
    (lives.not_enough, 5),
    (lives.no_reply, 4),
    (lives.automatic_reply, 1),
    (lives.withdrawn_at_two, 1),
    (lives.paused_at_two, 1),
    (lives.late_at_two, 2),
    (lives.recorded_late, 2),
    (lives.denied, 1),
    (lives.drifted_to_three, 2),
    (lives.slow_on_both_sides, 1),
    (lives.to_the_final_body, 1),
    (lives.urgent_to_two, 1),
    (lives.two_agencies_to_two, 1),
)
"""How many go which way in the year itself: 43."""
YEAR_BEFORE: tuple[Way, ...] = (lives.not_enough, lives.no_reply, lives.still_going)
"""Raised in the last weeks of the year before; the last of them is open when the year begins."""
OPEN_AT_END: tuple[Way, ...] = (lives.still_going, lives.still_going)
"""Raised in the last weeks of the year, and open when it ends."""

_RAISING = {
    "school": 44,
    "health": 34,
    "education": 6,
    "police": 4,
    "childrens-services": 7,
    "housing": 3,
    "probation": 3,
}
_RESPONDING = {"childrens-services": 74, "health": 12, "police": 8, "school": 5, "education": 3}
_REASONS = {
    Reason.PLAN: 8,
    Reason.THRESHOLD: 8,
    Reason.REFERRAL: 6,
    Reason.STRATEGY_DISCUSSION: 5,
    Reason.NO_RESPONSE: 5,
    Reason.ACTION: 4,
    Reason.CLOSURE: 4,
    Reason.INFORMATION_SHARING: 3,
    Reason.ASSESSMENT: 3,
    Reason.CONFERENCE: 2,
    Reason.ROLES: 1,
    Reason.PLACEMENT: 1,
}
_CONCERNS = {Concern.CHILD: 30, Concern.SIBLINGS: 8, Concern.UNBORN_BABY: 2, Concern.FAMILY: 2, Concern.THEMATIC: 1}
_LEVELS: dict[int | None, int] = {None: 2, 2: 4, 3: 17, 4: 18}
_STATUSES = {
    LegalStatus.NONE: 8,
    LegalStatus.CHILD_IN_NEED: 14,
    LegalStatus.CHILD_PROTECTION: 12,
    LegalStatus.CHILD_IN_CARE: 4,
    LegalStatus.NOT_KNOWN: 5,
}


class NotForAYear(errors.FinalTheirs):
    """An invented year cannot be written here; the text says why."""

    code = "not_for_a_year"


@dataclass(slots=True)
class _Cast:
    """Who there is to raise and to be raised with, and chance."""

    agencies: dict[str, list[str]]
    """The agencies of each type, by their ids."""
    rng: Random

    def raising(self) -> tuple[str, str]:
        return self._one(_RAISING, other_than="")

    def responding(self, raising: tuple[str, str], how_many: int) -> tuple[str, ...]:
        if how_many > 1:
            pair = [self.agencies[kind][0] for kind in ("childrens-services", "police") if kind in self.agencies]
            return tuple(agency for agency in pair if agency != raising[1]) or (self._one(_RESPONDING, raising[1])[1],)
        return (self._one(_RESPONDING, other_than=raising[1])[1],)

    def of_type(self, kind: str) -> tuple[str, str]:
        return kind, self.rng.choice(self.agencies[kind])

    def _one(self, weights: dict[str, int], other_than: str) -> tuple[str, str]:
        there = {
            kind: [agency for agency in self.agencies.get(kind, []) if agency != other_than]
            for kind in weights
            if self.agencies.get(kind)
        }
        kinds = [kind for kind, agencies in there.items() if agencies]
        kind = self.rng.choices(kinds, weights=[weights[kind] for kind in kinds])[0]
        return kind, self.rng.choice(there[kind])

    def facts(self, *, track: Track) -> Facts:
        return Facts(
            reason=self._of(_REASONS),
            concern=self._of(_CONCERNS),
            level_of_need=4 if track is Track.URGENT else self._of(_LEVELS),
            legal_status=self._of(_STATUSES),
            track=track,
        )

    def _of(self, weights: Mapping[Code, int]) -> Code:
        return self.rng.choices(list(weights), weights=list(weights.values()))[0]


@dataclass(slots=True)
class _Running:
    """One case that is being lived through."""

    life: Direct
    steps: list[Step]
    until: datetime
    """Acts that lie later are not done: the case is open at that moment."""

    async def next_at(self) -> datetime | None:
        """When something next happens in it, by somebody or by time; none once it has come to its end."""
        wake = await self.life.next_wake()
        act = self.steps[0].at if self.steps else None
        # At one instant the act goes first, as everywhere.
        return min((moment for moment in (act, wake) if moment is not None and moment <= self.until), default=None)

    async def go_on(self, moment: datetime) -> None:
        """Let what is next happen."""
        if not self.steps or self.steps[0].at > moment:
            await self.life.until(moment)
            return
        step = self.steps.pop(0)
        if isinstance(step.act, acts.Raise):
            await self.life.raises(step.act, words=step.words)
        else:
            await self.life.act(step.act, words=step.words)


@dataclass(slots=True)
class _Stage:
    """Where all of it is played: an installation, its people, and the year."""

    parts: Parts
    now: datetime
    cast: _Cast
    running: list[_Running] = field(default_factory=list)

    def calendar(self, moment: datetime) -> Calendar:
        return self.parts.in_force.frame(moment).calendar

    def add(self, way: Way, on: date) -> None:
        """One case that goes this way, raised on a day."""
        rng = self.cast.rng
        urgent = way in {lives.urgent, lives.urgent_to_two}
        hour = rng.choice(_START_HOURS)
        began = workingtime.instant_of(on, time(int(hour), round(hour % 1 * 60)))
        raising = self.cast.raising()
        two = way in {lives.two_agencies, lives.two_agencies_to_two}
        if two:
            raising = self.cast.of_type("health")
        script = Script(
            calendar=self.calendar(began),
            began=began,
            raising=raising[1],
            responding=self.cast.responding(raising, 2 if two else 1),
            facts=self.cast.facts(track=Track.URGENT if urgent else Track.STANDARD),
        )
        lived = way(script, rng)
        # What is not for this policy reached no other agency, so nobody is asked what came of it.
        self.put(lived if way is lives.redirected else lives_after.after(lives.looked_back(lived)))

    def put(self, script: Script) -> None:
        if script.began <= self.now:
            # What was told of long ago is no message in today's outbox.
            life = Direct(self.parts, posts=script.began > self.now - RECENT)
            self.running.append(_Running(life, list(script.steps), self.now))

    async def play(self, told: Callable[[int, int], None]) -> int:
        """Live through all of it, in the order of time over all cases; give how many there were."""
        there = len(self.running)
        waiting = [(one.steps[0].at, number, one) for number, one in enumerate(self.running)]
        heapq.heapify(waiting)
        done = 0
        while waiting:
            moment, number, one = heapq.heappop(waiting)
            await one.go_on(moment)
            following = await one.next_at()
            if following is None:
                done += 1
                told(done, there)
            else:
                heapq.heappush(waiting, (following, number, one))
        return there


async def fill(
    parts: Parts,
    now: datetime,
    *,
    begins: date | None = None,
    seed: int = SEED,
    told: Callable[[int, int], None] = lambda _done, _of: None,
) -> int:
    """Write a past year and a few cases of today, and give how many. Nothing where the register holds anything.

    Args:
        parts: an open installation with the sample policy and directory.
        now: the moment that all of it leads up to.
        begins: the first day of the year; by default the last review year that is over.
        seed: two runs with one seed, one ``now`` and one directory agree.
        told: hears how many of how many are done.

    Raises:
        NotForAYear: the policy or the directory is not the sample, or the year is not over.
    """
    async with parts.database.read() as tx:
        if await register.last_position(tx):
            return 0
        there = [one for one in await directory.agencies(tx, now) if one.agency_type != "partnership"]
    if not parts.in_force.policy.sample or not all(one.sample for one in there):
        raise NotForAYear("An invented year is written only beside the sample policy and the sample directory.")
    agencies: dict[str, list[str]] = {}
    for one in sorted(there, key=lambda agency: agency.agency_id):
        agencies.setdefault(one.agency_type, []).append(one.agency_id)
    first = begins or years.of(now, starts_in=parts.settings.review_year_starts_in).before.first
    after = first.replace(year=first.year + 1)
    if workingtime.instant_of(after, time(0)) > now:
        raise NotForAYear(f"The year from {workingtime.say_day(first)} is not over. Please choose an earlier one.")
    stage = _Stage(parts, now, _Cast(agencies, Random(seed)))  # noqa: S311  nothing secret
    _cast_year(stage, first, after)
    _cast_today(stage)
    return await stage.play(told)


def progress(say: Callable[[str], None]) -> Callable[[int, int], None]:
    """Say of every quarter that it is done."""

    def told(done: int, of: int) -> None:
        if done < of and done * 4 // of > (done - 1) * 4 // of:
            say(f"Writing invented escalations: {done} of {of}.")

    return told


def _cast_year(stage: _Stage, first: date, after: date) -> None:
    """Spread the cases over the year: most evenly, with a few at its edges so that some are open there."""
    rng = stage.cast.rng
    before = [day for day in _office_days(stage, first - timedelta(days=40), first) if day < first]
    for way, day in zip(YEAR_BEFORE, (before[0], before[4], before[-6]), strict=True):
        stage.add(way, day)
    days = _office_days(stage, first, after)
    ways = [way for way, count in WAYS for _ in range(count)]
    rng.shuffle(ways)
    room = len(days) - 30
    for place, way in enumerate(ways):
        stage.add(way, days[min(place * room // len(ways) + rng.randint(0, 3), room)])
    for way, day in zip(OPEN_AT_END, (days[-12], days[-5]), strict=True):
        stage.add(way, day)


def _office_days(stage: _Stage, first: date, after: date) -> list[date]:
    calendar = stage.calendar(workingtime.instant_of(first, time(9)))
    moment, found = workingtime.instant_of(first, time(0)), []
    end = workingtime.instant_of(after, time(0))
    while (moment := workingtime.next_open(calendar, moment)) < end:
        day = workingtime.civil(moment).date()
        found.append(day)
        moment = workingtime.instant_of(day + timedelta(days=1), time(0))
    return found


# ---- What is open now -----------------------------------------------------------------------------------------------


def _cast_today(stage: _Stage) -> None:
    """Five short lives, told in working days before now: so that the list has something to show, whatever day it is."""

    def began(days_ago: int, hours: float) -> datetime:
        calendar = stage.calendar(stage.now)
        moment = workingtime.before(calendar, stage.now, Amount(value=days_ago, unit=Unit.WORKING_DAYS))
        midnight = workingtime.civil(moment).replace(hour=0, minute=0, second=0, microsecond=0)
        return workingtime.next_open(calendar, midnight) + timedelta(hours=hours)

    def script(days_ago: int, hours: float, raising: str, *responding: str, facts: Facts) -> Script:
        start = began(days_ago, hours)
        return Script(stage.calendar(start), start, raising, responding, facts)

    cast = stage.cast
    school, academy = cast.agencies["school"][0], cast.agencies["school"][-1]
    health, police = cast.agencies["health"][0], cast.agencies["police"][0]
    social_care = cast.agencies["childrens-services"][0]
    settled = script(8, 1, academy, health, facts=Facts(Reason.INFORMATION_SHARING))
    stage.put(
        settled.raised()
        .acknowledged(0, 12)
        .answered(1, 11, offers=Outcome.AGREED_AS_ASKED)
        .agreed(1, 13, outcome=Outcome.AGREED_AS_ASKED)
        .looked_back(2, 10, changed=(Changed.MEETING_HELD, Changed.PLAN_AMENDED), felt=Felt.CLEAR_AND_FAIR)
    )
    drifted = script(
        6,
        2,
        school,
        social_care,
        facts=Facts(Reason.PLAN, level_of_need=4, legal_status=LegalStatus.CHILD_PROTECTION),
    )
    late = "2-acknowledge"
    drifted.raised().moved_up(2, 10).accounted(3, 11, clock=late, says=Says.NOBODY_THERE)
    stage.put(drifted.accounted(3, 12, clock=late, says=Says.AS_RECORDED, of_raising=True).acknowledged(4, 12))
    waits = script(2, 1, health, social_care, police, facts=Facts(Reason.STRATEGY_DISCUSSION, level_of_need=4))
    stage.put(waits.raised().acknowledged(0, 13, agency=social_care).acknowledged(0, 14, agency=police))
    written_up = script(3, 2, school, health, facts=Facts(Reason.ASSESSMENT, level_of_need=3))
    stage.put(written_up.raised().acknowledged(0, 12).said(2, 11, happened=(1, 12), done=Done.ANSWERED))
    stage.put(script(1, 6, academy, facts=Facts(Reason.REFERRAL, level_of_need=3)).raised(held=True))
