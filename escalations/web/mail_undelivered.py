"""The team confirms a report that a notice did not arrive: on what grounds, and what would follow from it.

Such a report may be made up to gain time, so it is confirmed in two steps: whoever does it says how they know, and
reads what follows before anything does. What follows is what the rules bring on the case as it stands, and nothing
that is said of such reports in general.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from escalations.intake import submissions, unheard
from escalations.policy import Side
from escalations.rules import acts, decider, events
from escalations.rules.access import Refused
from escalations.rules.case import Case, Clock, ClockEnd, KnownBy, Status
from escalations.rules.civiltime import say
from escalations.rules.evolving import evolve, evolve_all
from escalations.rules.notices import notices_for
from escalations.store.notices import NoticeRow, NoticeState
from escalations.web import telling, words
from escalations.web.forms import LONG, Problem, Reading
from escalations.web.summary import Row
from escalations.web.team_acts import TEAM
from escalations.web.telling import Names
from escalations.workflows import contracts

GROUNDS: Final = (KnownBy.PHONE, KnownBy.POSTMASTER, KnownBy.REPORT)
"""How the team can know that a notice did not arrive."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why it is believed."""

    known_by: KnownBy
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The act by which the case hears of it, and what is sealed with it."""

    act: acts.ReportDelivery
    sealed: dict[str, object]


@dataclass(frozen=True, slots=True)
class Follows:
    """What would follow, on the case as it stands."""

    refused: Refused | None = None
    stops: tuple[str, ...] = ()
    goes_on: tuple[str, ...] = ()
    begins: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    closed: bool = False
    unheard: bool = False
    """Whether no case hears of it: our notice was for the team itself."""


def read(reading: Reading) -> Grounds | None:
    """What was typed, or none where something is to be put right."""
    known = reading.choice("known-by", KnownBy, missing="Say how you know that it did not arrive")
    if known is not None and known not in GROUNDS:
        reading.problem("known-by", "Say how you know that it did not arrive")
    missing = None if known is KnownBy.REPORT else "Enter who told you: name, role and agency"
    who = reading.text("known-from", "The name", missing=missing)
    text = reading.text("known-text", "The grounds", missing="Say in a few words what shows it", most=LONG)
    return None if known is None or reading.problems else Grounds(known, who, text)


def made(notice: NoticeRow, grounds: Grounds, *, by: Mapping[str, str], now: datetime) -> Confirmed | None:
    """The act by which the case hears of it, with who confirmed it; none where no case has to hear of it."""
    delivery = unheard.report_of(notice, NoticeState.UNDELIVERED)
    if delivery is None:
        return None
    # With whom it went to in the place of whom it was for: why nobody was told stays known (`drift`).
    act = contracts.delivery_act(
        delivery, submission_id=submissions.new_id(now), at=now, by=TEAM, known_by=grounds.known_by
    )
    return Confirmed(act, {"by": dict(by), "spoken_to": grounds.who, "text": grounds.text})


def follows(case: Case, made: Confirmed | None, names: Names, *, now: datetime) -> Follows:
    """Ask the rules what it would bring, and say what stops and what runs on."""
    if made is None:
        return Follows(unheard=True)
    decided = decider.decide(case, made.act, now)
    if isinstance(decided, Refused):
        return Follows(refused=decided)
    after, told = case, dict[str, None]()
    for event in decided:
        after = evolve(after, event)
        for notice in notices_for(after, event):
            if notice.to.side is not Side.TEAM:
                told[names.recipient(notice.to)] = None
    stopped = {
        event.clock_id for event in decided if isinstance(event, events.ClockEnded) and event.end is ClockEnd.STOPPED
    }
    known = evolve_all(case, tuple(event for event in decided if isinstance(event, events.ClockStarted)))
    return Follows(
        stops=tuple(_clock(clock, names) for clock in case.clocks if clock.clock_id in stopped),
        goes_on=tuple(
            _clock(clock, names)
            for clock in case.clocks
            if clock.running and clock.waits_for is not Side.TEAM and clock.clock_id not in stopped
        ),
        begins=tuple(
            _clock(known.clock(event.clock_id), names) for event in decided if isinstance(event, events.ClockStarted)
        ),
        told=tuple(told),
        closed=case.status is Status.CLOSED,
    )


def _clock(clock: Clock, names: Names) -> str:
    said = telling.clock(clock, names)
    passed = ", which has passed" if clock.limit_passed_at is not None and not clock.limit_withdrawn else ""
    return f"{said[:1].upper()}{said[1:]}, due {say(clock.due_at)}{passed}"


def rows(notice: NoticeRow, grounds: Grounds, names: Names) -> tuple[Row, ...]:
    """What is to be read once more."""
    to = notice.notice.to
    sent = f", sent {say(notice.sent_at)}" if notice.sent_at else ""
    found = [
        Row("Our notice", f"{words.NOTICES[notice.notice.kind]}{sent}"),
        Row("It was for", names.recipient(to)),
        Row("How you know", words.KNOWN_BY[grounds.known_by]),
    ]
    if grounds.who:
        found.append(Row("Who told you", grounds.who))
    return (*found, Row("What shows it", grounds.text))


def refused(found: Refused) -> Problem:
    """Why it is not carried out, at the field to look at."""
    return Problem("known-by", found.sentence)
