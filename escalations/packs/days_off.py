"""Reading the calendar file of an installation: further bank holidays, those that do not hold, and closures.

The bank holidays of a region come with the software. What is proclaimed afterwards, and days on which the partnership's
offices are closed, are an installation's to say, in one dated file that the settings name.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from escalations.packs import reading
from escalations.packs.reading import NotAPolicyError, Problem
from escalations.store.calendars import NO_DAYS_OFF, DaysOff


def read(path: Path | None) -> DaysOff:
    """What a calendar file says; nothing where there is none.

    Raises:
        NotAPolicyError: it holds no calendar; with a sentence, and a line, for everything that is wrong.
    """
    return NO_DAYS_OFF if path is None else read_text(reading.text_of(path), path.name)


def read_text(text: str, name: str) -> DaysOff:
    """The same of a text; ``name`` is what problems call it."""
    said = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not said:
        return NO_DAYS_OFF
    if said[0].lstrip().startswith("- "):
        raise NotAPolicyError((Problem(name, None, "", f"has to begin with the name of a list: {_PARTS}"),))
    document, values = reading.document(text, name)
    try:
        return DaysOff.model_validate(values)
    except ValidationError as error:
        raise NotAPolicyError(
            tuple(
                Problem(
                    name,
                    reading.line_of(document, tuple(details["loc"])),
                    ", ".join(str(part) for part in details["loc"]),
                    _SENTENCES.get(details["type"], details["msg"].removeprefix("Value error, ")),
                )
                for details in error.errors()
            )
        ) from None


_PARTS = "bank_holidays, not_bank_holidays and closures, each entry with its dates and a name or why"
_SENTENCES = {
    "extra_forbidden": f"is not a part of a calendar file; it has {_PARTS}",
    "missing": "is missing",
    "tuple_type": "has to be a list; begin each line of it with '- '",
    "date_type": "has to be a date such as 2027-05-10",
    "date_from_datetime_parsing": "has to be a date such as 2027-05-10",
    "string_type": "has to be text; write it in quotes",
}
