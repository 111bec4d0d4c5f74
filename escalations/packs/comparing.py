"""Two policies compared, clause by clause: what changes for a case, in words, with a worked example for each limit.

The whole content of both is gone through, so that what came into the policy language after this was written is compared
as well: a part without words of its own is named as the file names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, assert_never

from typing_extensions import override

from escalations.packs import saying
from escalations.policy import Awaits, ClockRule, OnLimit, Policy, Side, StageRule, StartsFrom
from escalations.rules import workingtime
from escalations.rules.codelists import CodeEntry, ListKind
from escalations.rules.workingtime import Amount, Calendar


class About(StrEnum):
    """What a change is about."""

    CASE = "case"
    """What happens in a case raised under the other one."""
    SOURCE = "source"
    """The paragraph behind a rule."""
    DOCUMENT = "document"
    """Its title, version and adoption."""


class What(StrEnum):
    """What happened to a part."""

    CHANGED = "changed"
    ADDED = "added"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different."""

    about: About
    what: What
    place: str
    """As a person names it: Stage 1, answer, standard track."""
    sentence: str
    example: str = ""
    """For a time limit: when it would end, and when it does."""
    was: Any = None
    becomes: Any = None

    @override
    def __str__(self) -> str:
        """Return the place, what changes, and the example."""
        said = f"{self.place}: {self.sentence}" if self.place else f"{self.sentence[0].upper()}{self.sentence[1:]}"
        return f"{said}; {self.example}." if self.example else f"{said}."

    def as_data(self) -> dict[str, Any]:
        """The same for a machine."""
        found = {
            "about": self.about.value,
            "what": self.what.value,
            "place": self.place,
            "sentence": str(self),
            "was": self.was,
            "becomes": self.becomes,
        }
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Frozen:
    """One of the two policies, with the calendar that a case would be frozen to."""

    policy: Policy
    calendar: Calendar


def compare(old: Frozen, new: Frozen, *, received: datetime) -> tuple[Change, ...]:
    """What is different in the new one.

    Args:
        old: the one that is compared with.
        new: the other.
        received: when the case of the examples is received, and every clock of them starts.
    """
    examples = _Examples(old, new, received)
    found = list(_of_policy(old.policy, new.policy, examples))
    found.extend(examples.counted_otherwise())
    return tuple(sorted(found, key=lambda change: list(About).index(change.about)))


# ---- Going through both ---------------------------------------------------------------------------------------------

_OF_DOCUMENT: Final = {"id", "title", "version", "sample", "assumptions", "adoption", "reference_prefix"}
_CLOCKS: Final = {
    "process_clocks": "Over all stages",
    "raiser_clocks": "At any stage",
    "team_clocks": "The partnership's team",
}


def _of_policy(old: Policy, new: Policy, examples: _Examples) -> Iterator[Change]:
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    yield from _stages(old, new, examples)
    for group, words in _CLOCKS.items():
        yield from _clocks(words, getattr(old, group), getattr(new, group), examples)
    for name in dict.fromkeys((*before, *after)):
        if name in {"stages", "lists", *_CLOCKS}:
            continue
        about = About.DOCUMENT if name in _OF_DOCUMENT else About.CASE
        yield from _parts((name,), before.get(name), after.get(name), about)
    yield from _lists(old, new)


def _lists(old: Policy, new: Policy) -> Iterator[Change]:
    """The lists as they are in force; one that a policy does not say is the usual one."""
    if old.lists is not None and new.lists is not None:
        yield from _parts(("lists",), _of_lists(old), _of_lists(new), About.DOCUMENT)
    for kind in ListKind:
        was, becomes = ({one.code: one for one in policy.codes(kind)} for policy in (old, new))
        place = kind.heading
        for code in dict.fromkeys((*becomes, *was)):
            at = f"{place}, {code.replace('_', ' ')}"
            if code in was and code in becomes:
                yield from _parts((at,), _of_entry(was[code]), _of_entry(becomes[code]), About.CASE)
            elif code in becomes:
                took = [older for older in becomes[code].was if older in was]
                of = f", in place of {_and(f'“{was[older].words}”' for older in took)}" if took else ""
                yield Change(
                    About.CASE, What.ADDED, at, f"is new: “{becomes[code].words}”{of}", becomes=_of_entry(becomes[code])
                )  # fmt: skip
            else:
                now = new.codes(kind).present(code)
                counts = (
                    f"is counted as “{becomes[now].words}”"
                    if now is not None
                    else "nothing takes its place, so a review over both counts it apart"
                )
                yield Change(
                    About.CASE, What.DROPPED, at, f"“{was[code].words}” is dropped; {counts}", was=_of_entry(was[code])
                )  # fmt: skip


def _of_lists(policy: Policy) -> dict[str, Any]:
    return {} if policy.lists is None else policy.lists.model_dump(mode="json", include={"version", "source"})


def _of_entry(entry: CodeEntry) -> dict[str, Any]:
    return entry.model_dump(mode="json", exclude={"code"})


def _stages(old: Policy, new: Policy, examples: _Examples) -> Iterator[Change]:
    """Stages are compared by their number: that is what people call them."""
    before = {stage.number: stage for stage in old.stages}
    after = {stage.number: stage for stage in new.stages}
    for number in sorted({*before, *after}):
        place = f"Stage {number}"
        was, becomes = before.get(number), after.get(number)
        if was is None and becomes is not None:
            yield Change(
                About.CASE, What.ADDED, place, f"is new: {becomes.title}, {_asked(becomes)}", becomes=_data(becomes)
            )
            yield from _clocks(place, (), becomes.clocks, examples)
        elif becomes is None and was is not None:
            yield Change(About.CASE, What.DROPPED, place, f"is dropped: {was.title}, {_asked(was)}", was=_data(was))
        elif was is not None and becomes is not None:
            yield from _parts((place,), _data(was), _data(becomes), About.CASE)
            yield from _clocks(place, was.clocks, becomes.clocks, examples)


def _asked(stage: StageRule) -> str:
    return f"{saying.position(stage.raising_position)} with {saying.position(stage.responding_position)}"


def _data(stage: StageRule) -> dict[str, Any]:
    return stage.model_dump(mode="json", exclude={"clocks", "number"})


def _clocks(
    place: str, before: Sequence[ClockRule], after: Sequence[ClockRule], examples: _Examples
) -> Iterator[Change]:
    """Clocks are the same by their id, and where that was renamed by what they alone await there."""
    left = {clock.id: clock for clock in before}
    for clock in after:
        was = left.pop(clock.id, None) or _renamed(clock, before, after, left)
        if was is None:
            yield Change(
                About.CASE, What.ADDED, f"{place}, {_title(clock)}", f"is new: {_limits(clock)}",
                becomes=clock.model_dump(mode="json"),
            )  # fmt: skip
        else:
            left.pop(was.id, None)
            yield from _clock(place, was, clock, examples)
    for clock in left.values():
        yield Change(
            About.CASE, What.DROPPED, f"{place}, {_title(clock)}", f"is dropped: {_limits(clock)}",
            was=clock.model_dump(mode="json"),
        )  # fmt: skip


def _renamed(
    clock: ClockRule, before: Sequence[ClockRule], after: Sequence[ClockRule], left: Mapping[str, ClockRule]
) -> ClockRule | None:
    here = [one for one in before if one.awaits is clock.awaits and one.id in left]
    there = [one for one in after if one.awaits is clock.awaits and one.id not in {old.id for old in before}]
    return here[0] if len(here) == 1 and len(there) == 1 else None


def _clock(place: str, was: ClockRule, becomes: ClockRule, examples: _Examples) -> Iterator[Change]:
    where = f"{place}, {_title(becomes)}"
    before, after = was.model_dump(mode="json"), becomes.model_dump(mode="json")
    for name in dict.fromkeys((*before, *after)):
        if name != "limits":
            yield from _parts((where, name), before.get(name), after.get(name), About.CASE)
    for track in dict.fromkeys((*was.limits, *becomes.limits)):
        old, new = was.limits.get(track), becomes.limits.get(track)
        old_ones = dict(old.all_of_them) if old is not None else {}
        new_ones = dict(new.all_of_them) if new is not None else {}
        for priority in dict.fromkeys((*old_ones, *new_ones)):
            at = f"{where}, {track.value} track" + (f", priority {priority}" if priority else "")
            one, other = old_ones.get(priority), new_ones.get(priority)
            if one is None and other is not None:
                yield Change(About.CASE, What.ADDED, at, f"there is now a limit of {other.within.words()}")
            elif other is None and one is not None:
                yield Change(About.CASE, What.DROPPED, at, f"the limit of {one.within.words()} is dropped")
            elif one is not None and other is not None:
                parts = (one.model_dump(mode="json"), other.model_dump(mode="json"))
                for part in parts:
                    part.pop("by_priority", None)
                    part.pop("within")
                if one.within != other.within:
                    yield Change(
                        About.CASE, What.CHANGED, at, f"{one.within.words()} becomes {other.within.words()}",
                        examples.of(becomes, one.within, other.within),
                        was=one.within.words(), becomes=other.within.words(),
                    )  # fmt: skip
                else:
                    examples.unchanged(at, becomes, one.within)
                yield from _parts((at,), *parts, About.CASE)


def _title(clock: ClockRule) -> str:
    title = saying.TITLES[clock.awaits]
    return f"{title[0].lower()}{title[1:]}"


def _limits(clock: ClockRule) -> str:
    return ", ".join(f"{track.value} {limit.within.words()}" for track, limit in clock.limits.items())


# ---- What has no words of its own -----------------------------------------------------------------------------------


def _parts(place: tuple[str, ...], was: Any, becomes: Any, about: About) -> Iterator[Change]:  # noqa: ANN401  any part of a policy
    """Whatever is different in a part, down to the last value."""
    if was == becomes:
        return
    if isinstance(was, dict) and isinstance(becomes, dict) and not _is_amount(was):
        for name in dict.fromkeys((*was, *becomes)):
            yield from _parts((*place, name), was.get(name), becomes.get(name), about)
    elif isinstance(was, list) and isinstance(becomes, list) and _named(was) and _named(becomes):
        yield from _named_parts(place, was, becomes, about)
    elif _texts(was) and _texts(becomes):
        yield from (_leaf(place, one, None, about, listed=True) for one in was if one not in becomes)
        yield from (_leaf(place, None, one, about, listed=True) for one in becomes if one not in was)
    else:
        yield _leaf(place, was, becomes, about)


def _named_parts(place: tuple[str, ...], was: list[Any], becomes: list[Any], about: About) -> Iterator[Change]:
    before, after = ({_name(one): one for one in parts} for parts in (was, becomes))
    for name in dict.fromkeys((*before, *after)):
        if name in before and name in after:
            yield from _parts((*place, name), before[name], after[name], about)
        else:
            yield _leaf((*place, name), before.get(name), after.get(name), about)


def _named(parts: list[Any]) -> bool:
    """Whether each part has a name of its own, by which it is known again."""
    return all(isinstance(one, dict) and _name(one) for one in parts)


def _name(part: Mapping[str, Any]) -> str:
    return str(next((part[key] for key in ("id", "code", "number") if key in part), ""))


def _texts(parts: object) -> bool:
    return isinstance(parts, list) and bool(parts) and all(isinstance(one, str) for one in parts)


def _is_amount(part: object) -> bool:
    return isinstance(part, dict) and set(part) == {"value", "unit"}


def _leaf(place: tuple[str, ...], was: Any, becomes: Any, about: About, *, listed: bool = False) -> Change:  # noqa: ANN401  any value of a policy
    *where, field = place
    if field == "source":
        about = About.SOURCE
    name = _FIELDS.get(field, field.replace("_", " "))
    what = What.CHANGED
    if not isinstance(was or becomes, str | bool | int) and not _is_amount(was or becomes):
        what = What.ADDED if was is None else What.DROPPED if becomes is None else What.CHANGED
    elif listed:
        what = What.ADDED if was is None else What.DROPPED
    match what:
        case What.ADDED:
            sentence = f"{name} is new: {_value(becomes, field)}"
        case What.DROPPED:
            sentence = f"{name} is dropped: {_value(was, field)}"
        case What.CHANGED:
            sentence = f"{name}: {_value(was, field)} becomes {_value(becomes, field)}"
        case _:
            assert_never(what)
    said = ", ".join(_FIELDS.get(part, part.replace("_", " ")) for part in where)
    return Change(about, what, f"{said[:1].upper()}{said[1:]}", sentence, was=was, becomes=becomes)


_FIELDS: Final = {
    "awaits": "what has to happen",
    "on_limit": "when the time limit passes",
    "remind_before": "reminders",
    "starts_from": "counted from",
    "waits_for": "who is waited for",
    "raising_position": "who is asked of the raising side",
    "responding_position": "who is asked of the responding side",
    "partnership_told": "whether the partnership is told when it begins",
    "decided_by_final_body": "whether the final body decides",
    "formal": "whether it is formal",
    "may_pause": "whether it may be paused",
    "may_extend": "whether it may be extended",
    "extend_at_most": "the most that it may be extended by",
    "extend_times": "how often it may be extended",
    "or_sooner": "whether a sooner time may be set",
    "day_zero": "the day of the start",
    "office_hours": "when working hours run",
    "close_of_business": "when a day that is counted ends",
    "cut_off": "from when on what comes counts as the next working day's",
    "calendar_days_end": "where calendar days end",
    "agency_closures": "what the closure of an agency does to its time limits",
    "one_person_two_rungs": "whom it asks where one person holds two levels",
    "undelivered": "what a notice that does not arrive does",
    "told_before_move": "how long before a move up the level passed over is told",
    "word_to_raiser_every": "how long the raiser is left without word at most",
    "accounts_within": "how long both agencies have to add their account",
    "pause_at_most": "how long a pause lasts before the team is told",
    "resolution_told": "whether the partnership is told how a case ended",
    "source": "the paragraph behind it",
    "no_longer_used_from": "the day from which it is no longer used",
    "was": "the earlier codes that it takes the place of",
    "plans": "actions of a plan",
    "on_the_day": "whether their owner is reminded on the day",
    "raised_together": "several agencies that raise together",
    "taken": "whether it is taken",
    "tracks": "on which tracks",
    "over_dissent": "what the lead's agreement means over the dissent of another one",
    "closing": "after the end",
    "feedback": "whether each side is asked what changed, and how it felt",
    "follow_up": "the follow-up",
    "after": "how long after the end it is asked",
    "asks": "whom it asks",
    "answer_within": "how long they have to answer",
    "unanswered": "where nobody answers",
    "advisers": "who may be asked for advice",
    "asked_by": "at whose wish they may be asked",
    "from_stage": "from which stage",
    "reads": "what they read",
}
_WORDS: Final[dict[str, dict[str, str]]] = {
    "awaits": {code.value: saying.AWAITED[code] for code in Awaits},
    "on_limit": {code.value: saying.THEN[code] for code in OnLimit},
    "starts_from": {code.value: saying.FROM[code] for code in StartsFrom},
    "waits_for": {code.value: saying.SIDES[code] for code in Side},
    "day_zero": {"next": "does not count", "same": "counts where it came before close of business"},
    "calendar_days_end": {"any_day": "on any day", "next_working_day": "on a working day"},
    "asks": {code.value: saying.SIDES[code] for code in Side},
    "asked_by": {code.value: saying.SIDES[code] for code in Side},
    "reads": {code.value: said for code, said in saying.READS.items()},
    "over_dissent": {code.value: said for code, said in saying.OVER_DISSENT.items()},
    "unanswered": {code.value: said for code, said in saying.UNANSWERED.items()},
    "agency_closures": {"deadline_stays": "nothing", "days_do_not_count": "its days do not count"},
    "one_person_two_rungs": {
        "next_person": "the next level that another person holds",
        "asked_again": "the same person",
    },
    "undelivered": {"wait": "starts no clock of the agency", "start": "starts the agency's clocks all the same"},
}


def _value(value: Any, field: str) -> str:  # noqa: ANN401  any value of a policy
    if value is None:
        return "not said"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if _is_amount(value):
        return Amount.model_validate(value).words()
    if isinstance(value, list):
        return _and(_value(one, field) for one in value) if value else "none"
    if isinstance(value, dict):
        parts = (f"{name.replace('_', ' ')} {_value(one, name)}" for name, one in value.items() if one is not None)
        return "; ".join(parts)
    if field.endswith("position"):
        return saying.position(str(value))
    known = _WORDS.get(field, {}).get(str(value))
    text = str(value).removesuffix(".")
    return known or (f"“{text}”" if re.search(r"\s", text) else text)


def _and(parts: Iterable[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


# ---- Worked examples ------------------------------------------------------------------------------------------------


class _Examples:
    """When a time limit ends under either policy, for a clock that starts at one moment."""

    def __init__(self, old: Frozen, new: Frozen, received: datetime) -> None:
        self._old, self._new, self._at = old.calendar, new.calendar, received
        self._same: list[Change] = []

    def of(self, clock: ClockRule, was: Amount, becomes: Amount) -> str:
        """When it would end, and when it does."""
        before, after = self._due(self._old, was), self._due(self._new, becomes)
        start = (
            f"a case received at {workingtime.say(self._at)}"
            if clock.starts_from is StartsFrom.RECEIVED
            else f"counted from {saying.FROM[clock.starts_from]} at {workingtime.say(self._at)}, it"
        )
        if before == after:
            return f"{start} would be due at {workingtime.say(after)} as before"
        return f"{start} would be due at {workingtime.say(after)} instead of {workingtime.say(before)}"

    def unchanged(self, place: str, clock: ClockRule, within: Amount) -> None:
        """Look at a limit that stays the same, and may still end at another time."""
        if self._due(self._old, within) != self._due(self._new, within):
            self._same.append(
                Change(
                    About.CASE, What.CHANGED, place, f"{within.words()} stays, and is counted otherwise",
                    self.of(clock, within, within),
                )
            )  # fmt: skip

    def counted_otherwise(self) -> Iterator[Change]:
        """The limits that stay the same and end at another time."""
        return iter(self._same)

    def _due(self, calendar: Calendar, within: Amount) -> datetime:
        return workingtime.deadline(calendar, self._at, within)
