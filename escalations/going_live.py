"""What stands between an installation and real people (rules of practice, "Starting quietly, and going live").

Until nothing does, every page says "Trial: do not enter real people" and mail goes to the local outbox alone, whatever
``ESCALATIONS_LIVE`` says. So a forgotten default can never be the number that somebody rings about a child.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from escalations.policy import Policy
from escalations.rules.access import Role
from escalations.settings import PREFIX, Settings
from escalations.store import directory, people
from escalations.store.engine import Database
from escalations.store.vault import Vault

_INVENTED_PHONE = re.compile(
    # Ofcom keeps these for drama: nobody answers there.
    r"^(01632960\d{3}|01\d{2}4960\d{3}|01914980\d{3}|02079460\d{3}|02890180\d{3}|02920180\d{3}|07700900\d{3}"
    r"|08081570\d{3}|09098790\d{3}|03069990\d{3})$"
)
_INVENTED_DOMAIN = re.compile(r"(^|\.)(example|test|invalid|localhost|local)$|(^|\.)example\.(org|com|net)$")
_ON_THIS_MACHINE = re.compile(r"^https?://(localhost|127\.|\[?::1)")


_LET_IN = "`escalations people add ADDRESS --name NAME --role administrator` lets one in."


@dataclasses.dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that is missing, and what to do about it."""

    what: str
    mend: str


def obstacles(settings: Settings) -> tuple[Obstacle, ...]:
    """Give what the settings lack. Nothing else is read, so that every page may ask."""
    found: list[Obstacle] = []

    def unless(holds: object, what: str, mend: str) -> None:
        if not holds:
            found.append(Obstacle(what, mend))

    unless(
        settings.impact_assessment_reference and settings.impact_assessment_approver,
        "No approved data protection impact assessment is named.",
        _set("impact_assessment_reference", "impact_assessment_approver"),
    )
    unless(settings.privacy_notice_url, "There is no privacy notice for pages to link to.", _set("privacy_notice_url"))
    unless(
        settings.retention_years and settings.disposal_approver,
        "Nobody has set how long records are kept and who approves their disposal.",
        _set("retention_years", "disposal_approver"),
    )
    unless(
        _keys_are_elsewhere(settings),
        "The keys lie beside the data: whoever takes one has the other.",
        f"Keep them in a file outside {settings.folder} ({PREFIX}KEYS_FILE) or in the environment ({PREFIX}KEYS).",
    )
    for label, phone in (
        ("front door's", settings.front_door_phone),
        ("out-of-hours duty team's", settings.duty_team_phone),
    ):
        field = "front_door" if label.startswith("front") else "duty_team"
        unless(
            not is_invented_phone(phone),
            f"The {label} number is invented.",
            _set(f"{field}_name", f"{field}_phone", f"{field}_hours"),
        )
    unless(
        not is_invented_phone(settings.team_phone)
        and not _INVENTED_DOMAIN.search(settings.team_email.rpartition("@")[2].lower()),
        "The partnership team's number or address on the pages is invented.",
        _set("team_phone", "team_email", "team_hours"),
    )
    unless(
        "(sample)" not in settings.front_door_name + settings.duty_team_name
        and settings.partnership_name != Settings.model_fields["partnership_name"].default,
        "The names on the pages are samples.",
        _set("partnership_name", "front_door_name", "duty_team_name"),
    )
    unless(settings.mail_relay, "No mail relay is named, so no notice would leave.", _set("mail_relay"))
    unless(
        not _INVENTED_DOMAIN.search(settings.mail_from.rpartition("@")[2].lower()),
        "Notices would come from an invented address.",
        _set("mail_from"),
    )
    unless(
        settings.web_address.startswith("https:") and not _ON_THIS_MACHINE.match(settings.web_address),
        "Links in notices would not lead to an https address that others can reach.",
        _set("public_url"),
    )
    unless(settings.policy_file, "The policy in force is the sample.", _set("policy_file"))
    return tuple(found)


async def obstacles_in(
    settings: Settings, *, policy: Policy, database: Database, vault: Vault, now: datetime
) -> tuple[Obstacle, ...]:
    """Give what the settings, the policy and the directory lack together.

    Raises:
        DatabaseAway: the directory cannot be read.
        CannotOpen: the settings lack a key that contacts were sealed with.
    """
    found = list(obstacles(settings))
    if settings.policy_file and policy.sample:
        found.append(
            Obstacle("The policy says that it is a sample.", "Adopt one, and put `sample: false` in its file.")
        )
    async with database.read() as tx:
        agencies = await directory.agencies(tx, now)
        if not agencies:
            found.append(Obstacle("The directory has no agency.", _set("directory_file")))
        samples = [agency.agency_id for agency in agencies if agency.sample]
        if samples:
            found.append(
                Obstacle(
                    f"The directory holds {len(samples)} sample agencies.",
                    f"Start with a directory of your own: an empty database and {PREFIX}DIRECTORY_FILE.",
                )
            )
        for agency in agencies:
            contact = await directory.holders(tx, vault, agency.agency_id, directory.LEAD, now)
            domain = contact.email.rpartition("@")[2].lower() if contact else ""
            if contact is None:
                found.append(
                    Obstacle(f"Nobody leads on escalations at {agency.agency_id}.", "Enter one contact for it.")
                )
            elif _INVENTED_DOMAIN.search(domain) and not agency.sample:
                found.append(
                    Obstacle(f"The lead at {agency.agency_id} has an invented address.", "Enter the real one.")
                )
        found += _people(await people.listed(tx, vault))
    return tuple(found)


def _people(listed: Sequence[people.Person]) -> Iterator[Obstacle]:
    """What is missing among those who may sign in."""
    current = [person for person in listed if person.until is None]
    if not any(Role.ADMINISTRATOR in person.roles and not person.sample for person in current):
        yield Obstacle("No administrator can sign in.", _LET_IN)
    if not any(Role.TEAM in person.roles and not person.sample for person in current):
        yield Obstacle("Nobody of the partnership's team can sign in.", "Let them in on the page of people.")
    if samples := sum(person.sample for person in current):
        yield Obstacle(f"{samples} invented people may sign in.", "End their access on the page of people.")


def is_live(settings: Settings) -> bool:
    """Whether real people may be entered: somebody said so, and the settings leave nothing open.

    What lies in the database (a sample directory) is the doctor's alone: a database that is away for a moment must not
    turn a live installation into a trial, whose notices nobody gets.
    """
    return settings.live and not obstacles(settings)


def is_invented_phone(phone: str) -> bool:
    """Whether a number is one that Ofcom keeps for drama, or none at all."""
    digits = re.sub(r"\D", "", phone)
    digits = re.sub(r"^440?", "0", digits)
    return not digits or _INVENTED_PHONE.match(digits) is not None


def _keys_are_elsewhere(settings: Settings) -> bool:
    return bool(settings.keys) or not settings.keys_path.resolve().is_relative_to(settings.folder.resolve())


def _set(*names: str) -> str:
    return f"Set {' and '.join(PREFIX + name.upper() for name in names)}."
