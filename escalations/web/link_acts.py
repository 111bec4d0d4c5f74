"""What a person can do by link: which forms a page shows, and how each is read into an act.

The rules decide whether an act is carried out; here is only what the page offers and how its fields are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, assert_never

from escalations.policy import Awaits, Side, StageRule, Track
from escalations.rules import access, accounts, acts, asking, correcting, looking_back, planning, reopening, sooner
from escalations.rules.actors import Actor, Channel
from escalations.rules.acts import Act
from escalations.rules.answering import is_noted
from escalations.rules.case import (
    Case,
    Claim,
    ClaimState,
    Done,
    FileNote,
    Outcome,
    Route,
    Says,
    Status,
    WithdrawReason,
)
from escalations.rules.notices import Ask
from escalations.store.links import Link, Session
from escalations.web import advice, completing, looked_back, made, party_forms, plan_forms, team_acts, together_forms
from escalations.web.answers import Agency, YesNo
from escalations.web.forms import LONG, Reading, first
from escalations.web.made import Made


class Doing(StrEnum):
    """What a button on a link's page does."""

    ACKNOWLEDGE = "acknowledge"
    REACHED = "reached"
    SAY_DONE = "say-done"
    ANSWER = "answer"
    AGREE = "agree"
    MOVE_UP = "move-up"
    STAY = "stay"
    READ_FILE = "read-file"
    RECORDED = "recorded"
    WITHDRAW = "withdraw"
    REDIRECT = "redirect"
    SOONER = "sooner"
    OBJECT = "object"
    URGENT = "urgent"
    NOT_URGENT = "not-urgent"
    CONFIRM = "confirm"
    DENY = "deny"
    DECIDE = "decide"
    ACCOUNT = "account"
    LOOK_BACK = "look-back"
    COMPLETE = "complete"
    PLAN_ANSWER = "plan-answer"
    ACTION = "action"
    CHECK = "check"
    FOLLOW_UP = "follow-up"
    PLAN = "plan"
    DISSENT = "dissent"
    MISDIRECTED = "misdirected"
    PARTIES = "parties"
    CONTACT = "contact"
    LEAVE = "no-longer-ours"
    VOUCH = "vouch"
    ADVICE = "advice"
    CORRECT = "correct"
    REOPEN = "reopen"
    ASK_REOPEN = "ask-reopen"


class Agreed(StrEnum):
    """How the raising side says that the worry is dealt with."""

    AS_ASKED = Outcome.AGREED_AS_ASKED
    IN_PART = Outcome.AGREED_IN_PART
    ANOTHER_WAY = Outcome.AGREED_ANOTHER_WAY


class Offer(StrEnum):
    """What the responding side offers."""

    AS_ASKED = Outcome.AGREED_AS_ASKED
    IN_PART = Outcome.AGREED_IN_PART
    ANOTHER_WAY = Outcome.AGREED_ANOTHER_WAY
    NOT_AGREED = Outcome.NOT_AGREED_DECIDED


class Decision(StrEnum):
    """What the final body decides."""

    AS_ASKED = Outcome.DECIDED_AS_ASKED
    ANOTHER_WAY = Outcome.DECIDED_ANOTHER_WAY
    NOT_AGREED = Outcome.NOT_AGREED_DECIDED


def offered(case: Case, link: Link) -> tuple[Doing, ...]:
    """What the page of a link offers now, in the order of the page."""
    if link.asks is Ask.COMPLETE:
        # Whether it is urgent is one of the questions of that page.
        may = case.incomplete and case.status is not Status.CLOSED
        return (Doing.COMPLETE, *_urgent(case)[:1]) if may else ()
    if link.to.side is Side.OUTSIDE:
        met = asking.is_met(case, link.asks, link.to, stage=link.stage, about=link.about)
        return () if link.asks is not Ask.ADVISE or met else (Doing.ADVICE,)
    if link.asks is Ask.VOUCH:
        return (Doing.VOUCH,) if case.sender_owned is None else ()
    gives = accounts.open_to(case, link.to.side, link.to.agency_id)
    looks = looking_back.side_of(case, own(case, link)) is link.to.side
    # Once they are asked what came of it, one question of that kind is enough.
    looks_back = (Doing.LOOK_BACK,) if looks and not plan_forms.to_follow_up(case, own(case, link)) else ()
    return (
        *_of_plans(case, link),
        *_asked(case, link),
        *_again(case, link),
        *_mistaken(case, link),
        *looks_back,
        *_of_files(case, link),
        *((Doing.ACCOUNT,) if gives else ()),
    )


def is_for(doing: Doing, link: Link) -> bool:
    """Whether a link serves a form at all, whatever its case is at: the rules say whether it is carried out.

    Whoever is only asked whether something is their agency's has read nothing of it, and does nothing else with it.
    """
    return (doing is Doing.VOUCH) is (link.asks is Ask.VOUCH)


def _mistaken(case: Case, link: Link) -> tuple[Doing, ...]:
    """Whoever made an entry can say that it was a mistake."""
    offered = case.status is not Status.HELD and link.asks in {Ask.READ, Ask.RESPOND, Ask.CONSIDER, Ask.CHOOSE}
    return (Doing.CORRECT,) if offered and correcting.of_side(case, link.to.side, link.to.agency_id) else ()


def _again(case: Case, link: Link) -> tuple[Doing, ...]:
    """What had closed can be opened again by whoever raised it; what the final body decided, the team is asked for."""
    if case.status is not Status.CLOSED or link.asks is not Ask.READ or not case.stage or case.erased_at is not None:
        return ()
    if link.to.side is Side.RAISING and not _beside(case, link) and case.outcome not in reopening.DECIDED:
        return (Doing.REOPEN,)
    asked = (link.to.agency_id or "") in case.reopening_asked
    return () if asked or link.to.side not in {Side.RAISING, Side.RESPONDING} else (Doing.ASK_REOPEN,)


def _of_plans(case: Case, link: Link) -> tuple[Doing, ...]:
    """What was agreed, and what became of it: at any link of either side, also after the end.

    The final body proposes a plan where it is asked to decide.
    """
    if case.status is Status.HELD or not case.stage or case.raising_agency is None:
        return ()
    if link.to.side is Side.FINAL_BODY:
        return (Doing.PLAN,) if link.asks is Ask.DECIDE and case.status is Status.OPEN else ()
    agency = own(case, link)
    if link.to.side is not Side.RAISING and (link.to.side is not Side.RESPONDING or case.party(agency) is None):
        return ()
    return (
        *((Doing.PLAN_ANSWER,) if plan_forms.to_answer(case, agency) else ()),
        *((Doing.ACTION,) if plan_forms.to_report(case, agency) else ()),
        *((Doing.CHECK,) if plan_forms.to_check(case, link.to.side, agency) else ()),
        *((Doing.FOLLOW_UP,) if plan_forms.to_follow_up(case, agency) else ()),
        *((Doing.PLAN,) if planning.lives(case) and not _beside(case, link) else ()),
        *((Doing.DISSENT,) if plan_forms.may_dissent(case, agency) else ()),
    )


def own(case: Case, link: Link) -> str | None:
    """The agency for which the reader of a link speaks."""
    return case.speaker(link.to.side, link.to.agency_id)


def leads(case: Case, link: Link) -> bool:
    """Whether its reader's agency raises it, and answers for its side."""
    return link.to.side is Side.RAISING and not _beside(case, link)


def _beside(case: Case, link: Link) -> bool:
    """Whether its reader's agency raises it together with another one, which leads."""
    return link.to.side is Side.RAISING and link.to.agency_id in case.co_raisers


def _of_files(case: Case, link: Link) -> tuple[Doing, ...]:
    """Either side can say that it is recorded, also afterwards; whoever is to answer, that the file was read."""
    agency = own(case, link)
    if case.status is Status.HELD or link.asks not in {Ask.READ, Ask.RESPOND} or agency is None:
        return ()
    if link.to.side not in {Side.RAISING, Side.RESPONDING}:
        return ()
    stage = access.stage_of(case, link.to.position) or case.stage
    answers = link.asks is Ask.RESPOND and case.status is Status.OPEN and case.party(agency) in case.open_parties
    return (
        *((Doing.READ_FILE,) if answers and not is_noted(case, agency, FileNote.READ, stage) else ()),
        *(() if is_noted(case, agency, FileNote.RECORDED, stage) else (Doing.RECORDED,)),
    )


def _asked(case: Case, link: Link) -> tuple[Doing, ...]:
    met = asking.is_met(case, link.asks, link.to, stage=link.stage, about=link.about)
    if case.status is Status.HELD and link.asks is Ask.READ and leads(case, link):
        return (*_urgent(case), *_BACK)  # What is held waits for the team; these need not.
    if case.status is not Status.OPEN or met:
        return ()
    match link.asks:
        case Ask.RESPOND:
            return _responding(case, link)
        case Ask.CONSIDER:
            moving = case.move is not None and case.move.takes_effect_at is not None
            up = () if moving else (Doing.MOVE_UP,)
            stay = (Doing.STAY,) if case.move is not None else ()
            return (*_agreeing(case), *up, *stay, *_urgent(case))
        case Ask.CHOOSE:
            up = () if case.move is not None and case.move.takes_effect_at is not None else (Doing.MOVE_UP,)
            return (*up, Doing.STAY, *_agreeing(case), *_urgent(case))
        case Ask.CONFIRM:
            claim = claim_of(case, link)
            return _CLAIMED if claim is not None and claim.state is ClaimState.SAID else ()
        case Ask.DECIDE:
            return (Doing.DECIDE,)
        case Ask.READ:
            claimed = _CLAIMED if claim_of(case, link) is not None else ()
            if link.to.side is Side.RAISING:
                of_side = _reading(case) if leads(case, link) else _standing_beside(case, link)
                return (*claimed, *of_side, *(_objecting(case, link) if leads(case, link) else ()))
            return (*claimed, *_objecting(case, link)) if link.to.side is Side.RESPONDING else ()
        case Ask.TEAM | Ask.COMPLETE | Ask.PLAN | Ask.ACTION | Ask.CHECK | Ask.FOLLOW_UP | Ask.VOUCH | Ask.ADVISE:
            return ()  # That is done on the team's own pages, and on a page of questions of its own.
        case _:
            assert_never(link.asks)


def _standing_beside(case: Case, link: Link) -> tuple[Doing, ...]:
    """The lead answers for the raising side. Whoever is on record against its agreement may take it up itself."""
    moving = case.move is not None and case.move.takes_effect_at is not None
    top = case.frame.policy.next_stage(case.stage) is None
    up = access.moves_up_over_dissent(case, link.to.side, link.to.agency_id) and not moving and not top
    return (*((Doing.MOVE_UP,) if up else ()), Doing.LEAVE)


def _responding(case: Case, link: Link) -> tuple[Doing, ...]:
    party = case.party(link.to.agency_id)
    if party is None or party.settled:
        return ()
    found = [] if party.evidence.acknowledged and link.stage == case.stage else [Doing.ACKNOWLEDGE]
    if case.running(Awaits.BE_REACHED, agency_id=link.to.agency_id):
        found.append(Doing.REACHED)
    claimed = _CLAIMED if claim_of(case, link) is not None else ()
    not_theirs = (Doing.MISDIRECTED,) if party.not_theirs_at is None else ()
    return (*found, *claimed, Doing.SAY_DONE, Doing.ANSWER, *_objecting(case, link), *not_theirs)


def _objecting(case: Case, link: Link) -> tuple[Doing, ...]:
    """A person can object where a rule alone moves a case, once for each agency."""
    may = case.moves_by_itself and (link.to.agency_id or "") not in case.objected
    return (Doing.OBJECT,) if may else ()


def _urgent(case: Case) -> tuple[Doing, ...]:
    """Whoever raised it can say at any time that it is urgent now."""
    if case.status is Status.CLOSED or case.track is Track.URGENT:
        return ()
    return (Doing.URGENT, Doing.NOT_URGENT) if case.asked_if_urgent else (Doing.URGENT,)


def _agreeing(case: Case) -> tuple[Doing, ...]:
    """Whoever has agreed with everybody over a dissent has said so: the team decides what that comes to."""
    waits = case.agreement is not None and {party.agency_id for party in case.open_parties} <= set(
        case.agreement.agencies
    )
    return () if waits else (Doing.AGREE,)


def _reading(case: Case) -> tuple[Doing, ...]:
    """The raising side may always say what was done, that it is settled, or that it moves up: it is theirs to end."""
    moving = case.move is not None and case.move.takes_effect_at is not None
    top = case.frame.policy.next_stage(case.stage) is None
    return (
        *((Doing.REACHED,) if case.running(Awaits.BE_REACHED) else ()),
        Doing.SAY_DONE,
        *((Doing.SOONER,) if sooner.can_be_sooner(case) else ()),
        *_urgent(case),
        *_agreeing(case),
        *(() if moving or top else (Doing.MOVE_UP,)),
        *((Doing.STAY,) if case.move is not None else ()),
        Doing.PARTIES,
        Doing.CONTACT,
        *_BACK,
    )


_BACK = (Doing.WITHDRAW, Doing.REDIRECT)
"""How whoever raised it takes it back."""
_CLAIMED = (Doing.CONFIRM, Doing.DENY)
"""What the other side says about what was said to be done."""


def claim_of(case: Case, link: Link) -> Claim | None:
    """The claim that a link to confirm is about; a reminder names the clock that waits for it.

    On any other link it is the first one that waits for its reader's side.
    """
    if link.asks is not Ask.CONFIRM:
        return next((claim for claim in case.claims if _is_to_confirm(case, claim, link)), None)
    clock = next((clock for clock in case.clocks if clock.clock_id == link.about), None)
    return case.claim((clock.about if clock is not None else link.about) or "")


def _is_to_confirm(case: Case, claim: Claim, link: Link) -> bool:
    if claim.state is not ClaimState.SAID or claim.by_side is link.to.side:
        return False
    if link.to.side is Side.RESPONDING:
        return claim.agency_id == link.to.agency_id and access.stage_of(case, link.to.position) is not None
    return link.to.side is Side.RAISING and not _beside(case, link)


def make(
    doing: Doing,
    reading: Reading,
    *,
    case: Case,
    link: Link,
    session: Session,
    submission_id: str,
    now: datetime,
    agencies: Mapping[str, Agency] | None = None,
    mailed: Mapping[str, Any] | None = None,
) -> Made | None:
    """The act of a posted form, or none where something is to be put right; the reading then says what."""
    actor = Actor(side=link.to.side, agency_id=link.to.agency_id, position=link.to.position)
    origin = made.origin(actor, Channel.LINK, submission_id=submission_id, now=now)
    sealed: dict[str, object] = {"by": {"name": session.name, "role": session.role}}
    # What is given where something is to be put right is never stored: no act comes of it.
    if doing is Doing.COMPLETE:
        act: Act | None = completing.make(reading, case, agencies or {}, origin, sealed, mailed=mailed)
    elif doing is Doing.MISDIRECTED:
        act = party_forms.misdirected(reading, str(link.to.agency_id), agencies or {}, origin, sealed)
    elif doing is Doing.PARTIES:
        act = party_forms.parties(reading, case, agencies or {}, origin, sealed)
    else:
        act = _make(doing, reading, case, link, origin, sealed)
    return None if reading.problems or act is None else Made(act, sealed)


def _make(  # noqa: C901, PLR0911, PLR0912, PLR0915, PLR0917  one line a kind, and closed
    doing: Doing,
    reading: Reading,
    case: Case,
    link: Link,
    origin: dict[str, Any],
    sealed: dict[str, object],
) -> Act | None:
    match doing:
        case Doing.ACKNOWLEDGE:
            sealed["text"] = reading.text("ack-text", "What you add", most=LONG)
            return acts.Acknowledge(**origin)
        case Doing.REACHED:
            return _reached(reading, case, link, origin, sealed)
        case Doing.SAY_DONE:
            return _say_done(reading, case, link, origin, sealed)
        case Doing.ANSWER:
            offer = reading.choice("offers", Offer, missing="Say what you offer")
            sealed["text"] = reading.text(
                "reasons", "Your reasons", missing="Give your answer with its reasons", most=LONG
            )
            sealed["plan"] = reading.text("plan", "The plan", most=LONG)
            return None if offer is None else acts.Respond.model_validate({**origin, "offers": Outcome(offer.value)})
        case Doing.AGREE:
            return _agree(reading, case, origin, sealed)
        case Doing.MOVE_UP:
            sealed["text"] = reading.text(
                "move-text", "The reason", missing="Say in a few words why it moves up", most=LONG
            )
            return _move_up(reading, case, origin)
        case Doing.STAY:
            sealed["text"] = reading.text("stay-text", "The reason", most=LONG)
            return acts.Stay(**origin, at_stage=_seen(reading))
        case Doing.OBJECT:
            sealed["text"] = reading.text("object-text", "The reason", missing="Say why you object", most=LONG)
            return acts.Object(**origin)
        case Doing.SOONER:
            return team_acts.sooner_act(reading, case, origin, sealed)
        case Doing.URGENT:
            sealed["text"] = reading.text("urgent-text", "The reason", missing="Say why it is urgent now", most=LONG)
            return acts.ChangeTrack(**origin, track=Track.URGENT)
        case Doing.NOT_URGENT:
            sealed["text"] = reading.text("not-urgent-text", "What you add", most=LONG)
            return acts.SayNotUrgent(**origin)
        case Doing.READ_FILE:
            sealed["text"] = reading.text("read-file-text", "The note", most=LONG)
            return acts.NoteFile(**origin, note=FileNote.READ)
        case Doing.RECORDED:
            sealed["text"] = reading.text("recorded-text", "The note", most=LONG)
            return acts.NoteFile(**origin, note=FileNote.RECORDED)
        case Doing.WITHDRAW:
            reason = reading.choice("withdraw-reason", WithdrawReason, missing="Say why you withdraw it")
            sealed["text"] = reading.text(
                "withdraw-text", "The reason", missing="Say in your own words why you withdraw it", most=LONG
            )
            return None if reason is None else acts.Withdraw(**origin, reason=reason)
        case Doing.REDIRECT:
            route = reading.choice("route", Route, missing="Say which way it goes instead")
            sealed["text"] = reading.text(
                "redirect-text", "The reason", missing="Say why it is not for this policy", most=LONG
            )
            return None if route is None else acts.Redirect(**origin, route=route)
        case Doing.CONFIRM | Doing.DENY:
            # What stood on the page is meant, also where a colleague has confirmed it since and another one waits.
            claim = case.claim(first(reading.raw, "claim")) or claim_of(case, link)
            name = "deny-text" if doing is Doing.DENY else "confirm-text"
            sealed["text"] = reading.text(name, "What you add", most=LONG)
            if claim is None:
                return None
            of = acts.DenyDone if doing is Doing.DENY else acts.ConfirmDone
            return of(**origin, claim_id=claim.claim_id)
        case Doing.DECIDE:
            decision = reading.choice("decision", Decision, missing="Say what you decided")
            sealed["text"] = reading.text(
                "reasons", "Your reasons", missing="Give the reasons for the decision", most=LONG
            )
            return (
                None if decision is None else acts.Decide.model_validate({**origin, "outcome": Outcome(decision.value)})
            )
        case Doing.VOUCH:
            theirs = reading.choice("theirs", YesNo, missing="Say whether this is your agency’s")
            sealed["text"] = reading.text("vouch-text", "What you add", most=LONG)
            return None if theirs is None else acts.VouchForSender(**origin, theirs=theirs is YesNo.YES)
        case Doing.ADVICE:
            return advice.give(reading, (link.to.position,), origin, sealed)
        case Doing.ACCOUNT:
            return _account(reading, case, link, origin, sealed)
        case Doing.LOOK_BACK:
            return _look_back(reading, case, link, origin, sealed)
        case Doing.PLAN | Doing.PLAN_ANSWER | Doing.ACTION | Doing.CHECK | Doing.DISSENT | Doing.FOLLOW_UP:
            return _planned(doing, reading, case, link, origin, sealed)
        case Doing.LEAVE:
            return together_forms.leave(reading, str(link.to.agency_id), origin, sealed)
        case Doing.CONTACT:
            return party_forms.contact(reading, origin, sealed)
        case Doing.CORRECT:
            return party_forms.correct(
                reading, correcting.of_side(case, link.to.side, link.to.agency_id), origin, sealed
            )
        case Doing.REOPEN:
            return party_forms.reopen(reading, case, origin, sealed)
        case Doing.ASK_REOPEN:
            return party_forms.ask_to_reopen(reading, origin, sealed)
        case Doing.COMPLETE | Doing.MISDIRECTED | Doing.PARTIES:
            return None  # They choose among all agencies, and are read above.
        case _:
            assert_never(doing)


def _planned(  # noqa: PLR0917  as `_make`
    doing: Doing, reading: Reading, case: Case, link: Link, origin: dict[str, Any], sealed: dict[str, object]
) -> Act | None:
    agency = own(case, link)
    match doing:
        case Doing.PLAN:
            return plan_forms.propose(reading, case, origin, sealed)
        case Doing.PLAN_ANSWER:
            return plan_forms.answer(reading, case, agency, origin, sealed)
        case Doing.ACTION:
            return plan_forms.report(reading, case, agency, origin, sealed)
        case Doing.CHECK:
            return plan_forms.check(reading, case, link.to.side, agency, origin, sealed)
        case Doing.DISSENT:
            return plan_forms.dissent(reading, case, agency, origin, sealed)
        case _:
            return plan_forms.follow_up(reading, case, agency, origin, sealed)


def _account(reading: Reading, case: Case, link: Link, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    asked = [clock.clock_id for clock in accounts.open_to(case, link.to.side, link.to.agency_id)]
    # What stood on the page as the one delay holds, also where another one has come since.
    found = first(reading.raw, "account-clock") or (asked[0] if len(asked) == 1 else "")
    if found not in {clock.clock_id for clock in case.clocks}:
        found = reading.one_of("account-clock", asked, missing="Choose the delay")
    says = reading.choice("account-says", Says, missing="Say how the delay came about")
    missing = None if says is Says.AS_RECORDED else "Say in a few words how it came about"
    sealed["text"] = reading.text("account-text", "What you say", missing=missing, most=LONG)
    agency = own(case, link)
    if says is None or not found or agency is None:
        return None
    return acts.Account(**origin, clock_id=found, agency_id=agency, says=says)


def stages_above(case: Case) -> tuple[StageRule, ...]:
    """To which stages a person may take it now, where the policy lets a level be passed over; else none to choose."""
    policy = case.frame.policy
    above = policy.stages[case.stage :]
    return above if policy.skipping is not None and policy.skipping.levels and len(above) > 1 else ()


def _move_up(reading: Reading, case: Case, origin: dict[str, Any]) -> Act | None:
    """To the next stage; or further, where the policy lets a level be passed over and somebody says why."""
    above = stages_above(case)
    chosen = first(reading.raw, "to-stage")
    if not above or chosen in {"", str(above[0].number)}:
        return acts.MoveUp(**origin, at_stage=_seen(reading))
    number = reading.one_of("to-stage", [str(one.number) for one in above], missing="Choose the stage")
    skipping = case.frame.policy.skipping
    reasons = () if skipping is None else skipping.because
    because = reading.one_of("skip-because", [one.value for one in reasons], missing="Say why a level is passed over")
    side = first(reading.raw, "skip-side")
    if not number or not because:
        return None
    return acts.MoveUp.model_validate(
        {
            **origin,
            "at_stage": _seen(reading),
            "to_stage": int(number),
            "skip_because": because,
            "skip_side": side if side in {Side.RAISING, Side.RESPONDING} else None,
        }
    )


def _look_back(
    reading: Reading, case: Case, link: Link, origin: dict[str, Any], sealed: dict[str, object]
) -> Act | None:
    chosen, felt = looked_back.read(reading, sealed)
    agency = own(case, link)
    if not chosen or agency is None:
        return None
    return acts.LookBack(**origin, agency_id=agency, changed=chosen, felt=felt)


def _seen(reading: Reading) -> int | None:
    """The stage that stood on the page: two people who both press a button move the case once."""
    seen = first(reading.raw, "seen-stage")
    return int(seen) if seen in set("123456789") else None


def _party(reading: Reading, case: Case, link: Link, field: str) -> str | None:
    """The responding agency that something concerns: one's own, the one named, or the only one there still is."""
    if link.to.side is Side.RESPONDING:
        return link.to.agency_id
    if not first(reading.raw, field):
        for parties in (case.open_parties, case.parties):
            if len(parties) == 1:
                return parties[0].agency_id
    return reading.one_of(field, [party.agency_id for party in case.parties], missing="Choose the agency") or None


def _reached(
    reading: Reading,
    case: Case,
    link: Link,
    origin: dict[str, Any],
    sealed: dict[str, object],
) -> Act | None:
    sealed["spoken_to"] = reading.text("spoken-to", "The name", missing="Say whom you spoke to")
    agency = _party(reading, case, link, "reached-agency")
    position = case.frame.policy.stage(max(case.stage, 1)).responding_position
    return None if agency is None else acts.ReachedByPerson(**origin, agency_id=agency, position=position)


def _say_done(
    reading: Reading,
    case: Case,
    link: Link,
    origin: dict[str, Any],
    sealed: dict[str, object],
) -> Act | None:
    done = reading.choice("done", Done, missing="Say what was done")
    when = reading.moment(
        "done-at",
        "The time",
        missing_day="Enter the date on which it happened",
        missing_time="Enter the time, as well as you know it",
    )
    agency = _party(reading, case, link, "done-agency")
    sealed["text"] = reading.text(
        "done-text", "What was said or agreed", missing="Say who took part and what was said or agreed", most=LONG
    )
    if done is None or when is None or agency is None:
        return None
    return acts.SayDone(**{**origin, "happened_at": when}, done=done, agency_id=agency)


def _agree(reading: Reading, case: Case, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    outcome = reading.choice("outcome", Agreed, missing="Say how it is dealt with")
    agency = ""
    # What was chosen holds, whatever became of the others since the page was shown. All are meant only where it was
    # said, or where there never was more than one; an agency with which it is settled by now, the rules refuse.
    if len(case.parties) > 1 or first(reading.raw, "agree-agency"):
        agency = reading.one_of(
            "agree-agency",
            ["all", *(party.agency_id for party in case.parties)],
            missing="Say with which agency it is settled",
        )
    sealed["text"] = reading.text("agree-text", "What changed", most=LONG)
    if outcome is None:
        return None
    return acts.Agree.model_validate(
        {**origin, "outcome": Outcome(outcome.value), "agency_id": None if agency in {"", "all"} else agency}
    )
