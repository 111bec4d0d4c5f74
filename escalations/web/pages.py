"""Turning values into pages: the one template environment, and what a page knows of the form on it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from jinja2 import ChainableUndefined, Environment, PackageLoader, PrefixLoader, select_autoescape
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from escalations.rules.civiltime import civil, say, say_day
from escalations.settings import Settings
from escalations.web import words
from escalations.web.forms import Problem, first
from escalations.web.viewer import MENU


@dataclass(frozen=True, slots=True)
class Site:
    """What every page says of this installation."""

    product_name: str
    partnership_name: str
    trial: bool
    front_door_name: str
    front_door_phone: str
    front_door_hours: str
    duty_team_name: str
    duty_team_phone: str
    duty_team_hours: str
    team_phone: str
    team_email: str
    team_hours: str
    privacy_notice_url: str | None

    @classmethod
    def of(cls, settings: Settings, *, live: bool) -> Site:
        """Take it from the settings. Until somebody has shown that it may be live, it is a trial."""
        return cls(
            settings.product_name,
            settings.partnership_name,
            not live,
            settings.front_door_name,
            settings.front_door_phone,
            settings.front_door_hours,
            settings.duty_team_name,
            settings.duty_team_phone,
            settings.duty_team_hours,
            settings.team_phone,
            settings.team_email,
            settings.team_hours,
            str(settings.privacy_notice_url) if settings.privacy_notice_url else None,
        )


_NO_HINT: Final = False
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Form:
    """A form as a page shows it: what was typed, what is to be put right, and the token that its post needs."""

    token: str
    raw: Mapping[str, Sequence[str]] = field(default_factory=dict)
    problems: Sequence[Problem] = ()

    def value(self, name: str) -> str:
        """What was typed in a field."""
        return first(self.raw, name)

    def hint(self, text: str) -> dict[str, str] | bool:
        """A hint as the macros take it."""
        return {"text": text} if text else _NO_HINT

    def error(self, name: str) -> dict[str, str] | bool:
        """The sentence beside a field."""
        return next(({"text": problem.sentence} for problem in self.problems if problem.field == name), False)

    def date_error(self, name: str) -> dict[str, str] | bool:
        """The sentence beside a date of three fields."""
        return next((found for part in ("day", "month", "year") if (found := self.error(f"{name}-{part}"))), False)

    def begun(self, names: Sequence[str]) -> bool:
        """Whether something was typed into one of these fields, or is to be put right there."""
        return any(self.value(name) for name in names) or any(problem.field in names for problem in self.problems)

    def filled(self, names: Sequence[str]) -> bool:
        """Whether something stands in one of these fields, or in one of those that begin so."""
        begun = tuple(f"{name}-" for name in names)
        return any(self.value(name) for name in self.raw if name in names or name.startswith(begun))

    def concerned(self, names: Sequence[str], *more: Sequence[Problem]) -> bool:
        """Whether something is to be put right, or still missing (``more``), in one of these fields."""
        found = (problem.field for problems in (self.problems, *more) for problem in problems)
        return any(field == name or field.startswith(f"{name}-") for field in found for name in names)

    @property
    def summary(self) -> list[dict[str, str]]:
        """The list at the top of the page, each a link to its field."""
        return [{"text": problem.sentence, "href": f"#{problem.field}"} for problem in self.problems]

    def options(self, name: str, options: Mapping[str, str]) -> list[dict[str, object]]:
        """Radios as the macros take them."""
        chosen = self.value(name)
        return [{"value": str(value), "text": text, "checked": str(value) == chosen} for value, text in options.items()]

    def tickable(self, name: str, options: Mapping[str, str]) -> list[dict[str, object]]:
        """Boxes as the macros take them."""
        ticked = set(self.raw.get(name, ()))
        return [{"value": value, "text": text, "checked": value in ticked} for value, text in options.items()]

    def picks(self, options: Mapping[str, str], chosen: str, empty: str) -> list[dict[str, object]]:
        """Entries of a drop-down list as the macros take them, an empty one first."""
        return [
            {"value": "", "text": empty, "selected": not chosen},
            *({"value": value, "text": text, "selected": value == chosen} for value, text in options.items()),
        ]

    def date_parts(self, name: str) -> list[dict[str, object]]:
        """The three fields of a date as the macros take them."""
        wrong = next((problem.field for problem in self.problems if problem.field.startswith(f"{name}-")), "")
        return [
            {
                "name": part,
                "value": self.value(f"{name}-{part}"),
                "classes": f"govuk-input--width-{4 if part == 'year' else 2}"
                + (" govuk-input--error" if wrong == f"{name}-{part}" else ""),
            }
            for part in ("day", "month", "year")
        ]


def _tel(number: str) -> str:
    return "tel:" + re.sub(r"[^0-9+]", "", number)


def _paragraphs(text: str) -> Markup:
    """A person's own words, with their line breaks."""
    return Markup("<br>").join(escape(line) for line in text.split("\n"))


def _short(moment: datetime) -> str:
    local = civil(moment)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}, {local:%H:%M}"


def _short_day(moment: datetime) -> str:
    local = civil(moment)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


def _civil_day(moment: datetime) -> str:
    return say_day(civil(moment).date())


@functools.cache
def environment() -> Environment:
    """The template environment, made once; it holds no state of any page."""
    found = Environment(
        loader=PrefixLoader(
            {
                "govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja"),
                "web": PackageLoader("escalations.web"),
            },
            delimiter="/",
        ),
        autoescape=select_autoescape(default=True, default_for_string=True),
        # The macros of GOV.UK Frontend read parameters that were not given; our own pages are rendered by tests.
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(
        tel=_tel,
        paragraphs=_paragraphs,
        said=say,
        said_day=say_day,
        short=_short,
        civil_day=_civil_day,
        short_day=_short_day,
        position=words.position,
        agency_type=words.agency_type,
    )
    found.globals["words"] = words
    found.globals["menu"] = MENU
    return found


@dataclass(frozen=True, slots=True)
class Pages:
    """Renders pages of one installation."""

    site: Site

    def show(self, template: str, *, status: int = 200, values: Mapping[str, object]) -> HTMLResponse:
        """A page as a response."""
        text = environment().get_template(f"web/{template}").render({"site": self.site, **values})
        return HTMLResponse(text, status_code=status)


def labelled(pairs: Iterable[tuple[object, str]]) -> dict[str, str]:
    """Codes with their words, as the fields take them."""
    return {str(code): text for code, text in pairs}
