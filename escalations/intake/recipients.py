"""Whose address a notice goes to: whoever holds the position today, or the raiser at the address that they gave.

An address is looked up each time that something is sent or a link is used, so that access follows the position as it is
held today and never an address once used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.intake import submissions
from escalations.policy import OnePerson, Side
from escalations.rules import events, workingtime
from escalations.rules.actors import Channel
from escalations.rules.case import Case
from escalations.rules.instead import Because, By, ToldInstead
from escalations.rules.notices import LEAD, RAISER, WRITER, Recipient
from escalations.rules.senders import RaiserAt
from escalations.store import closures, directory, domains, read_models, register
from escalations.store.directory_file import Notices
from escalations.store.vault import Erased, Vault

_PRACTITIONER = "practitioner"


@dataclass(frozen=True, slots=True)
class Addressee:
    """Where a message for a recipient goes, and how that was found."""

    address: str
    came_to: directory.Rule
    role: str | None = None
    """The position's title at its agency; none for the raiser."""
    instead: ToldInstead | None = None
    """Why it is not whoever it was meant for, where the case says so."""


class NobodyThere(StrEnum):
    """Why there is no address."""

    NO_ONE_IN_POST = "no_one_in_post"
    CLOSED = "closed"
    """The agency is closed, and nobody stands in."""
    NOT_BY_MAIL = "not_by_mail"
    """The agency's notices are off; the team is reminded whom to tell."""
    TEAM_ONLY = "team_only"
    """The team alone gets the agency's notices, and passes them on."""
    NOT_THEIRS = "not_theirs"
    """The agency says that the case is not theirs, so nobody is written to as whoever raised it; the team is."""


async def find(
    tx: AsyncConnection,
    vault: Vault,
    reference: str,
    to: Recipient,
    *,
    at: datetime,
    instead: ToldInstead | None = None,
) -> Addressee | NobodyThere:
    """The address of a recipient at this moment.

    Where the agency is closed it is the deputy's, then the stand-in's: nothing waits for the end of the holidays.

    Args:
        tx: a transaction.
        vault: opens what is sealed.
        reference: the case; the raiser's own address is sealed with what raised it.
        to: a position, or the raiser.
        at: the moment; positions change hands, and some work on some days only.
        instead: who got the notice that this is about, where it passed to the next person.
    """
    if to.side is Side.OUTSIDE:
        named = await adviser(tx, vault, reference, to.position)
        return NobodyThere.NO_ONE_IN_POST if named is None else Addressee(named.address, directory.Rule.HOLDER)
    if to.side is Side.RAISING and to.position == WRITER:
        own = await raiser_address(tx, vault, reference)
        return NobodyThere.NO_ONE_IN_POST if own is None else Addressee(own, directory.Rule.HOLDER)
    if to.side is Side.RAISING and to.position == RAISER:
        held, agency = await read_models.raiser_at(tx, reference)
        if held is RaiserAt.NOBODY:
            return NobodyThere.NOT_THEIRS
        if held is RaiserAt.CONTACT:
            return await find(tx, vault, reference, Recipient(to.side, agency, LEAD), at=at)
        own = await raiser_address(tx, vault, reference)
        if own is not None and (untold := await _not_told(tx, to, entered_for=True, reference=reference)) is not None:
            return untold
        if own is not None:
            return Addressee(own, directory.Rule.HOLDER)
        if to.agency_id is None:
            return NobodyThere.NO_ONE_IN_POST  # Not recognised, and without an address: there is nobody to ask.
        # Somebody who phoned and gave no address is told through their agency.
        to = Recipient(to.side, to.agency_id, _PRACTITIONER)
    if (untold := await _not_told(tx, to)) is not None:
        return untold
    if instead is not None and instead.position is not None:
        to = Recipient(to.side, to.agency_id, instead.position)
    shut = await is_shut(tx, to.agency_id, at)
    contact = await directory.holders(tx, vault, to.agency_id, to.position, at, closed=shut is not None)
    if contact is None:
        return NobodyThere.NO_ONE_IN_POST if shut is None else NobodyThere.CLOSED
    return Addressee(contact.email, contact.rule, contact.title, _while_closed(contact, shut))


async def is_shut(tx: AsyncConnection, agency_id: str | None, at: datetime) -> closures.Shut | None:
    """Whether an agency is closed on the civil day of a moment."""
    return None if agency_id is None else await closures.shut(tx, agency_id, workingtime.civil(at).date())


def _while_closed(contact: directory.Contact, shut: closures.Shut | None) -> ToldInstead | None:
    if shut is None:
        return None
    stands_in = contact.rule is directory.Rule.STAND_IN
    return ToldInstead(
        because=Because.CLOSED,
        by=By.STAND_IN if stands_in else By.DEPUTY,
        agency_id=contact.agency_id if stands_in else None,
        opens_on=shut.opens_on,
    )


async def nobody_while_closed(tx: AsyncConnection, to: Recipient, at: datetime) -> ToldInstead:
    """What a case says of a notice to an agency that is closed, and for which nobody stands in."""
    shut = await is_shut(tx, to.agency_id, at)
    return ToldInstead(because=Because.CLOSED, by=By.NOBODY, opens_on=None if shut is None else shut.opens_on)


async def next_person(
    tx: AsyncConnection,
    vault: Vault,
    case: Case,
    to: Recipient,
    found: Addressee | NobodyThere,
    *,
    at: datetime,
) -> Addressee | NobodyThere:
    """Whoever is asked at the present stage in the place of somebody who holds the rung below as well.

    They have answered there. By default the next rung that another person holds is asked; where there is none, or the
    policy says so, they are asked again, and it is said.

    Args:
        tx: a transaction.
        vault: opens what is sealed.
        case: as it stands.
        to: who is to be told.
        found: whose address that is.
        at: the moment.
    """
    if not isinstance(found, Addressee) or found.instead is not None or to.side is not Side.RESPONDING:
        return found
    ladder = {stage.number: stage.responding_position for stage in case.frame.policy.stages}
    if ladder.get(case.stage) != to.position:
        return found
    below = [ladder[number] for number in range(1, case.stage) if number not in case.skipped]
    if not below or below[-1] == to.position:
        return found
    other = await find(tx, vault, case.reference, Recipient(to.side, to.agency_id, below[-1]), at=at)
    if not isinstance(other, Addressee) or not _is(other, found):
        return found
    if case.frame.policy.one_person_two_rungs is OnePerson.NEXT_PERSON:
        for number in range(case.stage + 1, len(ladder) + 1):
            rung = Recipient(to.side, to.agency_id, ladder[number])
            above = await find(tx, vault, case.reference, rung, at=at)
            if isinstance(above, Addressee) and not _is(above, found):
                passed = ToldInstead(because=Because.ONE_PERSON, by=By.NEXT_PERSON, position=ladder[number])
                return replace(above, came_to=directory.Rule.NEXT_PERSON, instead=passed)
    return replace(found, instead=ToldInstead(because=Because.ONE_PERSON, by=By.SAME_PERSON))


def _is(one: Addressee, other: Addressee) -> bool:
    return domains.same_address(one.address) == domains.same_address(other.address)


async def _not_told(
    tx: AsyncConnection, to: Recipient, *, entered_for: bool = False, reference: str = ""
) -> NobodyThere | None:
    """Why an agency is not told by mail, by what the directory says of its notices; none where it is.

    The team is told in any case. So is whoever wrote to us or filled in the form themselves: that answers them. Whoever
    the team entered it for did not, and is told as their agency is.
    """
    if to.side is Side.TEAM or to.agency_id in {None, directory.TEAM_AGENCY}:
        return None
    agency = await directory.agency(tx, str(to.agency_id))
    if agency is None or agency.notices is Notices.ON:
        return None
    if entered_for and await submissions.raised_by(tx, reference) is not Channel.TEAM:
        return None
    return NobodyThere.TEAM_ONLY if agency.notices is Notices.TEAM_ONLY else NobodyThere.NOT_BY_MAIL


async def raiser_address(tx: AsyncConnection, vault: Vault, reference: str) -> str | None:
    """The address that whoever raised a case gave; none where they gave none, or it was erased."""
    try:
        content = await submissions.contact_of(tx, vault, reference)
    except Erased:
        return None
    raiser = None if content is None else content.get("raiser")
    address = raiser.get("email") if isinstance(raiser, dict) else None
    return address if isinstance(address, str) and "@" in address else None


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody outside the directory, as the team entered them: only ever opened to write to them, or for the team."""

    name: str
    role: str
    address: str


async def adviser(tx: AsyncConnection, vault: Vault, reference: str, adviser_id: str) -> Named | None:
    """Who was asked for advice under a name of a case; none where nobody was, or their words were erased."""
    for entry in await register.read(tx, reference, kind="adviser_invited"):
        event = events.loads(entry.body)
        if isinstance(event, events.AdviserInvited) and event.adviser == adviser_id and event.submission_id:
            try:
                sealed = await submissions.content(tx, vault, event.submission_id)
            except (Erased, submissions.UnknownSubmission):
                return None
            return _named(sealed.get("adviser"))
    return None


def _named(said: object) -> Named | None:
    if not isinstance(said, dict) or "@" not in str(said.get("email") or ""):
        return None
    return Named(str(said.get("name") or ""), str(said.get("role") or ""), str(said["email"]))
