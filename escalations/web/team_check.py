"""What an act of the team would bring, before it is sent: worked out by the rules themselves, on the case as it stands.

Nothing is recorded here. Where others are told, the person reads first whom, and of what (``Preview.told``); what the
rules would refuse is said while the form can still be changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, assert_never

from escalations.policy import Side
from escalations.rules import acts, decider, events, evolving
from escalations.rules.access import Refused
from escalations.rules.acts import Act
from escalations.rules.case import Case
from escalations.rules.civiltime import say
from escalations.rules.events import Event
from escalations.rules.notices import Notice, notices_for
from escalations.rules.workingtime import Receipt
from escalations.web import (
    advice,
    agreed,
    linked,
    looked_back,
    party_forms,
    passing_on,
    plan_forms,
    plan_page,
    team_dates,
    telling,
    together_forms,
    words,
)
from escalations.web.clock_lives import extension_receipt
from escalations.web.forms import Raw, first
from escalations.web.made import Made
from escalations.web.retyped import Given, moment
from escalations.web.summary import Row
from escalations.web.team_acts import RAISER, WORDS_OF, Doing
from escalations.web.telling import Names

_BY_TIME: Final = (events.LimitPassed, events.ReminderFell, events.CauseChanged, events.ClockEnded)
"""What is not said of an act before it is sent: what time brings, and what merely ends with it."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen."""

    refused: Refused | None
    brought: tuple[str, ...] = ()
    """What the register would say, one sentence each."""
    told: tuple[str, ...] = ()
    """Who would be told, by position; the team itself apart."""
    dates: tuple[str, ...] = ()
    """The time limits before and after, for an act that stops them or lets them go on."""
    receipts: tuple[Receipt, ...] = ()
    """How a new due time is counted on from the one before, where it is one that an extension brings."""


def preview(case: Case, act: Act, names: Names, *, now: datetime) -> Preview:
    """Ask the rules what an act would bring."""
    decided = decider.decide(case, act, now)
    if isinstance(decided, Refused):
        return Preview(decided)
    before, notices = case, list[Notice]()
    for event in decided:
        case = evolving.evolve(case, event)
        notices.extend(notices_for(case, event))
    told = dict.fromkeys(names.recipient(notice.to) for notice in notices if notice.to.side is not Side.TEAM)
    dates = team_dates.lines(before, act, decided, names, now=now)
    unsaid: tuple[type[Event], ...] = (*_BY_TIME, events.ClockResumed) if dates else _BY_TIME
    if isinstance(act, acts.Extend) and act.happened_at is not None:
        # Where the new time is over too, that it passed then is what this brings.
        unsaid = tuple(kind for kind in unsaid if kind is not events.LimitPassed)
    brought = tuple(telling.sentence(event, names) for event in decided if not isinstance(event, unsaid))
    extended = (extension_receipt(before, event) for event in decided if isinstance(event, events.ClockExtended))
    return Preview(None, brought, tuple(told), dates, tuple(receipt for receipt in extended if receipt is not None))


def rows(made: Made, case: Case, names: Names) -> tuple[Row, ...]:  # noqa: C901, PLR0912, PLR0915  one line a kind
    """What was typed and chosen, to be read once more."""
    act, sealed = made.act, made.sealed
    found: list[Row] = []
    match act:
        case acts.PassOn():
            found.append(Row("Raised by", names.raising(act.raising_agency or case.raising_agency)))
            found.append(Row("Tell", "\n".join(names.agency(agency) for agency in act.responding_agencies)))
            found.extend(Row(title, said) for title, said in passing_on.rows(act, sealed))
        case acts.VouchForSender():
            found.append(Row("Is it theirs?", "Yes" if act.theirs else "No"))
        case acts.ConfirmDone() | acts.DenyDone():
            claim = case.claim(act.claim_id)
            found.append(Row("What was said", telling.claim(claim, names) if claim else ""))
            found.append(Row("Was it done?", "Yes" if isinstance(act, acts.ConfirmDone) else "No"))
        case acts.ReachedByPerson() | acts.NotePhoneCall():
            found.append(Row("Agency", names.raising(act.agency_id)))
        case acts.Pause() | acts.Extend() | acts.SetSooner() | acts.SetPriority() | acts.ChangeTrack():
            found.extend(_of_time(case, act))
        case acts.ConfirmCause():
            found.extend(_of_the_cause(case, act))
        case acts.Misdirected():
            found.append(Row("Not theirs", names.agency(act.agency_id)))
            found.append(Row("Whose it should be", names.agency(act.should_be) if act.should_be else "Not known"))
        case acts.FindTheirs():
            found.append(Row("It is theirs", names.agency(act.agency_id)))
        case acts.ChangeParties():
            found.extend(Row("Taken out", names.agency(agency)) for agency in act.remove)
            found.extend(Row("Added", names.agency(agency)) for agency in act.add)
            if act.because is not None:
                found.append(Row("Why it is taken out", words.REMOVED[act.because]))
        case acts.ChangeRaisers():
            found.extend(Row("Raises it too", names.agency(agency)) for agency in act.add)
            found.extend(Row("No longer raises it", names.agency(agency)) for agency in act.leave)
            if act.because is not None:
                found.append(Row("Why", words.LEAVES[act.because]))
            if act.lead is not None:
                found.append(Row("Leads from now on", names.agency(act.lead)))
        case acts.AnswerAgreement():
            found.append(Row("Settled", "Yes, as the agency that leads agreed" if act.settles else "No, it goes on"))
        case acts.Transfer():
            found.append(Row("Taken over by", words.TRANSFERRED_TO[act.to]))
            found.append(Row("Name", str(sealed.get("transferred_to") or "")))
            if act.happened_at is not None:
                found.append(Row("Taken over at", say(act.happened_at)))
            found.append(Row("Why", words.TRANSFER_REASONS[act.because]))
        case acts.Reopen():
            where = f"Stage {act.at_stage or case.stage}" if case.stage else "Held for the team"
            found.append(Row("Goes on at", where))
            found.append(Row("Why", words.REOPEN_REASONS[act.because]))
        case acts.Link() | acts.Unlink():
            found.append(Row("The other escalation", act.other))
            if isinstance(act, acts.Link):
                found.append(Row("Why they belong together", words.LINKED[act.because]))
        case acts.InviteAdviser() | acts.GiveAdvice() | acts.EndAdvice():
            found.extend(Row(key, value) for key, value in advice.rows(act, sealed, case, names))
        case acts.ChangeContact():
            who = sealed.get("raiser")
            named = who if isinstance(who, dict) else {}
            found.append(Row("Written to from now on", "\n".join(str(part) for part in named.values() if part)))
        case _ if isinstance(act, plan_page.Planned):
            found.extend(Row(key, value) for key, value in plan_page.rows(act, sealed, case, names))
        case acts.Close():
            if act.outside is not None:
                found.append(Row("Who wrote it", words.OUTSIDE[act.outside]))
                found.append(
                    Row("Sent there by the team", "Yes" if act.sent_there else "No: they are told where to turn")
                )
            found.append(Row("How it ended", telling.outcome(case.frame.policy, act.outcome)))
            if act.route is not None:
                found.append(Row("Where it goes", words.ROUTES[act.route]))
            found.append(Row("On whose word", words.ON_WORD_OF[act.on_word_of]))
            if act.happened_at is not None:
                found.append(Row("Said at", say(act.happened_at)))
        case _:
            pass
    if (known := getattr(act, "known_by", None)) is not None:
        found.append(Row("How you know", words.KNOWN_BY[known]))
    found.extend(Row(title, str(sealed[key])) for key, title in _WRITTEN.items() if sealed.get(key))
    return tuple(found)


def _of_time(
    case: Case, act: acts.Pause | acts.Extend | acts.SetSooner | acts.SetPriority | acts.ChangeTrack
) -> list[Row]:
    match act:
        case acts.Pause():
            return [Row("What it waits for", words.PAUSE_REASONS[act.reason])]
        case acts.Extend():
            agreed_at = [] if act.happened_at is None else [Row("Agreed by both sides at", say(act.happened_at))]
            return [Row("How much longer", act.by_amount.words()), *agreed_at]
        case acts.SetSooner():
            return [Row("Needed by", say(act.due_at))]
        case acts.SetPriority():
            level = case.frame.policy.priority(act.priority)
            return [Row("Priority", act.priority if level is None else level.title)]
        case acts.ChangeTrack():
            return [Row("Track", words.TRACKS[act.track])]
        case _:
            assert_never(act)


def _of_the_cause(case: Case, act: acts.ConfirmCause) -> list[Row]:
    said = words.cause(act.cause, case.clock(act.clock_id).awaits)
    found = [Row("Cause", said[:1].upper() + said[1:])]
    if act.happened_at is not None:
        found.append(Row("Done at", say(act.happened_at)))
    if act.away_from is not None and act.away_until is not None:
        found.append(Row("Our system did not run", f"From {say(act.away_from)} to {say(act.away_until)}"))
    if act.own_record is not None:
        said = words.OWN_RECORDS[act.own_record]
        found.append(Row("Our own record", said[:1].upper() + said[1:]))
    return found


_WRITTEN: Final[Mapping[str, str]] = {
    "spoken_to": "Who said so, or was spoken to",
    **words.BOTH_SIDES,
    "text": "In words",
}


def typed(act: Act, sealed: Mapping[str, Any]) -> tuple[Doing, Raw] | None:  # noqa: C901, PLR0911, PLR0912, PLR0915  one line a kind
    """The form that an act of the team came from, filled in as it was. The inverse of `team_acts.make`."""
    text, spoken_to = [str(sealed.get("text") or "")], [str(sealed.get("spoken_to") or "")]
    match act:
        case acts.PassOn():
            return Doing.PASS_ON, passing_on.typed(act, sealed)
        case acts.AwaitAgency():
            return Doing.ADD_AGENCY, {"agency-text": text}
        case acts.Close() if act.outside is not None and act.route is not None:
            sent = ["yes" if act.sent_there else "no"]
            told = {"outside": [act.outside.value], "route": [act.route.value], "sent-there": sent}
            return Doing.NOT_FOR_THIS, {**told, "outside-text": text}
        case acts.VouchForSender():
            theirs = ["yes" if act.theirs else "no"]
            return Doing.WHOSE, {"theirs": theirs, "spoken-to": spoken_to, "whose-text": text}
        case acts.NotePhoneCall():
            reached = ["yes" if act.reached else "no"]
            agency = [act.agency_id or RAISER]
            return Doing.PHONE_CALL, {"agency": agency, "reached": reached, "spoken-to": spoken_to, "phone-text": text}
        case acts.ReachedByPerson():
            return Doing.REACHED, {"agency": [act.agency_id], "spoken-to": spoken_to}
        case acts.ConfirmDone() | acts.DenyDone():
            was_done = ["yes" if isinstance(act, acts.ConfirmDone) else "no"]
            return Doing.SAID_DONE, {"claim": [act.claim_id], "was-done": was_done, "claim-text": text}
        case acts.Pause():
            return Doing.PAUSE, {
                "reason": [act.reason.value],
                "pause-text": text,
                **agreed.typed(sealed, act.known_by),
            }
        case acts.Resume():
            return Doing.RESUME, {"resume-text": text}
        case acts.Extend():
            more = [str(act.by_amount.value)]
            return Doing.EXTEND, {
                "clock": [act.clock_id],
                "more": more,
                "extend-text": text,
                **agreed.typed(sealed, act.known_by),
                **({} if act.happened_at is None else moment("agreed-at", act.happened_at)),
            }
        case acts.SetSooner():
            when = moment("sooner-at", act.due_at)
            return Doing.SOONER, {"sooner-clock": [act.clock_id], **when, "sooner-text": text}
        case acts.SetPriority():
            return Doing.PRIORITY, {"priority": [act.priority], "priority-text": text}
        case acts.Account():
            return Doing.ACCOUNT, {
                "whose": [f"{act.clock_id}:{act.agency_id}"],
                "says": [act.says.value],
                "told-by": spoken_to,
                "account-text": text,
            }
        case acts.ChangeTrack():
            return Doing.TRACK, {"to-track": [act.track.value], "track-said-by": spoken_to, "track-text": text}
        case acts.SayNotUrgent():
            return Doing.NOT_URGENT, {"not-urgent-said-by": spoken_to, "not-urgent-text": text}
        case acts.ConfirmCause():
            return Doing.CAUSE, {
                "clock": [act.clock_id],
                "cause": [act.cause.value],
                "cause-text": text,
                **agreed.typed(sealed, act.known_by),
                **({} if act.happened_at is None else moment("done-at", act.happened_at)),
                **({} if act.away_from is None else moment("away-from", act.away_from)),
                **({} if act.away_until is None else moment("away-until", act.away_until)),
            }
        case acts.InviteAdviser():
            return Doing.ADVISER, advice.typed(act, sealed) or {}
        case acts.GiveAdvice():
            return Doing.ADVICE, advice.typed(act, sealed) or {}
        case acts.EndAdvice():
            return Doing.ADVISER_END, advice.typed(act, sealed) or {}
        case acts.Link():
            return Doing.LINK, linked.typed(act, sealed)
        case acts.Unlink():
            return Doing.UNLINK, linked.typed(act, sealed)
        case acts.FindTheirs():
            return Doing.THEIRS, {"agency": [act.agency_id], "theirs-text": text}
        case acts.Misdirected():
            return Doing.MISDIRECTED, {**(party_forms.typed(act, sealed) or {}), "misdirected-by": spoken_to}
        case acts.ChangeParties():
            return Doing.PARTIES, party_forms.typed(act, sealed) or {}
        case acts.ChangeContact():
            return Doing.CONTACT, party_forms.typed(act, sealed) or {}
        case acts.ChangeRaisers():
            return Doing.RAISERS, together_forms.typed(act, sealed)
        case acts.AnswerAgreement():
            return Doing.AGREEMENT, together_forms.typed(act, sealed)
        case acts.LookBack():
            return Doing.LOOK_BACK, looked_back.typed(act, sealed)
        case acts.Correct():
            return Doing.CORRECT, party_forms.typed(act, sealed) or {}
        case acts.Transfer():
            taken = {} if act.happened_at is None else moment("transfer-at", act.happened_at)
            return Doing.TRANSFER, {**(party_forms.typed(act, sealed) or {}), **taken}
        case acts.Reopen():
            return Doing.REOPEN, party_forms.typed(act, sealed) or {}
        case _ if isinstance(act, plan_page.Planned):
            back = {**(plan_forms.typed(act, sealed) or {}), "planned-said-by": spoken_to}
            return Doing(_PLANNED[act.kind]), back
        case acts.Close():
            word = next(code.value for code, side in WORDS_OF.items() if side is act.on_word_of)
            found = {
                "outcome": [act.outcome.value],
                "on-word-of": [word],
                "said-by-name": spoken_to,
                "close-text": text,
            }
            if act.route is not None:
                found["route"] = [act.route.value]
            return Doing.CLOSE, found if act.happened_at is None else {**found, **moment("said-at", act.happened_at)}
        case _:
            return None


_PLANNED: Final[Mapping[str, str]] = {
    "propose_plan": Doing.PLAN,
    "answer_plan": Doing.PLAN_ANSWER,
    "report_action": Doing.ACTION,
    "check_action": Doing.CHECK,
    "record_dissent": Doing.DISSENT,
    "answer_follow_up": Doing.FOLLOW_UP,
}
_LABELS: Final[Mapping[str, str]] = {
    "planned-said-by": "Who told you",
    **{name: label for name, (label, _) in plan_forms.LABELS.items()},
    "spoken-to": "Whom you spoke to",
    "phone-text": "What was said",
    "whose-text": "In their words",
    "agency-text": "Which agency is to be added",
    "outside-text": "Why it is not for this process, and where it goes",
    "sure-text": "How you know it",
    "rang-other": "The number that you rang",
    "raiser-phone": "The number to ring whoever raised it on",
    "claim-text": "Who told the team, and how",
    "pause-text": "What it waits for",
    "resume-text": "Why it goes on",
    "extend-text": "Why it needs longer",
    "sooner-text": "Why it is needed by then",
    "priority-text": "Why it has this priority",
    "told-by": "Who told you",
    "account-text": "In their words",
    "track-said-by": "Who told you",
    "track-text": "Why it is urgent, or no longer urgent",
    "not-urgent-said-by": "Who told you",
    "not-urgent-text": "Why it can wait",
    "cause-text": "What shows the cause",
    "said-raising": "Who said so for the raising side",
    "said-responding": "Who said so for the other side",
    "known-from": "Who told you",
    "known-text": "What shows it",
    "said-by-name": "Who told you",
    "misdirected-by": "Who told you",
    **{name: label for name, (label, _) in advice.LABELS.items()},
    **linked.LABELS,
    **{name: label for name, (label, _) in party_forms.LABELS.items()},
    "close-text": "In their own words",
    "changed-text": "What they add",
}
"""What each field for a person's own words is called where it is given back."""


def readable(raw: Raw) -> tuple[Given, ...]:
    """What somebody wrote in their own words, to be given back where there is no form to show it on."""
    return tuple(Given(label, written) for name, label in _LABELS.items() if (written := first(raw, name).strip()))


_OF_THE_END: Final[Mapping[str, str]] = {
    "in_the_future": "said-at-day",
    "before_its_clock": "said-at-day",
    "word_needed": "on-word-of",
    "not_theirs_to_say": "on-word-of",
    "not_at_final_stage": "on-word-of",
    "route_needed": "route",
    "route_not_needed": "route",
}
"""What each refusal of an end is about; the others are about how it ended."""


_OF_PLANS: Final[Mapping[str, str]] = {"date_past": "by-1-day", "date_too_far": "by-1-year", "not_a_party": "who-1"}
"""What each refusal of a plan is about; the others are about what is to be done."""
_OF_PARTIES: Final[Mapping[str, str]] = {"not_a_party": "take-out", "settled": "take-out", "reason_needed": "take-out"}
"""What each refusal of changed agencies is about; the others are about the one that is added."""


_OF_RAISERS: Final[Mapping[str, str]] = {
    "reason_needed": "leave-because",
    "lead_needed": "leads",
    "leads_already": "leads",
    "held": "leads",
}
"""What each refusal of changed raisers is about; the others are about the one that is added."""
_OF_WHAT_HAPPENED: Final = ("agreed_after_limit", "before_its_clock", "in_the_future")
_OF_THE_CAUSE: Final[Mapping[str, str]] = {
    "after_the_limit": "done-at-day",
    "before_its_clock": "done-at-day",
    "in_the_future": "done-at-day",
    "not_a_time": "away-until-day",
    "not_then": "away-from-day",
    "was_running": "away-from-day",
}
"""What each refusal of a cause is about, where it is not the cause itself."""


def field_of(doing: Doing, code: str) -> str:  # noqa: C901, PLR0911, PLR0912  one line a kind
    """The field that a refusal leads to."""
    match doing:
        case Doing.PASS_ON:
            return "sure-by" if code == "how_known_needed" else "with-1"
        case Doing.WHOSE:
            return "theirs"
        case Doing.ADD_AGENCY:
            return "agency-text"
        case Doing.NOT_FOR_THIS:
            return "route"
        case Doing.PHONE_CALL | Doing.REACHED:
            return "spoken-to"
        case Doing.SAID_DONE:
            return "was-done"
        case Doing.PAUSE:
            return "reason"
        case Doing.RESUME:
            return "resume-text"
        case Doing.EXTEND:
            return "agreed-at-day" if code in _OF_WHAT_HAPPENED else "more"
        case Doing.SOONER:
            return "sooner-at-day"
        case Doing.PRIORITY:
            return "priority"
        case Doing.ACCOUNT:
            return "says"
        case Doing.TRACK:
            return "track-text"
        case Doing.NOT_URGENT:
            return "not-urgent-text"
        case Doing.CAUSE:
            return _OF_THE_CAUSE.get(code, "cause")
        case Doing.THEIRS | Doing.MISDIRECTED:
            return "agency"
        case Doing.PARTIES:
            return _OF_PARTIES.get(code, "add-agency")
        case Doing.RAISERS:
            return _OF_RAISERS.get(code, "add-raiser")
        case Doing.AGREEMENT:
            return "settles"
        case Doing.CONTACT:
            return "contact-name"
        case Doing.LOOK_BACK:
            return "changed"
        case Doing.ADVISER:
            return "adviser-wish" if code in {"not_by_this_side", "not_a_party"} else "adviser-role"
        case Doing.ADVICE | Doing.ADVISER_END:
            return "adviser"
        case Doing.LINK:
            return "link-other"
        case Doing.UNLINK:
            return "unlink-other"
        case Doing.CORRECT:
            return "entry"
        case Doing.TRANSFER:
            return "transfer-at-day" if code in {"in_the_future", "before_its_clock", "no_time"} else "transfer-to"
        case Doing.REOPEN:
            return "reopen-because"
        case Doing.PLAN:
            return _OF_PLANS.get(code, "what-1")
        case Doing.PLAN_ANSWER:
            return "plan-says"
        case Doing.ACTION:
            return "action-on-day" if code in {"in_the_future", "before_its_clock"} else "action-done"
        case Doing.CHECK:
            return "check-so"
        case Doing.DISSENT:
            return "dissent-kind"
        case Doing.FOLLOW_UP:
            return "follow-kept"
        case Doing.CLOSE:
            return _OF_THE_END.get(code, "outcome")
        case _:
            assert_never(doing)
