"""What happened, in plain words: one sentence for each event of the register, and what is waited for now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never

from escalations.policy import Awaits, Policy, Side, Track
from escalations.rules import events
from escalations.rules.actors import Actor, Channel
from escalations.rules.case import Case, Cause, Claim, Clock, ClockEnd, DeliveryState, FileNote, Outcome, Seen, Status
from escalations.rules.civiltime import say, say_day
from escalations.rules.codelists import USUAL, ListKind
from escalations.rules.events import Event
from escalations.rules.instead import Because, By, ToldInstead
from escalations.rules.notices import Ask, Recipient
from escalations.web import advice, linked, promised, raised_together, sender_words, words
from escalations.web.answers import Agency

HEADINGS: Final[Mapping[Ask, str]] = {
    Ask.READ: "Where it stands",
    Ask.RESPOND: "An escalation was raised with your agency",
    Ask.CHOOSE: "Does it move up?",
    Ask.CONSIDER: "Is your worry dealt with?",
    Ask.CONFIRM: "Was this done?",
    Ask.DECIDE: "Record your decision",
    Ask.COMPLETE: "Complete your escalation",
    Ask.PLAN: "Do you agree to this plan?",
    Ask.ACTION: "Is this action done?",
    Ask.CHECK: "Is this so?",
    Ask.FOLLOW_UP: "What came of it?",
    Ask.ADVISE: "Your advice is asked for",
    Ask.TEAM: "For the partnership team",
    Ask.VOUCH: "Was this raised by your agency?",
}

ASKED: Final[Mapping[Ask, str]] = {
    Ask.READ: "to read where it stands",
    Ask.RESPOND: "for an answer",
    Ask.CHOOSE: "whether it moves up",
    Ask.CONSIDER: "whether your worry is dealt with",
    Ask.CONFIRM: "whether something was done",
    Ask.DECIDE: "for a decision",
    Ask.COMPLETE: "for what is still missing",
    Ask.PLAN: "whether you agree to a plan",
    Ask.ACTION: "whether an action is done",
    Ask.CHECK: "whether what was said of an action is so",
    Ask.FOLLOW_UP: "what came of it",
    Ask.ADVISE: "for your advice",
    Ask.TEAM: "the partnership team",
    Ask.VOUCH: "whether your agency raised it",
}


@dataclass(frozen=True, slots=True)
class Names:
    """The names of agencies; people are never named here."""

    agencies: Mapping[str, Agency]
    policy: Policy | None = field(default=None, kw_only=True)
    """Of the case that is told of, for the words of its lists; without it the usual ones."""

    def outcome(self, code: Outcome) -> str:
        """How it ended, within a sentence."""
        return _within(USUAL[ListKind.OUTCOMES].words(code) if self.policy is None else outcome(self.policy, code))

    def agency(self, agency_id: str | None) -> str:
        """An agency's name."""
        if agency_id is None:
            return "the partnership team"
        found = self.agencies.get(agency_id)
        return found.name if found else _OTHERS.get(agency_id, agency_id.replace("-", " "))

    def each(self, agencies: Iterable[str]) -> str:
        """Several agencies, one after another."""
        *most, last = [self.agency(one) for one in agencies]
        return f"{', '.join(most)} and {last}" if most else last

    def raising(self, agency_id: str | None) -> str:
        """The agency that raised a case, which the team may still have to find out."""
        return "an agency not recognised yet" if agency_id is None else self.agency(agency_id)

    def actor(self, by: Actor) -> str:
        """Who did something: a position of an agency."""
        if by.side is Side.TEAM:
            return "The partnership team"
        if by.side is Side.FINAL_BODY:
            return "The final body"
        if by.side is Side.OUTSIDE:
            return "Whoever was asked for advice"
        if by.agency_id is None:
            return "Whoever raised it"
        of = self.agency(by.agency_id)
        return f"{of} ({self.position(by.agency_id, by.position)})" if by.position else of

    def position(self, agency_id: str | None, code: str | None) -> str:
        """What a position of an agency is called, where its policy says so by type of agency."""
        found = self.agencies.get(agency_id or "")
        if self.policy is None or code not in self.policy.ladder_positions:
            return words.position(code)
        return self.policy.position_title(str(code), found.agency_type if found else None)

    def recipient(self, to: Recipient) -> str:
        """Whom a message is for: an agency and a position, and of an adviser no more than that."""
        if to.side is Side.OUTSIDE:
            return "whoever is asked for advice"
        return f"{self.raising(to.agency_id)} ({self.position(to.agency_id, to.position)})"

    def waited(self, side: Side, agency_id: str | None) -> str:
        """Whom a clock waits for."""
        if agency_id is not None and side in {Side.RESPONDING, Side.RAISING}:
            return self.agency(agency_id)
        return words.SIDES[side]


def outcome(policy: Policy, code: Outcome) -> str:
    """How it ended, in the words of its policy."""
    return policy.codes(ListKind.OUTCOMES).words(code)


def _within(text: str) -> str:
    """Words of a list within a sentence; a capital that is more than the first letter of the words stays."""
    return text if text[1:2].isupper() else f"{text[:1].lower()}{text[1:]}"


_OTHERS: Final[Mapping[str, str]] = {"partnership-team": "the partnership team", "partners-panel": "the final body"}


def sentence(event: Event, names: Names) -> str:  # noqa: C901, PLR0911, PLR0912, PLR0915  one line a kind, and closed
    """What an event tells, in one sentence."""
    if isinstance(event, events.Promised):
        return promised.sentence(event, names)
    if isinstance(event, events.Advising):
        return advice.sentence(event, names)
    if isinstance(event, events.Linking):
        return linked.sentence(event)
    match event:
        case events.Raised():
            with_whom = (
                ", ".join(names.agency(agency) for agency in event.responding_agencies) or "an agency to be found out"
            )
            held = " It is held for the partnership team." if event.held else ""
            others = f", together with {names.each(event.co_raisers)}," if event.co_raisers else ""
            return f"Raised by {names.raising(event.raising_agency)}{others} with {with_whom}.{held}{_seen(event)}"
        case events.Completed():
            named = ", ".join(names.agency(agency) for agency in event.responding_agencies)
            return f"Completed by {_in_line(names.actor(event.by))}{', with ' + named if named else ''}."
        case events.PassedOn():
            agencies = ", ".join(names.agency(agency) for agency in event.responding_agencies)
            raised_by = f" It was raised by {names.agency(event.raising_agency)}." if event.raising_agency else ""
            return f"Passed on to {agencies}.{raised_by}{sender_words.taken(event)}"
        case events.AgencyAwaited():
            return f"{names.actor(event.by)} adds an agency to the directory first, before it passes it on."
        case events.SenderVouched():
            return _vouched(event, names)
        case events.StageStarted():
            who = f", taken there by {_in_line(names.actor(event.by))}" if event.by else _by_itself(event)
            alternate = " The alternate of the final body decides." if event.alternate_because else ""
            return f"Stage {event.stage} began{who}.{_passed_over(event)}{alternate}"
        case events.ClockStarted():
            over = (
                "" if event.to_stage is None else f" ({words.together(event.from_stage or 1, event.to_stage).lower()})"
            )
            return (
                f"A time limit started: {awaited(event.awaits, event.waits_for, event.agency_id, names)}{over}, "
                f"{event.amount}, by {say(event.due_at)}."
            )
        case events.ReminderFell():
            asked = " The team is asked to phone once." if event.phone_call_asked else ""
            return (
                f"Reminder {event.reminder} of {event.of}: waiting for "
                f"{awaited(event.awaits, event.waits_for, event.agency_id, names)}.{asked}"
            )
        case events.LimitPassed():
            return (
                f"Time limit passed: waiting for {awaited(event.awaits, event.waits_for, event.agency_id, names)}, "
                f"due {say(event.due_at)}. Cause, provisional: {words.cause(event.cause, event.awaits)}."
            )
        case events.LimitWithdrawn(awaits=Awaits.CHOOSE):
            return (
                f"No longer counted as passed: the question to {names.agency(event.agency_id)} whether it moves up "
                "rested on a time limit that had been kept."
            )
        case events.LimitWithdrawn(more_time=True):
            return (
                f"No longer counted as passed: more time for {words.AWAITED[event.awaits]} had been agreed before it "
                "passed."
            )
        case events.LimitWithdrawn():
            return (
                f"No longer counted as passed: what was waited for from {names.agency(event.agency_id)} was done on "
                f"time ({say(event.kept_at)}) and recorded later."
            )
        case events.LookedBack():
            return f"{names.agency(event.agency_id)} said what changed."
        case events.AccountAdded():
            return f"{names.agency(event.agency_id)} gave its account of a delay: “{words.SAYS[event.says]}”."
        case events.CauseConfirmed():
            return _cause_confirmed(event)
        case events.CauseChanged():
            if event.awaits is None or event.waits_for is None:
                return f"The cause of a passed time limit is now: {words.CAUSES[event.cause]}."
            waited = awaited(event.awaits, event.waits_for, event.agency_id, names)
            cause = words.cause(event.cause, event.awaits)
            return f"The cause of the time limit that passed, for {waited}, is now: {cause}."
        case events.ClockEnded():
            if event.end is ClockEnd.MET:
                return f"Done: {words.AWAITED[event.awaits]}, counted from {say(event.counts_from)}."
            return f"No longer waited for: {words.AWAITED[event.awaits]}."
        case events.MoveProposed():
            return f"A move up to stage {event.to_stage} was proposed to the raising agency."
        case events.MoveIntended():
            return f"{names.actor(event.by)} takes it to stage {event.to_stage}, from {say(event.takes_effect_at)}."
        case events.MoveDue():
            return (
                f"It moves to stage {event.to_stage} by itself at {say(event.takes_effect_at)}, by the policy’s rule "
                f"“{event.by_rule}” ({event.source}), unless it is answered or the raising agency says that it stays."
            )
        case events.MoveObjected():
            return f"{names.actor(event.by)} objects that it is moved by the policy’s rule “{event.by_rule}” alone."
        case events.MoveDropped():
            return f"{names.actor(event.by)} stays at this stage."
        case events.ProposalEnded():
            why = _PROPOSAL_ENDED[event.because]
            return f"The proposal to move up to stage {event.to_stage} ended, because {why}."
        case events.Acknowledged():
            return f"{names.agency(event.agency_id)} acknowledged it at stage {event.stage}."
        case events.PersonReached():
            return f"A person of {names.agency(event.agency_id)} was spoken to."
        case events.Responded():
            offer = words.OFFERS[event.offers].lower()
            return f"{names.agency(event.agency_id)} answered at stage {event.stage}: {offer}."
        case events.SaidDone():
            when = f" at {say(event.happened_at)}" if event.happened_at else ""
            done = words.DONE[event.done].lower()
            return f"{names.actor(event.by)} says:{when} {done}. It counts once it is confirmed."
        case events.DoneConfirmed():
            return f"{names.actor(event.by)} confirmed it: {words.DONE[event.done].lower()}, {say(event.counts_from)}."
        case events.DoneDenied():
            return f"{names.actor(event.by)} says that it was not done."
        case events.Settled():
            return f"Settled with {names.agency(event.agency_id)}: {names.outcome(event.outcome)}."
        case (
            events.SaidMisdirected()
            | events.FoundTheirs()
            | events.PartyAdded()
            | events.PartyRemoved()
            | events.ContactChanged()
        ):
            return _of_parties(event, names)
        case events.RaisersChanged() | events.AgreementNoted() | events.AgreementAnswered():
            return raised_together.sentence(event, names)
        case events.Erased():
            why = words.ERASED[event.because]
            return f"The partnership team had its words erased: {why[:1].lower()}{why[1:]}."
        case events.Decided():
            return f"The final body decided: {names.outcome(event.outcome)}."
        case events.Closed():
            return _ended(event, names)
        case events.Reopened():
            where = f"at stage {event.stage}" if event.stage else "and is held for the partnership team"
            had = f"It had been closed at stage {event.from_stage}" if event.from_stage else "It had been closed"
            why = _lower(words.REOPEN_REASONS[event.because])
            return f"{names.actor(event.by)} opened it again, {where}: {why}. {had}: {names.outcome(event.was)}."
        case events.Corrected():
            what = _lower(words.ENTRIES.get(event.entry_kind, "recorded"))
            whose = f", {names.agency(event.agency_id)}" if event.agency_id else ""
            back = f" It goes back to stage {event.back_to}, which begins anew." if event.back_to else ""
            return (
                f"{names.actor(event.by)} says that an entry was a mistake ({what}{whose}, stage {event.stage}).{back}"
            )
        case events.ClockReopened():
            return f"Waited for again: {words.AWAITED[event.awaits]}, by {say(event.due_at)}."
        case events.ReopeningAsked():
            return f"{names.actor(event.by)} asked the partnership team to open it again."
        case events.PartnershipNotified():
            return (
                "The partnership was told how it ended."
                if event.of == "resolution"
                else f"The partnership was told that it reached stage {event.stage}."
            )
        case events.NoticeReported():
            told = "" if event.told_instead is None else f" {_instead(event.told_instead, names)}"
            return f"{_whom(event, names)}: {words.DELIVERIES[event.state]}.{_confirmed_by_team(event)}{told}"
        case events.MessageReported():
            what = "An automatic reply" if event.message == "automatic_reply" else "A file that cannot be read"
            return f"{what} came from {names.agency(event.agency_id)}. It answers nothing and stops no time limit."
        case events.PhoneCallNoted():
            how = "and reached somebody" if event.reached else "and reached nobody"
            whom = "whoever raised it" if event.agency_id is None else names.agency(event.agency_id)
            return f"The partnership team phoned {whom} {how}."
        case events.FileNoted():
            if event.note is FileNote.READ:
                return f"{names.agency(event.agency_id)} says that it read the file, at stage {event.stage}."
            return f"{names.agency(event.agency_id)} says that this is recorded on its files."
        case events.WordsAdded():
            files = "" if not event.files else " and a file" if event.files == 1 else f" and {event.files} files"
            if event.came_at is not None:
                # "Entered by the team" would hide how it came, and that it had waited for us.
                return (
                    f"{names.actor(event.by)} added what had come by email at {say(event.came_at)}: words{files}. That"
                    " answers nothing by itself."
                )
            return (
                f"{names.actor(event.by)} added words{files} {channel(event.channel)}. That answers nothing by itself."
                f"{_seen(event)}"
            )
        case (
            events.ClockResumed()
            | events.ClockExtended()
            | events.ClockSetSooner()
            | events.ClockRecounted()
            | events.Paused()
            | events.Resumed()
            | events.PausedTooLong()
        ):
            return _of_time(event)
        case events.Redated():
            return _redated(event, names)
        case events.PrioritySet():
            was = f" It was {event.was} before." if event.was else ""
            return f"{names.actor(event.by)} set its priority: {event.priority}.{was}"
        case events.TrackChanged():
            if event.track is Track.URGENT:
                return f"{names.actor(event.by)} says that it is urgent. Its time limits run by day and by night."
            return f"{names.actor(event.by)} put it back on the standard track."
        case events.SaidNotUrgent():
            return f"{names.actor(event.by)} says that it is not urgent. It keeps the time limits that it has."
        case events.RaiserKeptInformed():
            return "Whoever raised it was told that it is still open."
        case _:
            assert_never(event)


_PROPOSAL_ENDED: Final = {
    "answered": "the answer came",
    "settled": "it was settled",
    "removed": "it rested on an agency that was taken out",
}


def _of_parties(
    event: events.SaidMisdirected
    | events.FoundTheirs
    | events.PartyAdded
    | events.PartyRemoved
    | events.ContactChanged,
    names: Names,
) -> str:
    who = names.actor(event.by)
    match event:
        case events.SaidMisdirected():
            agency = names.agency(event.agency_id)
            said = f"{who} wrote down that {agency} says" if event.by.side is Side.TEAM else f"{agency} says"
            should = f" It should be {names.agency(event.should_be)}, they say." if event.should_be else ""
            return f"{said} that this is not theirs.{should} The partnership team is to look; nothing has moved by it."
        case events.FoundTheirs():
            return f"The partnership team has looked: this is {names.agency(event.agency_id)}’s, and goes on."
        case events.PartyAdded():
            return f"{who} added {names.agency(event.agency_id)} at stage {event.stage}. Its time limits are its own."
        case events.PartyRemoved():
            why = _lower(words.REMOVED[event.because])
            return f"{who} took {names.agency(event.agency_id)} out at stage {event.stage}: {why}."
        case events.ContactChanged():
            return f"{who} changed who is written to for the raising side."
        case _:
            assert_never(event)


def _vouched(event: events.SenderVouched, names: Names) -> str:
    """What the raising agency says of what was raised in its name, and through whom."""
    told = ", as the partnership team was told" if event.by.side is Side.TEAM else ""
    if event.theirs:
        return f"{names.agency(event.agency_id)} says that this escalation is theirs{told}."
    return (
        f"{names.agency(event.agency_id)} says that this escalation is not theirs{told}. The address that it was "
        "raised from can no longer read it or act on it. What would be asked of whoever raised it goes to the "
        "partnership team."
    )


def _seen(event: events.Raised | events.WordsAdded) -> str:
    """That words are there which can mean that it is urgent. What else a program saw is for who may read the text."""
    asked = " Words in it can mean that it is urgent; whoever raised it is asked."
    return asked if Seen.URGENT_WORDS in event.seen else ""


def _by_itself(event: events.StageStarted) -> str:
    """The rule of the policy that moved it, with its paragraph."""
    return f", by the policy’s rule “{event.by_rule}” ({event.source})" if event.by_rule else ""


def _passed_over(event: events.StageStarted) -> str:
    over = list(range(event.from_stage + 1, event.stage))
    if not over:
        return ""
    which = f"Stage {over[0]} was" if len(over) == 1 else f"Stages {over[0]} to {over[-1]} were"
    side = f", on the side of {words.SIDES[event.skip_side]}" if event.skip_side else ""
    why = f": {words.SKIP_REASONS[event.skip_because]}" if event.skip_because else ""
    return f" {which} passed over{side}{why}."


def _of_time(
    event: events.ClockResumed
    | events.ClockExtended
    | events.ClockSetSooner
    | events.ClockRecounted
    | events.Paused
    | events.Resumed
    | events.PausedTooLong,
) -> str:
    match event:
        case events.ClockResumed():
            dates = f"due {say(event.due_at)}, and not {say(event.was_due_at)}"
            return f"After the pause: {words.AWAITED[event.awaits]}, {dates}."
        case events.ClockExtended():
            dates = f"due {say(event.due_at)}, and not {say(event.was_due_at)}"
            return (
                f"Extended by {event.by_amount.words()}{agreed_before(event)}: {words.AWAITED[event.awaits]}, {dates}."
            )
        case events.ClockSetSooner():
            dates = f"due {say(event.due_at)}, and not {say(event.was_due_at)}"
            return f"A sooner time was set: {words.AWAITED[event.awaits]}, {dates}."
        case events.ClockRecounted():
            dates = f"due {say(event.due_at)}, and not {say(event.was_due_at)}"
            by = "By its priority" if event.track is None else f"On the {event.track} track"
            return f"{by}, {event.amount}: {words.AWAITED[event.awaits]}, {dates}."
        case events.Paused():
            known = f" ({_down(words.KNOWN_BY[event.known_by])})" if event.known_by else ""
            return f"Paused by the partnership team: {_in_line(words.PAUSE_REASONS[event.reason])}{known}."
        case events.Resumed():
            return f"It goes on. It had been paused since {say(event.paused_at)}."
        case events.PausedTooLong():
            return f"Still paused, since {say(event.paused_at)}. The partnership team was asked to look at it."
        case _:
            assert_never(event)


def agreed_before(event: events.ClockExtended) -> str:
    """For an extension that was recorded after its limit: when it had been agreed."""
    if not event.recorded_late or event.happened_at is None:
        return ""
    known = f" ({_down(words.KNOWN_BY[event.known_by])})" if event.known_by else ""
    return f", as both sides had agreed at {say(event.happened_at)}{known}, and recorded after it had passed"


def _redated(event: events.Redated, names: Names) -> str:
    """What was counted anew, with both dates of each time limit."""
    moved = [
        f"{_what(clock, names)}: due {say(clock.due_at)}, and not {say(clock.was_due_at)}"
        for clock in event.clocks
        if clock.due_at != clock.was_due_at
    ]
    kept = [
        f"{_what(clock, names)}: it had passed at {say(clock.due_at)}, which stays so; it would now be due "
        f"{say(clock.would_be_due_at)}, so please look at the cause"
        if clock.because == "limit_passed"
        else f"{_what(clock, names)}: it stays due {say(clock.due_at)}, though it would now be "
        f"{say(clock.would_be_due_at)}"
        for clock in event.kept
    ]
    what = "; ".join((*moved, *kept)) or "no date moved"
    return f"Time limits counted anew ({_in_line(words.REDATES[event.because])}): {what}."


def _what(clock: events.RedatedClock | events.KeptClock, names: Names) -> str:
    return awaited(clock.awaits, clock.waits_for, clock.agency_id, names)


def _cause_confirmed(event: events.CauseConfirmed) -> str:
    was = words.cause(event.was, event.awaits)
    changed = "" if event.cause is event.was else f" It was before: {was}."
    said = f"The partnership team confirmed the cause of a delay: {words.cause(event.cause, event.awaits)}"
    return f"{said}{_what_shows_it(event)}.{changed}"


def _what_shows_it(event: events.CauseConfirmed) -> str:
    if event.cause is Cause.RECORDED_LATE and event.happened_at is not None:
        known = f" ({_down(words.KNOWN_BY[event.known_by])})" if event.known_by else ""
        return f", at {say(event.happened_at)}{known}"
    if event.away_from is None or event.away_until is None or event.own_record is None:
        return ""
    return f", from {say(event.away_from)} to {say(event.away_until)} ({words.OWN_RECORDS[event.own_record]})"


def _ended(event: events.Closed, names: Names) -> str:
    where = f"at stage {event.stage}" if event.stage else "before it was passed on"
    word = f", on the word of {words.SIDES[event.on_word_of]}" if event.on_word_of else ""
    way = f" It goes another way: {_in_line(words.ROUTES[event.route])}." if event.route else ""
    if event.transferred_to is not None and event.transferred_because is not None:
        when = f" at {say(event.happened_at)}" if event.happened_at else ""
        because = _lower(words.TRANSFER_REASONS[event.transferred_because])
        way = f" Taken over{when} by {_lower(words.TRANSFERRED_TO[event.transferred_to])}, because {because}."
    why = f" {words.WITHDRAWN[event.withdrawn_because]}." if event.withdrawn_because else ""
    return f"Closed {where}{word}: {names.outcome(event.outcome)}.{why}{way}"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _instead(told: ToldInstead, names: Names) -> str:
    """Who was told in the place of whoever it was meant for, and why."""
    who = {
        By.DEPUTY: "The deputy was told instead",
        By.STAND_IN: f"{names.agency(told.agency_id)}, which stands in, was told instead",
        By.NEXT_PERSON: f"The next level that another person holds ({words.position(told.position)}) was told instead",
        By.SAME_PERSON: "The same person was asked again",
        By.NOBODY: "Nobody stands in, so the partnership team was told",
    }[told.by]
    if told.because is Because.ONE_PERSON:
        return f"One person holds this level and the one below. {who}."
    until = "" if told.opens_on is None else f" until {say_day(told.opens_on)}"
    return f"It is closed{until}. {who}."


def _whom(event: events.NoticeReported, names: Names) -> str:
    what = "The notice of the stage" if event.starts_clocks else "A notice"
    if event.outside is not None:
        return f"{what} to whoever was asked for advice"
    return f"{what} to {'whoever raised it' if event.to_raiser else names.agency(event.agency_id)}"


def _confirmed_by_team(event: events.NoticeReported) -> str:
    return f" The partnership team confirmed it: {_down(words.KNOWN_BY[event.known_by])}." if event.known_by else ""


def _down(text: str) -> str:
    return text[:1].lower() + text[1:]


def _in_line(text: str) -> str:
    """A name inside a sentence."""
    return text[0].lower() + text[1:] if text.startswith(("The ", "Whoever ", "A ", "Another ", "Inside ")) else text


def label(event: Event, names: Names) -> str | None:  # noqa: C901, PLR0911, PLR0912, PLR0915  one line a kind, and closed
    """A few words for a point of the drawing, or none for what is drawn otherwise or not at all."""
    if isinstance(event, events.Promised):
        return promised.label(event)
    if isinstance(event, events.Advising):
        return advice.label(event, names)
    match event:
        case events.Raised():
            return "Raised"
        case events.Completed():
            return "Completed"
        case events.PassedOn():
            return "Passed on"
        case events.AgencyAwaited():
            return "An agency is added first"
        case events.SenderVouched():
            return "Said to be theirs" if event.theirs else "Said not to be theirs"
        case events.StageStarted():
            return f"Stage {event.stage} began"
        case events.ReminderFell():
            return f"Reminder: {words.SHORT_AWAITED[event.awaits].lower()}"
        case events.LimitPassed():
            return f"Time limit passed: {words.SHORT_AWAITED[event.awaits].lower()}"
        case events.LimitWithdrawn(awaits=Awaits.CHOOSE):
            return "Does not count: move up or stay"
        case events.LimitWithdrawn(more_time=True):
            return f"More time had been agreed: {words.SHORT_AWAITED[event.awaits].lower()}"
        case events.LimitWithdrawn():
            return "Done on time, recorded later"
        case events.MoveProposed():
            return f"Move to stage {event.to_stage} proposed"
        case events.MoveIntended():
            return f"Going to stage {event.to_stage}"
        case events.MoveDue():
            return f"Moves to stage {event.to_stage} by itself"
        case events.MoveObjected():
            return "Objection to its moving by itself"
        case events.MoveDropped():
            return "Stays at this stage"
        case events.ProposalEnded():
            return "Proposal ended"
        case events.Acknowledged():
            return "Acknowledged"
        case events.PersonReached():
            return "A person was reached"
        case events.Responded():
            return "Answered"
        case events.SaidDone():
            return f"Said: {words.DONE[event.done].lower()}"
        case events.DoneConfirmed():
            return f"Confirmed: {words.DONE[event.done].lower()}"
        case events.DoneDenied():
            return "Said not to be done"
        case events.Settled():
            return f"Settled with {names.agency(event.agency_id)}"
        case events.SaidMisdirected():
            return f"Not theirs, says {names.agency(event.agency_id)}"
        case events.FoundTheirs():
            return f"It is {names.agency(event.agency_id)}’s"
        case events.PartyAdded():
            return f"Added: {names.agency(event.agency_id)}"
        case events.PartyRemoved():
            return f"Taken out: {names.agency(event.agency_id)}"
        case events.ContactChanged():
            return "New contact of the raising side"
        case events.RaisersChanged():
            return "Raised by others than before" if event.lead is None else f"{names.agency(event.lead)} leads"
        case events.AgreementNoted():
            return "Agreed over a dissent"
        case events.AgreementAnswered():
            return "The team: settled" if event.settles else "The team: not settled"
        case events.Linked():
            return f"Linked with {event.other}"
        case events.Unlinked():
            return f"No longer linked with {event.other}"
        case events.Erased():
            return "Words erased"
        case events.Decided():
            return "Decided"
        case events.Closed():
            return f"Closed: {names.outcome(event.outcome)}"
        case events.Reopened():
            return f"Open again, at stage {event.stage}" if event.stage else "Held again"
        case events.Corrected():
            return "An entry was a mistake"
        case events.ReopeningAsked():
            return "Asked to open it again"
        case events.PartnershipNotified():
            return "Partnership told"
        case events.NoticeReported():
            return None if event.state is DeliveryState.NOT_SENT else f"Notice {words.DELIVERIES[event.state]}"
        case events.MessageReported():
            return "Automatic reply" if event.message == "automatic_reply" else "Reply cannot be read"
        case events.PhoneCallNoted():
            return "Team phoned: reached" if event.reached else "Team phoned: nobody"
        case events.WordsAdded():
            return "Words added"
        case events.FileNoted():
            return "File read" if event.note is FileNote.READ else "Recorded on its files"
        case events.ClockExtended():
            return f"More time: {words.SHORT_AWAITED[event.awaits].lower()}"
        case events.ClockSetSooner():
            return f"Sooner: {words.SHORT_AWAITED[event.awaits].lower()}"
        case events.PrioritySet():
            return "Priority set"
        case events.Redated():
            return "Counted anew"
        case events.TrackChanged():
            return "Urgent from here on" if event.track is Track.URGENT else "Back on the standard track"
        case events.SaidNotUrgent():
            return "Said not to be urgent"
        case events.Paused():
            return "Paused"
        case events.Resumed():
            return "Goes on"
        case events.PausedTooLong():
            return "Still paused"
        case events.RaiserKeptInformed():
            return "Raiser kept informed"
        case events.AccountAdded():
            return "Account given"
        case events.LookedBack():
            return "Said what changed"
        case events.CauseConfirmed():
            return "Cause confirmed"
        case (
            events.ClockStarted()
            | events.ClockResumed()
            | events.ClockReopened()
            | events.ClockRecounted()
            | events.ClockEnded()
            | events.CauseChanged()
        ):
            return None
        case _:
            assert_never(event)


def clock(clock: Clock, names: Names) -> str:
    """What a running clock waits for, and from whom."""
    return awaited(clock.awaits, clock.waits_for, clock.agency_id, names)


def awaited(awaits: Awaits, side: Side, agency_id: str | None, names: Names) -> str:
    """What is waited for, and from whom; what waits for the team names the team, and the agency that it concerns."""
    if awaits is Awaits.BE_REACHED:
        return f"{words.AWAITED[awaits]}, with {names.waited(side, agency_id)}"
    if side is not Side.TEAM:
        return f"{words.AWAITED[awaits]} from {names.waited(side, agency_id)}"
    # The team looks at what an agency says is not theirs to see whose it is.
    whose = " and see who is to have it" if awaits is Awaits.LOOK and agency_id else ""
    return f"{words.AWAITED[awaits]}{whose}{' at ' + names.agency(agency_id) if agency_id else ''}"


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]


def waiting(case: Case, names: Names) -> tuple[str, ...]:
    """What is waited for now, nearest first, each with its time limit."""
    running = sorted((clock for clock in case.clocks if clock.running), key=lambda clock: clock.due_at)
    return tuple(f"{_first_up(clock(found, names))}: {_by(found)}" for found in running)


def _by(found: Clock) -> str:
    if found.paused_since is not None:
        return f"paused since {say(found.paused_since)}"
    if found.limit_passed_at is None or found.limit_withdrawn:
        return f"by {say(found.due_at)}"
    cause = f" ({words.cause(found.cause, found.awaits)})" if found.cause else ""
    return f"time limit passed, {say(found.due_at)}{cause}"


def claim(found: Claim, names: Names) -> str:
    """What was said to be done."""
    who = "The raising agency" if found.by_side is Side.RAISING else names.agency(found.agency_id)
    return f"{who} says: {words.DONE[found.done].lower()}, {say(found.happened_at)}."


def closed(case: Case) -> str:
    """How and when a case ended."""
    when = f" at {say(case.closed_at)}" if case.closed_at else ""
    how = f": {_within(outcome(case.frame.policy, case.outcome))}" if case.outcome else ""
    way = f" It goes another way: {_in_line(words.ROUTES[case.route])}." if case.route else ""
    return f"It was closed{when}{how}.{way}" if case.status is Status.CLOSED else "It is open."


def channel(code: Channel) -> str:
    """The way by which something reached us."""
    return {
        Channel.FORM: "by form",
        Channel.LINK: "by link",
        Channel.TEAM: "entered by the team",
        Channel.MAIL: "by email",
        Channel.SYSTEM: "by the system",
    }[code]
