"""References that can be said on the phone: ``PD-26-0042-K``.

Prefix of the partnership, year of receipt, number, check character. The check character has no look-alikes (no 0 and O,
no 1, I and L), and any single wrong character, or two neighbours in the wrong order, is noticed: each character has a
value, each place a weight of its own, and the weighted sum is nothing modulo 31, which is prime.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

from escalations.store import tables

CIVIL = ZoneInfo("Europe/London")
CHECK_CHARACTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_MODULUS = len(CHECK_CHARACTERS)
_LETTER_VALUES = (0, 1, *range(10, _MODULUS))
# A digit has its own value, also as a check character: only so is a swap of the last digit with the check noticed.
_VALUES = {str(digit): digit for digit in range(10)} | dict(
    zip((letter for letter in CHECK_CHARACTERS if letter.isalpha()), _LETTER_VALUES, strict=True)
)
_CHECK_OF = {_VALUES[character]: character for character in CHECK_CHARACTERS}
_PREFIX = re.compile(r"[A-Z]{2,6}")
_SHAPE = re.compile(r"([A-Z]{2,6})([2-9][0-9OIL])([0-9OIL]{4,9})([0-9A-Z])")
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})
_LONGEST = 64
_COUNTERS = tables.COUNTERS
_TAKE = {
    name: build(_COUNTERS)
    .on_conflict_do_update(index_elements=[_COUNTERS.c.prefix, _COUNTERS.c.year], set_={"last": _COUNTERS.c.last + 1})
    .returning(_COUNTERS.c.last)
    for name, build in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference that can exist; whether it does, the register knows."""

    prefix: str
    year: int
    """Two digits of the civil year of receipt in London."""
    number: int

    @override
    def __str__(self) -> str:
        """The reference as it is written: ``PD-26-0042-K``."""
        body = f"{self.prefix}{self.year:02d}{self.number:04d}"
        return f"{self.prefix}-{self.year:02d}-{self.number:04d}-{check_character(body)}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a text is no reference, in a sentence for the person who typed it."""

    sentence: str


def civil_year(received_at: datetime) -> int:
    """The year, as two digits, in which something was received by the calendar on a wall in London."""
    return received_at.astimezone(CIVIL).year % 100


async def allocate(tx: AsyncConnection, prefix: str, year: int) -> str:
    """Take the next reference of a year. A transaction that does not commit takes none, so numbers have no gaps.

    Args:
        tx: a transaction that may write; until it ends, others who need a number of this year wait.
        prefix: two to six letters A to Z.
        year: two digits, from :func:`civil_year`.

    Raises:
        ValueError: the prefix or the year has another shape.
    """
    if _PREFIX.fullmatch(prefix) is None or year not in range(20, 100):
        raise ValueError("a reference needs a prefix of two to six letters and a year from 20 to 99")
    taken = await tx.execute(_TAKE[tx.dialect.name], {"prefix": prefix, "year": year, "last": 1})
    return str(Reference(prefix, year, taken.scalar_one()))


def parse(text: str) -> Reference | Problem:
    """Read what a person typed: spaces, missing dashes and small letters do no harm, nor does O for 0 in the number."""
    cleaned = _cleaned(text)
    if not cleaned:
        return Problem("Enter a reference, for example PD-26-0042-K.")
    shape = _SHAPE.fullmatch(cleaned)
    if shape is None:
        return Problem("This does not look like a reference. A reference looks like PD-26-0042-K.")
    prefix, year, number, check = shape.groups()
    digits = (year + number).translate(_MISREAD)
    if len(number) > 4 and digits[2] == "0":  # noqa: PLR2004  the least number of digits, which zeros fill up
        return Problem("This does not look like a reference. The number has a digit too many.")
    if int(digits[2:]) == 0 or check_character(prefix + digits) != check:
        return Problem("One character of this reference is wrong, or two are in the wrong order. Check it again.")
    return Reference(prefix, int(digits[:2]), int(digits[2:]))


def check_character(body: str) -> str:
    """The check character for prefix, year and number without dashes."""
    return _CHECK_OF[-_weighed(body) % _MODULUS]


def _weighed(body: str) -> int:
    return sum(weight * _value(character) for weight, character in enumerate(reversed(body), start=2))


def _value(character: str) -> int:
    # In a prefix all 26 letters may stand, and only among letters is one mistaken for another there.
    return int(character) if character.isdigit() else ord(character) - ord("A")


def _cleaned(text: str) -> str:
    if len(text) > _LONGEST:
        return text
    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(
        character
        for character in plain
        if not (character.isspace() or unicodedata.category(character) in {"Pd", "Cf"} or character in "./_")
    )
