"""What somebody wrote now, apart from the history that their mail program put below it. The signature stays.

Our own marks come first, each a look at single lines; then the library that knows many mail programs sees what is left,
within bounds: its patterns would otherwise take as long as a hostile text likes.
"""

from __future__ import annotations

import re
from typing import Final

from mailparser_reply import EmailReplyParser  # type: ignore[import-untyped]

_SEEN_CHARS: Final = 20_000
"""Of a text that the library is given; a longer one was mostly not typed as a reply."""
_SEEN_LINE_CHARS: Final = 400
_ATTRIBUTION_LINES: Final = 3

_DASHED = re.compile(r"-{2,}\s*(?:original|forwarded) message\s*-{2,}|begin forwarded message:$", re.IGNORECASE)
_HEADER = re.compile(r"[*_ ]{0,3}(from|sent|date|to|cc|subject)[*_ ]{0,2}:", re.IGNORECASE)
_ON = re.compile(r"on\b.{0,200}", re.IGNORECASE)
_MARKED: Final = ">From "
_QUOTED = re.compile(r"\s{0,3}>")


def split(text: str) -> tuple[str, str]:
    """What was written now, and the history. Where nothing is above the history, what stands between its lines counts.

    Args:
        text: the whole text, its lines ended by a line feed.
    """
    lines = _as_written(text.split("\n"))
    at = _history_begins(lines)
    own, history = "\n".join(lines[:at]).strip(), "\n".join(lines[at:]).strip()
    if own:
        return _further(own, history)
    if any(_QUOTED.match(line) for line in lines):
        # Answered below, or line by line: what is not quoted is new.
        new = [line for line in lines if not _QUOTED.match(line) and not _is_attribution(line)]
        own = re.sub(r"\n{3,}", "\n\n", "\n".join(new)).strip()
        if own:
            return own, "\n".join(line for line in lines if _QUOTED.match(line))
    return own, history


def _as_written(lines: list[str]) -> list[str]:
    """The lines without the mark that programs put before one that begins with "From " (RFC 4155): it quotes nothing.

    Taken for a quotation, "From agency: ..." would end what somebody wrote, and whatever follows it be overlooked.
    """
    around = [False, *(_QUOTED.match(line) is not None for line in lines), False]
    return [
        line[1:] if line.startswith(_MARKED) and not (around[place] or around[place + 2]) else line
        for place, line in enumerate(lines)
    ]


def _history_begins(lines: list[str]) -> int:
    for place, line in enumerate(lines):
        said = line.strip()
        if not said:
            continue
        if _DASHED.match(said) or _QUOTED.match(line):
            return place
        if _is_header_block(lines, place) or _attribution_ends(lines, place):
            return place
    return len(lines)


def _is_header_block(lines: list[str], place: int) -> bool:
    """The lines that Outlook puts above what it quotes: who, when, to whom, subject."""
    first = _HEADER.match(lines[place].strip())
    if first is None or first[1].lower() != "from":
        return False
    block = [_HEADER.match(line.strip()) for line in lines[place + 1 : place + 8]]
    names = {found[1].lower() for found in block if found is not None}
    return "subject" in names and bool(names & {"sent", "date"})


def _is_attribution(line: str) -> bool:
    return line.rstrip().lower().endswith("wrote:")


def _attribution_ends(lines: list[str], place: int) -> bool:
    """Whether a mail program says who wrote what follows, and when: on one line, or broken into a few."""
    if _ON.match(lines[place].strip()) is None:
        return False
    for line in lines[place : place + _ATTRIBUTION_LINES]:
        if not line.strip():
            return False
        if _is_attribution(line):
            return True
    return False


def _further(own: str, history: str) -> tuple[str, str]:
    """What the library still finds below what was written."""
    if len(own) > _SEEN_CHARS or any(len(line) > _SEEN_LINE_CHARS for line in own.split("\n")):
        return own, history
    if not re.search(r"wrote:|sent:|original message", own, re.IGNORECASE):
        return own, history  # Nothing that it knows can be in it; and a form's "From:" and "To:" are not history.
    latest: str | None = EmailReplyParser(languages=["en"]).parse_reply(own)
    if not latest or not latest.strip():
        return own, history
    kept = len(latest.split("\n"))
    lines = own.split("\n")
    below = "\n".join(lines[kept:]).strip()
    return "\n".join(lines[:kept]).strip(), "\n\n".join(part for part in (below, history) if part)
