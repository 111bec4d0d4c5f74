"""What became of what a link asked, and what comes next, in the words of whoever reads it.

Who did something is told by name, as the name was given, to whoever may read the words that came with it: people of two
agencies who are to settle something have to know whom they deal with. Who of the partnership's team did something stays
the team's. Without a code a page says no more than our messages do: sides, positions, stages and times (practice, "Who
sees what, and when").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from typing_extensions import override

from escalations.mail.words import TASK
from escalations.policy import Awaits, Side
from escalations.rules import asking, events
from escalations.rules import case as cases
from escalations.rules.actors import Actor
from escalations.rules.case import Case, Clock, Status
from escalations.rules.civiltime import say
from escalations.rules.events import Event
from escalations.rules.evolving import evolve
from escalations.rules.notices import Recipient
from escalations.store import promises
from escalations.store.links import Link
from escalations.web import raised_together, telling, words
from escalations.web.story import Story, Told
from escalations.web.telling import Names


@dataclass(frozen=True, slots=True)
class Unnamed(Names):
    """Sides in place of names, for a page that nobody has shown a code for."""

    case: Case
    own: Recipient

    @override
    def agency(self, agency_id: str | None) -> str:
        if agency_id is None:
            return "the partnership team"
        if agency_id == self.own.agency_id:
            return "your agency"
        if agency_id == self.case.raising_agency:
            return "the agency that raised it"
        if agency_id in (*self.case.co_raisers, *self.case.left_raising):
            return "an agency that raised it with others"
        if agency_id == self.case.frame.policy.final_body.agency:
            return "the final body"
        return (
            "the agency that it was raised with" if len(self.case.parties) == 1 else "an agency that it was raised with"
        )


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done, by whom, and when it was recorded."""

    what: str
    who: str
    at: datetime
    happened_at: datetime | None = None
    """When a person says that it happened, where they said so."""


@dataclass(frozen=True, slots=True)
class Next:
    """What comes next: what is asked of the reader's own side, what of others, and how it stands."""

    yours: tuple[str, ...]
    others: tuple[str, ...]
    stands: str = ""


def ended_by(story: Story, link: Link) -> Told | None:
    """The event with which nothing was left to do of what a link asked; None while something is.

    What could not be asked yet was not done either, so what counts is the last time that it turned from open to done.
    """
    case, was_done, found = cases.new(story.case.reference, story.case.frame), True, None
    for told in story.told:
        case = evolve(case, told.event)
        done = asking.is_done(case, link.asks, link.to, stage=link.stage, about=link.about)
        if done and not was_done:
            found = told
        was_done = done
    return found if was_done else None


def by_submission(story: Story, submission_id: str) -> Told | None:
    """The first event that an act brought."""
    return next((told for told in story.told if told.event.submission_id == submission_id), None)


def deed(
    event: Event,
    names: Names,
    *,
    own: Recipient,
    titles: Mapping[str, str],
    sealed: Mapping[str, Any] | None = None,
) -> Deed:
    """What was done, for somebody of one side.

    Args:
        event: what happened.
        names: how agencies are called on the page.
        own: whose page it is.
        titles: what the reader's own agency calls its positions.
        sealed: the words of the act, where the reader may see them; none leaves names out.
    """
    by: Actor | None = getattr(event, "by", None)
    what = bare(event) if isinstance(names, Unnamed) else telling.sentence(event, names)
    return Deed(what, _who(by, names, own, titles, sealed or {}), event.at, getattr(event, "happened_at", None))


def _who(by: Actor | None, names: Names, own: Recipient, titles: Mapping[str, str], sealed: Mapping[str, Any]) -> str:
    if by is None:
        return "Nobody: the time for it came"
    said = sealed.get("by") or {}
    named = ", ".join(str(part) for part in (said.get("name"), said.get("role")) if part)
    if not same_side(by, own) or _beside(by, own):
        return (
            f"{named}, {author(by, names)}" if named and by.side not in {Side.TEAM, Side.OUTSIDE} else author(by, names)
        )
    title = titles.get(by.position or "", names.position(by.agency_id, by.position)) if by.position != "raiser" else ""
    return f"{named or title or 'Somebody'}, for your side" if not by.agency_id else _of_own(named, title)


def _beside(by: Actor, own: Recipient) -> bool:
    """Whether somebody acted for another agency of the same side: several can raise one together."""
    return None not in {by.agency_id, own.agency_id} and by.agency_id != own.agency_id


def _of_own(named: str, title: str) -> str:
    if named:
        return f"{named}, in your agency"
    return f"Your agency ({title})" if title else "Your agency"


def same_side(by: Actor, own: Recipient) -> bool:
    """Whether somebody acted for the side and agency of whoever reads."""
    # There is one raising side, also where the sender was not recognised at first.
    return by.side is own.side and (by.side is Side.RAISING or by.agency_id == own.agency_id)


def author(by: Actor, names: Names) -> str:
    """Who did something, for the other side: agency and position."""
    said = names.actor(by)
    return said[:1].upper() + said[1:]


def bare(event: Event) -> str:  # noqa: C901, PLR0911, PLR0912  one line a kind
    """What happened, without saying anything of what it is about."""
    match event:
        case events.Completed():
            return "What was missing was said"
        case events.Responded():
            return "An answer was given"
        case events.Settled():
            return "It was said to be dealt with"
        case events.Closed():
            return "The escalation was closed"
        case events.StageStarted():
            return f"It moved up to stage {event.stage}"
        case events.MoveIntended():
            return f"It was taken up to stage {event.to_stage}"
        case events.MoveDropped():
            return f"It stays at stage {event.to_stage - 1}"
        case events.ProposalEnded():
            return "The question whether it moves up ended by itself"
        case events.Corrected():
            return "An entry was said to have been a mistake"
        case events.Reopened():
            return "The escalation was opened again"
        case events.PartyRemoved():
            return "An agency was taken out"
        case events.RaisersChanged() | events.AgreementNoted() | events.AgreementAnswered():
            return raised_together.bare(event)
        case events.DoneConfirmed():
            return "What was said to be done was confirmed"
        case events.DoneDenied():
            return "It was said that it was not done"
        case _:
            return "It was recorded"


def coming(case: Case, names: Names, own: Recipient) -> Next:
    """What comes next, nearest first, each with its time limit. An adviser reads no time limits."""
    if own.side is Side.OUTSIDE:
        return Next((), (), "Both sides and the partnership team can read it. Nothing more is asked of you.")
    if case.status is Status.CLOSED:
        when = f" at {say(case.closed_at)}" if case.closed_at else ""
        told = f"It was closed{when}." if isinstance(names, Unnamed) else telling.closed(case)
        yours, later = _promised(case, names, own)
        if yours or later:
            return Next(yours, later, told)
        again = case.follow_up.at if case.follow_up is not None and case.follow_up.asked_at is None else None
        until = "" if again is None else f" until {say(again)}, when each side is asked what came of it"
        return Next((), (), f"{told} Nothing more is asked of anybody{until}.")
    if case.status is Status.HELD:
        return Next((), (), "The partnership team has it, and no other agency has been told of it yet.")
    running = sorted((clock for clock in case.clocks if clock.running), key=lambda clock: clock.due_at)
    asked = [clock for clock in running if clock.awaits is not Awaits.SETTLE_ALL]
    yours = tuple(
        _line(clock, names, said=TASK[clock.awaits]) for clock in asked if _is_own(clock, own, case.co_raisers)
    )
    others = [_line(clock, names) for clock in asked if not _is_own(clock, own, case.co_raisers)]
    if case.move is not None and case.move.takes_effect_at is not None:
        others.insert(0, f"It moves up to stage {case.move.to_stage} at {say(case.move.takes_effect_at)}")
    others.extend(_line(clock, names) for clock in running if clock.awaits is Awaits.SETTLE_ALL)
    promised_of_own, promised_of_others = _promised(case, names, own)
    return Next((*yours, *promised_of_own), (*others, *promised_of_others))


def _promised(case: Case, names: Names, own: Recipient) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What was agreed to be done by a date, and what is asked after the end: of the reader's own agency; of others."""
    agency = case.speaker(own.side, own.agency_id)
    found = promises.of(case)
    mine = [one for one in found if one.agency_id == agency and one.side is own.side]
    return (
        tuple(_promise(one, None) for one in mine),
        tuple(_promise(one, names) for one in found if one not in mine),
    )


def _promise(one: promises.Promise, names: Names | None) -> str:
    """One of them, with whose it is where that is not the reader's own agency."""
    by = "" if one.due_at is None else f": by {say(one.due_at)}"
    whose = "" if names is None else f", from {names.agency(one.agency_id)}"
    number = one.item_id.removeprefix("a")
    match one.kind:
        case promises.Kind.ACTION:
            return (
                f"Do what was agreed, action {number}{by}" if names is None else f"Action {number} of a plan{whose}{by}"
            )
        case promises.Kind.PLAN:
            return "Say whether you agree to the plan" if names is None else f"Word on the plan{whose}"
        case promises.Kind.FOLLOW_UP:
            return f"Say what came of it{by}" if names is None else f"Word on what came of it{whose}{by}"
        case _:
            assert_never(one.kind)


def _is_own(clock: Clock, own: Recipient, others: tuple[str, ...]) -> bool:
    """What waits for the raising side waits for the agency that leads."""
    return clock.waits_for is own.side and (
        own.agency_id == clock.agency_id if own.side is Side.RESPONDING else own.agency_id not in others
    )


def _line(clock: Clock, names: Names, *, said: str = "") -> str:
    said = said or telling.clock(clock, names)
    past = clock.limit_passed_at is not None and not clock.limit_withdrawn
    cause = f" ({words.cause(clock.cause, clock.awaits)})" if clock.cause and not isinstance(names, Unnamed) else ""
    when = f"the time limit passed at {say(clock.due_at)}{cause}" if past else f"by {say(clock.due_at)}"
    return f"{said[:1].upper()}{said[1:]}: {when}"
