"""``escalations policy explain``: the receipts of all time limits of a case, counted anew from the register.

Of each: the rule and the paragraph behind it, every day that counted or did not and why, every date that it ever had,
and what moved it. Codes, agencies and times alone: no name and no word of a case is read, and no key is needed.
A composition root.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from escalations import errors, telemetry
from escalations.packs import saying
from escalations.policy import ClockRule
from escalations.rules import events, workingtime
from escalations.rules.case import Case
from escalations.rules.events import Event
from escalations.rules.workingtime import Receipt
from escalations.settings import Settings
from escalations.store import directory, references, register
from escalations.store.cases import Cases
from escalations.store.engine import Database
from escalations.temporal.binaries import Say
from escalations.web import clock_lives
from escalations.web.answers import Agency
from escalations.web.clock_lives import ClockLife, KeptDate
from escalations.web.telling import Names

WIDTH: Final = 80


class NoSuchCase(errors.FinalOurs):
    """The register has no escalation of this reference. The text says what may be wrong with it."""

    code = "no_such_case"


@dataclass(frozen=True, slots=True)
class Explained:
    """One time limit of a case, with its account."""

    life: ClockLife
    rule: ClockRule | None
    """None where its policy has no such rule, which the register alone cannot bring about."""
    receipt: Receipt
    """As it is counted now."""
    earlier: tuple[tuple[str, Receipt], ...]
    """As it was counted before a re-date or a priority, each with the hash that was recorded then."""
    kept: tuple[KeptDate, ...]

    @property
    def as_recorded(self) -> bool:
        """Whether counting anew gives what was recorded each time that it was counted, to the byte."""
        counted = (*self.earlier, (self.life.receipt_hash, self.receipt))
        return all(receipt.content_hash == recorded for recorded, receipt in counted)

    @property
    def source(self) -> str:
        """The paragraph behind it."""
        return saying.NOT_IN_DOCUMENT if self.rule is None else saying.source_of(self.rule.source)


def explain_all(case: Case, happened: Iterable[Event]) -> tuple[Explained, ...]:
    """Every time limit that a case ever had, in the order in which they began."""
    happened = tuple(happened)
    earlier = _earlier(case, happened)
    return tuple(
        Explained(
            life,
            _rule_of(case, life),
            life.receipt(case),
            tuple(
                (recorded, receipt)
                for recorded, receipt in earlier.get(life.started.clock_id, {}).items()
                if recorded != life.receipt_hash
            ),
            life.dates(case),
        )
        for life in clock_lives.lives(happened)
    )


def _earlier(case: Case, happened: tuple[Event, ...]) -> dict[str, dict[str, Receipt]]:
    """How each clock had been counted before it was counted anew, by the hash recorded then."""
    found: dict[str, dict[str, Receipt]] = {}
    for place, event in enumerate(happened):
        if isinstance(event, events.Redated | events.ClockRecounted):
            for life in clock_lives.lives(happened[:place]):
                found.setdefault(life.started.clock_id, {}).setdefault(life.receipt_hash, life.receipt(case))
    return found


def _rule_of(case: Case, life: ClockLife) -> ClockRule | None:
    policy, started = case.frame.policy, life.started
    of_stage = policy.stage(started.stage).clocks if started.stage else ()
    rules = (*of_stage, *policy.process_clocks, *policy.raiser_clocks, *policy.team_clocks)
    return next((one for one in rules if (one.id, one.awaits) == (started.rule_id, started.awaits)), None)


async def explain(settings: Settings, reference: str, *, as_json: bool, say: Say) -> bool:
    """Say the account of every time limit of a case. True where each is what was recorded.

    Raises:
        NoSuchCase: there is none of this reference.
        EscalationsError: the database cannot be used.
    """
    telemetry.configure(settings)
    known = references.parse(reference)
    if isinstance(known, references.Problem):
        raise NoSuchCase(known.sentence)
    async with Database.open(settings.database, pool_size=1) as database, database.read() as tx:
        case = await Cases().read(tx, str(known))
        if case is None:
            raise NoSuchCase(f"The register has no escalation {known}.")
        rows = await register.read(tx, case.reference)
        agencies = await directory.all_agencies(tx)
    names = Names(
        {one.agency_id: Agency(one.agency_id, one.name, one.agency_type, one.town) for one in agencies.values()}
    )
    found = explain_all(case, (events.loads(row.body) for row in rows))
    if as_json:
        say(json.dumps(as_data(case, found), indent=2, ensure_ascii=False))
    else:
        for line in lines(case, found, names):
            say(line)
    return all(one.as_recorded for one in found)


# ---- To read --------------------------------------------------------------------------------------------------------


def lines(case: Case, found: Sequence[Explained], names: Names) -> Iterator[str]:
    """The accounts as lines of at most eighty columns."""
    policy, calendar = case.frame.policy, case.frame.calendar
    yield f"{case.reference}, {case.track.value} track, stage {case.stage}"
    yield from _wrap(f"Policy: {policy.title}, version {policy.version} ({policy.content_hash[:16]})")
    yield from _wrap(
        f"Calendar: {calendar.region.words()}, {calendar.content_hash[:16]} (holidays {calendar.holidays_version}, "
        f"tzdata {calendar.tzdata_version})"
    )
    for one in found:
        yield ""
        yield from _one(one, names)
    if not all(one.as_recorded for one in found):
        yield ""
        yield from _wrap(
            "Some of these are not what was recorded when they were set. `escalations register verify` says whether "
            "the register was changed; a newer version of the program may also count otherwise."
        )


def _one(one: Explained, names: Names) -> Iterator[str]:
    life, receipt = one.life, one.receipt
    yield from _wrap(f"{life.number}. {life.title}: waits for {life.whom(names)} ({life.over})", hang=3)
    since = saying.FROM.get(one.rule.starts_from, receipt.start_event) if one.rule else receipt.start_event
    yield from _wrap(f"Rule: {receipt.rule}. Source: {one.source}.", edge=3)
    for recorded, counted in (*one.earlier, (life.receipt_hash, receipt)):
        then = "" if counted is receipt else "At first: "
        yield from _wrap(f"{then}{counted.amount.words()} from {since}, {counted.start_words}", edge=3)
        yield from _days(counted)
        yield from _wrap(f"Due {counted.due_words}", edge=3)
        agrees = "as it was recorded" if counted.content_hash == recorded else "NOT as it was recorded"
        yield from _wrap(f"Receipt {counted.content_hash[:16]}, {agrees}", edge=3)
    for since_when, until in life.pauses:
        ended = f"to {workingtime.say(until)}" if until is not None else "and still is"
        yield from _wrap(f"It was paused from {workingtime.say(since_when)} {ended}", edge=3)
    for kept in one.kept:
        yield from _wrap(
            f"Moved at {workingtime.say(kept.moved_at)}: {kept.because}. It was due "
            f"{workingtime.say(kept.was_due_at)}, and is due {workingtime.say(kept.due_at)}",
            edge=3,
        )
        if kept.receipt is not None:
            yield from _days(kept.receipt)
    yield from _wrap(life.state, edge=3)


def _days(receipt: Receipt) -> Iterator[str]:
    for day in receipt.days:
        mark = "+" if day.counted else "-"
        yield from _wrap(f"{mark} {workingtime.say_day(day.day)}: {day.words}", edge=5, hang=2)


def _wrap(text: str, *, edge: int = 0, hang: int = 0) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=" " * edge, subsequent_indent=" " * (edge + hang))


# ---- For a machine --------------------------------------------------------------------------------------------------


def as_data(case: Case, found: Sequence[Explained]) -> dict[str, Any]:
    """The same for a machine: codes, agencies' ids, and instants in UTC."""
    policy, calendar = case.frame.policy, case.frame.calendar
    return {
        "reference": case.reference,
        "track": case.track.value,
        "stage": case.stage,
        "policy": {"id": policy.id, "version": policy.version, "hash": policy.content_hash},
        "calendar": calendar.content_hash,
        # With them `second_opinion.py` counts every receipt again; a case that was counted anew has had several.
        "calendars": {
            name: case.frame.calendar_named(name).model_dump(mode="json")
            for name in dict.fromkeys(one.receipt.calendar_hash for one in found)
        },
        "clocks": [_data(one) for one in found],
    }


def _data(one: Explained) -> dict[str, Any]:
    life, started = one.life, one.life.started
    return {
        "clock": started.clock_id,
        "awaits": started.awaits.value,
        "waits_for": started.waits_for.value,
        "agency": started.agency_id,
        "position": started.position,
        "stage": started.stage,
        "source": one.source,
        "receipt": one.receipt.model_dump(mode="json"),
        "receipt_hash": one.receipt.content_hash,
        "earlier_receipts": [receipt.model_dump(mode="json") for _, receipt in one.earlier],
        "as_recorded": one.as_recorded,
        "due_at": life.due_at.isoformat(),
        "reminders": [moment.isoformat() for moment in started.reminders],
        "pauses": [[since.isoformat(), until.isoformat() if until else None] for since, until in life.pauses],
        "dates_before": [
            {
                "was_due_at": kept.was_due_at.isoformat(),
                "due_at": kept.due_at.isoformat(),
                "moved_at": kept.moved_at.isoformat(),
                "because": kept.because,
                "receipt": None if kept.receipt is None else kept.receipt.model_dump(mode="json"),
            }
            for kept in one.kept
        ],
        "end": life.end.value if life.end else None,
        "counts_from": life.counts_from.isoformat() if life.counts_from else None,
        "limit_passed_at": life.limit_passed_at.isoformat() if life.limit_passed_at else None,
        "cause": life.cause.value if life.cause else None,
        "cause_confirmed": life.cause_confirmed,
    }
