"""The policy from the command line: checked, shown, compared, and explained for one case. A composition root."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from datetime import date, datetime, time
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from escalations.packs import checking, comparing, reading, unmapped
from escalations.packs.checking import Checked, FileKind
from escalations.packs.comparing import Change
from escalations.packs.warning import Posts, dated
from escalations.policy import Policy
from escalations.rules import workingtime
from escalations.rules.workingtime import Calendar

if TYPE_CHECKING:
    from collections.abc import Callable

    from escalations.settings import Settings

OF_INSTALLATION = "this installation's directory"


class Format(StrEnum):
    """How a policy is shown."""

    TERMINAL = "terminal"
    SVG = "svg"
    HTML = "html"
    JSON = "json"


def shown(policy: Policy, as_format: Format, *, today: date) -> str:
    """A policy as a text: drawn for a terminal, as a drawing, as a page, or for a machine."""
    match as_format:
        case Format.JSON:
            return json.dumps(policy.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"
        case Format.SVG:
            from escalations.packs import drawing  # noqa: PLC0415  each format waits for what it needs alone

            return drawing.as_document(policy)
        case Format.HTML:
            from escalations.packs import page  # noqa: PLC0415  as above

            return page.alone(policy, notes=dated(policy, today))
        case Format.TERMINAL:
            from rich.console import Console  # noqa: PLC0415  as above

            from escalations.packs import showing  # noqa: PLC0415  as above

            console = Console()
            with console.capture() as printed:
                showing.show(policy, console, notes=dated(policy, today))
            return printed.get()
        case _:
            assert_never(as_format)


def who_is_told(policy: Policy, *, as_json: bool) -> str:
    """Of each event of a case, who is told, how, and what they may see: as the rules have it, played through."""
    from escalations.simulation import told  # noqa: PLC0415  as each format

    found = told.table(policy)
    if as_json:
        return json.dumps(told.as_data(found), indent=2, ensure_ascii=False) + "\n"
    return "\n".join((f"{policy.title}, version {policy.version}: who is told", *told.lines(found))) + "\n"


def compare(old: Policy, new: Policy, *, received: datetime | None) -> tuple[datetime, tuple[Change, ...]]:
    """What is different in the new one, and the moment of the examples: by default a first morning under it."""
    from escalations.intake.opening import InForce  # noqa: PLC0415  only a comparison waits for calendars

    at = received or first_morning(new, InForce(new).frame(noon(new.adoption.in_force_from)).calendar)
    frozen = [comparing.Frozen(one, InForce(one).frame(at).calendar) for one in (old, new)]
    return at, comparing.compare(*frozen, received=at)


def first_morning(policy: Policy, calendar: Calendar) -> datetime:
    """10:00 on the first working day on which a policy is in force."""
    opens = workingtime.next_open(calendar, workingtime.instant_of(policy.adoption.in_force_from, time(0)))
    return workingtime.instant_of(workingtime.civil(opens).date(), time(10))


def noon(day: date) -> datetime:
    """The middle of a day."""
    return workingtime.instant_of(day, time(12))


def tell_changes(
    old: Policy, new: Policy, *, received: datetime | None, as_json: bool, say: Callable[[str], None]
) -> bool:
    """Say what is different. True where nothing is."""
    at, changes = compare(old, new, received=received)
    if as_json:
        found = {
            "old": {"title": old.title, "version": old.version, "hash": old.content_hash},
            "new": {"title": new.title, "version": new.version, "hash": new.content_hash},
            "received": at.isoformat(),
            "changes": [change.as_data() for change in changes],
            "will_hurt": [one.sentence for one in unmapped.unmapped(old, new)],
        }
        say(json.dumps(found, indent=2, ensure_ascii=False))
        return not changes
    if not changes:
        say("Nothing is different.")
        return True
    for about, heading in _HEADINGS.items():
        of_it = [change for change in changes if change.about is about]
        if of_it or about is comparing.About.CASE:
            say(heading)
            for change in of_it:
                say(textwrap.fill(str(change), 80, initial_indent="- ", subsequent_indent="  "))
            if not of_it:
                say("- Nothing.")
    left = [f"{one.sentence[0].upper()}{one.sentence[1:]}." for one in unmapped.unmapped(old, new)]
    if left:
        say("What will hurt")
        for sentence in left:
            say(textwrap.fill(sentence, 80, initial_indent="- ", subsequent_indent="  "))
    say("Escalations that are open keep the policy under which they were received.")
    return False


_HEADINGS = {
    comparing.About.CASE: "What changes for a case",
    comparing.About.SOURCE: "The paragraphs behind the rules",
    comparing.About.DOCUMENT: "The document",
}


def in_force(settings: Settings, *, today: date, posts: Posts | None) -> Checked:
    """What is found of the policy that the settings name, or of the sample that is in force without one."""
    if settings.policy_file is not None:
        return checking.check(settings.policy_file, today=today, posts=posts)
    return checking.check_text(reading.sample_text(), "default-sample.yaml", today=today, posts=posts)


def tell(
    found: Sequence[Checked],
    *,
    looked_up: bool,
    strict: bool,
    as_json: bool,
    say: Callable[[str], None],
) -> bool:
    """Say what was found of some files. True where nothing is wrong and, if it is to be strict, nothing will hurt."""
    refused = any(one.problems for one in found)
    hurts = any(one.warnings for one in found)
    fine = not refused and not (strict and hurts)
    if as_json:
        say(json.dumps({"fine": fine, "files": [one.as_data() for one in found]}, indent=2, ensure_ascii=False))
        return fine
    for one in found:
        for line in one.lines():
            say(line)
    if not looked_up and any(one.kind is FileKind.POLICY and one.policy is not None for one in found):
        say("Who is in post was not looked up: --directory names a directory's file, --installation takes this one's.")
    if strict and hurts and not refused:
        say("With --strict a warning refuses.")
    return fine


async def posts_of_installation(settings: Settings, *, today: date) -> Posts:
    """Who is in post today by the directory of this installation.

    Raises:
        EscalationsError: the database cannot be used.
    """
    from escalations.store import directory  # noqa: PLC0415  a check of files alone does not wait for the database
    from escalations.store.engine import Database  # noqa: PLC0415  as above

    async with Database.open(settings.database, pool_size=1) as database, database.read() as tx:
        agencies = await directory.all_agencies(tx)
        spans = await directory.spans(tx)
    held: dict[str, frozenset[str]] = {
        agency.agency_id: frozenset(
            span.position for span in spans if span.agency_id == agency.agency_id and span.held and span.on(today)
        )
        for agency in agencies.values()
        if agency.active_from <= today and (agency.active_to is None or agency.active_to >= today)
    }
    return Posts(OF_INSTALLATION, held, {one.agency_id: one.agency_type for one in agencies.values()})
