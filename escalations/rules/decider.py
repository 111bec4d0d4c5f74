"""The rules of escalation: what an act brings. ``passing.due`` says what time brings, ``notices`` who is told.

``decide`` is pure. The workflow, the year simulation, the replay of old cases and the tests all drive this.
What each act brings is in the module that is named for it: ``opening``, ``answering``, ``claiming``, ``settling``,
``moving``, ``delivering``, ``accounts``, ``confirming``, ``pausing``, ``sooner``, ``redating``, ``skipping``,
``tracks``, ``parties``, ``urgent_words``, ``reopening``, ``correcting``, ``planning``, ``dissenting``,
``looking_back``, ``following_up``, ``advising``, ``linking``, ``together``.
``docs/rules.md`` lists them all.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from escalations.rules import (
    access,
    accounts,
    acts,
    advising,
    answering,
    claiming,
    clocks,
    confirming,
    correcting,
    delivering,
    disposal,
    dissenting,
    following_up,
    linking,
    looking_back,
    moving,
    opening,
    parties,
    passing,
    pausing,
    planning,
    redating,
    reopening,
    settling,
    sooner,
    together,
    tracks,
    urgent_words,
    word,
    workingtime,
)
from escalations.rules.access import Refused
from escalations.rules.acts import Act
from escalations.rules.case import Case, Status
from escalations.rules.events import Event
from escalations.rules.evolving import evolve_all

__all__ = ["Refused", "decide"]


def decide(case: Case, act: Act, now: datetime) -> tuple[Event, ...] | Refused:
    """What an act brings, or why it is refused.

    Args:
        case: as it stands.
        act: what was done.
        now: when it was received. What time alone brought before that instant comes first, so that an answer received
            after a limit is an answer after that limit however late either of them is applied.
    """
    try:
        if isinstance(act, acts.Raise):
            opened = access.refusal(case, act) or opening.raise_case(case, act, now)
            # Whatever else goes on past the calendar's end, a case is not begun there.
            if not isinstance(opened, Refused) and not clocks.reaches(evolve_all(case, opened), now, spanning=True):
                return _CALENDAR_ENDED
            return opened if isinstance(opened, Refused) else word.marked(case, opened)
        if case.seq == 0:
            return Refused("not_raised", "We have no escalation of this reference yet.")
        return _after_what_time_brought(case, act, now)
    except workingtime.CalendarExhausted:
        # A refusal is a value; an exception would stop the case for good. The calendar is ours to extend.
        return _CALENDAR_ENDED


_CALENDAR_ENDED = Refused(
    "calendar_ended",
    "We cannot work out a time limit for this, because our calendar does not reach "
    "that far. Please tell the partnership team; what you wrote is kept.",
)


def _after_what_time_brought(case: Case, act: Act, now: datetime) -> tuple[Event, ...] | Refused:
    passed = passing.due_before(case, now)
    reached = evolve_all(case, passed)
    brought = _impossible(reached, act, now) or access.refusal(reached, act) or _decide(reached, act, now)
    if isinstance(brought, Refused):
        return brought
    return (*passed, *word.marked(reached, brought))


_OF_THE_SYSTEM = (acts.ReportDelivery, acts.ReportMessage)
_OF_WHAT_WAS_DONE = (
    acts.ConfirmDone,
    acts.DenyDone,
    acts.AddWords,
    acts.NoteFile,
    acts.Account,
    acts.LookBack,
    acts.ConfirmCause,
    acts.Correct,
    acts.ProposePlan,
    acts.AnswerPlan,
    acts.ReportAction,
    acts.CheckAction,
    acts.RecordDissent,
    acts.AnswerFollowUp,
    acts.Erase,
    acts.VouchForSender,
    acts.Link,
    acts.Unlink,
)
"""Acts that only put the record right, or say what became of what was agreed; they are taken after a case has closed
as well, for evidence stays fair."""
_OF_A_CLOSED_CASE = (acts.Reopen, acts.AskToReopen)
_WHILE_HELD = (
    acts.AddWords,
    acts.Complete,
    acts.PassOn,
    acts.AwaitAgency,
    acts.NotePhoneCall,
    acts.ConfirmCause,
    acts.Close,
    acts.Withdraw,
    acts.Redirect,
    acts.SetPriority,
    acts.Redate,
    acts.ChangeTrack,
    acts.ChangeContact,
    acts.ChangeRaisers,
    acts.Erase,
    acts.Transfer,
    acts.Link,
    acts.Unlink,
    acts.SayNotUrgent,
    *_OF_THE_SYSTEM,
)


def _impossible(case: Case, act: Act, now: datetime) -> Refused | None:
    if act.happened_at is not None:
        if act.happened_at > now:
            return Refused(
                "in_the_future", "The date and time that you gave are in the future. Please give when it happened."
            )
        # What was raised by phone first was raised before it was received; the clock itself says from when.
        then = None if isinstance(act, acts.ConfirmCause) else case.received_at
        if then is not None and act.happened_at < claiming.to_the_minute(then):
            return Refused(
                "before_its_clock",
                "That is before this escalation was raised, at "
                f"{workingtime.say(then)}. Please check the date and time; what "
                "was tried earlier belongs in the text.",
            )
    puts_right = isinstance(act, _OF_WHAT_WAS_DONE) or (isinstance(act, acts.Extend) and act.happened_at is not None)
    taken = puts_right or isinstance(act, (*_OF_THE_SYSTEM, *_OF_A_CLOSED_CASE))
    if case.status is Status.CLOSED and not taken:
        return Refused(
            "closed",
            f"This escalation was closed at {_said(case.closed_at)}. If it is the same difference, it can be opened "
            "again; a new one is raised anew. If the record is wrong, please tell the partnership team.",
        )
    if case.status is Status.HELD and not isinstance(act, _WHILE_HELD):
        return Refused(
            "held",
            "The partnership team has this and has not yet passed it on. Please wait until it has been "
            "passed on, or ask the partnership team.",
        )
    return None


def _said(moment: datetime | None) -> str:
    return workingtime.say(moment) if moment is not None else "a date that is not known"


def _decide(case: Case, act: Act, now: datetime) -> tuple[Event, ...] | Refused:  # noqa: C901, PLR0911, PLR0912, PLR0915  one line a kind, and closed
    match act:
        case acts.Raise():
            return Refused("already_raised", "This escalation has already been raised.")
        case acts.Complete():
            return opening.complete(case, act, now)
        case acts.PassOn():
            return opening.pass_on(case, act, now)
        case acts.AwaitAgency():
            return opening.await_agency(case, act, now)
        case acts.VouchForSender():
            return parties.vouch_for_sender(case, act, now)
        case acts.Acknowledge():
            return answering.acknowledge(case, act, now)
        case acts.ReachedByPerson():
            return answering.reached(case, act, now)
        case acts.Respond():
            return answering.respond(case, act, now)
        case acts.NotePhoneCall():
            return answering.phone_call(case, act, now)
        case acts.Pause():
            return pausing.pause(case, act, now)
        case acts.Resume():
            return pausing.resume(case, act, now)
        case acts.Extend():
            return pausing.extend(case, act, now)
        case acts.SetSooner():
            return sooner.set_sooner(case, act, now)
        case acts.SetPriority():
            return sooner.set_priority(case, act, now)
        case acts.Account():
            return accounts.add(case, act, now)
        case acts.LookBack():
            return looking_back.look_back(case, act, now)
        case acts.ProposePlan():
            return planning.propose(case, act, now)
        case acts.AnswerPlan():
            return planning.answer(case, act, now)
        case acts.ReportAction():
            return planning.report(case, act, now)
        case acts.CheckAction():
            return planning.check(case, act, now)
        case acts.RecordDissent():
            return dissenting.record(case, act, now)
        case acts.AnswerFollowUp():
            return following_up.answer(case, act, now)
        case acts.InviteAdviser():
            return advising.invite(case, act, now)
        case acts.GiveAdvice():
            return advising.give(case, act, now)
        case acts.EndAdvice():
            return advising.end(case, act, now)
        case acts.Link():
            return linking.link(case, act, now)
        case acts.Unlink():
            return linking.unlink(case, act, now)
        case acts.Erase():
            return disposal.erase(case, act, now)
        case acts.Redate():
            return redating.redate(case, act, now)
        case acts.ChangeTrack():
            return tracks.change(case, act, now)
        case acts.SayNotUrgent():
            return urgent_words.say_not(case, act, now)
        case acts.ConfirmCause():
            return confirming.confirm_cause(case, act, now)
        case acts.Close():
            return settling.close_on_word(case, act, now)
        case acts.Correct():
            return correcting.correct(case, act, now)
        case acts.Transfer():
            return settling.transfer(case, act, now)
        case acts.Reopen():
            return reopening.reopen(case, act, now)
        case acts.AskToReopen():
            return reopening.ask(case, act, now)
        case acts.AddWords():
            return answering.add_words(case, act, now)
        case acts.SayDone():
            return claiming.say_done(case, act, now)
        case acts.ConfirmDone():
            return claiming.confirm(case, act, now)
        case acts.DenyDone():
            return claiming.deny(case, act, now)
        case acts.NoteFile():
            return answering.note_file(case, act, now)
        case acts.Withdraw() | acts.Redirect():
            return settling.take_back(case, act, now)
        case acts.Misdirected():
            return parties.misdirected(case, act, now)
        case acts.FindTheirs():
            return parties.find_theirs(case, act, now)
        case acts.ChangeParties():
            return parties.change(case, act, now)
        case acts.ChangeContact():
            return parties.change_contact(case, act, now)
        case acts.Agree():
            return settling.agree(case, act, now)
        case acts.ChangeRaisers():
            return together.change(case, act, now)
        case acts.AnswerAgreement():
            return settling.answer_agreement(case, act, now)
        case acts.Decide():
            return settling.final_decision(case, act, now)
        case acts.MoveUp():
            return moving.move_up(case, act, now)
        case acts.Stay():
            return moving.stay(case, act, now)
        case acts.Object():
            return moving.object_to(case, act, now)
        case acts.ReportDelivery():
            return delivering.delivery(case, act, now)
        case acts.ReportMessage():
            return delivering.message(case, act, now)
        case _:
            assert_never(act)
