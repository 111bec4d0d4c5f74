"""Both sides' accounts of a delay, side by side: for the team, before it confirms a cause.

What an agency wrote is shown where the team may read what a case is about; what it says of the cause is a code, and
always there (rules of practice, "Evidence is fair" and "Raised is not notified").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from escalations.policy import Side
from escalations.rules import accounts, events
from escalations.rules.case import Case, Cause, Clock
from escalations.rules.civiltime import say
from escalations.web import telling, words
from escalations.web.story import Story, Written
from escalations.web.telling import Names


@dataclass(frozen=True, slots=True)
class Said:
    """One account."""

    says: str
    at: datetime
    by_team: bool
    """Whether the team wrote it down for the agency."""
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class OfAgency:
    """What one agency that is asked says of a delay."""

    name: str
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Delay:
    """One passed limit with what each side says of it."""

    clock_id: str
    title: str
    cause: str
    confirmed: Confirmed | None
    """None while it is provisional."""
    until: datetime | None
    sides: tuple[OfAgency, ...]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Who made a cause final, when, and after which accounts."""

    at: datetime
    who: str
    after: tuple[str, ...]
    """Whose account had come by then ..."""
    without: tuple[str, ...]
    """... and whose had not."""
    evidence: str
    """What the evidence alone says, where that is another cause."""


def beside(found: Story, wrote: Iterable[Written], names: Names, team: Mapping[str, str]) -> tuple[Delay, ...]:
    """Every delay of a case that agencies are asked about, with their accounts.

    Args:
        found: the case.
        wrote: what was written with each act, as far as it may be read.
        names: of the agencies.
        team: who of the team did what, by submission.
    """
    of_submission = {item.event.submission_id: item for item in wrote}
    given: dict[str, list[events.AccountAdded]] = {}
    for told in found.told:
        if isinstance(told.event, events.AccountAdded):
            given.setdefault(told.event.clock_id, []).append(told.event)
    return tuple(
        Delay(
            clock.clock_id,
            _title(clock, names),
            words.cause(clock.cause or Cause.SILENT, clock.awaits),
            _confirmed(found, clock, names, team),
            clock.accounts_until,
            tuple(
                OfAgency(
                    names.agency(agency),
                    tuple(
                        _said(event, of_submission)
                        for event in given.get(clock.clock_id, ())
                        if event.agency_id == agency
                    ),
                )
                for _, agency in accounts.whose(found.case, clock)
            ),
        )
        for clock in found.case.clocks
        if clock.limit_passed_at is not None and not clock.limit_withdrawn and accounts.whose(found.case, clock)
    )


def _confirmed(found: Story, clock: Clock, names: Names, team: Mapping[str, str]) -> Confirmed | None:
    if clock.cause_confirmed_at is None or clock.cause is None:
        return None
    given: set[str] = set()
    event, by_then = None, frozenset[str]()
    for told in found.told:
        if isinstance(told.event, events.AccountAdded) and told.event.clock_id == clock.clock_id:
            given.add(told.event.agency_id)
        elif isinstance(told.event, events.CauseConfirmed) and told.event.clock_id == clock.clock_id:
            event, by_then = told.event, frozenset(given)
    if event is None:
        return None
    asked = [agency for _, agency in accounts.whose(found.case, clock)]
    evidence = clock.evidence_cause
    return Confirmed(
        event.at,
        team.get(event.submission_id or "", ""),
        tuple(names.agency(agency) for agency in asked if agency in by_then),
        tuple(names.agency(agency) for agency in asked if agency not in by_then),
        words.cause(evidence, clock.awaits) if evidence is not None and evidence is not clock.cause else "",
    )


def _said(event: events.AccountAdded, wrote: Mapping[str | None, Written]) -> Said:
    item = wrote.get(event.submission_id)
    if item is None:
        return Said(words.SAYS[event.says], event.at, event.by.side is Side.TEAM, "", "")
    told = str(item.words.get("spoken_to") or "")
    named = ", ".join(part for part in (item.name, item.role) if part and part != "Somebody")
    who = told if event.by.side is Side.TEAM else named
    return Said(words.SAYS[event.says], event.at, event.by.side is Side.TEAM, who, str(item.words.get("text") or ""))


def awaited(case: Case, clock: Clock, names: Names) -> str:
    """Until when a cause is not confirmed, because somebody who is asked can still add an account: who, by name."""
    asked = [names.agency(agency) for _, agency in accounts.whose(case, clock)]
    who = f"{', '.join(asked[:-1])} and {asked[-1]}" if len(asked) > 1 else "".join(asked)
    until = say(clock.accounts_until) if clock.accounts_until else ""
    their, each = ("their", "each of them has") if len(asked) > 1 else ("its", "it has")
    return (
        f"the cause can be confirmed after {until}, for until then {who} can add {their} account; and at once when "
        f"{each} done so"
    )


def choices(case: Case, names: Names, side: Side, agency_id: str | None) -> dict[str, str]:
    """The delays of which an agency can give its account, by the id of their clock."""
    return {clock.clock_id: _delay(clock, names) for clock in accounts.open_to(case, side, agency_id)}


def _delay(clock: Clock, names: Names) -> str:
    return f"{_title(clock, names)}. As recorded: {words.cause(clock.cause or Cause.SILENT, clock.awaits)}"


def _title(clock: Clock, names: Names) -> str:
    said = telling.clock(clock, names)
    return f"{said[:1].upper()}{said[1:]}, due {say(clock.due_at)}"
