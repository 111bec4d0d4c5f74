"""Whether what somebody was asked by link has been done. A link serves its mailbox until then, and no longer."""

from __future__ import annotations

from typing import assert_never

from escalations.rules import accounts, following_up, planning
from escalations.rules.case import Case, ClaimState, Status
from escalations.rules.notices import Ask, Recipient


def is_done(case: Case, asks: Ask, to: Recipient, *, stage: int, about: str | None) -> bool:
    """Whether a link has served: what it asked is done, and the account of the delay that it tells of is given.

    Args: as for :func:`is_met`.
    """
    met = is_met(case, asks, to, stage=stage, about=about)
    return met and not accounts.asked_of(case, about, to.side, to.agency_id)


def is_met(case: Case, asks: Ask, to: Recipient, *, stage: int, about: str | None) -> bool:  # noqa: C901, PLR0911  one line a kind, and closed
    """Whether nothing is left to do of what was asked.

    Args:
        case: as it stands.
        asks: what was asked.
        to: whom.
        stage: the stage at which it was asked.
        about: the clock, the claim, the plan or the action that it was about.
    """
    # A case can also have gone back, by an act that said so; what was asked further up is not asked now.
    over = case.status is Status.CLOSED or stage != case.stage
    match asks:
        case Ask.READ | Ask.TEAM:
            return False  # One may read again: how it ended, too.
        case Ask.VOUCH:
            return case.sender_owned is not None
        case Ask.RESPOND:
            return _answered(case, to.agency_id, stage)
        case Ask.CONSIDER:
            # Another answer is asked about anew, by a link of its own.
            return over or not any(party.answered_at is not None for party in case.open_parties)
        case Ask.CHOOSE:
            return over or case.move is None or case.move.intended_at is not None
        case Ask.CONFIRM:
            claim = case.claim(_claim_of(case, about))
            return case.status is Status.CLOSED or claim is None or claim.state is not ClaimState.SAID
        case Ask.DECIDE:
            return case.status is Status.CLOSED
        case Ask.PLAN:
            return not any(plan.plan_id == about for plan in planning.waiting_for(case, _agency(case, to)))
        case Ask.ACTION:
            action = case.action(about)
            return action is None or action.done is not None or not action.stands or not planning.lives(case)
        case Ask.CHECK:
            action = case.action(about)
            return action is None or action.done is None or action.checked is not None
        case Ask.FOLLOW_UP:
            agency = _agency(case, to)
            return not following_up.open_to(case, agency) or following_up.has_answered(case, agency)
        case Ask.ADVISE:
            adviser = case.adviser(to.position)
            return case.status is Status.CLOSED or adviser is None or adviser.ended_at is not None
        case Ask.COMPLETE:
            return case.status is Status.CLOSED or not case.incomplete
        case _:
            assert_never(asks)


def _agency(case: Case, to: Recipient) -> str | None:
    """For whom the reader of a link speaks."""
    return case.speaker(to.side, to.agency_id)


def _answered(case: Case, agency_id: str | None, stage: int) -> bool:
    """An agency has answered at the stage, or settled it. A stage left can still be answered, and is recorded there."""
    party = case.party(agency_id)
    if case.status is Status.CLOSED or party is None or party.settled or stage > case.stage:
        return True
    return stage == case.stage and party.answered_at is not None


def _claim_of(case: Case, about: str | None) -> str:
    """The claim itself; a reminder is about the clock that asks for its confirmation."""
    clock = next((clock for clock in case.clocks if clock.clock_id == about), None)
    return (clock.about if clock is not None else about) or ""
