"""What the partnership's team can do on a case: which acts it is offered, and what a posted form of each comes to.

Who may do what is decided in `rules.access`, and whether it goes in `rules.decider`; nothing here decides that again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, assert_never

from escalations.policy import Awaits, Side, Track
from escalations.rules import accounts, acts, clocks, confirming, correcting, planning, sooner
from escalations.rules.actors import Actor, Channel
from escalations.rules.acts import Act
from escalations.rules.case import (
    WITHOUT_SETTLEMENT,
    Case,
    Cause,
    ClaimState,
    Clock,
    Outcome,
    PauseReason,
    Route,
    Says,
    Status,
)
from escalations.rules.senders import Outside
from escalations.rules.workingtime import Amount
from escalations.web import (
    advice,
    agreed,
    linked,
    looked_back,
    made,
    party_forms,
    passing_on,
    plan_forms,
    together_forms,
)
from escalations.web.answers import Agency, YesNo
from escalations.web.forms import LONG, Reading, first, number_of
from escalations.web.made import Made
from escalations.web.telling import Names

TEAM: Final = Actor(side=Side.TEAM, position="team")
RAISER: Final = "raiser"
"""In a form: whoever raised it, while their agency is not known."""


class Doing(StrEnum):
    """What the team can do; as it stands in the address of its page."""

    PASS_ON = "pass-on"  # noqa: S105  the address of a page
    ADD_AGENCY = "add-agency"
    NOT_FOR_THIS = "not-for-this"
    WHOSE = "whose"
    PHONE_CALL = "phone-call"
    REACHED = "reached"
    SAID_DONE = "said-done"
    PAUSE = "pause"
    RESUME = "resume"
    EXTEND = "extend"
    SOONER = "sooner"
    PRIORITY = "priority"
    ACCOUNT = "account"
    TRACK = "track"
    NOT_URGENT = "not-urgent"
    CAUSE = "cause"
    THEIRS = "theirs"
    MISDIRECTED = "misdirected"
    PARTIES = "parties"
    RAISERS = "raisers"
    AGREEMENT = "agreement"
    CONTACT = "contact"
    CORRECT = "correct"
    ADVISER = "adviser"
    ADVICE = "advice"
    ADVISER_END = "adviser-end"
    LINK = "link"
    UNLINK = "unlink"
    TRANSFER = "transfer"
    REOPEN = "reopen"
    PLAN = "plan"
    PLAN_ANSWER = "plan-answer"
    ACTION = "action"
    CHECK = "check"
    DISSENT = "dissent"
    FOLLOW_UP = "follow-up"
    CLOSE = "close"
    LOOK_BACK = "look-back"


class OnWordOf(StrEnum):
    """On whose word a case ends."""

    RAISING = "raising"
    FINAL_BODY = "final-body"
    TEAM = "team"
    """The team's own, which ends what is held and nothing else."""


WORDS_OF: Final[Mapping[OnWordOf, Side | None]] = {
    OnWordOf.RAISING: Side.RAISING,
    OnWordOf.FINAL_BODY: Side.FINAL_BODY,
    OnWordOf.TEAM: None,
}


def offered(case: Case) -> tuple[Doing, ...]:  # noqa: C901, PLR0912  one line a kind
    """What the page of a case offers the team now, in the order of the page."""
    found: list[Doing] = []
    if case.status is Status.HELD:
        found += [Doing.PASS_ON, Doing.ADD_AGENCY, Doing.NOT_FOR_THIS]
    if case.status is not Status.HELD and case.raising_agency is not None:
        found.append(Doing.WHOSE)
    if said(case) and case.status is not Status.HELD:
        found.append(Doing.SAID_DONE)
    if case.status is not Status.CLOSED:
        found.append(Doing.PHONE_CALL)
    if case.running(Awaits.BE_REACHED):
        found.append(Doing.REACHED)
    if case.pause is not None and case.status is Status.OPEN:
        found.append(Doing.RESUME)
    elif pausable(case):
        found.append(Doing.PAUSE)
    if extendable(case) or past_extending(case):
        found.append(Doing.EXTEND)
    if sooner.can_be_sooner(case):
        found.append(Doing.SOONER)
    if case.frame.policy.priorities and case.status is not Status.CLOSED:
        found.append(Doing.PRIORITY)
    if accountable(case):
        found.append(Doing.ACCOUNT)
    if case.status is not Status.CLOSED:
        found.append(Doing.TRACK)
    if case.asked_if_urgent:
        found.append(Doing.NOT_URGENT)
    if to_confirm(case):
        found.append(Doing.CAUSE)
    found.extend(_of_parties(case))
    found.extend(_of_plans(case))
    if case.status is not Status.CLOSED:
        found.append(Doing.CLOSE)
    if looked_back.asked(case):
        found.append(Doing.LOOK_BACK)
    if case.erased_at is None:
        found.append(Doing.LINK)
    if case.links:
        found.append(Doing.UNLINK)
    return tuple(found)


def _of_parties(case: Case) -> tuple[Doing, ...]:
    """Whose it is, and who is written to."""
    mistaken = (Doing.CORRECT,) if correcting.of_side(case, Side.TEAM, None) else ()
    if case.status is Status.CLOSED:
        return (*mistaken, Doing.REOPEN)
    if case.status is Status.HELD:
        return (Doing.RAISERS, Doing.CONTACT, Doing.TRANSFER)
    return (
        *((Doing.AGREEMENT,) if case.agreement is not None else ()),
        *((Doing.THEIRS,) if party_forms.said_not_theirs(case) else ()),
        *((Doing.MISDIRECTED,) if party_forms.may_say(case) else ()),
        Doing.PARTIES,
        Doing.RAISERS,
        Doing.CONTACT,
        *mistaken,
        *((Doing.ADVISER,) if advice.roles(case) else ()),
        *((Doing.ADVICE,) if case.advisers else ()),
        *((Doing.ADVISER_END,) if advice.open_to(case) else ()),
        Doing.TRANSFER,
    )


def _of_plans(case: Case) -> tuple[Doing, ...]:
    """What was agreed, and what became of it; also after the end."""
    if case.status is Status.HELD or not case.stage or case.raising_agency is None:
        return ()
    return (
        *((Doing.PLAN,) if planning.lives(case) else ()),
        *((Doing.PLAN_ANSWER,) if plan_forms.to_answer(case, None) else ()),
        *((Doing.ACTION,) if plan_forms.to_report(case, None) else ()),
        *((Doing.CHECK,) if plan_forms.to_check(case, None, None) else ()),
        *((Doing.DISSENT,) if plan_forms.may_dissent(case, None) else ()),
        *((Doing.FOLLOW_UP,) if plan_forms.to_follow_up(case, None) else ()),
    )


def said(case: Case) -> tuple[str, ...]:
    """What was said to be done and is neither confirmed nor denied yet, by its id."""
    return tuple(claim.claim_id for claim in case.claims if claim.state is ClaimState.SAID)


def pausable(case: Case) -> bool:
    """Whether a time limit runs that the policy lets the team stop."""
    return case.status is Status.OPEN and any(clocks.rule_of(case, clock).pausable for clock in _before_limit(case))


def extendable(case: Case) -> tuple[Clock, ...]:
    """The time limits that the policy lets the team extend, the nearest first."""
    if case.status is not Status.OPEN:
        return ()
    found = (clock for clock in _before_limit(case) if clocks.rule_of(case, clock).extendable)
    return tuple(sorted(found, key=lambda clock: clock.due_at))


PAST_EXTENDING: Final = (
    "A time limit that has passed is extended only where both sides had agreed to that before it passed. It is then "
    "shown as recorded late, and the delay is looked at anew."
)


def past_extending(case: Case) -> tuple[Clock, ...]:
    """The time limits that passed, and that the policy would have let the team extend; also once it has closed."""
    if case.status is Status.HELD:
        return ()
    return tuple(
        clock
        for clock in case.clocks
        if clock.limit_passed_at is not None
        and not clock.limit_withdrawn
        and not (clock.running and case.pause is not None)
        and clocks.rule_of(case, clock).extendable
    )


def most_more(case: Case, clock: Clock) -> Amount:
    """How much longer a time limit may become by all extensions together, in its own unit."""
    return clocks.limit_of(case, clocks.rule_of(case, clock)).longest_extension


def _before_limit(case: Case) -> tuple[Clock, ...]:
    return tuple(clock for clock in case.clocks if clock.running and clock.limit_passed_at is None)


def to_confirm(case: Case) -> tuple[Clock, ...]:
    """The passed limits whose cause is still provisional, the oldest first."""
    return tuple(
        clock
        for clock in case.clocks
        if clock.cause is not None
        and clock.limit_passed_at is not None
        and not clock.limit_withdrawn
        and clock.cause_confirmed_at is None
    )


def confirmable(case: Case, now: datetime) -> tuple[Clock, ...]:
    """Those of them that can be confirmed now: whoever is asked gave an account, or had the time to."""
    return tuple(clock for clock in to_confirm(case) if confirming.ready(case, clock, now))


def accountable(case: Case) -> tuple[tuple[Clock, str], ...]:
    """Whose account of which delay the team can write down: of every agency that is asked, until it is confirmed."""
    if case.status is Status.HELD:
        return ()
    return tuple((clock, agency) for clock in to_confirm(case) for _, agency in accounts.may_give(case, clock))


def account_key(clock: Clock, agency: str) -> str:
    """A delay and an agency, as one choice of a form."""
    return f"{clock.clock_id}:{agency}"


def whom_to_phone(case: Case) -> tuple[str, ...]:
    """Everybody in a case whom the team can phone: who it was raised with, who raised it, and whoever decides it."""
    body = (case.frame.policy.final_body.agency,) if case.decider_position is not None else ()
    return (*(party.agency_id for party in case.parties), case.raising_agency or RAISER, *case.co_raisers, *body)


def outcomes(case: Case) -> tuple[Outcome, ...]:
    """How the team can record that a case ended."""
    found = WITHOUT_SETTLEMENT if case.status is Status.HELD else tuple(Outcome)
    decides = case.decider_position is not None
    # What is transferred has a form of its own, which asks who took it.
    return tuple(
        outcome for outcome in found if outcome is not Outcome.TRANSFERRED and (decides or outcome not in _OF_THE_BODY)
    )


_OF_THE_BODY: Final = (Outcome.DECIDED_AS_ASKED, Outcome.DECIDED_ANOTHER_WAY, Outcome.NOT_AGREED_DECIDED)


def words_of(case: Case) -> tuple[OnWordOf, ...]:
    """On whose word the team can record that it ended."""
    own = (OnWordOf.TEAM,) if case.status is Status.HELD else ()
    return (OnWordOf.RAISING, *((OnWordOf.FINAL_BODY,) if case.decider_position is not None else ()), *own)


def make(
    doing: Doing,
    reading: Reading,
    *,
    case: Case,
    agencies: Mapping[str, Agency],
    by: Mapping[str, str],
    submission_id: str,
    who: passing_on.Sender | None = None,
) -> Made | None:
    """The act of a posted form, or none where something is to be put right; the reading then says what.

    Args:
        doing: which form.
        reading: what was typed.
        case: as it stands.
        agencies: to choose from.
        by: who does it, to be sealed.
        submission_id: the id that it is to have.
        who: for what is passed on, whoever raised it.
    """
    origin = made.origin(TEAM, Channel.TEAM, submission_id=submission_id, now=reading.now)
    sealed: dict[str, object] = {"by": dict(by)}
    if doing is Doing.PASS_ON:
        act: Act | None = passing_on.make(reading, case, agencies, origin, sealed, who)
    else:
        act = _make(doing, reading, case, agencies, origin, sealed)
    return None if act is None or reading.problems else Made(act, sealed)


def _make(  # noqa: C901, PLR0911, PLR0912, PLR0917  one line a kind, and closed
    doing: Doing,
    reading: Reading,
    case: Case,
    agencies: Mapping[str, Agency],
    origin: dict[str, Any],
    sealed: dict[str, object],
) -> Act | None:
    match doing:
        case Doing.PASS_ON:
            return None  # It has pages of its own.
        case Doing.ADD_AGENCY:
            sealed["text"] = reading.text(
                "agency-text", "The agency", missing="Say which agency is to be added", most=LONG
            )
            return acts.AwaitAgency.model_validate(origin)
        case Doing.NOT_FOR_THIS:
            return _not_for_this(reading, origin, sealed)
        case Doing.WHOSE:
            theirs = reading.choice("theirs", YesNo, missing="Say whether it is theirs")
            sealed["spoken_to"] = reading.text("spoken-to", "The name", missing="Say who told you")
            sealed["text"] = reading.text("whose-text", "The note", most=LONG)
            return (
                None
                if theirs is None
                else acts.VouchForSender.model_validate({**origin, "theirs": theirs is YesNo.YES})
            )
        case Doing.PHONE_CALL:
            return _phone_call(reading, case, origin, sealed)
        case Doing.REACHED:
            return _reached(reading, case, origin, sealed)
        case Doing.SAID_DONE:
            return _said_done(reading, case, origin, sealed)
        case Doing.PAUSE:
            return _pause(reading, origin, sealed)
        case Doing.RESUME:
            sealed["text"] = reading.text("resume-text", "The note", most=LONG)
            return acts.Resume.model_validate(origin)
        case Doing.EXTEND:
            return _extend(reading, case, origin, sealed)
        case Doing.SOONER:
            return sooner_act(reading, case, origin, sealed)
        case Doing.PRIORITY:
            return _priority(reading, case, origin, sealed)
        case Doing.ACCOUNT:
            return _account(reading, case, origin, sealed)
        case Doing.TRACK:
            return _track(reading, case, origin, sealed)
        case Doing.NOT_URGENT:
            return _not_urgent(reading, origin, sealed)
        case Doing.CAUSE:
            return _cause(reading, case, origin, sealed)
        case Doing.THEIRS:
            return _theirs(reading, case, origin, sealed)
        case Doing.MISDIRECTED:
            agency = _one_of(reading, party_forms.may_say(case), missing="Choose the agency that says so")
            sealed["spoken_to"] = reading.text(
                "misdirected-by", "The name", missing="Say who told you, with their role"
            )
            return party_forms.misdirected(reading, agency, agencies, origin, sealed)
        case Doing.PARTIES:
            return party_forms.parties(reading, case, agencies, origin, sealed)
        case Doing.RAISERS:
            return together_forms.raisers(reading, case, agencies, origin, sealed)
        case Doing.AGREEMENT:
            return together_forms.agreement(reading, origin, sealed)
        case Doing.CONTACT:
            return party_forms.contact(reading, origin, sealed)
        case Doing.CORRECT:
            return party_forms.correct(reading, correcting.of_side(case, Side.TEAM, None), origin, sealed)
        case Doing.ADVISER:
            return advice.invite(reading, case, advice.wishes(case, Names(agencies)), origin, sealed)
        case Doing.ADVICE:
            return advice.give(reading, tuple(one.adviser_id for one in case.advisers), origin, sealed)
        case Doing.ADVISER_END:
            return advice.end(reading, case, origin, sealed)
        case Doing.LINK:
            return linked.make(reading, origin, sealed)
        case Doing.UNLINK:
            return linked.make_unlinked(reading, case, origin, sealed)
        case Doing.TRANSFER:
            return party_forms.transfer(reading, origin, sealed)
        case Doing.REOPEN:
            return party_forms.reopen(reading, case, origin, sealed)
        case Doing.PLAN | Doing.PLAN_ANSWER | Doing.ACTION | Doing.CHECK | Doing.DISSENT | Doing.FOLLOW_UP:
            return _planned(doing, reading, case, origin, sealed)
        case Doing.CLOSE:
            return _close(reading, origin, sealed)
        case Doing.LOOK_BACK:
            return looked_back.of_a_call(reading, case, origin, sealed)
        case _:
            assert_never(doing)


def _not_for_this(reading: Reading, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    outside = reading.choice("outside", Outside, missing="Say who wrote it, as far as you know")
    route = reading.choice("route", Route, missing="Say where it goes instead")
    sent = reading.choice("sent-there", YesNo, missing="Say whether you have sent it there")
    missing = "Say why it is not for this process, and where exactly it goes"
    sealed["text"] = reading.text("outside-text", "The reason", missing=missing, most=LONG)
    if outside is None or route is None or sent is None:
        return None
    return acts.Close.model_validate(
        {
            **origin,
            "outcome": Outcome.REDIRECTED,
            "route": route,
            "outside": outside,
            "sent_there": sent is YesNo.YES,
        }
    )


def _planned(
    doing: Doing, reading: Reading, case: Case, origin: dict[str, Any], sealed: dict[str, object]
) -> Act | None:
    """What somebody told the team of a plan or of what came of it: with who said so, where it is one agency's word."""
    if doing is Doing.PLAN:
        return plan_forms.propose(reading, case, origin, sealed)
    missing = "Enter who told you: name and role"
    sealed["spoken_to"] = reading.text("planned-said-by", "The name", missing=missing)
    match doing:
        case Doing.PLAN_ANSWER:
            return plan_forms.answer(reading, case, None, origin, sealed)
        case Doing.ACTION:
            return plan_forms.report(reading, case, None, origin, sealed)
        case Doing.CHECK:
            return plan_forms.check(reading, case, None, None, origin, sealed)
        case Doing.DISSENT:
            return plan_forms.dissent(reading, case, None, origin, sealed)
        case _:
            return plan_forms.follow_up(reading, case, None, origin, sealed)


def _phone_call(reading: Reading, case: Case, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    agency = first(reading.raw, "agency")
    if not agency and len(case.parties) == 1:
        agency = case.parties[0].agency_id
    elif agency not in whom_to_phone(case):
        reading.problem("agency", "Choose the agency that you phoned")
        agency = ""
    reached = reading.choice("reached", YesNo, missing="Say whether you reached somebody")
    sealed["spoken_to"] = reading.text("spoken-to", "The name")
    sealed["text"] = reading.text("phone-text", "The note", most=LONG)
    if not agency or reached is None:
        return None
    return acts.NotePhoneCall.model_validate(
        {**origin, "agency_id": None if agency == RAISER else agency, "reached": reached is YesNo.YES}
    )


def _reached(reading: Reading, case: Case, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    agency = _one_of(reading, [party.agency_id for party in case.parties], missing="Choose the agency")
    sealed["spoken_to"] = reading.text("spoken-to", "The name", missing="Say whom you spoke to")
    position = case.frame.policy.stage(max(case.stage, 1)).responding_position
    if not agency:
        return None
    return acts.ReachedByPerson.model_validate({**origin, "agency_id": agency, "position": position})


def _said_done(reading: Reading, case: Case, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    claim = _one_of(
        reading, [claim.claim_id for claim in case.claims], field="claim", missing="Choose what this is about"
    )
    was_done = reading.choice("was-done", YesNo, missing="Say whether it was done")
    sealed["text"] = reading.text("claim-text", "The note", most=LONG)
    if was_done is None or reading.problems:
        return None
    of = acts.ConfirmDone if was_done is YesNo.YES else acts.DenyDone
    return of.model_validate({**origin, "claim_id": claim})


def _pause(reading: Reading, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    reason = reading.choice("reason", PauseReason, missing="Say what it waits for")
    known = None
    if reason is PauseReason.AGREED_BY_BOTH:
        known = agreed.read(reading, sealed, what="agreed")
    else:
        agreed.keep(reading, sealed)
    missing = "Say in a few words what exactly it waits for, and until about when"
    sealed["text"] = reading.text("pause-text", "The note", missing=missing, most=LONG)
    if reason is None or reading.problems:
        return None
    return acts.Pause.model_validate({**origin, "reason": reason, "known_by": known})


def _extend(reading: Reading, case: Case, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    past = {clock.clock_id for clock in past_extending(case)}
    choices = [*(clock.clock_id for clock in extendable(case)), *past]
    found = _one_of(reading, choices, field="clock", missing="Choose the time limit")
    written = reading.text("more", "The number", missing="Enter how much longer, as a number like 2")
    number = number_of(written)
    if written and not number:
        reading.problem("more", "Enter how much longer as a whole number, like 2")
    missing = "Say why it needs longer, and who asked for it"
    sealed["text"] = reading.text("extend-text", "The reason", missing=missing, most=LONG)
    agreed_at, known = None, None
    if found in past:
        agreed_at = reading.moment(
            "agreed-at",
            "The time at which it was agreed",
            missing_day="This time limit has passed. Enter the date on which both sides had agreed to more time",
            missing_time="Enter the time at which they agreed, as well as you know it",
        )
        known = agreed.read(reading, sealed, what="agreed")
    else:
        agreed.keep(reading, sealed)
    clock = next((clock for clock in case.clocks if clock.clock_id == found), None)
    if clock is None or not number or reading.problems:
        return None
    amount = Amount(value=number, unit=most_more(case, clock).unit)
    return acts.Extend.model_validate(
        {**origin, "clock_id": clock.clock_id, "by_amount": amount, "happened_at": agreed_at, "known_by": known}
    )


def sooner_act(reading: Reading, case: Case, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    """A sooner time, as the team or the raising side gives it on its page."""
    choices = [clock.clock_id for clock in sooner.can_be_sooner(case)]
    found = _one_of(reading, choices, field="sooner-clock", missing="Choose what is needed sooner")
    due = reading.moment(
        "sooner-at",
        "The sooner time",
        missing_day="Enter the date by which it is needed",
        missing_time="Enter the time by which it is needed",
        future=True,
    )
    missing = "Say why it is needed by then"
    sealed["text"] = reading.text("sooner-text", "The reason", missing=missing, most=LONG)
    if not found or due is None:
        return None
    return acts.SetSooner.model_validate({**origin, "clock_id": found, "due_at": due})


def _priority(reading: Reading, case: Case, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    codes = [level.code for level in case.frame.policy.priorities]
    found = reading.one_of("priority", codes, missing="Choose its priority")
    sealed["text"] = reading.text(
        "priority-text", "The reason", missing="Say why it has this priority, and who said so", most=LONG
    )
    return acts.SetPriority.model_validate({**origin, "priority": found}) if found else None


def _account(reading: Reading, case: Case, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    choices = {account_key(clock, agency): (clock, agency) for clock, agency in accountable(case)}
    found = _one_of(reading, tuple(choices), field="whose", missing="Choose the delay, and whose account of it this is")
    says = reading.choice("says", Says, missing="Say how they say that it came about")
    sealed["spoken_to"] = reading.text("told-by", "The name", missing="Say who told you, with their role")
    missing = None if says is Says.AS_RECORDED else "Write down in their words how it came about"
    sealed["text"] = reading.text("account-text", "Their words", missing=missing, most=LONG)
    if says is None or found not in choices:
        return None
    clock, agency = choices[found]
    return acts.Account.model_validate({**origin, "clock_id": clock.clock_id, "agency_id": agency, "says": says})


def other_track(case: Case) -> Track:
    """The track that a case is not on."""
    return Track.STANDARD if case.track is Track.URGENT else Track.URGENT


def _track(reading: Reading, case: Case, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    # What stood on the page holds: two people who both press the button do not change it there and back.
    found = reading.one_of("to-track", list(Track), missing="Choose the track") or other_track(case)
    sealed["spoken_to"] = reading.text("track-said-by", "The name", missing="Enter who told you: name and role")
    missing = "Say why it is urgent" if found == Track.URGENT else "Say why it is no longer urgent"
    sealed["text"] = reading.text("track-text", "The reason", missing=missing, most=LONG)
    return acts.ChangeTrack.model_validate({**origin, "track": found})


def _not_urgent(reading: Reading, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    missing = "Enter who told you: name and role"
    sealed["spoken_to"] = reading.text("not-urgent-said-by", "The name", missing=missing)
    sealed["text"] = reading.text(
        "not-urgent-text", "What was said", missing="Say in their words why it can wait", most=LONG
    )
    return acts.SayNotUrgent.model_validate(origin)


def _cause(reading: Reading, case: Case, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    found = _one_of(
        reading, [clock.clock_id for clock in confirmable(case, reading.now)], field="clock", missing="Choose the delay"
    )
    cause = reading.choice("cause", Cause, missing="Choose the cause")
    clock = next((clock for clock in case.clocks if clock.clock_id == found), None)
    why = "Say in a few words what shows that it was another cause"
    other = clock is not None and cause is not None and cause is not clock.cause
    sealed["text"] = reading.text("cause-text", "The note", missing=why if other else None, most=LONG)
    more: dict[str, object] = {}
    if cause is Cause.RECORDED_LATE and clock is not None:
        more = _done_in_time(reading, clock, sealed)
    else:
        agreed.keep(reading, sealed)
    if cause is Cause.OUR_OUTAGE and clock is not None and clock.evidence_cause is not Cause.OUR_OUTAGE:
        more = _away(reading)
    if clock is None or cause is None or reading.problems:
        return None
    return acts.ConfirmCause.model_validate({**origin, "clock_id": clock.clock_id, "cause": cause, **more})


def _done_in_time(reading: Reading, clock: Clock, sealed: dict[str, object]) -> dict[str, object]:
    """When it was done, and who says so on each side: what one side says counts once the other confirms it."""
    done_at = reading.moment(
        "done-at",
        "The time at which it was done",
        missing_day="Enter the date on which it was done",
        missing_time="Enter the time at which it was done, as well as you know it",
    )
    # What waited for the team, one agency that was told confirms.
    known = agreed.read(reading, sealed, what="confirms it", of_both=clock.waits_for is not Side.TEAM)
    return {"happened_at": done_at, "known_by": known}


def _away(reading: Reading) -> dict[str, object]:
    """From when to when our system did not run; what our own record says of it is looked up before it is confirmed."""
    since = reading.moment(
        "away-from",
        "The time from which our system did not run",
        missing_day="Enter the date from which our system did not run",
        missing_time="Enter the time from which our system did not run",
    )
    until = reading.moment(
        "away-until",
        "The time until which our system did not run",
        missing_day="Enter the date until which our system did not run",
        missing_time="Enter the time until which our system did not run",
    )
    return {"away_from": since, "away_until": until}


def _theirs(reading: Reading, case: Case, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    agency = _one_of(reading, party_forms.said_not_theirs(case), missing="Choose the agency")
    missing = "Say why it is theirs, and with whom you spoke"
    sealed["text"] = reading.text("theirs-text", "The reason", missing=missing, most=LONG)
    return acts.FindTheirs.model_validate({**origin, "agency_id": agency}) if agency else None


def _close(reading: Reading, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    outcome = reading.choice("outcome", Outcome, missing="Say how it ended")
    word = reading.choice("on-word-of", OnWordOf, missing="Say on whose word it ends")
    route = None
    if outcome is Outcome.REDIRECTED:
        route = reading.choice("route", Route, missing="Say which way it goes instead")
    happened = None
    if any(first(reading.raw, f"said-at-{part}") for part in ("day", "month", "year", "time")):
        happened = reading.moment(
            "said-at",
            "The time",
            missing_day="Enter the date on which they said so",
            missing_time="Enter the time, as well as you know it",
        )
    sealed["spoken_to"] = reading.text(
        "said-by-name", "The name", missing=None if word is OnWordOf.TEAM else "Say who told you, with their role"
    )
    sealed["text"] = reading.text(
        "close-text",
        "The note",
        missing="Say in their own words how it ended, or why it is not for this policy",
        most=LONG,
    )
    if outcome is None or word is None or reading.problems:
        return None
    return acts.Close.model_validate(
        {**origin, "outcome": outcome, "on_word_of": WORDS_OF[word], "route": route, "happened_at": happened}
    )


def _one_of(reading: Reading, choices: list[str] | tuple[str, ...], *, missing: str, field: str = "agency") -> str:
    """The one that was chosen, or the only one that there is."""
    if len(choices) == 1 and not first(reading.raw, field):
        return choices[0]
    return reading.one_of(field, choices, missing=missing)
