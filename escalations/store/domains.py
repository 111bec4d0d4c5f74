"""The part of a mail address after the @: which of them an agency may call its own.

A domain is kept in lower case and in ASCII (IDNA), so that two spellings of one domain are one. Where many agencies or
the public share a domain, an address there says nothing about the agency, and it is refused with a sentence.
"""

from __future__ import annotations

import re
from typing import Final

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"(?=.{{4,253}}$)(?:{_LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{2,59}})")

_PUBLIC: Final = re.compile(
    r"(?:aol|fastmail|gmail|gmx|googlemail|hotmail|live|mail|msn|outlook|proton|protonmail|rocketmail|tuta|tutanota"
    r"|yahoo|yandex|ymail|zoho)\.(?:com|net|me|fm|co\.uk|[a-z]{2})"
    r"|(?:icloud|mac|me|hey|hushmail|sky|btinternet|btopenworld|btconnect|virginmedia|ntlworld|talk21|plus)\.com"
    r"|(?:talktalk|orange|virgin)\.net|(?:blueyonder|o2|tiscali)\.co\.uk|pm\.me"
)
"""Where anybody can have an address."""

_SHARED: Final = re.compile(
    r"nhs\.net|cjsm\.net|onmicrosoft\.com|(?:ac|co|gov|ltd|me|mod|net|nhs|org|parliament|plc|police|sch)\.uk"
    r"|pnn\.police\.uk|(?:gov|nhs)\.(?:scot|wales)"
)
"""Where many organisations have their addresses (NHSmail, criminal justice secure mail), or domains of their own."""


class NotADomain(ValueError):
    """It cannot be an agency's own. The text is a sentence for whoever wrote it."""


def own_domain(written: str) -> str:
    """A domain as it is kept, of what somebody wrote: `@Council.Example.` is ``council.example``.

    Raises:
        NotADomain: it is none, or one that more than one organisation uses.
    """
    domain = _canonical(written)
    if domain is None:
        raise NotADomain(
            "Write the part of the agency’s addresses after the @, like council.example, without a name before it"
        )
    if _PUBLIC.fullmatch(domain):
        raise NotADomain(
            f"Anybody can have an address at {domain}, so it cannot be an agency’s own. "
            "Leave it out: the addresses of the people named in its positions count as the agency’s by themselves"
        )
    if _SHARED.fullmatch(domain):
        raise NotADomain(
            f"Many organisations use {domain}, so it cannot be one agency’s own. Write the agency’s own domain if it "
            "has one: the addresses of the people named in its positions count as the agency’s by themselves"
        )
    return domain


def domain_of(address: str) -> str | None:
    """The domain of an address as it is kept; None where that is no address."""
    _, at, domain = address.strip().rpartition("@")
    return _canonical(domain) if at else None


def same_address(address: str) -> str:
    """An address so that two spellings of one mailbox are the same: in lower case, its domain in ASCII."""
    local, at, domain = address.strip().rpartition("@")
    return f"{local.casefold()}@{_canonical(domain) or domain.casefold()}" if at else address.strip().casefold()


def _canonical(written: str) -> str | None:
    text = written.strip().removeprefix("@").rstrip(".").casefold()
    try:
        # Each label goes through IDNA: it refuses what is empty or too long, and folds other scripts' dots.
        domain = text.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    return domain if _DOMAIN.fullmatch(domain) else None
