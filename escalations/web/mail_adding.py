"""A message that waited for the team, as words that are added to a case: when it came, from whom, and what it said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from escalations.intake import mail_raising, submissions
from escalations.mail.parser import Mail
from escalations.rules import acts
from escalations.rules.actors import Channel
from escalations.rules.case import Case
from escalations.rules.civiltime import say
from escalations.store.mails import MailRow
from escalations.web.made import Made
from escalations.web.summary import Row
from escalations.web.team_acts import TEAM
from escalations.web.telling import Names


def made(row: MailRow, mail: Mail, *, by: Mapping[str, str], note: str, now: datetime) -> Made:
    """The act that adds a message to a case, and what is sealed with it.

    Args:
        row: the message, as it was received.
        mail: as it was understood.
        by: who of the team adds it, to be sealed.
        note: what they add.
        now: the moment.
    """
    act = acts.AddWords(
        submission_id=submissions.new_id(now),
        by=TEAM,
        channel=Channel.MAIL,
        received_at=now,
        files=min(len(mail.attachments), mail_raising.FILES),
        came_at=row.received_at,
    )
    said = f"{note}\n\n" if note else ""
    who = f"{mail.sender_name or mail.sender or 'Somebody'} wrote by email, {say(row.received_at)}:"
    return Made(
        act,
        {
            "by": dict(by),
            "text": f"{said}{who}\n{mail.text[: mail_raising.WORDS]}",
            "mail": mail_raising.as_it_came(mail, row.mail_id),
        },
    )


def rows(row: MailRow, mail: Mail, case: Case, names: Names, *, note: str) -> tuple[Row, ...]:
    """What is to be read once more before it is added."""
    parties = "\n".join(names.agency(party.agency_id) for party in case.parties) or "No agency yet"
    found = (
        Row("Message", f"Received {say(row.received_at)}, from {mail.sender_name or mail.sender or 'somebody'}"),
        Row("Escalation", case.reference),
        Row("Raised by", names.raising(case.raising_agency)),
        Row("Raised with", parties),
    )
    return (*found, Row("The team adds", note)) if note else found
