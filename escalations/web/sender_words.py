"""Who wrote, in words: what the directory has of an address, and what was checked of it. Each sentence stands alone.

Nobody is said to be known because a message came from an agency's mail domain, and nothing is said to be checked that
was not: a team that is about to pass something on reads here how sure it is who it is from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from escalations.rules import events
from escalations.rules.actors import Channel
from escalations.rules.senders import Checked, Known, RaiserAt, Stands, SureBy

_SHORT_KNOWN: Final[Mapping[Known, str]] = {
    Known.PERSON: "address of a person in the directory",
    Known.DOMAIN: "address of an agency’s mail domain only, no person in the directory",
    Known.NOBODY: "address not in the directory",
}
_SHORT_CHECKED: Final[Mapping[Checked, str]] = {
    Checked.VOUCHED: "its mail domain vouches for it",
    Checked.REFUSED: "its mail domain says that it is not from there",
    Checked.NOBODY_VOUCHES: "nobody vouches for it",
    Checked.NOT_CHECKED: "not checked",
    Checked.CODE: "a code sent to it was entered",
}
_CHECKED: Final[Mapping[Checked, str]] = {
    Checked.VOUCHED: "Checked: our mail server found that its mail domain vouches for the message.",
    Checked.REFUSED: "Checked: our mail server found that its mail domain says the message is not from there.",
    Checked.NOBODY_VOUCHES: "Nobody vouches for it: it may be anybody.",
    Checked.NOT_CHECKED: "Not checked: nothing shows whether it is really from there.",
    Checked.CODE: "A code that was sent to this address has been entered since.",
}
_TYPED: Final = (
    "Not checked: it was typed into the form, and nothing shows yet that whoever typed it reads that mailbox."
)


def short(known: Known | str | None, checked: Checked | str | None, at: RaiserAt | str | None = None) -> str:
    """In a few words, for a list; nothing where it was not written down.

    Args:
        known: what the directory has of the address.
        checked: what was found of it.
        at: who holds the links of whoever raised it.
    """
    words = (
        *((held(at),) if held(at) else ()),
        *((_SHORT_KNOWN[Known(known)],) if known else ()),
        *((_SHORT_CHECKED[Checked(checked)],) if checked else ()),
    )
    text = "; ".join(words)
    return text[:1].upper() + text[1:]


def known(code: Known, agency: str = "") -> str:
    """What the directory has of an address.

    Args:
        code: what was found.
        agency: whose address it is; empty where it is not said.
    """
    match code:
        case Known.PERSON:
            return f"The directory names somebody with this address at {agency or 'an agency'}."
        case Known.DOMAIN:
            whose = f"the mail domain of {agency}" if agency else "an agency’s mail domain"
            return f"The address is of {whose} only: the directory names nobody with it."
        case Known.NOBODY:
            return "The directory does not know this address as any one agency’s."


def checked(code: Checked, channel: Channel | None = None) -> str:
    """What was checked of it."""
    return _TYPED if code is Checked.NOT_CHECKED and channel is Channel.FORM else _CHECKED[code]


def sentences(code: Known | None, found: Checked | None, *, agency: str = "", channel: Channel | None = None) -> str:
    """Both, as whole sentences; nothing where neither was written down."""
    return " ".join(
        (
            *((known(code, agency),) if code else ()),
            *((checked(found, channel),) if found else ()),
        )
    )


KNOWN_BY: Final[Mapping[SureBy, str]] = {
    SureBy.PHONED: "the team rang the agency",
    SureBy.ACQUAINTED: "somebody of the team knows them, and that the address is theirs",
    SureBy.OTHERWISE: "in another way, which the team wrote down",
}
"""How the team knows that somebody works for an agency: "How it knows: ..."."""


def taken(event: events.PassedOn) -> str:
    """For whom the team took whoever raised it, as what follows another sentence; nothing where it did not have to."""
    if event.sender_stands is Stands.TAKEN:
        how = f" How it knows: {KNOWN_BY[event.sender_known_by]}." if event.sender_known_by else ""
        return (
            " It was raised from an address that is not one of that agency’s, and the team took whoever wrote for "
            f"somebody of it.{how} The agency’s own contact was asked whether it is theirs."
        )
    if event.sender_stands is Stands.CONTACT:
        return (
            " It was raised from an address that is not one of that agency’s. That address holds no link any more: the "
            "agency’s own contact does, and was asked whether it is theirs."
        )
    return ""


def held(at: RaiserAt | str | None) -> str:
    """Who holds the links of whoever raised it, in a few words; nothing for the address that they gave."""
    match RaiserAt(at) if at else RaiserAt.ADDRESS:
        case RaiserAt.NOBODY:
            return "the agency says that it is not theirs"
        case RaiserAt.CONTACT:
            return "the agency’s own contact answers for it"
        case RaiserAt.ADDRESS:
            return ""
