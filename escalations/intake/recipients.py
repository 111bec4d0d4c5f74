"""Whose address a notice goes to: whoever holds the position today, or the raiser at the address that they gave.

An address is looked up each time that something is sent or a link is used, so that access follows the position as it is
held today and never an address once used.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.intake import submissions
from escalations.policy import Side
from escalations.rules.actors import Channel
from escalations.rules.notices import LEAD, RAISER, Recipient
from escalations.rules.senders import RaiserAt
from escalations.store import directory, read_models
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


class NobodyThere(StrEnum):
    """Why there is no address."""

    NO_ONE_IN_POST = "no_one_in_post"
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
) -> Addressee | NobodyThere:
    """The address of a recipient at this moment.

    Args:
        tx: a transaction.
        vault: opens what is sealed.
        reference: the case; the raiser's own address is sealed with what raised it.
        to: a position, or the raiser.
        at: the moment; positions change hands, and some work on some days only.
    """
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
    contact = await directory.holders(tx, vault, to.agency_id, to.position, at)
    if contact is None:
        return NobodyThere.NO_ONE_IN_POST
    return Addressee(contact.email, contact.rule, contact.title)


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
