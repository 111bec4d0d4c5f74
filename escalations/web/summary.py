"""What was asked for, in sections that can be read back: before it is sent, and on the case's page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from escalations.mail import sentences
from escalations.policy import Policy, Track
from escalations.rules.acts import NOT_KNOWN, NOT_STATED, Concern, Raise
from escalations.rules.civiltime import say_day
from escalations.rules.codelists import ListKind
from escalations.web import named, words
from escalations.web.answers import FAMILY_AWARE, Agency, FamilyAware, Step


@dataclass(frozen=True, slots=True)
class Row:
    """One question and what was answered."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Section:
    """The rows of one page of the form."""

    title: str
    page: str
    """The page where it is changed."""
    rows: tuple[Row, ...]


def name_of(agencies: Mapping[str, Agency], agency_id: str | None) -> str:
    """An agency's name, or its id where the directory does not know it."""
    if agency_id is None:
        return "Nobody named"
    found = agencies.get(agency_id)
    return found.name if found else agency_id


def _label(agencies: Mapping[str, Agency], agency_id: str | None) -> str:
    if agency_id is None:
        return "Not recognised yet"
    found = agencies.get(agency_id)
    return found.label if found else agency_id


def _day(value: object) -> str:
    return say_day(date.fromisoformat(value)) if isinstance(value, str) and value else "Not known"


def _or_none(value: object) -> str:
    return str(value) if value else "Nothing given"


def _yes_no(value: object) -> str:
    """A question of yes or no; where it was not asked, as in an email, it is answered by neither."""
    return "Not said" if value is None else "Yes" if value else "No"


def _only_mailed(sealed: Mapping[str, Any]) -> bool:
    """Whether all that is known is what an email said: whoever completes it answers this question."""
    return bool(sealed.get("mail")) and sealed.get("manager_consulted") is None


def _unsaid(written: object) -> str:
    """What stands for something that was not read out of an email: what it says."""
    return f"“{written}”, as it was written. It was not recognised." if written else "Not said"


def _not_read(sealed: Mapping[str, Any], label: str) -> str:
    """What a labelled line of an email says that was not understood."""
    return str(((sealed.get("mail") or {}).get("not_recognised") or {}).get(label) or "")


def unsafe_to_tell(sealed: Mapping[str, Any] | None) -> bool:
    """Whether it is not safe to tell the family: said of a person, or where it is asked whether the family knows."""
    said = sealed or {}
    of_a_person = any(person.get("not_safe_to_tell_family") for person in said.get("people") or ())
    return of_a_person or said.get("family_aware") == FamilyAware.NOT_SAFE


def sections(
    raised: Raise,
    sealed: Mapping[str, Any],
    agencies: Mapping[str, Agency],
    policy: Policy,
    *,
    raised_by: str | None = None,
) -> tuple[Section, ...]:
    """Everything that was sent, in the order in which it was asked, in the words of the policy's lists.

    Args:
        raised: the act that raised it.
        sealed: what people wrote with it.
        agencies: the directory's.
        policy: the case's.
        raised_by: the agency that the case has by now, where the act that raised it has none.
    """
    found = [_who(raised, sealed, agencies, raised_by), _with(raised, sealed, agencies), _about(raised, sealed)]
    people = sealed.get("people", [])
    # Whose date it is can be told where the mail names one person.
    unread = _not_read(sealed, "born") if len(people) == 1 and _only_mailed(sealed) else ""
    unsafe = sealed.get("family_aware") == FamilyAware.NOT_SAFE
    found.extend(
        _person(place, person, agencies, unread=unread, unsafe=unsafe) for place, person in enumerate(people, 1)
    )
    found.extend([_difference(raised, sealed, policy), _tried(raised, sealed), _safety(raised, sealed, policy)])
    if sealed.get("mail"):
        found.append(_mail(sealed["mail"], agencies))
    began = sealed.get("entered_by_team")
    if began:
        found.insert(0, _began(began, sealed.get("by") or {}))
    return tuple(found)


_LABELS: Final[Mapping[str, str]] = {
    "reason": "Reason",
    "born": "Date of birth",
    "arose_on": "Date of the disagreement",
    "level_of_need": "Level of need",
    "legal_status": "Legal status",
}
"""The labelled lines that can be not understood."""


def _mail(mail: Mapping[str, Any], agencies: Mapping[str, Agency]) -> Section:
    """The mail that raised it, as it was written."""
    rows = [Row("Subject", _or_none(mail.get("subject"))), Row("Text", _or_none(mail.get("text")))]
    if below := _below(mail):
        rows.append(Row("Earlier messages below it", below))
    files = [str(file.get("name") or "A file without a name") for file in mail.get("files") or []]
    if files:
        rows.append(Row("Files that came with it", "\n".join(files)))
    for name in named.each(map(str, mail.get("to_agency") or ()), agencies):
        rows.append(Row("Agency, as it was written", name.written))
        if not name.recognised:
            rows.append(Row("It could be", "\n".join(name.near) or "Nothing near to it in the directory"))
    for name in named.each(map(str, mail.get("together") or ()), agencies):
        rows.append(Row("Raises it too, as it was written", name.written))
        if not name.recognised:
            rows.append(Row("It could be", "\n".join(name.near) or "Nothing near to it in the directory"))
    for label, written in (mail.get("not_recognised") or {}).items():
        rows.append(Row(f"{_LABELS.get(label, label)}, as it was written", f"{written}\nNot recognised"))
    return Section("The email as it came", Step.CHECK, tuple(rows))


def forwarded(words: Mapping[str, Any]) -> str:
    """What stands below words that came by email, where they forward it: then it is what is said ("see below")."""
    mail = words.get("mail") or {}
    forwards = sentences.forwards(str(mail.get("subject") or ""), str(mail.get("text") or ""))
    return _below(mail) if mail and forwards else ""


_OURS: Final = re.compile(r"https?://\S{1,200}/l/[a-z2-7]{16,}|\S{1,80}\+[a-z2-7]{20,}@\S{1,200}")


def _below(mail: Mapping[str, Any]) -> str:
    """What stands below what was written: a thread that was forwarded is what it is about ("see below").

    A link or an address of ours that somebody was sent is theirs, and is not shown to whoever reads the thread.
    """
    return _OURS.sub("(a link of ours)", str(mail.get("history") or ""))


def _began(began: Mapping[str, Any], by: Mapping[str, str]) -> Section:
    tried: Mapping[str, str] = began.get("stages_tried") or {}
    return Section(
        "How it came to the team",
        Step.BEGAN,
        (
            Row("Really began on", _day(began.get("began_on"))),
            *(Row(f"Stage {number} tried before", when) for number, when in tried.items()),
            *(() if tried else (Row("Stages tried before", "None"),)),
            Row("What else was tried", _or_none(began.get("account"))),
            *((Row("Entered by", f"{by['name']}, {by['role']}"),) if by.get("name") else ()),
        ),
    )


def _who(raised: Raise, sealed: Mapping[str, Any], agencies: Mapping[str, Agency], raised_by: str | None) -> Section:
    raiser = sealed.get("raiser") or {}
    return Section(
        "Who raises it",
        Step.YOU,
        (
            Row("Name", _or_none(raiser.get("name"))),
            Row("Role", _or_none(raiser.get("role"))),
            Row("Agency", _raising(raised, raiser, agencies, raised_by)),
            Row("Email address", _or_none(raiser.get("email"))),
            Row("Phone number", _or_none(raiser.get("phone"))),
        ),
    )


def _raising(raised: Raise, raiser: Mapping[str, Any], agencies: Mapping[str, Agency], raised_by: str | None) -> str:
    """The agency; where the address is not one of its own, it is what somebody says, or what the team found out."""
    if raised.raising_agency is None and raised_by is not None:
        return f"{_label(agencies, raised_by)}. The partnership team found that out."
    said = raiser.get("agency")
    if raised.raising_agency is None and isinstance(said, str) and said:
        return f"{_label(agencies, said)}. So they say: the address is not one of that agency’s own."
    return _label(agencies, raised.raising_agency)


def _with(raised: Raise, sealed: Mapping[str, Any], agencies: Mapping[str, Agency]) -> Section:
    named = "\n".join(_label(agencies, agency) for agency in raised.responding_agencies)
    unknown = "I do not know. The partnership team finds out."
    if _only_mailed(sealed):
        unknown = _unsaid("; ".join(map(str, sealed["mail"].get("to_agency") or ())))
    others = "\n".join(_label(agencies, agency) for agency in raised.co_raisers)
    too = (Row("Raised together with", others),) if others else ()
    return Section("Which agency it is raised with", Step.AGENCIES, (Row("Agency", named or unknown), *too))


def _about(raised: Raise, sealed: Mapping[str, Any]) -> Section:
    rows = [Row("About", words.CONCERNS[raised.concern])]
    if raised.concern is Concern.THEMATIC:
        rows.append(Row("Theme", _or_none(sealed.get("theme"))))
    return Section("Who or what it is about", Step.SUBJECT, tuple(rows))


def _person(
    place: int, person: Mapping[str, Any], agencies: Mapping[str, Agency], *, unread: str = "", unsafe: bool = False
) -> Section:
    kind = words.PersonKind(person["kind"])
    numbers: Mapping[str, str] = person.get("case_numbers") or {}
    born = _day(person.get("born_or_due"))
    if not person.get("born_or_due") and unread:
        born = _unsaid(unread)
    rows = [
        Row("Who", words.PERSON_KINDS[kind]),
        Row("Name", _or_none(person.get("name"))),
        Row("Due date" if kind is words.PersonKind.UNBORN_BABY else "Date of birth", born),
        *(Row(f"Case number of {name_of(agencies, agency)}", number) for agency, number in numbers.items()),
        *((Row("Case number of whoever raised it", said),) if (said := person.get("case_number_said")) else ()),
        Row("Address withheld", _yes_no(person.get("address_withheld"))),
        # Said of the family, it is said of everybody in it: "No" beside "it is not safe to tell them" misleads.
        Row("Not safe to tell the family", _yes_no(unsafe or person.get("not_safe_to_tell_family"))),
    ]
    return Section(f"Person {place}", f"{Step.PEOPLE}/{place}", tuple(rows))


def _difference(raised: Raise, sealed: Mapping[str, Any], policy: Policy) -> Section:
    theme = raised.theme
    reason, arose = policy.codes(ListKind.REASONS).words(raised.reason), _day(sealed.get("arose_on"))
    if raised.reason == NOT_STATED and (written := _not_read(sealed, "reason")):
        reason = _unsaid(written)
    if not sealed.get("arose_on") and _only_mailed(sealed) and (written := _not_read(sealed, "arose_on")):
        arose = _unsaid(written)
    return Section(
        "The disagreement",
        Step.DIFFERENCE,
        (
            Row("About", reason),
            *(() if theme is None else (Row("Theme", policy.codes(ListKind.THEMES).words(theme)),)),
            Row("Date of the disagreement or decision", arose),
            Row("The problem and how you know", _or_none(sealed.get("problem"))),
            Row("What you want to happen", _or_none(sealed.get("wanted"))),
        ),
    )


def _tried(raised: Raise, sealed: Mapping[str, Any]) -> Section:
    return Section(
        "What has been tried",
        Step.TRIED,
        (
            Row("Tried so far", _or_none(sealed.get("tried"))),
            Row("Own manager or lead consulted", _yes_no(sealed.get("manager_consulted"))),
            Row("Advice taken", _or_none(sealed.get("advice"))),
            *_start(raised, sealed),
        ),
    )


def _start(raised: Raise, sealed: Mapping[str, Any]) -> tuple[Row, ...]:
    """That it starts above the first stage, and why; or what an email says of that, where it was not understood."""
    if raised.start_stage is not None:
        why = "" if raised.start_because is None else words.SKIP_REASONS[raised.start_because]
        return (
            Row("Starts at stage", f"{raised.start_stage}: {why}"),
            Row("Why", _or_none(sealed.get("start_reason"))),
        )
    written = (sealed.get("mail") or {}).get("start_stage")
    return (Row("Stage to start at, as it was written", str(written)),) if written else ()


def _priority(raised: Raise, sealed: Mapping[str, Any], policy: Policy) -> tuple[Row, ...]:
    if not policy.priorities:
        return ()
    level = policy.priority(raised.priority)
    if level is not None:
        return (Row("Priority", level.title),)
    written = (sealed.get("mail") or {}).get("priority")
    return (Row("Priority", _unsaid(written) if _only_mailed(sealed) else "Not given: the limits of the track apply"),)


def _urgent(raised: Raise, sealed: Mapping[str, Any]) -> str:
    """As it was raised: a mail without the labelled line says neither."""
    if raised.track is Track.URGENT:
        return "Yes"
    if not _only_mailed(sealed):
        return "No"
    said = (sealed.get("mail") or {}).get("urgent_words") or ()
    could = "; ".join(f"“{one}”" for one in said)
    return f"Not said in so many words. It can mean so: {could}" if could else "Not said"


def _safety(raised: Raise, sealed: Mapping[str, Any], policy: Policy) -> Section:
    aware = sealed.get("family_aware")
    levels, statuses = policy.codes(ListKind.LEVELS_OF_NEED), policy.codes(ListKind.LEGAL_STATUSES)
    level, legal = levels.words(raised.level_of_need or "unknown"), statuses.words(raised.legal_status)
    if _only_mailed(sealed):
        if raised.level_of_need is None:
            level = _unsaid(sealed["mail"].get("level_of_need"))
        if raised.legal_status == NOT_KNOWN:
            legal = _unsaid(sealed["mail"].get("legal_status"))
    return Section(
        "Risk and safety",
        Step.SAFETY,
        (
            Row("Urgent", _urgent(raised, sealed)),
            *_priority(raised, sealed, policy),
            Row("Risk", _or_none(sealed.get("risk"))),
            Row("What keeps them safe meanwhile", _or_none(sealed.get("safe_meanwhile"))),
            *((Row("Level of need", level),) if levels.entries else ()),
            *((Row("Legal status", legal),) if statuses.entries else ()),
            Row("Family knows", FAMILY_AWARE[FamilyAware(aware)] if aware else "Not said"),
            Row("Family's views", _or_none(sealed.get("family_views"))),
        ),
    )
