"""``escalations policy try``: a story played by the rules alone, and its timeline."""

from __future__ import annotations

import difflib
import json
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeAlias

from escalations.intake.opening import InForce
from escalations.packs import reading
from escalations.packs.reading import Problem
from escalations.policy import Policy, Side
from escalations.rules import events, workingtime
from escalations.rules.actors import Actor
from escalations.rules.case import Case, DeliveryState, Status
from escalations.rules.decider import Refused
from escalations.rules.notices import Notice, Recipient
from escalations.rules.workingtime import CalendarExhausted
from escalations.simulation import stories
from escalations.simulation.acting import Maker
from escalations.simulation.alone import Alone, Happening
from escalations.simulation.stories import LATER, LONGEST, Deed, NotAStoryError, Place, Story
from escalations.store import directory_file
from escalations.web import clock_lives, words
from escalations.web.answers import Agency
from escalations.web.clock_lives import ClockLife
from escalations.web.telling import Names, sentence

WIDTH = 80
_PACKS = resources.files("escalations.packs")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An act that the rules did not accept."""

    at: datetime
    kind: str
    by: Actor
    refused: Refused


Line: TypeAlias = Happening | Refusal


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a story."""

    story: Story
    case: Case
    lines: tuple[Line, ...]

    @property
    def clocks(self) -> tuple[ClockLife, ...]:
        """Every clock that it had."""
        return clock_lives.lives(line.event for line in self.lines if isinstance(line, Happening))


def play(story: Story, policy: Policy) -> Played:
    """Play a story under a policy.

    Raises:
        NotAStoryError: an act cannot be made, or the acts are out of order.
    """
    return _Play(story, policy).played()


class _Play:
    def __init__(self, story: Story, policy: Policy) -> None:
        self._story = story
        self._frame = InForce(policy).frame(story.start)
        self._lines: list[Line] = []
        self._life = Alone(self._frame, post=self._post, hears=lambda _, happening: self._lines.append(happening))
        self._number = 0

    def _post(self, notice: Notice, at: datetime) -> DeliveryState:
        said = self._story.post.get(notice.to.agency_id or "")
        return DeliveryState.DELIVERED if said is None or (said.until and at >= said.until) else said.state

    def played(self) -> Played:
        story = self._story
        self._act(story.raised, story.start)
        moment = story.start
        for deed in story.then:
            moment = self._moment(deed, moment)
            self._act(deed, moment)
        self._life.until(self._end(moment))
        return Played(story, self._life.case, tuple(self._lines))

    def _not_a_story(self, place: Place, said: str) -> NotAStoryError:
        return NotAStoryError((self._story.problem(place, said),))

    def _moment(self, deed: Deed, before: datetime) -> datetime:
        moment = self._dated((*deed.place, "when"), deed, before)
        if moment < before:
            said = (
                f"is {workingtime.say(moment)}, before what came last ({workingtime.say(before)}); put it in its place"
            )
            raise self._not_a_story((*deed.place, "when"), said)
        return moment

    def _dated(self, place: Place, deed: Deed, before: datetime) -> datetime:
        try:
            return self._bounded(place, deed.when.from_(before, self._frame.calendar))
        except CalendarExhausted as past:
            raise self._not_a_story(place, str(past)) from None

    def _bounded(self, place: Place, moment: datetime) -> datetime:
        if moment - self._story.start > LONGEST:
            raise self._not_a_story(
                place, f"is more than {LONGEST.days} days after the start; a story ends before that"
            )
        return moment

    def _end(self, last: datetime) -> datetime:
        until = self._story.until
        if until is None:
            return last if self._life.case.status is Status.CLOSED else last + LATER
        try:
            end = self._bounded(("until",), until.from_(last, self._frame.calendar))
        except CalendarExhausted as past:
            raise self._not_a_story(("until",), str(past)) from None
        if end < last:
            raise self._not_a_story(("until",), f"is before the last act ({workingtime.say(last)})")
        return end

    def _act(self, deed: Deed, at: datetime) -> None:
        self._life.until_just_before(at)
        self._number += 1
        act = Maker(self._story, self._life.case).act(deed, at, number=self._number)
        decided = self._life.act(act)
        if isinstance(decided, Refused):
            self._lines.append(Refusal(at, deed.kind, act.by, decided))


# ---- The command ----------------------------------------------------------------------------------------------------


def policy_named(pack: str) -> Policy:
    """A policy that is shipped, by its id, or that of a file.

    Raises:
        NotAPolicyError: it cannot be read, or there is none of that name.
    """
    if Path(pack).suffix or Path(pack).exists():
        return reading.read(Path(pack))
    try:
        return reading.sample(pack)
    except (FileNotFoundError, NotADirectoryError):
        said = f"is no policy that is shipped, and no file; shipped are: {', '.join(shipped_policies())}"
        raise reading.NotAPolicyError((Problem(pack, None, "", said),)) from None


def shipped_policies() -> list[str]:
    """The ids of the policies that are shipped."""
    return sorted(file.name.removesuffix(".yaml") for file in _PACKS.iterdir() if _is_policy(file))


def _is_policy(file: Traversable) -> bool:
    return file.name.endswith(".yaml") and "directory" not in file.name


def shipped(pack: str) -> tuple[Path, ...]:
    """The stories that are shipped with a policy."""
    folder = Path(str(_PACKS)) / "stories" / pack
    return tuple(sorted(folder.glob("*.yaml"))) if folder.is_dir() else ()


def story_files(policy: Policy, story: str | None) -> tuple[Path, ...]:
    """The files of the stories that are meant.

    Raises:
        NotAStoryError: there is none of that name.
    """
    there = shipped(policy.id)
    if story is None:
        if there:
            return there
        said = f"no stories are shipped with {policy.id}: name a file"
        raise NotAStoryError((Problem(policy.id, None, "", said),))
    if Path(story).suffix or Path(story).exists():
        return (Path(story),)
    found = tuple(file for file in there if file.stem == story)
    if not found:
        said = f"is no story that is shipped with {policy.id}, and no file; shipped are: "
        raise NotAStoryError((Problem(story, None, "", said + (", ".join(file.stem for file in there) or "none")),))
    return found


def try_out(pack: str, story: str | None, *, as_json: bool, check: bool, say: Callable[[str], None]) -> bool:
    """Play what is meant, and say its timeline, or where it differs from the expected one; false where any does.

    Raises:
        NotAPolicyError, NotAStoryError: it cannot be played.
    """
    policy = policy_named(pack)
    files = story_files(policy, story)
    played = [(file, play(stories.read(file), policy)) for file in files]
    if check:
        agree = [_as_expected(file, one, say) for file, one in played]
        return all(agree)
    if as_json:
        found = [as_json_of(one) for _, one in played]
        say(json.dumps(found[0] if story else found, ensure_ascii=False, indent=2))
        return True
    for number, (_, one) in enumerate(played):
        if number:
            say("\n" + "-" * WIDTH + "\n")
        say(text(one).removesuffix("\n"))
    return True


def _as_expected(file: Path, played: Played, say: Callable[[str], None]) -> bool:
    expected = file.with_suffix(".expected")
    if not expected.exists():
        say(f"{file.name}: there is no {expected.name} beside it.")
        return False
    was, now = expected.read_text("utf-8"), text(played)
    if was == now:
        say(f"{file.name}: as expected.")
        return True
    say(f"{file.name}: not as expected.")
    for line in difflib.unified_diff(was.splitlines(), now.splitlines(), "expected", "played", lineterm=""):
        say(line)
    return False


# ---- To read --------------------------------------------------------------------------------------------------------

_QUIET = (events.ClockStarted, events.ClockEnded)
"""What the timeline is told without; the clocks are listed after it."""


def text(played: Played) -> str:
    """The timeline, in eighty columns."""
    return "\n".join(line.rstrip() for line in _text(played)) + "\n"


def _text(played: Played) -> Iterator[str]:
    policy, names = played.case.frame.policy, _names(played.case.frame.policy)
    yield from textwrap.wrap(played.story.title, WIDTH)
    yield from textwrap.wrap(f"{policy.title}, version {policy.version}", WIDTH)
    day = ""
    for line in played.lines:
        at, said, told = _line(line, names)
        if not said:
            continue
        civil = workingtime.civil(at)
        if (today := workingtime.say_day(civil.date())) != day:
            day = today
            yield from ("", day)
        yield from textwrap.wrap(said, WIDTH, initial_indent=f"  {civil:%H:%M}  ", subsequent_indent=" " * 9)
        for one in told:
            yield from textwrap.wrap(one, WIDTH, initial_indent=" " * 9 + "> ", subsequent_indent=" " * 11)
    yield from ("", "Clocks")
    for clock in played.clocks:
        yield from _clock(clock, names)
    yield ""
    yield _end_of(played)


def _line(line: Line, names: Names) -> tuple[datetime, str, Iterable[str]]:
    if isinstance(line, Refusal):
        what = line.kind.replace("_", " ")
        return line.at, f"REFUSED, {names.actor(line.by)}: {what}. {line.refused.sentence}", ()
    event = line.event
    delivered = isinstance(event, events.NoticeReported) and event.state is DeliveryState.DELIVERED
    if (isinstance(event, _QUIET) or delivered) and not line.told:
        return event.at, "", ()
    return event.at, sentence(event, names), (f"{words.NOTICES[one.kind]}: {_whom(one.to, names)}" for one in line.told)


def _whom(to: Recipient, names: Names) -> str:
    if to.side is Side.OUTSIDE:
        return names.recipient(to)
    if to.agency_id is None:
        return "the partnership team" if to.side is Side.TEAM else words.position(to.position)
    return f"{names.position(to.agency_id, to.position)}, {names.agency(to.agency_id)}"


def _clock(clock: ClockLife, names: Names) -> Iterator[str]:
    started = clock.started
    what = f"{started.clock_id}: {clock.title}, waits for {clock.whom(names)} ({clock.over})"
    yield from textwrap.wrap(what, WIDTH, initial_indent=" " * 2, subsequent_indent=" " * 6)
    yield f"      {started.amount} from {workingtime.say(started.at)}"
    for moved in clock.moved:
        yield f"      was due {workingtime.say(moved.was_due_at)}"
    yield f"      due {workingtime.say(clock.due_at)}"
    reminders = clock.moved[-1].reminders if clock.moved else started.reminders
    for reminder in reminders:
        yield f"      reminder {workingtime.say(reminder)}"
    yield from textwrap.wrap(clock.state, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 8)


def _end_of(played: Played) -> str:
    case = played.case
    if case.status is Status.CLOSED and case.outcome is not None:
        return f"Closed at stage {case.stage}: {_names(case.frame.policy).outcome(case.outcome)}."
    return "Not raised." if not case.seq else f"{words.STATUSES[case.status]}, at stage {case.stage}."


def _names(policy: Policy) -> Names:
    of = {one.id: Agency(one.id, one.name, one.type, one.town) for one in directory_file.sample().agencies}
    return Names(of, policy=policy)


# ---- For a machine --------------------------------------------------------------------------------------------------


def as_json_of(played: Played) -> dict[str, Any]:
    """Everything, for a machine: codes, ids, and instants in UTC."""
    policy, case = played.case.frame.policy, played.case
    return {
        "story": played.story.title,
        "policy": {"id": policy.id, "version": policy.version, "hash": policy.content_hash},
        "timeline": [_line_json(line) for line in played.lines],
        "clocks": [_clock_json(clock) for clock in played.clocks],
        "status": case.status.value,
        "stage": case.stage,
        "outcome": case.outcome.value if case.outcome else None,
    }


def _line_json(line: Line) -> dict[str, Any]:
    if isinstance(line, Refusal):
        refused = {"code": line.refused.code, "sentence": line.refused.sentence}
        by = line.by.model_dump(mode="json")
        return {"at": _utc(line.at), "kind": "refused", "act": line.kind, "by": by, **refused}
    event = line.event.model_dump(mode="json", exclude_none=True, exclude={"submission_id", "content_digest"})
    told = [
        {
            "notice": one.kind.value,
            "side": one.to.side.value,
            "agency_id": one.to.agency_id,
            "position": one.to.position,
            "asks": one.asks.value,
        }
        for one in line.told
    ]
    return {**event, "told": told}


def _clock_json(clock: ClockLife) -> dict[str, Any]:
    started = clock.started
    return {
        "clock_id": started.clock_id,
        "awaits": started.awaits.value,
        "waits_for": started.waits_for.value,
        "agency_id": started.agency_id,
        "stage": started.stage,
        "amount": started.amount,
        "started_at": _utc(started.at),
        "due_at": [*(_utc(moved.was_due_at) for moved in clock.moved), _utc(clock.due_at)],
        "receipt_hash": started.receipt_hash,
        "limit_passed_at": _utc(clock.limit_passed_at) if clock.limit_passed_at else None,
        "cause": clock.cause.value if clock.cause else None,
        "withdrawn": clock.withdrawn,
        "ended_at": _utc(clock.ended_at) if clock.ended_at else None,
        "end": clock.end.value if clock.end else None,
    }


def _utc(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
