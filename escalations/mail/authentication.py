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


_EQUALS = re.compile(r"\s*=\s*")
_RESULT = re.compile(r"(dmarc|dkim|spf)(?:/1)?=([a-z]+)")
_PROPERTY = re.compile(r"(header\.from|header\.d|header\.i|smtp\.mailfrom)=(\S*)")
_NAMES: Final = {"dmarc": ("header.from",), "dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom",)}
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
    name = _bare(value)[0].partition(";")[0].split()
    return bool(name) and name[0].lower() == hop.lower()


def _bare(value: str) -> tuple[str, bool]:
    """A header without its comments and without what stands in quotes, and whether both are closed.

    What is quoted may be a sender's own words, such as the local part of an address. The first mark of each quotation
    is left, so that nothing quoted can pass for a domain.
    """
    bare: list[str] = []
    depth, quoted, escaped = 0, False, False
    for sign in value:
        if escaped:
            escaped = False
        elif sign == "\\" and (quoted or depth):
            escaped = True
        elif quoted:
            quoted = sign != '"'
        elif sign == "(":
            depth += 1
            bare.append(" ")
        elif depth:
            depth -= sign == ")"
        else:
            quoted = sign == '"'
            bare.append(sign)
    return "".join(bare), not (quoted or depth)


def _found(value: str, domain: str) -> Vouched:
    """What the results of one header say of a domain. A failed DMARC of it outranks whatever else passed."""
    bare, closed = _bare(value.lower())
    found = Vouched.NOT
    for part in bare.split(";")[1:_MOST] if closed else ():
        method, *properties = _EQUALS.sub("=", part).split() or [""]
        result = _RESULT.fullmatch(method)
        if result is None:
            continue
        said: dict[str, str] = {}
        for named in filter(None, map(_PROPERTY.fullmatch, properties)):
            # Said twice, it says nothing; and what was quoted is no domain.
            clear = named[1] not in said and '"' not in named[2]
            said[named[1]] = named[2].rpartition("@")[2] if clear else ""
        if result[1] == "dmarc" and result[2] == "fail" and said.get("header.from", domain) in {domain, ""}:
            return Vouched.REFUTED
        if result[2] == "pass" and any(said.get(name) == domain for name in _NAMES[result[1]]):
            found = Vouched.BY_HOP
    return found
