"""Who a message is from, as far as that is known: what the trusted hop found, or nobody (defect 18).

The From line is what its writer liked to put there. It counts where the receiving server that the settings name has
written down (Authentication-Results, RFC 8601) that the domain in it vouches for the message: by DMARC, or by DKIM or
SPF of that very domain. In the embedded default mail comes over loopback alone, and loopback is the trusted hop.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from escalations.mail.parser import Mail


class Vouched(StrEnum):
    """How the sender's address is known."""

    BY_HOP = "by_hop"
    """The trusted hop found that its domain vouches for it."""
    BY_LOOPBACK = "by_loopback"
    """It came over loopback, in the embedded default."""
    NOT = "not"
    """Nobody vouches for it: it is nobody's word."""
    REFUTED = "refuted"
    """Its domain says that the message is not its own. It is not even answered."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom an installation believes."""

    hop: str = ""
    """The name under which the receiving server writes its results; nothing: nobody is believed."""
    loopback: bool = False
    """Whether whatever comes over loopback is believed."""


_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"(dmarc|dkim|spf)\s*=\s*([a-z]+)", re.IGNORECASE)
_PROPERTY = re.compile(r"(header\.from|header\.d|header\.i|smtp\.mailfrom)\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)
_MOST: Final = 40


def vouched(mail: Mail, trust: Trust, *, over_loopback: bool) -> Vouched:
    """How the address in From is known.

    Args:
        mail: as it was parsed.
        trust: whom we believe.
        over_loopback: whether the connection came from this machine.
    """
    if not mail.sender:
        return Vouched.NOT
    if trust.loopback and over_loopback:
        return Vouched.BY_LOOPBACK
    if not trust.hop:
        return Vouched.NOT
    # The topmost of that name alone: whatever stands below was there before the message reached that server.
    own = next((value for value in mail.headers.get("authentication-results", ()) if _is_of(value, trust.hop)), None)
    return Vouched.NOT if own is None else _found(own, mail.sender.rpartition("@")[2])


def _is_of(value: str, hop: str) -> bool:
    name = _COMMENT.sub(" ", value).partition(";")[0].split()
    return bool(name) and name[0].lower() == hop.lower()


def _found(value: str, domain: str) -> Vouched:
    refuted = False
    for part in _COMMENT.sub(" ", value).split(";")[1:_MOST]:
        result = _RESULT.search(part)
        if result is None:
            continue
        said = {name.lower(): given.lower().rpartition("@")[2] for name, given in _PROPERTY.findall(part)}
        by, what = result[1].lower(), result[2].lower()
        named = {"dmarc": ("header.from",), "dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom",)}[by]
        aligned = any(said.get(name) == domain for name in named)
        if what == "pass" and aligned:
            return Vouched.BY_HOP
        refuted = refuted or (by == "dmarc" and what == "fail" and said.get("header.from", domain) == domain)
    return Vouched.REFUTED if refuted else Vouched.NOT
