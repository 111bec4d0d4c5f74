"""A plain mail as an escalation: codes from its labelled lines, everything else as it was written, sealed.

What it does not say is not made up: the case is then held for the team, or asks whoever sent it to complete it
(`rules/opening`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypedDict

from escalations.intake.naming import Named
from escalations.mail import labels, pleas, sentences, urgency
from escalations.mail.labels import Label, Labelled
from escalations.mail.parser import Mail
from escalations.policy import Policy, Side, SkipReason, Track
from escalations.rules import acts
from escalations.rules.actors import Actor, Channel
from escalations.rules.acts import NOT_KNOWN, NOT_STATED, Concern
from escalations.rules.case import Seen
from escalations.rules.civiltime import civil
from escalations.rules.codelists import ListKind
from escalations.rules.notices import RAISER
from escalations.rules.senders import Checked, Known

WORDS: Final = 20_000
"""Characters of a mail's text, and of its history, that stand with a case; all of it is in its bytes."""
FILES: Final = 30
PEOPLE: Final = 30
"""Whoever else is named stands in its text, which whoever may read the case reads."""
MOST_TOGETHER: Final = 9
NOBODY_ELSE: Final = Named()


@dataclass(frozen=True, slots=True, repr=False)
class Raised:
    """An act that raises an escalation, and what is sealed with it."""

    act: acts.Raise
    sealed: dict[str, object]


def raised(
    mail: Mail,
    *,
    mail_id: str,
    submission_id: str,
    agency: str | None,
    known: Known,
    checked: Checked,
    named: Named,
    together: Named = NOBODY_ELSE,
    at: datetime,
    policy: Policy,
) -> Raised:
    """What a mail raises.

    Args:
        mail: as it was understood.
        mail_id: where its bytes are.
        submission_id: of the act.
        agency: the agency whose own the sender's address is, where it can be believed.
        known: what the directory has of that address.
        checked: what was found of it.
        named: the agencies that it names.
        together: those that it names as raising it too: they are the team's to look at, whoever they are.
        at: when it was received.
        policy: the one in force: its lists say what the labels' words mean.
    """
    said, day = mail.labelled, civil(at).date()
    people = _people(said, agency)
    unread = not_recognised(said, policy, day)
    track = Track.URGENT if labels.urgent(said, policy) else Track.STANDARD
    with_whom = tuple(one for one in named.agencies if one != agency)
    others = tuple(one for one in together.recognised if one != agency and one not in with_whom)
    act = acts.Raise(
        submission_id=submission_id,
        by=Actor(side=Side.RAISING, agency_id=agency, position=RAISER),
        channel=Channel.MAIL,
        received_at=at,
        track=track,
        priority=labels.priority(policy, said.first(Label.PRIORITY)),
        **_start(said, policy),
        raising_agency=agency,
        responding_agencies=with_whom,
        co_raisers=others[:MOST_TOGETHER] if policy.together.on(track) else (),
        # Whoever names nobody but their own agency raises it alone: there is nothing for the team to look at.
        raisers_to_look_at=bool(together.unknown) or any(one != agency for one in together.recognised),
        concern=_concern(people),
        people=len(people),
        reason=policy.codes(ListKind.REASONS).named(said.first(Label.REASON), day) or NOT_STATED,
        theme=policy.codes(ListKind.THEMES).named(said.first(Label.THEME), day),
        level_of_need=labels.level_of_need(policy.codes(ListKind.LEVELS_OF_NEED), said.first(Label.LEVEL_OF_NEED), day),
        legal_status=policy.codes(ListKind.LEGAL_STATUSES).named(said.first(Label.LEGAL_STATUS), day) or NOT_KNOWN,
        sender_known=known,
        sender_checked=checked,
        seen=seen(mail, unread=bool(unread)),
    )
    return Raised(act, _sealed(mail, people, mail_id=mail_id, named=named, unread=unread))


def seen(mail: Mail, *, unread: bool) -> tuple[Seen, ...]:
    """What people are to look at in a mail: nothing is decided by it, and that nothing was seen means nothing."""
    found = {
        Seen.URGENT_WORDS: urgency.found(mail.subject, mail.text, mail.history),
        Seen.NOT_TO_TELL: pleas.found(mail.subject, mail.text, mail.history),
        Seen.NOT_RECOGNISED: unread,
    }
    return tuple(one for one, words in found.items() if words)


def seen_in_reply(mail: Mail) -> tuple[Seen, ...]:
    """The same in a reply, without what a mail program did not mark as ours: our notices have words of danger.

    Its subject is ours as well. Whoever says in a labelled line that it is urgent, and may not decide that, asks it.
    """
    own = _OURS.split(mail.text, maxsplit=1)[0]
    below = said_below(mail.subject, mail.text, mail.history)
    urgent = labels.yes(mail.labelled.first(Label.URGENT)) or urgency.found("", own) or urgency.found("", below)
    found = {Seen.URGENT_WORDS: urgent, Seen.NOT_TO_TELL: pleas.found("", own) or pleas.found("", below)}
    return tuple(one for one, words in found.items() if words)


def said_below(subject: str, text: str, history: str) -> str:
    """What somebody else wrote, in a reply that forwards it: without its header lines, and without a notice of ours."""
    if not sentences.forwards(subject, text):
        return ""
    return _HEADERS.sub("", _OURS.split(history, maxsplit=1)[0])


_HEADERS = re.compile(r"^[>*_ ]{0,5}(?:from|sent|date|to|cc|subject)[*_ ]{0,3}:.*$", re.IGNORECASE | re.MULTILINE)
_OURS = re.compile(r"^[>*\s-]*(?:Reference: [A-Z]{2,6}-\d{2}-|If a child or adult is not safe\s*$)", re.MULTILINE)


def not_recognised(said: Labelled, policy: Policy, on: date) -> dict[str, str]:
    """What stands in labelled lines and was not understood, as it was written; by the label."""

    def listed(kind: ListKind) -> Callable[[str], object]:
        return lambda text: policy.codes(kind).named(text, on)

    levels = policy.codes(ListKind.LEVELS_OF_NEED)
    known: Mapping[Label, Callable[[str], object]] = {
        Label.REASON: listed(ListKind.REASONS),
        Label.THEME: listed(ListKind.THEMES),
        Label.BORN: labels.day,
        Label.AROSE_ON: labels.day,
        Label.LEVEL_OF_NEED: lambda text: labels.level_of_need(levels, text, on),
        Label.LEGAL_STATUS: listed(ListKind.LEGAL_STATUSES),
    }
    found = {}
    for label, read in known.items():
        written = said.first(label)
        if label is Label.BORN:
            # Whose date of birth it is has to be told by where it stands; and of several the one that was not read.
            each = said.of_each(label)
            written = next((one for one in each if labels.day(one) is None), "") if each else written
            if written:
                found[label.value] = " ".join(written.split())[:200]
        elif written and read(written) is None:
            found[label.value] = " ".join(written.split())[:200]
    return found


_KINDS: Final = {
    Label.CHILD: Concern.CHILD,
    Label.UNBORN_BABY: Concern.UNBORN_BABY,
    Label.ADULT: Concern.ADULT,
}


class _Start(TypedDict):
    start_stage: int | None
    start_because: SkipReason | None


def _start(said: Labelled, policy: Policy) -> _Start:
    """Where it starts above the first stage: only where the policy lets it, and the mail gives one of its reasons.

    Otherwise it starts at the first, and what was written stands with the case: nobody waits for a label.
    """
    number, because = labels.stage(said.first(Label.START_STAGE)), labels.skip_reason(said.first(Label.START_BECAUSE))
    rule = policy.skipping
    if rule is None or number is None or not 1 < number <= rule.start_at_most or because not in rule.because:
        return _Start(start_stage=None, start_because=None)
    return _Start(start_stage=number, start_because=because)


def _people(said: Labelled, agency: str | None) -> list[dict[str, object]]:
    """Whoever is named as a child, an unborn baby or an adult. A name without that is words: who would it be?"""
    found = [(_KINDS[label], name) for label, name in said.lines if label in _KINDS]
    born = [labels.day(one) for one in said.of_each(Label.BORN)] or [None] * len(found)
    numbers = [one[:60] for one in said.of_each(Label.CASE_NUMBER)] or [""] * len(found)
    people: list[dict[str, object]] = [
        {
            "kind": kind.value,
            "name": name[:200],
            "born_or_due": day.isoformat() if day else None,
            "case_numbers": {agency: number} if number and agency else {},
            # Whose number it is shows once the team has found out who raised it.
            **({"case_number_said": number} if number and not agency else {}),
            "address_withheld": None,
            "not_safe_to_tell_family": None,
        }
        for (kind, name), day, number in zip(found, born, numbers, strict=True)
    ]
    return people[:PEOPLE]


def _concern(people: list[dict[str, object]]) -> Concern:
    kinds = [str(person["kind"]) for person in people]
    if not kinds:
        return Concern.NOT_STATED
    if len(kinds) == 1:
        return Concern(kinds[0])
    return Concern.FAMILY if Concern.ADULT in kinds else Concern.SIBLINGS


def _sealed(
    mail: Mail, people: list[dict[str, object]], *, mail_id: str, named: Named, unread: dict[str, str]
) -> dict[str, object]:
    said = mail.labelled
    arose = labels.day(said.first(Label.AROSE_ON))
    return {
        "raiser": {
            "name": (said.first(Label.NAME) or mail.sender_name)[:200],
            "email": mail.sender,
            "phone": said.first(Label.PHONE)[:60],
            "role": said.first(Label.ROLE)[:200],
        },
        "people": people,
        "theme": "",
        "arose_on": arose.isoformat() if arose else None,
        "problem": said.first(Label.PROBLEM) or said.rest[:WORDS] or mail.subject,
        "wanted": said.first(Label.WANTED),
        "tried": said.first(Label.TRIED),
        "manager_consulted": None,
        "advice": "",
        "start_reason": said.first(Label.START_BECAUSE),
        "risk": said.first(Label.RISK),
        "safe_meanwhile": said.first(Label.SAFE_MEANWHILE),
        "family_aware": None,
        "family_views": "",
        "referred": "",
        "mail": as_it_came(mail, mail_id)
        | {
            "to_agency": list(said.values.get(Label.TO_AGENCY, ())),
            "together": list(said.values.get(Label.TOGETHER, ())),
            "from_agency": said.first(Label.FROM_AGENCY),
            "candidates": list(named.candidates),
            "level_of_need": said.first(Label.LEVEL_OF_NEED)[:200],
            "legal_status": said.first(Label.LEGAL_STATUS)[:200],
            "priority": said.first(Label.PRIORITY)[:200],
            "start_stage": said.first(Label.START_STAGE)[:200],
            "not_recognised": unread,
            "urgent_words": list(urgency.found(mail.subject, mail.text, mail.history)),
        },
    }


def as_it_came(mail: Mail, mail_id: str) -> dict[str, object]:
    """What is kept readable of a mail beside its case; its bytes are elsewhere."""
    return {
        "mail_id": mail_id,
        "message_id": mail.message_id,
        "from": mail.sender,
        "from_name": mail.sender_name,
        "subject": mail.subject,
        "text": mail.text[:WORDS],
        "history": mail.history[:WORDS],
        "files": [
            {"name": file.name, "kind": file.kind.value, "size": file.size, "locked": file.locked is not None}
            for file in mail.attachments[:FILES]
        ],
        "readable": mail.readable,
    }
