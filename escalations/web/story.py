"""A case as the register tells it, with the words of people where they may be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.intake import submissions
from escalations.policy import Side
from escalations.rules import acts, events
from escalations.rules.case import Case
from escalations.rules.events import Event
from escalations.store import register
from escalations.store.cases import Cases
from escalations.store.register import Entry
from escalations.store.vault import Erased, Vault


@dataclass(frozen=True, slots=True)
class Told:
    """One row of the register, and the event that it holds."""

    entry: Entry
    event: Event


@dataclass(frozen=True, slots=True)
class Story:
    """A case, and everything that happened to it."""

    case: Case
    told: tuple[Told, ...]

    @property
    def raised(self) -> events.Raised:
        """The first event."""
        first = self.told[0].event
        if not isinstance(first, events.Raised):
            raise TypeError(first.kind)
        return first


async def read(tx: AsyncConnection, cases: Cases, reference: str) -> Story | None:
    """The story of a case, or none where the register has no such case."""
    case = await cases.read(tx, reference)
    if case is None:
        return None
    rows = await register.read(tx, reference)
    return Story(case, tuple(Told(row, events.loads(row.body)) for row in rows[: case.seq]))


def mistakes(story: Story) -> dict[str, events.Corrected]:
    """What was said to have been a mistake, by the submission that made the entry."""
    return {told.event.entry: told.event for told in story.told if isinstance(told.event, events.Corrected)}


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody wrote with an act."""

    event: Event
    words: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Who wrote it, as they said."""
        by = self.words.get("by") or {}
        return str(by.get("name") or "Somebody")

    @property
    def role(self) -> str:
        """Their role, as they said."""
        by = self.words.get("by") or {}
        return str(by.get("role") or "")


async def sealed(tx: AsyncConnection, vault: Vault, submission_id: str | None) -> Mapping[str, Any] | None:
    """What was sealed with a submission; none where it was erased, or where there is none."""
    if submission_id is None:
        return None
    try:
        return await submissions.content(tx, vault, submission_id)
    except (Erased, submissions.UnknownSubmission):
        return None


async def raised_in_all(
    tx: AsyncConnection, vault: Vault, story: Story
) -> tuple[acts.Raise | None, Mapping[str, Any] | None]:
    """What raised it and its words; where a plain mail was completed, with what was said then in its place."""
    raised = await raised_act(tx, story)
    words = await sealed(tx, vault, story.raised.submission_id)
    for told in story.told[1:]:
        event = told.event
        if isinstance(event, events.ContactChanged) and words is not None:
            contact = await sealed(tx, vault, event.submission_id) or {}
            words = {**words, "raiser": contact.get("raiser") or words.get("raiser")}
        if isinstance(event, events.PassedOn) and words is not None:
            words = await _with_number(tx, vault, event, words)
        if not isinstance(event, events.Completed) or raised is None or words is None:
            continue
        said = await sealed(tx, vault, event.submission_id) or {}
        words = {**words, **{name: value for name, value in said.items() if name != "by" and value not in ("", None)}}
        raised = raised.model_copy(
            update={
                "responding_agencies": event.responding_agencies,
                "concern": event.concern,
                "people": event.people,
                "reason": event.reason,
                "level_of_need": event.level_of_need,
                "legal_status": event.legal_status,
            }
        )
    return raised, words


async def _with_number(
    tx: AsyncConnection, vault: Vault, event: events.PassedOn, words: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The words with the number on which whoever raised it can be rung, where the team was given one."""
    number = (await sealed(tx, vault, event.submission_id) or {}).get("raiser_phone")
    raiser = words.get("raiser") or {}
    if not number or raiser.get("phone"):
        return words
    return {**words, "raiser": {**raiser, "phone": number, "phone_from": "the partnership team was given it"}}


async def raised_act(tx: AsyncConnection, story: Story) -> acts.Raise | None:
    """The act that raised the case, with its codes."""
    if story.raised.submission_id is None:
        return None
    act = acts.loads((await submissions.get(tx, story.raised.submission_id)).act)
    return act if isinstance(act, acts.Raise) else None


async def of_the_team(tx: AsyncConnection, vault: Vault, story: Story) -> Mapping[str, str]:
    """Who of the team did what, by submission: their name alone, which is no part of what a case is about."""
    found: dict[str, str] = {}
    for told in story.told:
        by, submission_id = getattr(told.event, "by", None), told.event.submission_id
        if by is None or by.side is not Side.TEAM or submission_id is None or submission_id in found:
            continue
        words = await sealed(tx, vault, submission_id) or {}
        found[submission_id] = str((words.get("by") or {}).get("name") or "")
    return found


_OFTEN_WITHOUT_WORDS = (
    events.Acknowledged,
    events.DoneConfirmed,
    events.FileNoted,
    events.MoveDropped,
    events.ContactChanged,
    events.PlanAnswered,
    events.ActionReported,
    events.ActionChecked,
    events.SaidNotUrgent,
    events.Linked,
    events.Unlinked,
)
"""What is told of among what was said only where somebody wrote something with it."""


async def written(
    tx: AsyncConnection, vault: Vault, story: Story, *, only: tuple[type[Event], ...] | None = None
) -> tuple[Written, ...]:
    """What people wrote after it was raised: answers, what was said to be done, decisions; oldest first.

    Args:
        tx: a transaction.
        vault: opens what is sealed.
        story: the case.
        only: kinds of events whose words are opened; none opens all of them.
    """
    found: list[Written] = []
    read: set[str | None] = set()
    for told in story.told[1:]:
        if isinstance(told.event, events.PassedOn) and told.event.sender_stands is None:
            continue  # It says who is told, and nothing in words.
        if only is not None and not isinstance(told.event, only):
            continue
        if told.event.submission_id not in read and isinstance(
            told.event,
            events.Acknowledged
            | events.Completed
            | events.PassedOn
            | events.SenderVouched
            | events.AgencyAwaited
            | events.Responded
            | events.DoneConfirmed
            | events.SaidDone
            | events.Decided
            | events.DoneDenied
            | events.MoveIntended
            | events.MoveObjected
            | events.MoveDropped
            | events.Settled
            | events.SaidMisdirected
            | events.FoundTheirs
            | events.PartyAdded
            | events.PartyRemoved
            | events.ContactChanged
            | events.RaisersChanged
            | events.AgreementNoted
            | events.AgreementAnswered
            | events.Closed
            | events.Reopened
            | events.ReopeningAsked
            | events.Corrected
            | events.AccountAdded
            | events.LookedBack
            | events.CauseConfirmed
            | events.Paused
            | events.Resumed
            | events.ClockExtended
            | events.ClockSetSooner
            | events.PrioritySet
            | events.Redated
            | events.TrackChanged
            | events.SaidNotUrgent
            | events.PersonReached
            | events.WordsAdded
            | events.FileNoted
            | events.PlanProposed
            | events.PlanAnswered
            | events.ActionReported
            | events.ActionChecked
            | events.DissentRecorded
            | events.FollowUpAnswered
            | events.AdviserInvited
            | events.AdviceGiven
            | events.AdviserEnded
            | events.Linked
            | events.Unlinked
            | events.PhoneCallNoted
            | events.NoticeReported,
        ):
            read.add(told.event.submission_id)  # One act can bring several of these, and its words stand once.
            words = await sealed(tx, vault, told.event.submission_id)
            if words is not None and (words.get("text") or not isinstance(told.event, _OFTEN_WITHOUT_WORDS)):
                found.append(Written(told.event, words))
    return tuple(found)
