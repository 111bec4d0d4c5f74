"""Advice: the team asks somebody outside an escalation, by a link of their own that ends; both sides are told.

Source: the rules of practice ("Who sees what, and when"; "an adviser invited to one case"), and policies that let a
designated doctor, a legal adviser or an independent scrutineer be asked. Advice is an entry. It answers for nobody,
stops and starts no time limit and moves nothing; what becomes of it the two sides say.

What an adviser reads is decided by the stricter: the question that the team writes for them; what one side wrote only
where that side asked and the policy says so; what both wrote only where both agreed, or the policy's document says so.
Nobody is asked before the other side has been told of the escalation.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from escalations.policy import AdviserReads, AdviserRule, Side
from escalations.rules import acts, events, limits_told, workingtime
from escalations.rules.access import Refused
from escalations.rules.adviser import numbered
from escalations.rules.case import Case, DeliveryState, Party
from escalations.rules.clocks import TEAM_POSITION
from escalations.rules.events import Event
from escalations.rules.senders import RaiserAt
from escalations.rules.telling import RAISER, Ask, Notice, NoticeKind, Recipient

NOT_ASKED = Refused("no_such_adviser", "Nobody of that kind has been asked for advice on this escalation.")
OVER = Refused(
    "advice_over", "Advice is no longer asked for here. If you have something to add, ring the partnership team."
)


def invite(case: Case, act: acts.InviteAdviser, now: datetime) -> tuple[Event, ...] | Refused:
    """Somebody is asked, as the policy lets them be."""
    rule = case.frame.policy.adviser(act.role)
    if rule is None:
        return Refused("no_such_role", "The policy of this escalation names no adviser of that kind.")
    refused = _not_now(case, act, rule, now)
    if refused is not None:
        return refused
    agency = act.agency_id if act.on_word_of is Side.RESPONDING else None
    return (
        events.AdviserInvited(
            **events.origin(act, now),
            adviser=numbered(len(case.advisers)),
            role=rule.role,
            stage=case.stage,
            on_word_of=act.on_word_of,
            agency_id=agency,
            reads_of=_reads_of(case, act, rule),
            known_by=act.known_by,
            until=workingtime.deadline(case.frame.calendar, now, rule.within),
        ),
    )


def _not_now(case: Case, act: acts.InviteAdviser, rule: AdviserRule, now: datetime) -> Refused | None:
    if case.stage < rule.from_stage:
        return Refused(
            "not_at_this_stage",
            f"The policy lets this adviser be asked from stage {rule.from_stage}, and this is at stage {case.stage}.",
        )
    if act.on_word_of not in rule.asked_by:
        return Refused("not_by_this_side", "The policy does not let this adviser be asked at the wish of that side.")
    if act.on_word_of is Side.RESPONDING and case.party(act.agency_id) is None:
        return Refused("not_a_party", "Please say which agency wished it: one of those that this was raised with.")
    if case.raiser_at is RaiserAt.NOBODY:
        return Refused("not_theirs", "Whose escalation this is has to be found out first.")
    if not all(_told(party) for party in case.open_parties):
        return Refused(
            "not_told_yet",
            "Nobody else reads of this before the agencies that it was raised with have been told, and one of them "
            "has not been reached yet.",
        )
    if any(one.role == act.role and one.serves(now) for one in case.advisers):
        return Refused(
            "already_asked", "An adviser of this kind is asked already. To ask another one, end that invitation first."
        )
    return None


def _told(party: Party) -> bool:
    """Whether an agency has the escalation: our notice arrived there, or a person there has acted or been spoken to."""
    evidence = party.evidence
    by_a_person = evidence.acknowledged or evidence.person_reached or evidence.wrote or party.answered_at is not None
    return by_a_person or evidence.delivery is DeliveryState.DELIVERED


def _reads_of(case: Case, act: acts.InviteAdviser, rule: AdviserRule) -> tuple[str, ...]:
    """The agencies whose words the adviser reads; agencies that come later have agreed to nothing."""
    everybody = tuple(
        agency for agency in (case.raising_agency, *(party.agency_id for party in case.parties)) if agency is not None
    )
    if act.known_by is not None:
        return everybody
    if act.on_word_of is Side.TEAM and case.partnership_told_at is None:
        return ()  # The team itself does not read it yet.
    if rule.reads is AdviserReads.BOTH_SIDES:
        return everybody
    if rule.reads is AdviserReads.SIDE_THAT_ASKED and act.on_word_of is not Side.TEAM:
        asked = case.raising_agency if act.on_word_of is Side.RAISING else act.agency_id
        return () if asked is None else (asked,)
    return ()


def give(case: Case, act: acts.GiveAdvice, now: datetime) -> tuple[Event, ...] | Refused:
    """An adviser answers; again, where they have something to add."""
    adviser = case.adviser(act.adviser)
    if adviser is None:
        return NOT_ASKED
    # What somebody said by phone before it ended, the team writes down afterwards.
    if act.by.side is Side.OUTSIDE and not adviser.serves(now):
        return OVER
    return (
        events.AdviceGiven(
            **events.origin(act, now),
            adviser=adviser.adviser_id,
            role=adviser.role,
            stage=case.stage,
            declined=act.declined,
        ),
    )


def end(case: Case, act: acts.EndAdvice, now: datetime) -> tuple[Event, ...] | Refused:
    """The team asks them no longer."""
    adviser = case.adviser(act.adviser)
    if adviser is None:
        return NOT_ASKED
    if adviser.ended_at is not None:
        return Refused("already_ended", "That invitation has ended already.")
    return (
        events.AdviserEnded(**events.origin(act, now), adviser=adviser.adviser_id, role=adviser.role, stage=case.stage),
    )


# ---- Who is told ----------------------------------------------------------------------------------------------------


def told(case: Case, event: events.Advising) -> tuple[Notice, ...]:
    """The adviser, and both sides: that somebody was asked, and that they answered. A message names the role alone."""
    match event:
        case events.AdviserInvited():
            to = Recipient(Side.OUTSIDE, None, event.adviser)
            asked = Notice(NoticeKind.ASKED_TO_ADVISE, to, Ask.ADVISE, event.stage, event.until, event.adviser)
            return (asked, *_both_sides(case, NoticeKind.ADVISER_ASKED, event.adviser))
        case events.AdviceGiven():
            both = _both_sides(case, NoticeKind.ADVICE_GIVEN, event.adviser)
            if event.by.side is Side.TEAM:
                return both
            team = Recipient(Side.TEAM, None, TEAM_POSITION)
            return (*both, Notice(NoticeKind.ADVICE_GIVEN, team, Ask.TEAM, case.stage, about=event.adviser))
        case events.AdviserEnded():
            return _no_longer(case, event.adviser)
        case _:
            assert_never(event)


def told_of_the_end(case: Case, at: datetime) -> tuple[Notice, ...]:
    """Whoever was still asked as the escalation ended, so that nobody prepares advice that nobody needs."""
    waiting = (one for one in case.advisers if one.ended_at == at and one.advised_at is None and one.until >= at)
    return tuple(notice for one in waiting for notice in _no_longer(case, one.adviser_id))


def overtaken(case: Case, kind: NoticeKind, about: str | None) -> bool:
    """Whether somebody who is to be asked is asked no longer."""
    adviser = case.adviser(about)
    return kind is NoticeKind.ASKED_TO_ADVISE and (adviser is None or adviser.ended_at is not None)


def _no_longer(case: Case, adviser_id: str) -> tuple[Notice, ...]:
    adviser = case.adviser(adviser_id)
    if adviser is None or adviser.unreached:
        return ()
    to = Recipient(Side.OUTSIDE, None, adviser_id)
    return (Notice(NoticeKind.ADVICE_ENDED, to, Ask.READ, case.stage, about=adviser_id),)


def _both_sides(case: Case, kind: NoticeKind, adviser_id: str) -> tuple[Notice, ...]:
    sides = (Recipient(Side.RAISING, case.raising_agency, RAISER), *limits_told.level_of_responding_side(case))
    return tuple(Notice(kind, to, Ask.READ, case.stage, about=adviser_id) for to in sides)
