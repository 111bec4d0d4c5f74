"""Reading what people type of civil time: moments, closures, office hours. What cannot be meant is a sentence.

`civiltime.instant_of` takes the first of two instants, and the end of an hour that never comes, because a stored civil
time has to mean something. A person who types one is asked instead: theirs may be a deadline in dispute.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from itertools import pairwise

from escalations.rules.civiltime import LONDON, Closure, OfficeHours, Weekday, say_day

_BRITISH = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?:[ T,]+(.+))?")


def moment(text: str) -> datetime:
    """Return, in UTC, the instant that somebody means by "2027-03-26T15:30" or "26/03/2027 15:30", London time.

    One with an offset ("2027-03-26T15:30+00:00", or Z at the end) is that instant. Raises ValueError with a sentence
    for what is no date and time, and for a civil time that comes twice, or never, because the clocks change.
    """
    given = text.strip()
    british = _BRITISH.fullmatch(given)
    if british is not None:
        given = f"{british[3]}-{int(british[2]):02}-{int(british[1]):02}{f'T{british[4]}' if british[4] else ''}"
    try:
        read = datetime.fromisoformat(given)
    except ValueError:
        raise ValueError(_no_moment(text)) from None
    if len(given) <= len("2027-03-26"):
        sentence = f'"{text.strip()}" has no time of day: write it with one, such as {read:%Y-%m-%d}T09:30.'
        raise ValueError(sentence)
    try:
        return read.astimezone(UTC) if read.tzinfo is not None else _in_london(read)
    except OverflowError:
        raise ValueError(_no_moment(text)) from None


def _no_moment(text: str) -> str:
    return f'"{text.strip()}" is not a date and time: write it as 2027-03-26T15:30, or as 26/03/2027 15:30.'


def _in_london(read: datetime) -> datetime:
    first = read.replace(tzinfo=LONDON, fold=0)
    second = first.replace(fold=1)
    said = f"{read:%H:%M} on {say_day(read.date())}"
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    if first.astimezone(UTC).astimezone(LONDON).replace(tzinfo=None) != read:
        sentence = (
            f"{said} never comes: the clocks go forward from 01:00 to 02:00. "
            "Write a time before 01:00 or from 02:00 on."
        )
        raise ValueError(sentence)
    bare = f"{read:%Y-%m-%dT%H:%M}"
    sentence = (
        f"{said} comes twice, because the clocks go back. Write {bare}+01:00 for the first one (summer time) or "
        f"{bare}+00:00 for the second."
    )
    raise ValueError(sentence)


def day(text: str) -> date:
    """Return the date that somebody means by "2027-04-01" or "01/04/2027". Raises ValueError with a sentence."""
    given = text.strip()
    british = _BRITISH.fullmatch(given)
    if british is not None and british[4] is None:
        given = f"{british[3]}-{int(british[2]):02}-{int(british[1]):02}"
    try:
        return date.fromisoformat(given)
    except ValueError:
        sentence = f'"{text.strip()}" is not a date: write it as 2027-04-01, or as 01/04/2027.'
        raise ValueError(sentence) from None


def closure(text: str, *, why: str = "the office is closed") -> Closure:
    """Return the closure that somebody means by "2027-04-01..2027-04-05", with "=Easter" at the end for why.

    One date alone is a closure of a day. Raises ValueError with a sentence.
    """
    days, _, said = text.partition("=")
    first, _, last = days.partition("..")
    begins, ends = day(first), day(last or first)
    if ends < begins:
        sentence = f'"{days.strip()}" ends before it begins: the first day of a closure comes first.'
        raise ValueError(sentence)
    return Closure(first=begins, last=ends, why=said.strip() or why)


def office_hours(text: str, *, weekdays: Iterable[Weekday] | None = None) -> OfficeHours:
    """Return the office hours that somebody means by "09:00-12:30, 13:30-17:00": what lies between is a break.

    Raises ValueError with a sentence.
    """
    spells = [_spell(part, text) for part in text.split(",")]
    edges = [edge for spell in spells for edge in spell]
    if any(earlier >= later for earlier, later in pairwise(edges)):
        sentence = f'"{text.strip()}" is out of order: each stretch ends after it begins and before the next.'
        raise ValueError(sentence)
    breaks = tuple(zip(edges[1:-1:2], edges[2:-1:2], strict=True))
    given = OfficeHours(opens=edges[0], closes=edges[-1], breaks=breaks)
    return given if weekdays is None else OfficeHours(**{**dict(given), "weekdays": tuple(weekdays)})


def _spell(part: str, text: str) -> tuple[time, time]:
    found = re.fullmatch(r"\s*([0-2]?\d:[0-5]\d)\s*(?:-|to)\s*([0-2]?\d:[0-5]\d)\s*", part)
    try:
        if found is not None:
            return clock(found[1]), clock(found[2])
    except ValueError:
        pass
    sentence = f'"{text.strip()}" are no office hours: write them as 09:00-17:00, or as 09:00-12:30,13:30-17:00.'
    raise ValueError(sentence)


def clock(text: str) -> time:
    """Return the time of day that somebody means by "17:00" or "9:30". Raises ValueError with a sentence."""
    try:
        return time.fromisoformat(text.strip().rjust(len("09:00"), "0"))
    except ValueError:
        sentence = f'"{text.strip()}" is not a time of day: write it as 17:00.'
        raise ValueError(sentence) from None
