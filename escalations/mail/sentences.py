"""What somebody wrote, sentence by sentence, and which of it stands below their name.

For those who look for words in a mail (`urgency`, `pleas`). Bounded: a hostile text takes no longer than an honest one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

SEEN_CHARS: Final = 20_000
"""Of a text; what stands further down is read by people alone."""
SENTENCE_CHARS: Final = 400
"""A longer sentence is read in pieces."""
EXCERPT_CHARS: Final = 160

_ENDS = re.compile(r"(?<=[.!?;])\s+|\n\s*\n|\n(?=\s*(?:[-*•]|\d+[.)])\s)|\n(?=[^\n:]{1,60}:\s)")
_FORWARDED = re.compile(r"\s*(?:fwd?|wg|tr)\s*:", re.IGNORECASE)
_WITHOUT_SIGN = re.compile(
    r"\b(do|does|did|is|are|was|were|ca|could|wo|would|should|must|has|have|had)nt\b", re.IGNORECASE
)
_SIGNED = re.compile(
    r"\s*(?:--|_{5,}|(?:(?:with )?(?:kind|kindest|best|warm|warmest) )?regards\b.{0,20}"
    r"|(?:many )?thanks(?: (?:and|in advance|again|for\b).{0,40})?[,.!]?|(?:best|all good) wishes\b.{0,10}"
    r"|thank you[,.!]?"
    r"|yours (?:sincerely|faithfully|truly)\b.{0,5}|cheers[,.!]?|sent from my \w+.{0,20}|get outlook for \w+)\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, repr=False)
class Sentence:
    """A sentence, or a line that is one."""

    text: str
    below: bool = False
    """Whether it stands below whoever wrote it has signed: a signature, a disclaimer, or an afterthought."""


def of(text: str) -> Iterator[Sentence]:
    """The sentences of a text, in their order."""
    body, below = _signed(text[:SEEN_CHARS])
    for part, is_below in ((body, False), (below, True)):
        for sentence in _ENDS.split(part):
            said = _plain(sentence)
            for start in range(0, len(said), SENTENCE_CHARS):
                yield Sentence(said[start : start + SENTENCE_CHARS], is_below)


def forwards(subject: str, text: str) -> bool:
    """Whether a mail forwards what stands below it: then that is what it says."""
    return bool(_FORWARDED.match(subject)) or not text.strip()


def line(text: str) -> str:
    """A subject, or another line, as sentences are read."""
    return _plain(text)[:SENTENCE_CHARS]


def signs(line: str) -> bool:
    """Whether somebody signs by this line: "Kind regards", a mark, or what a phone adds."""
    return _SIGNED.fullmatch(line[:80]) is not None


def spelt(said: str) -> str:
    """A sentence in which "dont" is "don't": phones and hurry leave the sign out. To look for words in, not to show."""
    return _WITHOUT_SIGN.sub(r"\1n't", said)


def _plain(text: str) -> str:
    return " ".join(text.replace("\u2019", "'").replace("\u2018", "'").split())


def _signed(text: str) -> tuple[str, str]:
    lines = text.split("\n")
    for place, line in enumerate(lines):
        # What is signed before anything was said is a greeting of another kind.
        if signs(line) and any(before.strip() for before in lines[:place]):
            return "\n".join(lines[:place]), "\n".join(lines[place:])
    return text, ""


def excerpt(sentence: str, at: int) -> str:
    """As much of a sentence as can be shown, around a place in it."""
    if len(sentence) <= EXCERPT_CHARS:
        return sentence
    start = max(0, min(at - EXCERPT_CHARS // 3, len(sentence) - EXCERPT_CHARS))
    cut = sentence[start : start + EXCERPT_CHARS].strip()
    return f"{'… ' if start else ''}{cut}{' …' if start + EXCERPT_CHARS < len(sentence) else ''}"
