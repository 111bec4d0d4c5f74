"""How it is known who raised a case: what the directory has of their address, and what was found of the message.

Codes alone; the address itself is sealed. Whoever writes from an agency's mail domain is somebody of that domain, which
is not the same as somebody whom the directory names; and a message that no mail server checked is nobody's word.
"""

from __future__ import annotations

from enum import StrEnum


class Known(StrEnum):
    """What the directory has of an address."""

    PERSON = "person"
    """It is that of somebody who holds a position of the agency, or deputises."""
    DOMAIN = "domain"
    """Its mail domain is the agency's own, and the directory names nobody of this address."""
    NOBODY = "nobody"
    """It is no one agency's: of none that we know, or of several."""


class Checked(StrEnum):
    """What is found of the address by which somebody wrote."""

    VOUCHED = "vouched"
    """The mail server that this installation believes found that the address's domain vouches for the message."""
    REFUSED = "refused"
    """That server found that the domain says the message is not its own."""
    NOBODY_VOUCHES = "nobody_vouches"
    """That server found nothing that vouches for it."""
    NOT_CHECKED = "not_checked"
    """Nobody looked: no result of such a server came with it, or the address was typed into a form."""
    CODE = "code"
    """Whoever reads that mailbox has entered a code that was sent to it."""


class Stands(StrEnum):
    """For whom the team takes somebody whose address is not one of the raising agency's, when it passes it on."""

    TAKEN = "taken"
    """For somebody of that agency: the address holds the links of whoever raised it. The team said how it knows."""
    CONTACT = "contact"
    """For nobody that it could make sure of: the agency's own contact holds those links, and the address none."""


class SureBy(StrEnum):
    """How the team knows that somebody is of the agency; whom it spoke to, and on which number, is sealed."""

    PHONED = "phoned"
    """It rang the agency."""
    ACQUAINTED = "acquainted"
    """Somebody of the team knows the person, and that the address is theirs."""
    OTHERWISE = "otherwise"
    """In another way, in the team's own words."""


class RaiserAt(StrEnum):
    """Who holds the links of whoever raised a case."""

    ADDRESS = "address"
    """The address that they gave."""
    CONTACT = "contact"
    """The raising agency's own contact."""
    NOBODY = "nobody"
    """Nobody: the agency said that the case is not theirs. What they would be told goes to the partnership's team."""


class Outside(StrEnum):
    """Who wrote what is not for this process at all, as far as the team can tell."""

    FAMILY = "family"
    """A parent, or somebody else of the family, or the child or adult themselves."""
    PUBLIC = "public"
    """A member of the public."""
    WORKER = "worker"
    """Somebody who works with children or adults, for no agency of this partnership."""
    OTHER = "other"


class PutAside(StrEnum):
    """Why the team puts a message aside. The first are those of a held case: who wrote what is not for this process."""

    FAMILY = "family"
    PUBLIC = "public"
    WORKER = "worker"
    OTHER = "other"
    SEEN_TO = "seen_to"
    """It needs nothing more: what it says is known, or was seen to in another way."""
    NOBODY = "nobody"
    """Nobody waits for a word on it: advertising, or a program wrote it."""

    @property
    def goes_elsewhere(self) -> bool:
        """Whether it is for another place than this process, which whoever wrote is told."""
        return self not in {PutAside.SEEN_TO, PutAside.NOBODY}
