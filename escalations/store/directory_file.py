"""A directory as a file: agencies, positions and people in YAML, checked before anything is stored."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from escalations import errors
from escalations.policy import Position, Slug
from escalations.store.domains import own_domain

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_INVENTED_ADDRESS = re.compile(r"[^@\s]+@(?:[a-z0-9-]+\.)*(?:example|example\.(?:org|com|net))")
_INVENTED_DOMAIN = re.compile(r"(?:[a-z0-9-]+\.)*(?:example|example\.(?:org|com|net))")
_INVENTED_PHONE = re.compile(r"01632 ?960 ?\d{3}")
"""Ofcom's range for drama."""


class Notices(StrEnum):
    """Whether an agency is told by mail."""

    OFF = "off"
    """Not at all: the team is reminded whom to tell."""
    TEAM_ONLY = "team_only"
    """The team alone gets the notices, and passes them on. How a new installation starts."""
    ON = "on"


class PositionKind(StrEnum):
    """What holds a position."""

    PERSON = "person"
    SHARED_MAILBOX = "shared_mailbox"
    ROTA = "rota"


class Weekday(StrEnum):
    """A day of the week."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class _FileModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Person(_FileModel):
    """Somebody, or a mailbox, that can be written to."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s.]+$", max_length=254)]
    phone: Annotated[str, Field(min_length=3, max_length=40)] | None = None


class Holding(_FileModel):
    """Who holds a position from a day on; nobody, for one that is vacant."""

    position: Position
    title: Annotated[str, Field(min_length=1, max_length=120)]
    kind: PositionKind = PositionKind.PERSON
    since: date
    until: date | None = None
    working_days: tuple[Weekday, ...] = tuple(Weekday)[:5]
    holder: Person | None = None
    deputy: Person | None = None

    @property
    def weekdays(self) -> tuple[int, ...]:
        """The working days as numbers, Monday is 0."""
        return tuple(sorted({_WEEKDAYS.index(day) for day in self.working_days}))


class AgencyEntry(_FileModel):
    """An agency with its positions."""

    id: Slug
    name: Annotated[str, Field(min_length=1, max_length=200)]
    type: Slug
    town: Annotated[str, Field(min_length=1, max_length=80)]
    parent: Slug | None = None
    successor: Slug | None = None
    notices: Notices = Notices.TEAM_ONLY
    active_from: date
    active_to: date | None = None
    domains: Annotated[
        tuple[Annotated[str, AfterValidator(own_domain)], ...], AfterValidator(lambda found: tuple(sorted({*found})))
    ] = ()
    """Its own mail domains: what stands after the @ in the addresses of everybody there, and of nobody elsewhere."""
    positions: tuple[Holding, ...] = ()

    def facts(self) -> dict[str, object]:
        """What is said of the agency itself, without its positions."""
        return {name: getattr(self, name) for name in type(self).model_fields if name != "positions"}

    def exists_with(self, other: AgencyEntry) -> bool:
        """Whether there is a day on which both exist."""
        return self.active_from <= (other.active_to or date.max) and other.active_from <= (self.active_to or date.max)

    def clashes(self, other: AgencyEntry) -> list[str]:
        """The domains that both claim though only one of them can have them."""
        related = self.id == other.parent or other.id == self.parent
        return [] if related or not self.exists_with(other) else sorted({*self.domains} & {*other.domains})


class DirectoryFile(_FileModel):
    """Everything that a file holds."""

    sample: bool
    """Whether everybody in it is invented; then no address or number may be one that somebody has."""
    agencies: Annotated[tuple[AgencyEntry, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        ids = [agency.id for agency in self.agencies]
        if len(set(ids)) != len(ids):
            raise ValueError("two agencies have the same id")
        for agency in self.agencies:
            if not {agency.parent, agency.successor} <= {None, *ids}:
                raise ValueError(f"{agency.id}: its parent or successor is not in the file")
        if len(list(self.in_order())) != len(ids):
            raise ValueError("an agency is its own parent, by way of others or at once")
        self._domains_are_their_own()
        if self.sample:
            self._is_invented()
        return self

    def _domains_are_their_own(self) -> None:
        for one, other in itertools.combinations(self.agencies, 2):
            for domain in one.clashes(other):
                raise ValueError(
                    f"{one.id} and {other.id} both claim {domain}: only an agency and its parent may share a domain"
                )

    def _is_invented(self) -> None:
        for agency in self.agencies:
            if not all(_INVENTED_DOMAIN.fullmatch(domain) for domain in agency.domains):
                raise ValueError(f"{agency.id}: a sample has domains at example.org or under .example only")
            for holding in agency.positions:
                for person in (holding.holder, holding.deputy):
                    if person is None:
                        continue
                    if _INVENTED_ADDRESS.fullmatch(person.email) is None:
                        raise ValueError(f"{agency.id}: a sample has addresses at example.org or under .example only")
                    if person.phone is not None and _INVENTED_PHONE.fullmatch(person.phone) is None:
                        raise ValueError(f"{agency.id}: a sample has numbers from 01632 960000 to 960999 only")

    def in_order(self) -> Iterator[AgencyEntry]:
        """The agencies, each after its parent."""
        done: set[str | None] = {None}
        waiting = list(self.agencies)
        while waiting:
            ready = [agency for agency in waiting if agency.parent in done]
            if not ready:
                return
            yield from ready
            done |= {agency.id for agency in ready}
            waiting = [agency for agency in waiting if agency.id not in done]


class NotADirectory(errors.FinalOurs):
    """The file is no directory. The text says where and what, and repeats nothing that stood there."""

    code = "not_a_directory"


def read_text(text: str) -> DirectoryFile:
    """The directory of a YAML text.

    Raises:
        NotADirectory: with a line for each thing that is wrong.
    """
    try:
        return DirectoryFile.model_validate(YAML(typ="safe", pure=True).load(text))
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise NotADirectory("this is not YAML" + ("" if mark is None else f", see line {mark.line + 1}")) from None
    except ValidationError as error:
        # Neither the input nor the chained error: both hold names and addresses.
        wrong = [
            f"{'.'.join(str(part) for part in one['loc']) or 'the file'}: {one['msg']}"
            for one in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        raise NotADirectory("\n".join(wrong)) from None


@cache
def sample() -> DirectoryFile:
    """The directory that is shipped. Everybody in it is invented."""
    return read_text(resources.files("escalations.packs").joinpath("directory-sample.yaml").read_text("utf-8"))
