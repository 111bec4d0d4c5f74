"""Whatever anybody could try to do to a case, for tests that try everything. Everybody in here is invented."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, get_args

from escalations.policy import Side, SkipReason, Track
from escalations.rules import acts, events, workingtime
from escalations.rules.actors import SYSTEM, Actor, Channel
from escalations.rules.acts import Act, Concern, Reason
from escalations.rules.case import (
    Case,
    Cause,
    Changed,
    DeliveryState,
    Done,
    EraseReason,
    Felt,
    FileNote,
    KnownBy,
    LeaveReason,
    Outcome,
    PartyReason,
    PauseReason,
    RedateReason,
    ReopenReason,
    Route,
    Says,
    Seen,
    TransferReason,
    TransferredTo,
    WithdrawReason,
)
from escalations.rules.linked import LinkReason
from escalations.rules.notices import RAISER
from escalations.rules.plan import Kept, Learning, NotDone, PlanSays
from escalations.rules.workingtime import Unit
from tests.builders import POLICE, SCHOOL, SOCIAL_CARE, TEAM, civil, origin, raiser, responder

HEALTH = "health"
NURSERY = "nursery"
"""An agency that is no party to anything here."""
FINAL_BODY = "partners-panel"
OTHER = "PD-27-0002-H"
"""The reference of another escalation."""

ACTORS: dict[str, Actor] = {
    "raiser": raiser(),
    "the school's contact": raiser(position="escalation_lead"),
    "raiser's manager": raiser(position="manager"),
    "another school": raiser(agency="elm-school"),
    "practitioner": responder(),
    "manager": responder("manager"),
    "senior manager": responder("senior_manager"),
    "head": responder("head"),
    "a clerk": responder("clerk"),
    "police practitioner": responder(agency=POLICE),
    "health practitioner": responder(agency=HEALTH),
    "raising agency, as if responding": responder(agency=SCHOOL),
    "responding agency, as if raising": raiser(agency=SOCIAL_CARE),
    "team": TEAM,
    "system": SYSTEM,
    "chair": Actor(side=Side.FINAL_BODY, agency_id=FINAL_BODY, position="chair"),
    "alternate chair": Actor(side=Side.FINAL_BODY, agency_id=FINAL_BODY, position="alternate_chair"),
    "somebody else's chair": Actor(side=Side.FINAL_BODY, agency_id=HEALTH, position="chair"),
    "the adviser": Actor(side=Side.OUTSIDE, position="adviser_a"),
    "another adviser": Actor(side=Side.OUTSIDE, position="adviser_z"),
    "both sides": Actor(side=Side.BOTH, agency_id=SCHOOL),
    "nobody in particular": Actor(side=Side.RAISING),
    "whoever sent it": Actor(side=Side.RAISING, position=RAISER),
    "whoever raised it for the school": raiser(position=RAISER),
}

BEGUN = civil("2027-03-01 09:30")
OFFERS = (Outcome.AGREED_AS_ASKED, Outcome.AGREED_IN_PART, Outcome.AGREED_ANOTHER_WAY, Outcome.NOT_AGREED_DECIDED)

KINDS: tuple[type[acts.ActModel], ...] = get_args(acts.Act)


def _redate(case: Case, choice: int) -> dict[str, Any]:
    """Take one of the frames that stand beside the case, or one that nobody has."""
    beside = (case.frame, *case.frame.offered)
    frame = beside[choice % len(beside)]
    return {
        "policy_hash": frame.policy.content_hash,
        "calendar_hash": "nobodys" if choice % 7 == 6 else frame.calendar.content_hash,
        "seen_seq": max(1, case.seq - choice % 5 // 4),
        "because": list(RedateReason)[choice % len(RedateReason)],
        "also_sooner": choice % 2 == 1,
    }


def _parties(case: Case, choice: int) -> dict[str, Any]:
    """Add an agency, take one out, or both; also what cannot be."""
    out = case.parties[choice % len(case.parties)].agency_id if case.parties else SOCIAL_CARE
    more = next((one for one in (POLICE, HEALTH, SOCIAL_CARE) if case.party(one) is None), SCHOOL)
    return {
        "add": ((more,), (), (more,), (more, more), (SCHOOL,))[choice % 5],
        "remove": ((), (out,), (out,), (), (HEALTH,))[choice % 5],
        "because": None if choice % 5 == 0 else list(PartyReason)[choice % len(PartyReason)],
    }


def _raisers(case: Case, by: Actor, choice: int) -> dict[str, Any]:
    """Add an agency, take one out, have another one lead; also what cannot be."""
    out = case.co_raisers[0] if case.co_raisers else NURSERY
    if by.side is Side.RAISING:
        return {"leave": (by.agency_id or NURSERY,), "because": LeaveReason.OTHER}
    return {
        "add": ((NURSERY,), (), (), (NURSERY, NURSERY), (SOCIAL_CARE,))[choice % 5],
        "leave": ((), (out,), (), (), ())[choice % 5],
        "because": None if choice % 5 == 0 else list(LeaveReason)[choice % len(LeaveReason)],
        "lead": out if choice % 5 == 2 else None,
    }


def _of(case: Case) -> str:
    return case.parties[0].agency_id if case.parties else SOCIAL_CARE


_PARTS: dict[type[acts.ActModel], Callable[[Case, Actor, int], dict[str, Any]]] = {
    acts.Raise: lambda _, by, __: {
        "raising_agency": by.agency_id or SCHOOL,
        "responding_agencies": (HEALTH,),
        "concern": Concern.CHILD,
        "reason": Reason.PLAN,
    },
    acts.Complete: lambda case, _, choice: {
        "responding_agencies": ((), (SOCIAL_CARE,), tuple(party.agency_id for party in case.parties))[choice % 3],
        "concern": Concern.CHILD,
        "reason": Reason.PLAN,
    },
    acts.PassOn: lambda case, _, choice: {
        "responding_agencies": (SOCIAL_CARE, POLICE),
        "raising_agency": SCHOOL if case.raising_agency is None and choice % 3 != 1 else None,
    },
    acts.AwaitAgency: lambda *_: {},
    acts.VouchForSender: lambda _, __, choice: {"theirs": choice % 2 == 0},
    acts.Acknowledge: lambda *_: {},
    acts.ReachedByPerson: lambda case, by, _: {
        "agency_id": by.agency_id if by.side is Side.RESPONDING else _of(case),
        "position": "practitioner",
    },
    acts.Respond: lambda _, __, choice: {"offers": OFFERS[choice % len(OFFERS)]},
    acts.SayDone: lambda case, by, choice: {
        "done": list(Done)[choice % len(Done)],
        "agency_id": by.agency_id if by.side is Side.RESPONDING else _of(case),
    },
    acts.ConfirmDone: lambda case, _, choice: {"claim_id": _claim(case, choice)},
    acts.DenyDone: lambda case, _, choice: {"claim_id": _claim(case, choice)},
    acts.Agree: lambda case, _, choice: {
        "outcome": list(Outcome)[choice % 3],
        "agency_id": None
        if choice % 4 == 0
        else case.parties[choice % len(case.parties)].agency_id
        if case.parties
        else None,
    },
    acts.MoveUp: lambda _, __, choice: (
        {} if choice % 5 else {"to_stage": 2 + choice % 4, "skip_because": list(SkipReason)[choice % len(SkipReason)]}
    ),
    acts.NoteFile: lambda _, __, choice: {"note": (FileNote.RECORDED, FileNote.READ)[choice % 2]},
    acts.Withdraw: lambda _, __, choice: {"reason": list(WithdrawReason)[choice % len(WithdrawReason)]},
    acts.Redirect: lambda _, __, choice: {"route": list(Route)[choice % len(Route)]},
    acts.Stay: lambda *_: {},
    acts.Misdirected: lambda case, by, choice: {
        "agency_id": by.agency_id if by.side is Side.RESPONDING else _of(case),
        "should_be": (None, HEALTH, POLICE, SCHOOL)[choice % 4],
    },
    acts.FindTheirs: lambda case, _, choice: {
        "agency_id": case.parties[choice % len(case.parties)].agency_id if case.parties else SOCIAL_CARE
    },
    acts.ChangeParties: lambda case, _, choice: _parties(case, choice),
    acts.ChangeContact: lambda *_: {},
    acts.ChangeRaisers: _raisers,
    acts.AnswerAgreement: lambda _, __, choice: {"settles": choice % 2 == 0},
    acts.Erase: lambda _, __, choice: {"because": list(EraseReason)[choice % len(EraseReason)]},
    acts.Object: lambda *_: {},
    acts.Decide: lambda _, __, choice: {"outcome": list(Outcome)[3 + choice % 3]},
    acts.NotePhoneCall: lambda case, _, choice: {
        "agency_id": (_of(case), SCHOOL, FINAL_BODY)[choice % 3],
        "reached": choice % 2 == 0,
    },
    acts.Pause: lambda _, __, choice: {"reason": list(PauseReason)[choice % len(PauseReason)]},
    acts.Resume: lambda *_: {},
    acts.Extend: lambda case, _, choice: {
        "clock_id": case.clocks[choice % len(case.clocks)].clock_id if case.clocks else "1-acknowledge",
        "by_amount": {"value": 1 + choice % 4, "unit": list(Unit)[choice // 4 % len(Unit)]},
    },
    acts.SetSooner: lambda case, _, choice: {
        "clock_id": case.clocks[choice % len(case.clocks)].clock_id if case.clocks else "1-acknowledge",
        "due_at": (case.received_at or BEGUN) + timedelta(hours=choice),
    },
    acts.SetPriority: lambda case, _, choice: {
        "priority": [*(level.code for level in case.frame.policy.priorities), "no-such-level"][
            choice % (len(case.frame.policy.priorities) + 1)
        ],
    },
    acts.LookBack: lambda case, by, choice: {
        "agency_id": by.agency_id or (_of(case), SCHOOL)[choice % 2],
        "changed": (list(Changed)[choice % len(Changed)],),
        "felt": [None, *Felt][choice % 4],
    },
    acts.ProposePlan: lambda case, _, choice: {
        "actions": tuple(
            {
                "agency_id": (SCHOOL, _of(case), HEALTH)[(choice + number) % 3 if choice % 4 == 3 else number % 2],
                "due_on": workingtime.civil(case.received_at or BEGUN).date() + timedelta(days=choice % 9 + number),
            }
            for number in range(1 + choice % 3)
        ),
    },
    acts.AnswerPlan: lambda case, by, choice: {
        "plan_id": case.plans[choice % len(case.plans)].plan_id if case.plans else "p1",
        "agency_id": by.agency_id or (_of(case), SCHOOL)[choice % 2],
        "says": list(PlanSays)[(choice + 2) % len(PlanSays)],
        "without": (f"a{choice % 4 + 1}",) if choice % 3 == 2 else (),
    },
    acts.ReportAction: lambda case, by, choice: {
        "action_id": _action(case, by, choice, own=True),
        "done": choice % 2 == 0,
        "why": None if choice % 2 == 0 else list(NotDone)[choice % len(NotDone)],
    },
    acts.CheckAction: lambda case, by, choice: {
        "action_id": _action(case, by, choice, own=False),
        "so": choice % 3 > 0,
    },
    acts.RecordDissent: lambda case, by, choice: {
        "agency_id": by.agency_id or (_of(case), SCHOOL)[choice % 2],
        "formal": choice % 2 == 1,
    },
    acts.AnswerFollowUp: lambda case, by, choice: {
        "agency_id": by.agency_id or (_of(case), SCHOOL)[choice % 2],
        "kept": list(Kept)[choice % len(Kept)],
        "changed": (list(Changed)[choice % len(Changed)],),
        "learning": (list(Learning)[choice % len(Learning)],),
    },
    acts.InviteAdviser: lambda _, __, choice: {
        "role": ("adviser", "adviser", "no_such_role")[choice % 3],
        "on_word_of": (Side.TEAM, Side.TEAM, Side.RAISING)[choice // 3 % 3],
        "known_by": (None, KnownBy.PHONE)[choice % 2],
    },
    acts.GiveAdvice: lambda case, _, choice: {"adviser": _adviser(case, choice), "declined": choice % 3 == 2},
    acts.EndAdvice: lambda case, _, choice: {"adviser": _adviser(case, choice)},
    acts.Link: lambda case, _, choice: {
        "other": (OTHER, "PD-27-0003-K", case.reference)[choice % 3],
        "because": list(LinkReason)[choice % len(LinkReason)],
    },
    acts.Unlink: lambda case, _, choice: {"other": case.links[choice % len(case.links)].other if case.links else OTHER},
    acts.Account: lambda case, by, choice: {
        "clock_id": case.clocks[choice % len(case.clocks)].clock_id if case.clocks else "1-acknowledge",
        "agency_id": by.agency_id or (_of(case), SCHOOL)[choice % 2],
        "says": list(Says)[choice % len(Says)],
    },
    acts.Redate: lambda case, _, choice: _redate(case, choice),
    acts.ChangeTrack: lambda _, __, choice: {"track": (Track.URGENT, Track.STANDARD)[choice % 2]},
    acts.SayNotUrgent: lambda *_: {},
    acts.ConfirmCause: lambda case, _, choice: {
        "clock_id": case.clocks[choice % len(case.clocks)].clock_id if case.clocks else "1-acknowledge",
        "cause": list(Cause)[choice % len(Cause)],
    },
    acts.Close: lambda _, __, choice: {
        "outcome": list(Outcome)[choice % len(Outcome)],
        "on_word_of": (Side.RAISING, Side.FINAL_BODY, None)[choice % 3],
        "route": list(Route)[choice % len(Route)] if list(Outcome)[choice % len(Outcome)] == "redirected" else None,
    },
    acts.Correct: lambda case, _, choice: {
        "entry": case.entries[choice % len(case.entries)].submission_id if case.entries else "none"
    },
    acts.Transfer: lambda _, __, choice: {
        "to": list(TransferredTo)[choice % len(TransferredTo)],
        "because": list(TransferReason)[choice % len(TransferReason)],
    },
    acts.Reopen: lambda _, __, choice: {
        "because": list(ReopenReason)[choice % len(ReopenReason)],
        "at_stage": None if choice % 3 < 2 else 1 + choice % 4,
    },
    acts.AskToReopen: lambda *_: {},
    acts.AddWords: lambda _, __, choice: {"files": choice % 3, "seen": (Seen.URGENT_WORDS,) * (choice % 4 == 3)},
    acts.ReportDelivery: lambda case, _, choice: {
        "notice_id": f"n{choice}",
        "agency_id": (*(party.agency_id for party in case.parties), SCHOOL, None)[choice % (len(case.parties) + 2)],
        "stage": case.stage,
        "starts_clocks": choice % 5 > 0,
        "state": list(DeliveryState)[choice % len(DeliveryState)],
    },
    acts.ReportMessage: lambda case, _, choice: {
        "agency_id": _of(case),
        "message": ("automatic_reply", "unreadable_reply")[choice % 2],
    },
}


def _adviser(case: Case, choice: int) -> str:
    return case.advisers[choice % len(case.advisers)].adviser_id if case.advisers else "adviser_a"


def _claim(case: Case, choice: int) -> str:
    return case.claims[choice % len(case.claims)].claim_id if case.claims else "c1"


def _action(case: Case, by: Actor, choice: int, *, own: bool) -> str:
    """One of theirs, or one of the others', where there is one; otherwise whichever there is."""
    there = [action for plan in case.plans for action in plan.actions]
    fitting = [one for one in there if (one.agency_id == by.agency_id) is own] or there
    return fitting[choice % len(fitting)].action_id if fitting else "a1"


def deed(
    kind: type[acts.ActModel], by: Actor, case: Case, now: datetime, *, choice: int = 0, ago: timedelta | None = None
) -> Act:
    """Give an act of a kind, tried by somebody at an instant; ``ago`` is how long before that they say it happened."""
    if kind in {acts.SayDone, acts.Transfer} and ago is None:
        ago = timedelta(minutes=1)
    more = _PARTS[kind](case, by, choice)
    channel = Channel.SYSTEM if by == SYSTEM else Channel.TEAM if by == TEAM else Channel.LINK
    values = {**origin(by, now, channel=channel), **more, "happened_at": None if ago is None else now - ago}
    act: Act = kind.model_validate(values)  # type: ignore[assignment]  # each of these is one of the union
    return act


BY_A_PERSON = (
    events.Raised,
    events.Completed,
    events.PassedOn,
    events.SenderVouched,
    events.AgencyAwaited,
    events.Acknowledged,
    events.PersonReached,
    events.Responded,
    events.SaidDone,
    events.DoneConfirmed,
    events.DoneDenied,
    events.Settled,
    events.SaidMisdirected,
    events.FoundTheirs,
    events.PartyAdded,
    events.RaisersChanged,
    events.AgreementNoted,
    events.AgreementAnswered,
    events.PartyRemoved,
    events.ContactChanged,
    events.Erased,
    events.Decided,
    events.AccountAdded,
    events.LookedBack,
    events.PlanProposed,
    events.PlanAnswered,
    events.ActionReported,
    events.ActionChecked,
    events.DissentRecorded,
    events.FollowUpAnswered,
    events.AdviserInvited,
    events.AdviceGiven,
    events.AdviserEnded,
    events.Linked,
    events.Unlinked,
    events.CauseConfirmed,
    events.Paused,
    events.Resumed,
    events.ClockResumed,
    events.ClockExtended,
    events.ClockSetSooner,
    events.ClockRecounted,
    events.PrioritySet,
    events.Redated,
    events.TrackChanged,
    events.SaidNotUrgent,
    events.Closed,
    events.Reopened,
    events.ReopeningAsked,
    events.Corrected,
    events.ClockReopened,
    events.MoveIntended,
    events.MoveDropped,
    events.MoveObjected,
    events.LimitWithdrawn,
    events.ProposalEnded,
    events.PhoneCallNoted,
    events.WordsAdded,
    events.FileNoted,
    events.NoticeReported,
    events.MessageReported,
)
"""What time alone never brings: nothing is said, settled, withdrawn, dropped or closed by a timer."""
