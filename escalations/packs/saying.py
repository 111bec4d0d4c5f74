"""A policy in words: the ladder with its clocks, as sentences that can stand in the policy's own document.

What the terminal, the drawing and the page show is made here once, so that all three say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, time
from typing import Final

from escalations.policy import (
    OUR_CHOICE,
    AdviserReads,
    AgencyClosed,
    ClockRule,
    Limit,
    OnePerson,
    OnLimit,
    OverDissent,
    Policy,
    Side,
    StageRule,
    StartsFrom,
    Track,
    Unanswered,
    Undelivered,
    spans,
)
from escalations.rules import wording, workingtime
from escalations.rules.codelists import CodeEntry, ListKind
from escalations.rules.workingtime import Amount, DaysEnd, DayZero, Unit

AWAITED: Final = {code: said.says for code, said in wording.AWAITED.items()}
TITLES: Final = {code: said.title for code, said in wording.AWAITED.items()}
SIDES: Final = {
    Side.RAISING: "the raising side",
    Side.RESPONDING: "each responding agency",
    Side.BOTH: "both sides",
    Side.TEAM: "the partnership's team",
    Side.FINAL_BODY: "the final body",
    Side.OUTSIDE: "an adviser",
}
FROM: Final = {
    StartsFrom.RECEIVED: "receipt of the escalation",
    StartsFrom.STAGE_STARTED: "the start of the stage",
    StartsFrom.DELIVERED: "the arrival of the notice",
    StartsFrom.ANSWERED: "the answer",
    StartsFrom.PROPOSED: "the proposal to move up",
    StartsFrom.SAID_DONE: "when it was said to be done",
    StartsFrom.ACKNOWLEDGED: "the acknowledgement",
    StartsFrom.REACHED: "the call or meeting in which both sides spoke",
    StartsFrom.DISAGREEMENT: "the disagreement, or the decision that is challenged",
    StartsFrom.HELD: "when it was held",
    StartsFrom.DELIVERY_FAILED: "when the notice did not arrive",
}
THEN: Final = {
    OnLimit.TELL: "those concerned are told",
    OnLimit.PROPOSE: "both sides and their managers are told, and the raising side is asked whether it moves up",
    OnLimit.ESCALATE: "the case moves up by itself",
}
UNANSWERED: Final = {
    Unanswered.TEAM: "the partnership's team is told",
    Unanswered.TEAM_AND_LEADS: "the partnership's team and the agency's escalation lead are told",
}
READS: Final = {
    AdviserReads.QUESTION: "the question alone",
    AdviserReads.SIDE_THAT_ASKED: "the question, and what the side wrote that wished it",
    AdviserReads.BOTH_SIDES: "the question, and what both sides wrote",
}
"""What an adviser reads. Where both sides agree to it, they read what both wrote in any case."""
NOT_IN_DOCUMENT: Final = "not in the document: our choice"

_HOURS: Final = {Unit.WORKING_DAYS: 24, Unit.CALENDAR_DAYS: 24, Unit.WORKING_HOURS: 3, Unit.ELAPSED_HOURS: 1}
"""About how long each unit is, to draw by. What is said of a limit is always its own amount."""


@dataclass(frozen=True, slots=True)
class Span:
    """How long a clock allows, on one track."""

    track: str
    within: Amount
    reminders: tuple[Amount, ...]
    priority: str = ""
    """The level of priority for which it is, as the policy calls it; empty for what the track itself allows."""
    or_sooner: bool = False

    @property
    def label(self) -> str:
        """For which cases it is."""
        return f"{self.track}, {self.priority}" if self.priority else self.track

    @property
    def length(self) -> float:
        """About how long it is, in hours, to draw by."""
        return hours(self.within)

    @property
    def marks(self) -> tuple[float, ...]:
        """Where in it reminders fall, from 0 to 1."""
        return tuple(1 - min(hours(amount) / self.length, 1) for amount in self.reminders)

    @property
    def words(self) -> str:
        """The amount."""
        return self.within.words()

    def sentence(self, since: str) -> str:
        """What it allows, as a part of a sentence."""
        told = f", with a reminder {_and(amount.words() for amount in self.reminders)} before" if self.reminders else ""
        sooner = ", or sooner where a time that keeps the child safe is set" if self.or_sooner else ""
        return f"within {self.within.words()} of {since}{sooner}{told}"


def _for(span: Span, first_track: str) -> str:
    where = f"On the {span.track} track" if span.track != first_track else ""
    if not span.priority:
        return where
    return f"{where}, where its priority is {span.priority}" if where else f"Where its priority is {span.priority}"


def hours(amount: Amount) -> float:
    """About how long an amount is, to draw by."""
    return amount.value * _HOURS[amount.unit]


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock in words."""

    rule: ClockRule
    title: str
    who: str
    rows: tuple[tuple[str, Span | None], ...]
    """What each track allows, in their order; none where a track does not have it."""
    as_at: int | None = None
    """An earlier stage that has the very same clock."""

    @property
    def spans(self) -> tuple[Span, ...]:
        """What the tracks that have it allow."""
        return tuple(span for _, span in self.rows if span is not None)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What it asks of whom, by when, and what comes after that."""
        since = FROM[self.rule.starts_from]
        first, *more = self.spans
        asked = f"{self.who} {AWAITED[self.rule.awaits]} {first.sentence(since)}"
        if first.track != Track.STANDARD:
            asked = f"On the {first.track} track {asked}"
        parts = [f"{asked[0].upper()}{asked[1:]}."]
        parts += [f"{_for(span, first.track)}: {span.sentence(since)}." for span in more]
        parts.append(f"If that time passes, {THEN[self.rule.on_limit]}.")
        return tuple(parts)

    @property
    def text(self) -> str:
        """The same in one paragraph; said once where several stages have it."""
        return f"As at stage {self.as_at}." if self.as_at else f"{' '.join(self.sentences)} Source: {self.source}."

    @property
    def source(self) -> str:
        """The paragraph behind it."""
        return source_of(self.rule.source)


@dataclass(frozen=True, slots=True)
class Rung:
    """One stage in words."""

    rule: StageRule
    raising: str
    responding: str
    clocks: tuple[Clock, ...]
    notes: tuple[str, ...]
    onward: str
    """How a case comes to the next one; empty at the last."""

    @property
    def heading(self) -> str:
        """Its number and title."""
        return f"Stage {self.rule.number}: {self.rule.title}"

    @property
    def source(self) -> str:
        """The paragraph behind it."""
        return source_of(self.rule.source)


@dataclass(frozen=True, slots=True)
class Group:
    """Clocks that belong to no stage."""

    title: str
    clocks: tuple[Clock, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A list that people choose from."""

    title: str
    entries: tuple[tuple[str, str], ...]
    """The words of each entry, and what else is to be said of it."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """A whole policy in words."""

    policy: Policy
    rungs: tuple[Rung, ...]
    groups: tuple[Group, ...]
    conventions: tuple[str, ...]
    lists: tuple[Listed, ...] = ()
    lists_note: str = ""
    """Whose lists they are."""

    @property
    def clocks(self) -> tuple[Clock, ...]:
        """Every clock."""
        of_stages = (clock for rung in self.rungs for clock in rung.clocks)
        return (*of_stages, *(clock for group in self.groups for clock in group.clocks))

    @property
    def longest(self) -> float:
        """The longest span of a clock of a stage, to draw by."""
        of_stages = (span.length for rung in self.rungs for clock in rung.clocks for span in clock.spans)
        return max(of_stages, default=1.0)


def say(policy: Policy) -> Ladder:
    """Put a policy into words."""
    groups = (
        ("Over all stages", policy.process_clocks),
        ("What waits for the raising side, at any stage", policy.raiser_clocks),
        ("What waits for the partnership's team", policy.team_clocks),
    )
    return Ladder(
        policy,
        tuple(_rung(policy, stage) for stage in policy.stages),
        tuple(Group(title, _clocks(policy, rules)) for title, rules in groups if rules),
        tuple(_conventions(policy)),
        tuple(_lists(policy)),
        "The lists that come with the software; the policy has none of its own."
        if policy.lists is None
        else f"Version {policy.lists.version}. Source: {source_of(policy.lists.source)}.",
    )


def _lists(policy: Policy) -> Iterator[Listed]:
    for kind in ListKind:
        entries = policy.codes(kind).entries
        if entries:
            yield Listed(kind.heading, tuple((one.words, _of_entry(one)) for one in entries))


def _of_entry(entry: CodeEntry) -> str:
    """What is meant by an entry, and what has become of it."""
    parts = [entry.definition or ""]
    if entry.no_longer_used_from is not None:
        parts.append(f"No longer used from {day(entry.no_longer_used_from)}.")
    if entry.was:
        parts.append(f"In place of {_and(code.replace('_', ' ') for code in entry.was)}.")
    return " ".join(part for part in parts if part)


def adoption(policy: Policy) -> tuple[tuple[str, str], ...]:
    """Who adopted it, who put it live, from when, and until when: each with what it is."""
    dates = policy.adoption
    return (
        ("Adopted by", f"{dates.adopted_by}, on {day(dates.adopted_on)}"),
        ("Put live by", f"{dates.put_live_by} (a second person)"),
        ("In force from", day(dates.in_force_from)),
        ("Review due", day(dates.review_due)),
    )


def day(when: date) -> str:
    """A date in words, without its weekday."""
    return workingtime.say_day(when).partition(" ")[2]


def source_of(source: str) -> str:
    """The paragraph behind a rule, or that there is none."""
    return NOT_IN_DOCUMENT if source == OUR_CHOICE else source


def position(code: str) -> str:
    """A position as a person says it."""
    return code.replace("_", " ")


def _rung(policy: Policy, stage: StageRule) -> Rung:
    before = policy.stages[: policy.stages.index(stage)]
    return Rung(
        stage,
        policy.position_title(stage.raising_position),
        policy.position_title(stage.responding_position),
        _clocks(policy, stage.clocks, before),
        tuple(_notes(policy, stage)),
        "" if policy.next_stage(stage.number) is None else _onward(policy, stage),
    )


def _notes(policy: Policy, stage: StageRule) -> Iterator[str]:
    if not stage.formal:
        yield "Informal."
    if stage.partnership_told:
        yield "The partnership is told when it begins."
    yield from _untimed(policy, stage)
    if stage.no_such_level:
        kinds = _or(_type(one) for one in stage.no_such_level)
        yield f"An agency of type {kinds} has no such level: a person may pass it over."
    if stage.decided_by_final_body:
        body = policy.final_body
        yield (
            f"The {policy.position_title(body.position)} of the {body.agency.replace('-', ' ')} decides; the "
            f"{policy.position_title(body.alternate_position)} does "
            "where the first works for an agency in it or has decided it before."
        )


def _untimed(policy: Policy, stage: StageRule) -> Iterator[str]:
    """What there is instead, where a stage has no time limit of its own on a track."""
    without = [track for track in Track if not any(track in clock.limits for clock in stage.clocks)]
    if not without:
        return
    where = "" if len(without) == len(Track) else f" on the {_and(without)} track"
    together = dict.fromkeys(clock.id for track in without for clock in spans(policy, stage.number, track))
    over = [f"{TITLES[one.awaits].lower()}{_over(policy, one)}" for one in policy.process_clocks if one.id in together]
    instead = f"; over several stages there is: {_and(over)}" if over else ""
    yield f"No time limit of its own{where}{instead}."


def _onward(policy: Policy, stage: StageRule) -> str:
    over_it = (clock for track in Track for clock in spans(policy, stage.number, track))
    if any(clock.on_limit is OnLimit.ESCALATE for clock in (*stage.clocks, *over_it)):
        return "moves up if the raising side says so, or by itself when a time limit passes"
    return "moves up if the raising side says so"


def _clocks(policy: Policy, rules: Iterable[ClockRule], before: Iterable[StageRule] = ()) -> tuple[Clock, ...]:
    there = {track for one in policy.clocks for track in one.limits}
    tracks = [track for track in Track if track in there]
    first: dict[str, int] = {}
    for stage in before:
        for one in stage.clocks:
            first.setdefault(one.model_dump_json(), stage.number)
    return tuple(
        Clock(
            rule,
            f"{TITLES[rule.awaits]}{_over(policy, rule)}",
            SIDES[rule.waits_for],
            tuple(row for track in tracks for row in _rows(policy, track, rule.limits.get(track))),
            first.get(rule.model_dump_json()),
        )
        for rule in rules
    )


def _over(policy: Policy, rule: ClockRule) -> str:
    """The stages that a clock over several of them spans, where it is not all."""
    if rule.from_stage is None and rule.to_stage is None:
        return ""
    first, last = rule.from_stage or 1, rule.to_stage or len(policy.stages)
    return f", stage {first}" if first == last else f", stages {first} to {last}"


def _rows(policy: Policy, track: Track, limit: Limit | None) -> Iterator[tuple[str, Span | None]]:
    if limit is None:
        yield track.value, None
        return
    for code, allowed in limit.all_of_them:
        level = policy.priority(code)
        title = level.title if level is not None else ""
        span = Span(track.value, allowed.within, allowed.remind_before, title, allowed.or_sooner)
        yield span.label, span


def _conventions(policy: Policy) -> Iterator[str]:
    for level in policy.priorities:
        yield f"Priority {level.title}: {level.definition.rstrip('.')}. Source: {source_of(level.source)}."
    for named in policy.positions:
        if named.titles:
            at = "; ".join(f"{title} ({_type(kind)})" for kind, title in named.titles.items())
            yield f"The {named.title} is called: {at}. Source: {source_of(named.source)}."
    yield from _beginnings(policy)
    yield from _together(policy)
    by_itself = any(clock.on_limit is OnLimit.ESCALATE for clock in _every(policy))
    yield (
        "Time alone moves a case up only where it is said of a time limit above."
        if by_itself
        else "Time alone moves nothing: a person of the raising side says whether a case moves up."
    )
    yield f"Working days are those of {policy.region.words()}."
    yield (
        "The day of the start does not count."
        if policy.day_zero is DayZero.NEXT
        else "The day of the start counts where it came before close of business."
    )
    if policy.office_hours is not None:
        yield f"Working hours run from {_and_from(policy.hours.spells())}."
    if (policy.office_hours, policy.close_of_business) != (None, None):
        yield f"Close of business is {policy.closes:%H:%M}: a day that is counted ends then."
    if policy.cut_off is not None:
        yield (
            f"What begins at {policy.cuts_off:%H:%M} or later, or on a day on which nobody works, counts in days as if "
            "it had begun on the next working day."
        )
    if policy.calendar_days_end is not DaysEnd.ANY_DAY:
        yield "Calendar days that would end on a day on which nobody works end on the next working day."
    for track, amount in policy.told_before_move.items():
        told = "as it moves up" if amount is None else f"{amount.words()} before it moves up"
        yield f"The level passed over is told {told} ({track.value} track)."
    yield (
        "A notice that does not arrive starts no clock of the agency; the team's own clock to mend it runs."
        if policy.undelivered is Undelivered.WAIT
        else "A notice that does not arrive starts the agency's clocks all the same, and the case shows it."
    )
    yield (
        f"A case that is paused for {policy.longest_pause.words()} is put before the team again; what waits for a side "
        "can be paused and extended, where its rule does not say otherwise."
    )
    yield (
        "Where one person holds a level of an agency and the one below, the next level that another person holds is "
        "asked; the team and whoever raised it are told."
        if policy.one_person_two_rungs is OnePerson.NEXT_PERSON
        else "Where one person holds a level of an agency and the one below, they are asked at both; the team and "
        "whoever raised it are told."
    )
    if policy.agency_closures is AgencyClosed.DAYS_DO_NOT_COUNT:
        yield "Days on which an agency is closed do not count for what waits for it; those who stand in are told."
    else:
        yield "Where an agency is closed time limits stay; its deputy is told, then whoever stands in, then the team."
    yield from dict.fromkeys(sentence for rule in _every(policy) for sentence in _exceptions(rule))
    yield f"The raiser is never left more than {policy.word_to_raiser_every.words()} without word."
    yield (
        f"A cause of delay is provisional: both agencies have {policy.accounts_within.words()} to add their account "
        "before the team confirms it."
    )
    yield from _advisers(policy)
    yield from _after_the_end(policy)
    if policy.resolution_told and any(stage.partnership_told for stage in policy.stages):
        yield "The partnership is told how a case ended that it had been told of."
    yield "No limit closes, withdraws, redirects or pauses anything."


def _and_from(spells: Iterable[tuple[time, time]]) -> str:
    return " and from ".join(f"{opens:%H:%M} to {closes:%H:%M}" for opens, closes in spells)


def _beginnings(policy: Policy) -> Iterator[str]:
    """Where an escalation may begin, and what may be passed over."""
    skipping, thematic = policy.skipping, policy.thematic
    if skipping is not None:
        because = _or(reason.value.replace("_", " ") for reason in skipping.because)
        where = []
        if skipping.start_at_most > 1:
            where.append(f"may start as high as stage {skipping.start_at_most}")
        if skipping.levels:
            where.append("may pass over a level on the way up")
        if where:
            yield (
                f"An escalation {' and '.join(where)}, by a person who gives the reason ({because}). Source: "
                f"{source_of(skipping.source)}."
            )
    if thematic is not None:
        what = f"starts at stage {thematic.start_stage}" if thematic.taken else "is held for the partnership's team"
        yield f"A thematic escalation {what}. Source: {source_of(thematic.source)}."
    for one in policy.out_of_scope:
        yield f"Not for this policy: {one.what}. It goes to: {one.where}. Source: {source_of(one.source)}."


def _advisers(policy: Policy) -> Iterator[str]:
    """Who may be asked for advice, at whose wish, and what they read. What is not said is the same for every policy."""
    for rule in policy.advisers:
        wish = _or("its own" if side is Side.TEAM else f"that of {SIDES[side]}" for side in rule.asked_by)
        stage = "" if rule.from_stage == 1 else f" from stage {rule.from_stage} on"
        yield (
            f"The partnership's team may ask for advice{stage}, at {wish} wish: {rule.title}. They read "
            f"{READS[rule.reads]}; their link serves for {rule.within.words()}, and no time limit waits for them. "
            f"Source: {source_of(rule.source)}."
        )


OVER_DISSENT: Final[dict[OverDissent, str]] = {
    OverDissent.TEAM: "nothing is settled by it alone: the team decides, and either of them can take it up",
    OverDissent.SETTLES: "it is settled, and the dissent stays on record",
}
"""What the lead's agreement means over the recorded dissent of another agency that raised it."""


def _together(policy: Policy) -> Iterator[str]:
    """Whether several agencies raise together, and what an agreement means over a dissent of one of them."""
    rule = policy.raised_together
    if rule is None:
        return
    source = f" Source: {source_of(rule.source)}."
    if not rule.taken:
        yield f"Each agency raises its own escalation; several do not raise one together.{source}"
        return
    tracks = f" on the {_or(track.value for track in rule.tracks)} track" if rule.tracks else ""
    yield (
        f"Several agencies may raise one escalation together{tracks}: one leads and answers for them, the others are "
        "told of what it is told. Where the lead agrees and another one has put on record that it disagrees, "
        f"{OVER_DISSENT[rule.over_dissent]}.{source}"
    )


def _after_the_end(policy: Policy) -> Iterator[str]:
    """What the dates of a plan do, and what is asked once a case has closed."""
    plans, rule = policy.reminds_of_actions, policy.follow_up
    when = [f"{amount.words()} before" for amount in plans.remind_before]
    when += ["on the day"] if plans.on_the_day else []
    source = "" if policy.plans is None else f" Source: {source_of(plans.source)}."
    if when:
        yield f"Whoever is to do something by a plan is reminded {_and(when)}; its date closes nothing.{source}"
    else:
        yield f"Nobody is reminded of what is to be done by a plan; its date closes nothing.{source}"
    if policy.closing is not None and not policy.closing.feedback:
        yield f"Nothing is asked at the end of a case. Source: {source_of(policy.closing.source)}."
    if rule is None:
        return
    whom = _and(
        {Side.RAISING: "the raising side", Side.RESPONDING: "each responding agency"}[side] for side in rule.asks
    )
    reminded = (
        f", with a reminder {_and(amount.words() for amount in rule.remind_before)} before"
        if rule.remind_before
        else ""
    )
    after, are = rule.after.words(), "are" if len(rule.asks) > 1 else "is"
    yield (
        f"{after[:1].upper()}{after[1:]} after the end {whom} {are} asked whether it was done, what changed and what "
        f"was learnt, within {rule.answer_within.words()}{reminded}. Where no answer comes "
        f"{UNANSWERED[rule.unanswered]}, and nothing else follows. Source: {source_of(rule.source)}."
    )


def _type(code: str) -> str:
    """A type of agency in words."""
    return code.replace("-", " ")


def _or(parts: Iterable[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} or {last}" if most else last


def _every(policy: Policy) -> tuple[ClockRule, ...]:
    of_stages = (clock for stage in policy.stages for clock in stage.clocks)
    return (*of_stages, *policy.process_clocks, *policy.raiser_clocks, *policy.team_clocks)


def _exceptions(rule: ClockRule) -> Iterator[str]:
    """What a rule says otherwise than the convention on pauses and extensions."""
    title = TITLES[rule.awaits]
    title = f"{title[0].lower()}{title[1:]}"
    if rule.may_pause is False:
        yield f"The time to {title} is not paused."
    if rule.may_extend is False:
        yield f"The time to {title} is not extended."
    for track, limit in rule.limits.items():
        for code, allowed in limit.all_of_them:
            whose = f"{track.value} track" if code is None else f"{track.value} track, priority {code}"
            if allowed.extend_at_most is not None:
                yield f"The time to {title} is extended by {allowed.extend_at_most.words()} at most ({whose})."
            if allowed.extend_times is not None:
                times = f"{allowed.extend_times} times" if allowed.extend_times > 1 else "once"
                yield f"The time to {title} is extended {times} at most ({whose})."


def _and(parts: Iterable[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last
