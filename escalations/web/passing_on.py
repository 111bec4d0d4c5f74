"""Passing on what somebody raised from an address that is not one of the agency's own.

Whoever is taken for an agency's practitioner holds the links of whoever raised it: they read all of it, end it, or move
it up. So the team sees the address, what follows, and says how it knows; and the agency's own contact is told (rules
of practice, "Who sees what, and when": a new person outside the agency's own addresses waits for the team).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from escalations.intake import recipients
from escalations.policy import Track
from escalations.rules import acts
from escalations.rules.case import Case
from escalations.rules.senders import Known, Stands, SureBy
from escalations.store import directory
from escalations.store.directory_file import Notices
from escalations.web import calling, questions, sender_words
from escalations.web.answers import Agency, Asking
from escalations.web.calling import Number
from escalations.web.forms import LONG, SHORT, Raw, Reading, first
from escalations.web.parts import Parts
from escalations.web.telling import Names

ANOTHER: Final = "another"
"""In the form: a number that the directory does not have."""
FIELDS: Final = frozenset({"stands", "sure-by", "spoken-to", "rang", "rang-other", "sure-text"})
"""What is asked of whoever wrote from outside; on a page of its own, after the agencies are chosen."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Whoever raised a case, as the agency that the team is about to name has them."""

    agency_id: str
    agency: str
    address: str
    """Empty where they gave none, or it was erased."""
    known: Known
    """What the directory has of that address at this agency."""
    whose: str
    """The other agency whose address it is; empty where it is nobody's that we know."""
    contact: str
    """The title of the agency's own contact; empty where nobody is in post."""
    numbers: tuple[Number, ...]
    """Theirs, with where each comes from."""
    by_mail: bool
    """Whether that contact is told by our message; otherwise the team tells them."""

    @property
    def outside(self) -> bool:
        """Whether the team has to say for whom it takes them."""
        return bool(self.address) and self.known is Known.NOBODY

    @property
    def rang(self) -> dict[str, str]:
        """The numbers to choose from, by what stands in the form."""
        found = {number.phone: f"{number.phone} ({number.source})" for number in self.numbers}
        return {**found, ANOTHER: "Another number"}


async def sender(parts: Parts, case: Case, raw: Raw, agencies: Mapping[str, Agency]) -> Sender | None:
    """Whoever raised it, for the agency that was chosen; none where none was."""
    agency = first(raw, "raising-agency") or case.raising_agency or ""
    if agency not in agencies:
        return None
    names, at = Names(agencies), parts.now()
    async with parts.database.read() as tx:
        address = await recipients.raiser_address(tx, parts.vault, case.reference) or ""
        whose = await directory.whose_address(tx, parts.vault, address, at)
        title, numbers = await calling.of_contact(tx, parts.vault, agency, names, at)
        row = await directory.agency(tx, agency)
    own = whose.agency_id == agency
    return Sender(
        agency,
        names.agency(agency),
        address,
        whose.known if own else Known.NOBODY,
        names.agency(whose.agency_id) if whose.agency_id and not own else "",
        title,
        numbers,
        by_mail=row is not None and row.notices is Notices.ON,
    )


def make(  # noqa: PLR0917  what an act is made of
    reading: Reading,
    case: Case,
    agencies: Mapping[str, Agency],
    origin: Mapping[str, Any],
    sealed: dict[str, object],
    who: Sender | None,
) -> acts.PassOn | None:
    """The act of what was chosen, or none where something is to be put right or still to be asked."""
    raising = first(reading.raw, "raising-agency") or case.raising_agency or ""
    if raising not in agencies:
        reading.problem("raising-agency", "Choose the agency that raised it")
    asking = Asking(now=reading.now, agencies=agencies, policy=case.frame.policy)
    chosen = questions.read_agencies(reading, asking, raising=raising, missing="Choose the agency that is to be told")
    number = reading.phone("raiser-phone", missing=None)
    if reading.problems:
        return None
    said: dict[str, object] = {"sender_known": who.known} if who is not None and who.address else {}
    if number:
        sealed["raiser_phone"] = number
    if who is not None and who.outside:
        if first(reading.raw, "who-of") != who.agency_id:
            return None
        said |= _asked(reading, sealed, who)
    put_right = None if raising == case.raising_agency else raising
    return acts.PassOn.model_validate({**origin, "responding_agencies": chosen, "raising_agency": put_right, **said})


def _asked(reading: Reading, sealed: dict[str, object], who: Sender) -> dict[str, object]:
    """For whom they are taken, and how that is known. Whom the team rang, and on which number, is sealed."""
    stands = reading.choice("stands", Stands, missing="Choose who holds the links of whoever raised it")
    taken = stands is Stands.TAKEN
    by = reading.choice("sure-by", SureBy, missing="Say how you know it") if taken else None
    phoned = by is SureBy.PHONED
    rang = first(reading.raw, "rang")
    if phoned:
        rang = reading.one_of("rang", [*who.rang], missing="Say on which number you rang")
    whom = reading.text("spoken-to", "The name", missing="Say whom you spoke to" if phoned else None, most=SHORT)
    other = reading.text(
        "rang-other",
        "The number",
        missing="Enter the number that you rang, and where you have it from" if phoned and rang == ANOTHER else None,
        most=SHORT,
    )
    missing = "Say how exactly you know it" if by is not None and not phoned else None
    words = reading.text("sure-text", "The note", missing=missing, most=LONG)
    given = {
        "address": who.address,
        "spoken_to": whom,
        "text": words,
        "rang": other if rang == ANOTHER else who.rang.get(rang, ""),
    }
    sealed.update({name: value for name, value in given.items() if value})
    return {"sender_stands": stands, "sender_known_by": by}


def page(who: Sender) -> dict[str, Any]:
    """What its page offers to choose from."""
    at = f"the {who.contact} of {who.agency}" if who.contact else f"the contact of {who.agency}"
    return {
        "who": who,
        "stands": {
            Stands.TAKEN.value: f"This address: whoever wrote works for {who.agency}, and I have made sure of it",
            Stands.CONTACT.value: f"Not this address: {at} holds them instead",
        },
        "sure_by": {
            SureBy.PHONED.value: f"I rang {who.agency}",
            SureBy.ACQUAINTED.value: "One of us knows this person, and knows that the address is theirs",
            SureBy.OTHERWISE.value: "In another way",
        },
    }


def rows(act: acts.PassOn, sealed: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """What is to be read once more before anybody is told."""
    found = []
    if act.sender_stands is not None:
        found.append(("Raised from the address", f"{sealed.get('address') or ''}. It is not one of that agency’s."))
        taken = act.sender_stands is Stands.TAKEN
        found.append(
            ("Who holds its links", "That address" if taken else "The agency’s own contact, and not that address")
        )
    if act.sender_known_by is not None:
        known = sender_words.KNOWN_BY[act.sender_known_by]
        found.append(("How you know it", known[:1].upper() + known[1:]))
    for name, title in (("rang", "Number rung"), ("raiser_phone", "Number to ring whoever raised it on")):
        if sealed.get(name):
            found.append((title, str(sealed[name])))
    return tuple(found)


def typed(act: acts.PassOn, sealed: Mapping[str, Any]) -> Raw:
    """The forms filled in as they were. The inverse of :func:`make`."""
    found: dict[str, list[str]] = {"with": list(act.responding_agencies)}
    if act.raising_agency is not None:
        found["raising-agency"] = [act.raising_agency]
    if act.sender_stands is not None:
        found["stands"] = [act.sender_stands.value]
    if act.sender_known_by is not None:
        found["sure-by"] = [act.sender_known_by.value]
    sealed_as = {"spoken_to": "spoken-to", "text": "sure-text", "rang": "rang-other", "raiser_phone": "raiser-phone"}
    found |= {field: [str(sealed[name])] for name, field in sealed_as.items() if sealed.get(name)}
    if "rang-other" in found:
        found["rang"] = [ANOTHER]
    return found


def without_number(case: Case, words: Mapping[str, Any] | None) -> bool:
    """Whether it is urgent and whoever raised it gave no number: then nobody can ring them, and somebody has to."""
    return case.track is Track.URGENT and not ((words or {}).get("raiser") or {}).get("phone")
