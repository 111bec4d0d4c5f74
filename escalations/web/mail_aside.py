"""The team puts a message aside: why, where that goes instead, and what whoever wrote is told of it in fixed words.

The same is asked of an escalation that is held and not for this process. Beside the usual ways stand those that the
policy's document names for what it is not for. What the team notes goes to nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from escalations.mail.authentication import Vouched
from escalations.mail.classify import Kind
from escalations.mail.parser import Mail
from escalations.mail.words import turn_to
from escalations.policy import OutOfScope, Policy
from escalations.rules import wording
from escalations.rules.case import Route
from escalations.rules.senders import PutAside
from escalations.store.mail_asides import Aside
from escalations.store.mails import MailRow
from escalations.web import words
from escalations.web.answers import YesNo
from escalations.web.forms import LONG, Reading
from escalations.web.summary import Row

WHY: Final[Mapping[str, str]] = {why.value: said.words for why, said in wording.PUT_ASIDE.items()}
"""Why something is put aside, as the form offers it."""


@dataclass(frozen=True, slots=True)
class PuttingAside:
    """What was typed."""

    aside: Aside
    note: str


def ways(policy: Policy) -> dict[str, str]:
    """Where something goes: what the policy's document names first, then the usual ways."""
    own = {_own(one): f"{one.what}: {one.where}" for one in policy.out_of_scope}
    return own | {route.value: text for route, text in words.ROUTES.items()}


def _own(one: OutOfScope) -> str:
    # By its words and not by its place, so that a policy put live meanwhile sends nothing another way.
    return f"policy-{hashlib.sha256(f'{one.what}|{one.where}'.encode()).hexdigest()[:12]}"


def read(reading: Reading, policy: Policy) -> PuttingAside | None:
    """What was typed, or none where something is to be put right."""
    why = reading.choice("aside-why", PutAside, missing="Say who wrote it, or why it needs nothing")
    goes = why is None or why.goes_elsewhere
    note = reading.text(
        "aside-note",
        "What you note",
        missing="Say why it is not for this process, and where exactly it goes" if goes else None,
        most=LONG,
    )
    if why is None:
        return None
    if not goes:
        # What was chosen of a way before stays unread: a choice cannot be taken back in every browser.
        return None if reading.problems else PuttingAside(Aside(why), note)
    where = reading.one_of("aside-goes", ways(policy), missing="Say where it goes instead")
    sent = reading.choice("aside-sent", YesNo, missing="Say whether you have sent it there")
    if reading.problems or sent is None:
        return None
    own = {_own(one): one.where for one in policy.out_of_scope}
    route = Route.OTHER if where in own else Route(where)
    return PuttingAside(Aside(why, route, own.get(where), sent is YesNo.YES), note)


def is_answered(row: MailRow, mail: Mail | None, aside: Aside) -> bool:
    """Whether whoever wrote is told: a person, at an address that nobody disowns, who waits for a word."""
    if aside.why is PutAside.NOBODY or mail is None or not mail.sender:
        return False
    return row.kind == Kind.PERSON and row.vouched != Vouched.REFUTED


def goes_to(aside: Aside) -> str:
    """Where it goes, as the team reads it."""
    if aside.route is None:
        return ""
    return aside.elsewhere or words.ROUTES[aside.route]


def rows(row: MailRow, mail: Mail | None, putting: PuttingAside) -> tuple[Row, ...]:
    """What is to be read once more."""
    aside = putting.aside
    found = [Row("Why", wording.PUT_ASIDE[aside.why].words)]
    if aside.route is not None:
        found += [Row("Where it goes", goes_to(aside)), Row("Sent there by you", "Yes" if aside.sent_there else "No")]
    if putting.note:
        found.append(Row("What you note", putting.note))
    return (*found, Row("Who is told", told(row, mail, aside)))


def told(row: MailRow, mail: Mail | None, aside: Aside) -> str:
    """What whoever wrote is told, or that nobody is."""
    if not is_answered(row, mail, aside):
        return "Nobody"
    said = "Whoever wrote, in fixed words without anything of the message or of your note"
    if aside.route is None:
        return f"{said}: that the team has read it and added it to no escalation, and the numbers to ring"
    sent = "that you have sent it to" if aside.sent_there else "to turn to"
    return (
        f"{said}: that this is not the place for it, {sent} {turn_to(aside.route, aside.elsewhere)}, and the numbers "
        "to ring"
    )
