"""What of a policy will hurt, though nothing in it is wrong: said before anybody relies on it.

Source: issue 5, "Tools for it"; what peers shipped and had to mend (a review stage without a clock, a level that
resolves to nobody). Each warning has its place in the file and says what to write instead. Whether a case can really
come to such a point is for the rules to say; here only the policy is read, so that a check takes no time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from escalations.policy import (
    OUR_CHOICE,
    AdviserReads,
    Allowance,
    Awaits,
    ClockRule,
    OnLimit,
    OverDissent,
    Policy,
    PolicyProblem,
    Side,
    StageRule,
    Track,
    can_propose,
    spans,
)
from escalations.rules import workingtime
from escalations.rules.workingtime import Amount, Calendar, Unit

Place = tuple[int | str, ...]

REVIEW_SOON: Final = timedelta(days=92)
"""How long before its review is due a policy says so: three months (rules of practice, "Policy in force")."""

ENOUGH_WITHOUT_REMINDER: Final = {
    Unit.WORKING_DAYS: 1,
    Unit.CALENDAR_DAYS: 1,
    Unit.WORKING_HOURS: 8,
    Unit.ELAPSED_HOURS: 4,
}
"""What is shorter than this needs no reminder: the question itself has only just been asked."""

_STARTS: Final = tuple(datetime(2026, 6, day, hour, tzinfo=UTC) for day in range(8, 15) for hour in (9, 15))
"""Mornings and late afternoons of one week without a holiday: when a clock may start."""
_STATING_ONLY: Final = {Awaits.ACKNOWLEDGE, Awaits.BE_REACHED}
"""What can be met without a word on the matter itself."""


@dataclass(frozen=True, slots=True)
class Posts:
    """Who is in post today: by agency, the positions that somebody holds. No names."""

    whose: str
    """Which directory it is, as a sentence calls it."""
    held: Mapping[str, frozenset[str]]
    types: Mapping[str, str] = field(default_factory=dict)
    """The type of each agency, where that is known."""


def warnings(policy: Policy, *, today: date, posts: Posts | None = None) -> tuple[PolicyProblem, ...]:
    """Everything about a policy that will hurt.

    Args:
        policy: one in which nothing is wrong.
        today: for the dates of its adoption.
        posts: who is in post; without it positions are not looked up.
    """
    return (
        *adoption(policy, today),
        *_ladder(policy),
        *_reminders(policy),
        *_lengths(policy),
        *_partnership(policy),
        *_together(policy),
        *_after_the_end(policy),
        *_advisers(policy),
        *(_positions(policy, posts) if posts is not None else ()),
        *_sources(policy),
    )


def clocks(policy: Policy) -> Iterator[tuple[Place, ClockRule]]:
    """Every clock of a policy, with its place."""
    for number, stage in enumerate(policy.stages):
        for place, clock in enumerate(stage.clocks):
            yield ("stages", number, "clocks", place), clock
    for group in ("process_clocks", "raiser_clocks", "team_clocks"):
        found: tuple[ClockRule, ...] = getattr(policy, group)
        for place, clock in enumerate(found):
            yield (group, place), clock


# ---- Who adopted it, and until when ---------------------------------------------------------------------------------


def adoption(policy: Policy, today: date) -> Iterator[PolicyProblem]:
    """What the dates of its adoption ask for."""
    dates = policy.adoption
    if dates.in_force_from > today:
        yield PolicyProblem(
            ("adoption", "in_force_from"),
            f"it is in force from {said(dates.in_force_from)}, which is still to come; until then nobody agreed to it",
        )
    yield from review(policy, today)


def review(policy: Policy, today: date) -> Iterator[PolicyProblem]:
    """That its review is due, or soon will be."""
    dates = policy.adoption
    if dates.review_due <= today:
        yield PolicyProblem(
            ("adoption", "review_due"),
            f"its review was due on {said(dates.review_due)}; have it reviewed, and write the next date",
        )
    elif dates.review_due - today <= REVIEW_SOON:
        yield PolicyProblem(
            ("adoption", "review_due"),
            f"its review is due on {said(dates.review_due)}, in {days(dates.review_due - today)}",
        )


def dated(policy: Policy, today: date) -> tuple[str, ...]:
    """The same as sentences of their own: what is to be said of a policy before it is read."""
    return tuple(f"{one.sentence[0].upper()}{one.sentence[1:]}." for one in adoption(policy, today))


def review_note(policy: Policy, today: date) -> str:
    """The same as a sentence that stands alone, for those who have to begin with it; empty while there is time."""
    dates = policy.adoption
    if not list(review(policy, today)):
        return ""
    when = said(dates.review_due)
    if dates.review_due <= today:
        return f"The review of the policy was due on {when}."
    return f"The review of the policy is due on {when}, in {days(dates.review_due - today)}."


def said(day: date) -> str:
    """A date in words, without its weekday."""
    return workingtime.say_day(day).partition(" ")[2]


def days(length: timedelta) -> str:
    """A number of days in words."""
    return f"{length.days} day{'' if length.days == 1 else 's'}"


# ---- The ladder -----------------------------------------------------------------------------------------------------


def _ladder(policy: Policy) -> Iterator[PolicyProblem]:
    for number, stage in enumerate(policy.stages):
        yield from _stage(policy, number, stage)
    if not any(stage.decided_by_final_body for stage in policy.stages):
        yield PolicyProblem(
            ("final_body",),
            "is never asked, because no stage is decided by it; write decided_by_final_body: true at the last one",
        )
    yield from _never_asked(policy)


def _stage(policy: Policy, number: int, stage: StageRule) -> Iterator[PolicyProblem]:
    place: Place = ("stages", number)
    last = number == len(policy.stages) - 1
    for track in Track:
        here = [clock for clock in stage.clocks if track in clock.limits]
        if not here and any(one.on_limit is not OnLimit.TELL for one in spans(policy, stage.number, track)):
            continue  # Several stages have one time together, as some documents have it, and it leads on.
        if not here:
            yield PolicyProblem(
                place,
                f"has no clock on the {track} track, so a case could stay there for ever; add one that awaits respond, "
                "or one over several stages to process_clocks",
            )
        elif all(clock.awaits in _STATING_ONLY for clock in here):
            yield PolicyProblem(
                place,
                f"{track} track: once it is acknowledged no clock waits for an answer; add one that awaits respond",
            )
        if last and not any(clock.awaits is Awaits.DECIDE for clock in here):
            yield PolicyProblem(
                place,
                f"{track} track: the last stage has no clock for a decision, so once its limits have passed a case can "
                "stay open for ever; write decided_by_final_body: true, and a clock that awaits decide",
            )
        waiting = [clock for clock in here if clock.waits_for is Side.RESPONDING]
        if not last and waiting and all(clock.on_limit is OnLimit.TELL for clock in waiting):
            yield PolicyProblem(
                place,
                f"{track} track: when no reply comes people are told, and nothing more; write on_limit: propose, so "
                "that the raising side is asked whether it moves up",
            )
    above = None if last else policy.stages[number + 1]
    if (
        above is not None
        and above.responding_position == stage.responding_position
        and not (above.decided_by_final_body and above.raising_position == stage.raising_position)
    ):
        yield PolicyProblem(
            place,
            f"asks the {words(stage.responding_position)} of the responding side, and so does the stage above: moving "
            "up brings it before the same person",
        )


def _never_asked(policy: Policy) -> Iterator[PolicyProblem]:
    """A question that nothing brings up: only a proposal asks whether a case moves up."""
    for place, clock in enumerate(policy.raiser_clocks):
        if clock.awaits is not Awaits.CHOOSE:
            continue
        for track in clock.limits:
            if not can_propose(policy, track):
                yield PolicyProblem(
                    ("raiser_clocks", place),
                    f"{track.value} track: cannot be reached, because no limit proposes a move up; write on_limit: "
                    "propose at the clocks of the stages, or leave this one out",
                )


def _advisers(policy: Policy) -> Iterator[PolicyProblem]:
    """Who reads what both sides wrote without either having been asked, though no paragraph says so."""
    for place, rule in enumerate(policy.advisers):
        if rule.reads is AdviserReads.BOTH_SIDES and rule.source == OUR_CHOICE:
            yield PolicyProblem(
                ("advisers", place, "reads"),
                f"the {rule.title} reads what both sides wrote, neither was asked, and no paragraph says so; name the "
                "paragraph in source, or write reads: side_that_asked",
            )


# ---- Reminders and lengths ------------------------------------------------------------------------------------------


def _reminders(policy: Policy) -> Iterator[PolicyProblem]:
    calendar = plain_calendar(policy)
    for place, clock in clocks(policy):
        if clock.awaits is Awaits.RAISE:
            continue  # Over as soon as we hear of it: there is nobody to remind.
        for track, limit in clock.limits.items():
            for priority, allowed in limit.all_of_them:
                of_priority: Place = () if priority is None else ("by_priority", priority)
                for sentence in _reminder_problems(calendar, allowed):
                    yield PolicyProblem((*place, "limits", track.value, *of_priority), sentence)


def _reminder_problems(calendar: Calendar, allowed: Allowance) -> Iterator[str]:
    within = allowed.within
    if not allowed.remind_before and within.value > ENOUGH_WITHOUT_REMINDER[within.unit]:
        yield f"nobody is reminded before its {within.words()} are over; add remind_before"
    for reminder in allowed.remind_before:
        sentence = _misses(calendar, allowed, reminder)
        if sentence:
            yield sentence


def _misses(calendar: Calendar, limit: Allowance, reminder: Amount) -> str | None:
    """What is wrong with a reminder that falls before its clock starts, for some starts or for all."""
    missed = [
        start
        for start in _STARTS
        if workingtime.before(calendar, workingtime.deadline(calendar, start, limit.within), reminder) <= start
    ]
    if not missed:
        return None
    if len(missed) == len(_STARTS):
        return (
            f"the reminder {reminder.words()} before its limit of {limit.within.words()} would always fall before the "
            "clock starts, so nobody is reminded; make it shorter"
        )
    example = workingtime.civil(missed[0])
    return (
        f"the reminder {reminder.words()} before its limit of {limit.within.words()} is left out where the clock "
        f"starts late, as at {example:%H:%M} on a {workingtime.Weekday.of(example.date()).value.capitalize()}; make it "
        "shorter"
    )


def plain_calendar(policy: Policy) -> Calendar:
    """A calendar without holidays, for comparing lengths: what holds in it holds in most weeks."""
    return Calendar(
        region=policy.region,
        first=date(2025, 1, 1),
        last=date(2031, 12, 31),
        day_zero=policy.day_zero,
        office_hours=policy.hours,
        close_of_business=policy.closes,
        cut_off=policy.cuts_off,
        days_end=policy.calendar_days_end,
        holidays_version="none",
        tzdata_version="none",
    )


def _lengths(policy: Policy) -> Iterator[PolicyProblem]:
    calendar, start = plain_calendar(policy), _STARTS[0]
    for whole in policy.process_clocks:
        if whole.awaits is not Awaits.SETTLE_ALL:
            continue
        first, last = whole.from_stage or 1, whole.to_stage or len(policy.stages)
        over = "all stages" if last - first + 1 == len(policy.stages) else f"stages {first} to {last}"
        for track, limit in whole.limits.items():
            ends = workingtime.deadline(calendar, start, limit.within)
            at = start
            for number, stage in enumerate(policy.stages):
                if not first <= stage.number <= last:
                    continue
                limits = [(place, one.limits[track]) for place, one in enumerate(stage.clocks) if track in one.limits]
                for place, of_stage in limits:
                    for _, allowed in of_stage.all_of_them:
                        if workingtime.deadline(calendar, start, allowed.within) > ends:
                            yield PolicyProblem(
                                ("stages", number, "clocks", place, "limits", track.value),
                                f"its {allowed.within.words()} are longer than the {limit.within.words()} of "
                                f"{whole.id}, which is over {over}",
                            )
                at = max((workingtime.deadline(calendar, at, one.within) for _, one in limits), default=at)
            if at > ends:
                yield PolicyProblem(
                    ("process_clocks", policy.process_clocks.index(whole), "limits", track.value),
                    f"its {limit.within.words()} are over before the stages are, where each takes the whole of its "
                    "time; make it longer, or the stages shorter",
                )


# ---- The partnership, its directory, and the document ---------------------------------------------------------------


def _partnership(policy: Policy) -> Iterator[PolicyProblem]:
    if not any(stage.partnership_told for stage in policy.stages):
        yield PolicyProblem(
            ("stages",),
            "the partnership is never told, so its team can read no case and its review counts none; write "
            "partnership_told: true at the stage at which it hears of one",
        )


def _together(policy: Policy) -> Iterator[PolicyProblem]:
    """An agreement that settles what another agency that raised it is on record against; and limits of nothing."""
    rule = policy.raised_together
    if rule is None:
        return
    if not rule.taken and rule.tracks:
        yield PolicyProblem(
            ("raised_together", "tracks"),
            "says on which tracks, and taken: false says that it is on none; leave it out",
        )
    if rule.taken and rule.over_dissent is OverDissent.SETTLES and rule.source == OUR_CHOICE:
        yield PolicyProblem(
            ("raised_together", "over_dissent"),
            "what the lead agrees is settled though another agency that raised it disagrees, and no paragraph is given "
            "for that; write over_dissent: team, or the source",
        )


SOON_AFTER: Final = Amount(value=10, unit=Unit.WORKING_DAYS)
"""What was agreed is seldom done before that, and what it changed is not known."""


def _after_the_end(policy: Policy) -> Iterator[PolicyProblem]:
    """A follow-up that comes before it can be answered, that asks one side alone, or that nobody is reminded of."""
    rule, calendar = policy.follow_up, plain_calendar(policy)
    if policy.closing is not None and not policy.closing.feedback:
        yield PolicyProblem(
            ("closing", "feedback"),
            "nobody is asked at the end what changed, so a review can say nothing of effect; write feedback: true",
        )
    if not policy.reminds_of_actions.remind_before and not policy.reminds_of_actions.on_the_day:
        yield PolicyProblem(
            ("plans",),
            "nobody is reminded of what is to be done by a plan before its date has passed; write on_the_day: true",
        )
    if rule is None:
        yield PolicyProblem(
            (),
            "there is no follow-up, so nobody hears whether what was agreed was done and what it changed; write "
            "closing: {follow_up: {after: 60 working days}}",
        )
        return
    where = ("closing", "follow_up")
    asked, soon = (workingtime.deadline(calendar, _STARTS[0], amount) for amount in (rule.after, SOON_AFTER))
    if asked < soon:
        yield PolicyProblem(
            (*where, "after"),
            f"{rule.after.words()} after the end little of what was agreed can have been done, and what it changed is "
            "not known; make it longer, about 60 working days",
        )
    if len(rule.asks) == 1:
        yield PolicyProblem(
            (*where, "asks"),
            f"asks only the {words(rule.asks[0].value)} side; what both say of one matter is what tells something",
        )
    if not rule.remind_before:
        yield PolicyProblem(where, "nobody is reminded to answer the follow-up; add remind_before")


def _positions(policy: Policy, posts: Posts) -> Iterator[PolicyProblem]:
    body = policy.final_body
    agencies = {agency: held for agency, held in posts.held.items() if agency != body.agency}
    filled = frozenset[str]().union(*agencies.values())
    asked: dict[str, Place] = {}
    for number, stage in enumerate(policy.stages):
        for side in ("raising_position", "responding_position"):
            asked.setdefault(getattr(stage, side), ("stages", number, side))
    for position, place in asked.items():
        if position not in filled:
            yield PolicyProblem(
                place,
                f"no agency of {posts.whose} has a {words(position)} in post, so whatever is for one falls to each "
                "agency's lead; name the position as the directory does, or fill it",
            )
    yield from _of_types(policy, posts, filled)
    if not any(stage.decided_by_final_body for stage in policy.stages):
        return
    if body.agency not in posts.held:
        yield PolicyProblem(("final_body", "agency"), f"{body.agency} is no agency of {posts.whose}")
        return
    for name in ("position", "alternate_position"):
        position = getattr(body, name)
        if position not in posts.held[body.agency]:
            yield PolicyProblem(
                ("final_body", name), f"nobody at {body.agency} is in post as {words(position)}, by {posts.whose}"
            )


def _of_types(policy: Policy, posts: Posts, filled: frozenset[str]) -> Iterator[PolicyProblem]:
    """What the policy says of types of agencies, beside the directory: a type that is not there, a title nobody has."""
    there = frozenset(posts.types.values())
    if not there:
        return
    named: dict[str, Place] = {}
    for place, one in enumerate(policy.positions):
        for kind, title in one.titles.items():
            named.setdefault(kind, ("positions", place, "titles", kind))
            held = (posts.held[agency] for agency, of_type in posts.types.items() if of_type == kind)
            if kind in there and one.code in filled and not any(one.code in positions for positions in held):
                yield PolicyProblem(
                    ("positions", place, "titles", kind),
                    f"no agency of type {kind} in {posts.whose} has a {title} ({words(one.code)}) in post, so what is "
                    "for one falls to each agency's lead; fill it, or name the stage under no_such_level for that type",
                )
    for place, stage in enumerate(policy.stages):
        for kind in stage.no_such_level:
            named.setdefault(kind, ("stages", place, "no_such_level"))
    for kind, at in named.items():
        if kind not in there:
            known = ", ".join(sorted(there))
            yield PolicyProblem(at, f"{posts.whose} has no agency of type {kind}; its types are {known}")


def _sources(policy: Policy) -> Iterator[PolicyProblem]:
    """A sample is nobody's document; of any other, a business manager has to say where a deadline came from."""
    found = [clock.source for _, clock in clocks(policy)]
    ours = sum(1 for source in found if source == OUR_CHOICE)
    if ours and not policy.sample:
        yield PolicyProblem(
            (),
            f"{ours} of its {len(found)} clocks name no paragraph of the document; write source: at each, so that "
            "everybody can be told where a time limit comes from",
        )


def words(position: str) -> str:
    """A position as a person says it."""
    return position.replace("_", " ")
