"""A table of agencies and contacts as people really have it: read, with a sentence and a line for what is wrong.

UTF-8 with or without its mark, UTF-16 as Excel writes it, or Windows-1252; commas, semicolons or tabs; the columns in
any order, by the names that people give them. Every line is read before anything is said, so that all that is wrong is
said at once.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeVar

from typing_extensions import override

from escalations.agencies import cells
from escalations.agencies.cells import Unreadable
from escalations.store.directory_file import Person

MOST_BYTES: Final = 900_000
MOST_LINES: Final = 5_000


class Column(StrEnum):
    """What a column holds. The values are the names that an exported table has."""

    AGENCY_ID = "agency id"
    AGENCY = "agency"
    TYPE = "type"
    TOWN = "town"
    PARENT = "belongs to"
    NOTICES = "notices"
    DOMAINS = "mail domains"
    ACTIVE_FROM = "active from"
    ACTIVE_TO = "active to"
    SUCCESSOR = "followed by"
    POSITION = "position"
    TITLE = "title"
    KIND = "held by"
    NAME = "name"
    EMAIL = "email"
    PHONE = "phone"
    WORKING_DAYS = "working days"
    DEPUTY_NAME = "deputy name"
    DEPUTY_EMAIL = "deputy email"
    DEPUTY_PHONE = "deputy phone"
    SINCE = "since"
    UNTIL = "until"


_ALSO: Final[Mapping[Column, str]] = {
    Column.AGENCY_ID: "agency code",
    Column.AGENCY: "agency name|organisation|organization|organisation name|organization name|org|school|school name"
    "|name of agency|name of organisation|establishment|service|provider|setting",
    Column.TYPE: "agency type|type of agency|organisation type|organization type|sector|category",
    Column.TOWN: "place|location|city|area|locality|town or city|town/city",
    Column.PARENT: "parent|parent agency|trust|part of|academy trust|belongs to agency",
    Column.NOTICES: "notice|notifications|told by email|emails|email notices",
    Column.DOMAINS: "domain|domains|mail domain|email domain|email domains|own domains",
    Column.ACTIVE_FROM: "agency from|opened|opened on|agency since",
    Column.ACTIVE_TO: "agency until|closed|closed on|agency to",
    Column.SUCCESSOR: "successor|succeeded by|replaced by",
    Column.POSITION: "level|rung|post|ladder position|position code",
    Column.TITLE: "job title|role|job role|position title",
    Column.KIND: "kind|holder kind|contact type|kind of holder",
    Column.NAME: "contact|contact name|full name|holder|holder name|person|lead|lead name|named person|dsl|dsl name"
    "|safeguarding lead|escalation lead",
    Column.EMAIL: "e mail|email address|e mail address|mail|contact email|holder email|lead email|dsl email|work email",
    Column.PHONE: "telephone|tel|tel no|telephone number|phone number|phone no|mobile|contact number|contact phone"
    "|holder phone|lead phone|dsl phone",
    Column.WORKING_DAYS: "days|works|days worked|working pattern|work days",
    Column.DEPUTY_NAME: "deputy|deputy contact|deputy dsl|deputy lead|cover|cover name",
    Column.DEPUTY_EMAIL: "deputy e mail|deputy email address|deputy dsl email|deputy mail|cover email",
    Column.DEPUTY_PHONE: "deputy telephone|deputy tel|deputy phone number|deputy dsl phone|cover phone|deputy number",
    Column.SINCE: "from|start|start date|in post since|in post from|starts|date from|from date",
    Column.UNTIL: "to|end|end date|in post until|ends|leaves|leaving date|date to|to date|last day",
}
NAMES: Final[Mapping[str, Column]] = {
    **{cells.words(name): column for column, names in _ALSO.items() for name in names.split("|")},
    **{cells.words(column.value): column for column in Column},
}
_DEPUTY: Final = (Column.DEPUTY_NAME, Column.DEPUTY_EMAIL, Column.DEPUTY_PHONE)
_HOLDER: Final = (Column.NAME, Column.EMAIL, Column.PHONE)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something to put right, and on which line of the file."""

    line: int
    sentence: str
    column: Column | None = None

    @override
    def __str__(self) -> str:
        """As it is said to whoever wrote the table."""
        where = f"line {self.line}" + (f", {self.column.value}" if self.column else "")
        return f"{where}: {self.sentence}"


@dataclass(slots=True)
class Row:
    """One line of a table: the texts of its cells, and what was wrong with them."""

    line: int
    texts: Mapping[Column, str]
    wrong: list[Wrong] = field(default_factory=list)

    def text(self, column: Column) -> str:
        """What a cell says; nothing where there is no such column."""
        return self.texts.get(column, "")

    def read(self, column: Column, reader: Callable[[str], Value]) -> Value | None:
        """What a cell means; None where it is empty, or where what is wrong with it has been noted."""
        text = self.text(column)
        if not text:
            return None
        try:
            return reader(text)
        except Unreadable as problem:
            self.problem(column, str(problem))
            return None

    def problem(self, column: Column | None, sentence: str) -> None:
        """Note something to put right; one for each cell is enough."""
        if column is None or all(known.column is not column for known in self.wrong):
            self.wrong.append(Wrong(self.line, sentence, column))

    @property
    def names_a_contact(self) -> bool:
        """Whether the line says anything of a position."""
        return any(self.text(column) for column in (*_HOLDER, *_DEPUTY, Column.POSITION, Column.TITLE))

    def holder(self) -> Person | None:
        """Who holds it; None for a vacancy, which has to be said."""
        if self.text(Column.NAME).casefold() in cells.VACANT:
            if self.text(Column.EMAIL):
                self.problem(Column.EMAIL, "Leave the address empty where the post is vacant")
            return None
        return self._person(_HOLDER, "Write the name, or the word vacant where nobody is in post")

    @property
    def says_no_deputy(self) -> bool:
        """Whether it says that nobody deputises. An empty cell says nothing."""
        return self.text(Column.DEPUTY_NAME).casefold() in {*cells.VACANT, "none"}

    def deputy(self) -> Person | None:
        """Who deputises; None where nobody is named, or where it is said that nobody does."""
        if not any(self.text(column) for column in _DEPUTY) or self.says_no_deputy:
            return None
        return self._person(_DEPUTY, "Write the deputy’s name")

    def _person(self, columns: tuple[Column, Column, Column], missing: str) -> Person | None:
        name, email, phone = columns
        if not self.text(name):
            self.problem(name, missing)
        if not self.text(email):
            self.problem(email, "Write the email address: nobody can be told without one")
        if len(self.text(name)) > 200:  # noqa: PLR2004  as the directory keeps it
            self.problem(name, "Write a name of 200 characters at most")
        address, number = self.read(email, cells.email), self.read(phone, cells.phone)
        if address is None or any(one.column in columns for one in self.wrong):
            return None
        return Person(name=self.text(name), email=address, phone=number)


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was read: its lines, and what the whole of it lacks."""

    rows: tuple[Row, ...]
    columns: frozenset[Column]
    unread: tuple[str, ...]
    """Columns whose name says nothing to us. They are left out, and whoever loads the table is told."""
    wrong: tuple[Wrong, ...] = ()


def read(content: bytes) -> Table:
    """Read the bytes of a table. Whatever is wrong stands in the answer; nothing is raised."""
    text = _text(content)
    if isinstance(text, Wrong):
        return Table((), frozenset(), (), (text,))
    try:
        lines = list(_lines(text))
    except csv.Error as problem:
        line = re.search(r"line (\d+)", str(problem))
        return Table((), frozenset(), (), (Wrong(int(line[1]) if line else 1, _QUOTES),))
    if not lines:
        return Table((), frozenset(), (), (Wrong(1, "There is nothing in this file."),))
    if len(lines) > MOST_LINES:
        return Table((), frozenset(), (), (Wrong(MOST_LINES, f"Load at most {MOST_LINES:,} lines at once."),))
    return _table(lines)


_QUOTES: Final = "A quotation mark was opened and not closed. Close it, or take it out."


def _text(content: bytes) -> str | Wrong:
    if len(content) > MOST_BYTES:
        return Wrong(1, "This file is longer than 900 kB. Load it in parts.")
    if content[:4] == b"PK\x03\x04" or content[:4] == b"\xd0\xcf\x11\xe0":
        return Wrong(1, "This is a spreadsheet. In Excel choose File, Save as, CSV UTF-8, and load that file.")
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            candidates: tuple[str, ...] = (encoding,)
            break
    else:
        candidates = ("utf-8", "cp1252")
    for encoding in candidates:
        try:
            text = content.decode(encoding)
        except UnicodeError:
            continue
        if "\x00" in text:
            break
        return text
    return Wrong(1, "This is no text. In Excel choose File, Save as, CSV UTF-8, and load that file.")


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """The lines that say something, each with the number of its first line in the file."""
    skipped = 0
    announced = re.match(r"sep=(.)\r?\n", text, flags=re.IGNORECASE)
    if announced:
        text, skipped = text[announced.end() :], 1
    delimiter = announced[1] if announced else _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            found = next(reader, None)
        except csv.Error:
            raise csv.Error(f"line {begins + skipped}") from None
        if found is None:
            return
        if any(cells.plain(cell) for cell in found):
            yield begins + skipped, found


def _delimiter(text: str) -> str:
    """The one under which most columns of the first line have a name that we know."""
    first = next((line for line in text.splitlines() if line.strip(" ,;\t")), "")
    return max(",;\t", key=lambda mark: sum(cells.words(cell.strip('"')) in NAMES for cell in first.split(mark)))


def _table(lines: list[tuple[int, list[str]]]) -> Table:
    number, heads = lines[0]
    wrong: list[Wrong] = []
    places: dict[Column, int] = {}
    unread = []
    for place, head in enumerate(heads):
        column = NAMES.get(cells.words(head))
        if column is None:
            if cells.plain(head):
                unread.append(cells.plain(head)[:60])
        elif column in places:
            first = cells.plain(heads[places[column]])
            wrong.append(
                Wrong(number, f"Two columns hold the same: {first} and {cells.plain(head)}. Take one of them out.")
            )
        else:
            places[column] = place
    if not places.keys() & {Column.AGENCY, Column.AGENCY_ID}:
        known = ", ".join(column.value for column in Column)
        wrong.append(Wrong(number, f"The first line must name the columns, agency among them. Known are: {known}."))
    if wrong:
        return Table((), frozenset(places), tuple(unread), tuple(wrong))
    rows = []
    for line, found in lines[1:]:
        texts = {column: cells.plain(found[place]) for column, place in places.items() if place < len(found)}
        row = Row(line, texts)
        if any(cells.plain(cell) for cell in found[len(heads) :]):
            row.problem(
                None,
                "This line has more cells than the first one. Put quotation marks around a cell with a comma in it.",
            )
        rows.append(row)
    if not rows:
        wrong.append(Wrong(number, "There is no line below the names of the columns."))
    return Table(tuple(rows), frozenset(places), tuple(unread), tuple(wrong))
