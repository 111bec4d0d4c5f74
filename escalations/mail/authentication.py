"""Who a message is from, as far as that is known: what the trusted hop found, or nobody (defect 18).

The From line is what its writer liked to put there. It counts where the receiving server that the settings name has
written down (Authentication-Results, RFC 8601) that the domain in it vouches for the message: by DMARC, or by DKIM or
SPF of that very domain. In the embedded default mail comes over loopback alone, and loopback is the trusted hop.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from escalations.mail.parser import Mail
from escalations.rules.senders import Checked


class Vouched(StrEnum):
    """How the sender's address is known."""

    BY_HOP = "by_hop"
    """The trusted hop found that its domain vouches for it."""
    BY_LOOPBACK = "by_loopback"
    """It came over loopback, in the embedded default."""
    NOT = "not"
    """Nobody vouches for it: it is nobody's word. The trusted hop looked, and found nothing that does."""
    NOT_CHECKED = "not_checked"
    """Nobody looked: no hop is trusted, or no result of it came with the message. It is nobody's word either."""
    REFUTED = "refuted"
    """Its domain says that the message is not its own. It is not even answered."""


PROVEN: Final = frozenset({Vouched.BY_HOP, Vouched.BY_LOOPBACK})
"""What is said of a sender whose From line is taken for their word. Whatever is counted or told apart by sender is so
for these and for the others apart: anybody can write another's address into a From line."""

CHECKED: Final[Mapping[Vouched, Checked]] = {
    Vouched.BY_HOP: Checked.VOUCHED,
    # It is believed, since this machine alone can send so; that anybody vouches for the sender is not said by that.
    Vouched.BY_LOOPBACK: Checked.NOT_CHECKED,
    Vouched.NOT: Checked.NOBODY_VOUCHES,
    Vouched.NOT_CHECKED: Checked.NOT_CHECKED,
    Vouched.REFUTED: Checked.REFUSED,
}
"""What is said of a sender, by how the address is known."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom an installation believes."""

    hop: str = ""
    """The name under which the receiving server writes its results; nothing: nobody is believed."""
    loopback: bool = False
    """Whether whatever comes over loopback is believed."""


_QUOTE: Final = '"'
_NAMED: Final = {"dmarc": ("header.from",), "dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom",)}
_LEXEME = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|[^"\\()]+|.', re.DOTALL)
_SPACE = re.compile(r"[ \t\r\n]+")


def vouched(mail: Mail, trust: Trust, *, over_loopback: bool) -> Vouched:
    """How the address in From is known.

    Args:
        mail: as it was parsed.
        trust: whom we believe.
        over_loopback: whether the connection came from this machine.
    """
    if not mail.sender:
        return Vouched.NOT_CHECKED
    if trust.loopback and over_loopback:
        return Vouched.BY_LOOPBACK
    if not trust.hop:
        return Vouched.NOT_CHECKED
    # The topmost of that name alone: whatever stands below was there before the message reached that server.
    own = next((value for value in mail.headers.get("authentication-results", ()) if _is_of(value, trust.hop)), None)
    return Vouched.NOT_CHECKED if own is None else _found(own, mail.sender.rpartition("@")[2])


def _is_of(value: str, hop: str) -> bool:
    name = _SPACE.split(_plain(value)[0].partition(";")[0].strip(" \t\r\n"))[0]
    return bool(name) and name.lower() == hop.lower()


def _plain(value: str) -> tuple[str, bool]:
    """A header's value with a space for each comment and a quote mark for whatever is quoted; is it well formed?

    A quoted string is often the sender's own (a local part), so nothing in it is read, and the mark left in its place
    is in no name and no domain. A quote mark within a comment is not well formed for us: a server that copies a quoted
    local part into a comment may have let the sender end the comment.
    """
    plain: list[str] = []
    depth, whole = 0, True
    for lexeme in _LEXEME.findall(value):
        if depth and _QUOTE in lexeme:
            whole = False
        if lexeme == "(":
            depth += 1
            plain.append(" ")
        elif lexeme == ")":
            whole = whole and depth > 0
            depth = max(depth - 1, 0)
        elif not depth:
            whole = whole and lexeme != _QUOTE
            plain.append(_QUOTE if lexeme[0] in '"\\' else lexeme)
    return "".join(plain), whole and not depth


def _found(value: str, domain: str) -> Vouched:
    plain, whole = _plain(value)
    if not whole:
        return Vouched.NOT
    parts = [_words(part) for part in plain.split(";")[1:]]
    if any(_disowned(words, domain) for words in parts):
        return Vouched.REFUTED
    return Vouched.BY_HOP if any(_vouches(words, domain) for words in parts) else Vouched.NOT


def _words(part: str) -> list[str]:
    single = _SPACE.sub(" ", part.lower()).replace(" =", "=").replace("= ", "=")
    return [word for word in single.split(" ") if word]


def _disowned(words: list[str], domain: str) -> bool:
    """Whether DMARC failed, and not plainly for another domain: in doubt the message is not its domain's."""
    if words[:1] != ["dmarc=fail"]:
        return False
    said = [given for name, _, given in (word.partition("=") for word in words[1:]) if name == "header.from"]
    return len(said) != 1 or _QUOTE in said[0] or _domain(said[0]) == domain


def _vouches(words: list[str], domain: str) -> bool:
    """Whether this part is one method's pass for the domain; a part with anything amiss in it says nothing."""
    method, _, result = words[0].partition("=") if words else ("", "", "")
    if method not in _NAMED or result != "pass":
        return False
    said: dict[str, str] = {}
    for word in words[1:]:
        name, equals, given = word.partition("=")
        if not equals or name in said or name in _NAMED:
            return False
        said[name] = given
    return any(_domain(said[name]) == domain for name in _NAMED[method] if name in said)


def _domain(given: str) -> str:
    """The domain that a property's value names; nothing where any of it was quoted or it has more than one ``@``."""
    return "" if _QUOTE in given or given.count("@") > 1 else given.rpartition("@")[2]
