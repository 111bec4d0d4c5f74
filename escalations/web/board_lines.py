"""The lines of the board, and the parts of it that each belongs to. Pure: the moment of looking is a parameter.

Each case stands once: among the held ones, or by the nearest of its time limits (``ONCE``); those parts add up to the
headline. What the team itself has to do, and what did not arrive, is listed apart as well (``ALSO``), since it is to be
done first. Within a part urgent cases come first, then the nearest limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from escalations.policy import Awaits, Side, Track
from escalations.rules.case import PauseReason, Status
from escalations.rules.civiltime import civil, say, say_day
from escalations.store.notices import NoticeState
from escalations.store.open_cases import Everything, OpenCase, Trouble
from escalations.store.open_cases import Waiting as Clock
from escalations.web import sender_words, telling, words
from escalations.web.board_filters import Filters, Section
from escalations.web.telling import Names

FOLDED: Final = 20
"""How many lines a part shows before the rest is a page of its own."""
PER_PAGE: Final = 50
"""How many lines a part shows on a page of its own."""

_TITLES: Final[Mapping[Section, str]] = {
    Section.HELD: "Held for the team",
    Section.OURS: "Waiting for us",
    Section.UNDELIVERED: "Not delivered, or nobody in post",
    Section.PASSED: "Time limit passed",
    Section.TODAY: "Today",
    Section.WEEK: "This week",
    Section.LATER: "Later",
}
_HINTS: Final[Mapping[Section, str]] = {
    Section.HELD: "No agency has been told. Look, and pass each one on by the time that stands with it.",
    Section.OURS: "What waits for the partnership team in open cases, by our own time limit.",
    Section.UNDELIVERED: "Somebody has not been told. Phone, and put the directory right.",
    Section.PASSED: "A time limit has passed, ours or theirs, and what it was for is still waited for. Causes "
    "are provisional.",
    Section.TODAY: "The next time limit ends today.",
    Section.LATER: "The next time limit ends after this week, or none runs now.",
}
ONCE: Final = (Section.HELD, Section.PASSED, Section.TODAY, Section.WEEK, Section.LATER)
"""Every case that is not closed stands in one of these, and in no other of them."""
ALSO: Final = (Section.OURS, Section.UNDELIVERED)
"""What is listed a second time, because it is to be done first."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a case waits for."""

    what: str
    """And from whom."""
    due_at: datetime
    passed: bool
    """Whether its time limit has passed, as noted or by the moment of looking."""
    cause: str
    """Why, in screen words; provisional."""
    of_the_team: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One case of the board."""

    row: OpenCase
    raising: str
    sender: str
    """How it is known who raised it; empty where that was not written down."""
    together: tuple[str, ...]
    """Who raises it too."""
    responding: tuple[str, ...]
    stage: str
    urgent: bool
    items: tuple[Item, ...]
    """What it waits for, the nearest first."""
    clocks: tuple[Clock, ...]
    moves: str
    """What a move up that a person decided, or that is proposed, comes to."""
    paused: str
    """Since when its time limits are paused, and what it waits for."""
    troubles: tuple[str, ...]
    next_due_at: datetime | None
    """The nearest moment at which something is due of others, or else of the team, or it moves; None where no time
    limit runs."""

    @property
    def ours(self) -> tuple[Item, ...]:
        """What it waits for from the team."""
        return tuple(item for item in self.items if item.of_the_team)

    @property
    def others(self) -> tuple[Item, ...]:
        """What it waits for from anybody else."""
        return tuple(item for item in self.items if not item.of_the_team)

    @property
    def by_time(self) -> tuple[Item, ...]:
        """What is shown where it stands by time: what is waited for from others, and what the team is late with."""
        return tuple(item for item in self.items if item.passed or not item.of_the_team) or self.items

    @property
    def also_ours(self) -> bool:
        """Whether something waits for the team that is not shown there."""
        return any(item not in self.by_time for item in self.ours)

    @property
    def idle(self) -> bool:
        """Whether nothing is waited for, no move is on its way, and it is not paused."""
        return not self.items and not self.moves and not self.paused


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the board, as much of it as is shown."""

    section: Section
    lines: tuple[Line, ...]
    count: int
    hint: str
    page: int = 1
    pages: int = 1
    ours_passed: int = 0
    """How many of them all wait for the team beyond its own time limit."""

    @property
    def title(self) -> str:
        """What it is called."""
        return _TITLES[self.section]

    @property
    def folded(self) -> int:
        """How many lines are not shown here."""
        return self.count - len(self.lines)


@dataclass(frozen=True, slots=True)
class Board:
    """Everything that is open, by part."""

    parts: tuple[Part, ...]
    total: int
    """How many cases are not closed, held and paused ones included: what the parts of ``ONCE`` add up to."""
    held: int
    paused: int
    found: int
    """How many cases the filters leave, held ones included."""
    agencies: Mapping[str, str] = field(default_factory=dict)
    """The agencies that a case is with, by id, in the order of their names."""

    def part(self, section: Section) -> Part:
        """One part."""
        return next(part for part in self.parts if part.section is section)

    @property
    def to_do_first(self) -> bool:
        """Whether anything is listed a second time."""
        return any(self.part(section).count for section in ALSO)

    @property
    def shown(self) -> tuple[str, ...]:
        """The references of every line that is shown."""
        return tuple(dict.fromkeys(line.row.reference for part in self.parts for line in part.lines))


def lay_out(
    everything: Everything, names: Names, filters: Filters, *, now: datetime, stages: Mapping[int, str]
) -> Board:
    """The board at a moment.

    Args:
        everything: what is open.
        names: of the agencies.
        filters: what is to be seen of it.
        now: the moment of looking.
        stages: the titles of the stages, by number.
    """
    lines = [
        line(
            case,
            everything.waiting.get(case.reference, ()),
            everything.troubles.get(case.reference, ()),
            names,
            stages,
            now=now,
        )
        for case in everything.cases
    ]
    chosen = sorted((found for found in lines if wanted(found, filters)), key=_order)
    today = civil(now).date()
    by_section: dict[Section, list[Line]] = {section: [] for section in Section}
    for found in chosen:
        for section in sections(found, today):
            by_section[section].append(found)
    return Board(
        tuple(_part(section, found, filters, today) for section, found in by_section.items()),
        total=len(everything.cases),
        held=sum(case.status is Status.HELD for case in everything.cases),
        paused=sum(case.paused_since is not None for case in everything.cases),
        found=len(chosen),
        agencies=_agencies(everything.cases, names),
    )


def line(
    case: OpenCase,
    clocks: Sequence[Clock],
    troubles: Sequence[Trouble],
    names: Names,
    stages: Mapping[int, str],
    *,
    now: datetime,
) -> Line:
    """One case as the board shows it."""
    # Where nothing else runs, the clock over the whole process is what is waited for.
    worth = tuple(clock for clock in clocks if _worth_a_line(clock, now)) or tuple(clocks)
    items = tuple(_item(clock, names, now) for clock in worth)
    return Line(
        case,
        _first_up(names.raising(case.raising_agency)),
        sender_words.short(case.sender_known, case.sender_checked, case.raiser_at),
        tuple(names.agency(agency) for agency in case.co_raisers),
        tuple(names.agency(agency) for agency in case.responding_agencies),
        _stage(case.stage, stages),
        case.track == Track.URGENT.value,
        items,
        worth,
        _moves(case),
        _paused(case),
        _troubles(troubles, names),
        _next(case, worth, now) or case.paused_until or min((clock.due_at for clock in clocks), default=None),
    )


def _next(case: OpenCase, worth: Sequence[Clock], now: datetime) -> datetime | None:
    """What decides where a case stands by time. What waits for the team has a list of its own, until it is late."""
    counted = [clock.due_at for clock in worth if not _is_ours(clock) or _has_passed(clock, now)]
    if case.move_takes_effect_at is not None:
        counted.append(case.move_takes_effect_at)
    return min(counted or [clock.due_at for clock in worth], default=None)


def sections(found: Line, today: date) -> tuple[Section, ...]:
    """The parts of the board that a case stands in."""
    if found.row.status is Status.HELD:
        return (Section.HELD,)
    also = (
        *((Section.OURS,) if found.ours else ()),
        *((Section.UNDELIVERED,) if found.troubles else ()),
    )
    return (*also, _by_time(found, today))


def _by_time(found: Line, today: date) -> Section:
    if any(item.passed for item in found.items):
        return Section.PASSED
    if found.next_due_at is None:
        return Section.LATER
    due = civil(found.next_due_at).date()
    if due <= today:
        return Section.TODAY
    return Section.WEEK if due <= _sunday(today) else Section.LATER


def _sunday(today: date) -> date:
    """The last day of the week of a day."""
    return today + timedelta(days=6 - today.weekday())


def wanted(found: Line, filters: Filters) -> bool:
    """Whether the filters leave a case."""
    row = found.row
    if filters.stage not in {None, row.stage} or (filters.track is not None and row.track != filters.track.value):
        return False
    if filters.agency is not None and filters.agency not in row.agencies:
        return False
    return filters.waiting is None or any(_waits_for(clock, row, filters) for clock in found.clocks)


def _waits_for(clock: Clock, row: OpenCase, filters: Filters) -> bool:
    if filters.waiting is None or clock.waits_for is not filters.waiting.side:
        return False
    if filters.agency is None or clock.waits_for is Side.FINAL_BODY:
        return True
    agency = row.raising_agency if clock.waits_for is Side.RAISING else clock.agency_id
    return agency in {filters.agency, None}


def _order(found: Line) -> tuple[bool, bool, datetime, str]:
    """Urgent, or asked if it is, first; then by what is due next; what has no time limit comes last."""
    due = found.next_due_at
    return (
        not (found.urgent or found.row.asked_if_urgent),
        due is None,
        due or found.row.received_at,
        found.row.reference,
    )


def _part(section: Section, lines: Sequence[Line], filters: Filters, today: date) -> Part:
    hint = _HINTS.get(section, f"The next time limit ends by {say_day(_sunday(today))}.")
    late = sum(any(item.passed for item in line.ours) for line in lines)
    if filters.section is None:
        return Part(section, tuple(lines[:FOLDED]), len(lines), hint, ours_passed=late)
    if filters.section is not section:
        return Part(section, (), len(lines), hint, ours_passed=late)
    pages = max(1, -(-len(lines) // PER_PAGE))
    page = min(filters.page, pages)
    shown = tuple(lines[(page - 1) * PER_PAGE : page * PER_PAGE])
    return Part(section, shown, len(lines), hint, page, pages, late)


def _worth_a_line(clock: Clock, now: datetime) -> bool:
    """The clock over the whole process stands on the case's page; on the board only once its limit has passed."""
    return clock.awaits is not Awaits.SETTLE_ALL or _has_passed(clock, now)


def _is_ours(clock: Clock) -> bool:
    return clock.waits_for is Side.TEAM


def _has_passed(clock: Clock, now: datetime) -> bool:
    return clock.limit_passed or clock.due_at < now


def _item(clock: Clock, names: Names, now: datetime) -> Item:
    return Item(
        telling.awaited(clock.awaits, clock.waits_for, clock.agency_id, names),
        clock.due_at,
        _has_passed(clock, now),
        words.cause(clock.cause, clock.awaits) if clock.cause and not _is_ours(clock) else "",
        _is_ours(clock),
    )


def _stage(number: int, stages: Mapping[int, str]) -> str:
    if not number:
        return "Not begun"
    return f"Stage {number}: {stages[number]}" if number in stages else f"Stage {number}"


def _moves(case: OpenCase) -> str:
    """What the board says of a move, so that a case that is about to move never looks as if it waited for nothing."""
    if case.move_to_stage is None:
        return ""
    if case.move_takes_effect_at is None:
        return f"A move to stage {case.move_to_stage} is proposed to the raising agency"
    return f"Moves to stage {case.move_to_stage} at {say(case.move_takes_effect_at)}"


def _paused(case: OpenCase) -> str:
    if case.paused_since is None:
        return ""
    why = f": {_first_down(words.PAUSE_REASONS[PauseReason(case.pause_reason)])}" if case.pause_reason else ""
    return f"Paused since {say(case.paused_since)}{why}"


def _troubles(troubles: Sequence[Trouble], names: Names) -> tuple[str, ...]:
    """What did not arrive, one sentence for each agency and what became of it."""
    of: dict[tuple[str | None, NoticeState], list[str]] = {}
    for trouble in troubles:
        kinds = of.setdefault((trouble.agency_id, trouble.state), [])
        if words.NOTICES[trouble.kind] not in kinds:
            kinds.append(words.NOTICES[trouble.kind])
    return tuple(
        f"{_first_up(names.agency(agency))}: {_first_down(words.NOTICE_STATES[state])} "
        f"({', '.join(_first_down(kind) for kind in kinds)})"
        for (agency, state), kinds in of.items()
    )


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]


def _first_down(text: str) -> str:
    return text[:1].lower() + text[1:]


def _agencies(cases: Sequence[OpenCase], names: Names) -> dict[str, str]:
    there = {agency for case in cases for agency in case.agencies}
    return dict(sorted(((agency, names.agency(agency)) for agency in there), key=lambda pair: pair[1]))
