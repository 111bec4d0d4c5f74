"""What the agencies hear that raise an escalation together with the one that leads.

Each is told of what the raising side is told: at its contact for escalations what whoever raised it is told, and at the
level that the case has come to what that level is. It is asked for nothing that the lead answers.
"""

from __future__ import annotations

from escalations.policy import Side
from escalations.rules import events
from escalations.rules.actors import Actor
from escalations.rules.case import Case
from escalations.rules.events import Event
from escalations.rules.telling import LEAD, RAISER, Ask, Notice, NoticeKind, Recipient

_OF_ITS_OWN = frozenset(
    {
        NoticeKind.RECEIPT,
        NoticeKind.PASSED_ON,
        NoticeKind.COMPLETED,
        NoticeKind.AGENCY_AWAITED,
        NoticeKind.IN_YOUR_NAME,
        NoticeKind.NOT_FOR_THIS,
        NoticeKind.REMINDER,
        NoticeKind.ASKED_TO_CONFIRM,
        NoticeKind.PLAN_PROPOSED,
        NoticeKind.PLAN_ANSWERED,
        NoticeKind.ACTION_REMINDER,
        NoticeKind.ACTION_DATE_PASSED,
        NoticeKind.ACTION_DENIED,
        NoticeKind.FOLLOW_UP,
        NoticeKind.FOLLOW_UP_REMINDER,
        NoticeKind.FOLLOW_UP_UNANSWERED,
        NoticeKind.REMOVED,
        NoticeKind.TOGETHER,
    }
)
"""What is for one agency alone: what it sent itself, what it is asked, what it is to do, what it answers."""


def with_the_others(case: Case, event: Event, told: tuple[Notice, ...]) -> tuple[Notice, ...]:
    """What is told of an event, to those that raise it together with the lead as well."""
    by = getattr(event, "by", None)
    did = by.agency_id if isinstance(by, Actor) and by.side is Side.RAISING else None
    newly = _newly(case, event)
    others = [Notice(NoticeKind.TOGETHER, Recipient(Side.RAISING, one, LEAD), Ask.READ, case.stage) for one in newly]
    for notice in told:
        if notice.to.side is Side.RAISING and notice.to.agency_id == case.raising_agency:
            others.extend(_to_other(notice, one) for one in case.co_raisers if one not in newly and one != did)
    others = [one for one in others if one.kind not in _OF_ITS_OWN or one.kind is NoticeKind.TOGETHER]
    if isinstance(event, events.WordsAdded) and did is not None and did == case.raising_agency:
        # Nobody is told of their own words; the others read them.
        told = tuple(one for one in told if one.to.side is not Side.RAISING)
    return (*told, *dict.fromkeys(others))


def _newly(case: Case, event: Event) -> tuple[str, ...]:
    """Who hears here for the first time that it raises it with others."""
    match event:
        case events.Raised() if not event.held:
            return case.co_raisers
        case events.PassedOn():
            return case.co_raisers
        case events.RaisersChanged():
            return tuple(agency for agency in event.added if agency in case.co_raisers)
        case _:
            return ()


def _to_other(notice: Notice, agency_id: str) -> Notice:
    position = LEAD if notice.to.position == RAISER else notice.to.position
    to = Recipient(Side.RAISING, agency_id, position)
    return Notice(notice.kind, to, Ask.READ, notice.stage, notice.due_at, notice.about)
