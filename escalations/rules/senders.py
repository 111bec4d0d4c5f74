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
