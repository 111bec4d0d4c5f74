"""What somebody of the team wants to do was done already, in another tab or by a colleague: by whom, and when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from escalations.rules import acts, events
from escalations.rules.acts import Act
from escalations.rules.case import Case, ClaimState, Status
from escalations.rules.civiltime import say
from escalations.rules.events import Event
from escalations.web import telling
from escalations.web.story import Story
from escalations.web.team_acts import Doing
from escalations.web.telling import Names

_BROUGHT: Final[Mapping[Doing, tuple[type[Event], ...]]] = {
    Doing.PASS_ON: (events.PassedOn, events.Closed),
    Doing.SAID_DONE: (events.DoneConfirmed, events.DoneDenied),
    Doing.PAUSE: (events.Paused,),
    Doing.RESUME: (events.Resumed,),
    Doing.CAUSE: (events.CauseConfirmed,),
    Doing.TRACK: (events.TrackChanged,),
    Doing.CLOSE: (events.Closed,),
}
"""The events that show that an act was done; what can be done again and again is not among them."""


def sentence(story: Story, doing: Doing, act: Act | None, names: Names, team: Mapping[str, str]) -> str:
    """Say what was done before, by whom and when; nothing where it was not.

    Args:
        story: the case.
        doing: what is wanted.
        act: the very act, where it was made already.
        names: of the agencies.
        team: who of the team did what, by submission.
    """
    if not _is_so(story.case, doing, act):
        return ""
    found = [told.event for told in story.told if isinstance(told.event, _BROUGHT[doing]) and _same(told.event, act)]
    if not found:
        return ""
    event = found[-1]
    who = team.get(event.submission_id or "", "")
    return f"Already done{' by ' + who if who else ''} at {say(event.at)}: {telling.sentence(event, names)}"


def _is_so(case: Case, doing: Doing, act: Act | None) -> bool:
    """Whether the case is already as the act would make it."""
    match doing:
        case Doing.PASS_ON:
            return case.status is not Status.HELD
        case Doing.PAUSE:
            return case.pause is not None
        case Doing.RESUME:
            return case.pause is None
        case Doing.CLOSE:
            return case.status is Status.CLOSED
        case Doing.TRACK:
            return isinstance(act, acts.ChangeTrack) and act.track is case.track
        case Doing.SAID_DONE:
            if not isinstance(act, acts.ConfirmDone | acts.DenyDone):
                return not any(claim.state is ClaimState.SAID for claim in case.claims)
            claim = case.claim(act.claim_id)
            return claim is not None and claim.state is not ClaimState.SAID
        case Doing.CAUSE:
            return True  # Asked only where it is refused, or where no cause is left to confirm.
        case _:
            return False


def _same(event: Event, act: Act | None) -> bool:
    """Whether an event is about the very thing that an act is about."""
    if isinstance(act, acts.ConfirmCause):
        return isinstance(event, events.CauseConfirmed) and event.clock_id == act.clock_id
    if isinstance(act, acts.ConfirmDone | acts.DenyDone):
        return isinstance(event, events.DoneConfirmed | events.DoneDenied) and event.claim_id == act.claim_id
    return True
