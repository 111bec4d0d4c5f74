"""``escalations policy show --told``: for each event of a case, who is told, how, and what they may see.

Nothing here says who is told of what. Stories are played under the policy through the decider that runs every case, and
whom each event was told to is written down: by ``rules.notices.notices_for``, and for what the team may read by
``rules.access.reads_text``. So it cannot come to differ from what happens. What the stories do not bring about is said.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, get_args

from escalations.packs import saying
from escalations.policy import Policy, Side, Track
from escalations.rules import access, events, evolving, notices
from escalations.rules.access import Role
from escalations.rules.case import Case, new
from escalations.rules.events import Event
from escalations.rules.notices import LEAD, RAISER, TEAM_DEPUTY, WRITER, Ask, Notice
from escalations.simulation import stories, trying
from escalations.simulation.alone import REFERENCE, Happening
from escalations.simulation.stories import NotAStoryError
from escalations.web import telling, words

WIDTH: Final = 80
TOLD_SIDES: Final = (Side.RAISING, Side.RESPONDING, Side.FINAL_BODY, Side.OUTSIDE, Side.TEAM)
SIDES: Final = {
    Side.RAISING: "raising side",
    Side.RESPONDING: "responding side",
    Side.FINAL_BODY: "final body",
    Side.OUTSIDE: "an adviser",
    Side.TEAM: "the partnership",
}
BY_LINK: Final = "by the link reference, stage and dates; what it is about with a code sent to the same address"
"""What the page of a link shows to whoever was written to (rules of practice, "Who sees what, and when")."""
BY_ADVISERS_LINK: Final = (
    "by the link reference, stage and date; with a code the question, and of what was written only what the policy, or "
    "both sides, let them read"
)
"""What the page of the link shows to somebody who is asked for advice."""
NOBODY_ELSE: Final = (
    "Nobody else is told by this system: the agencies themselves tell a lead professional, a reviewing officer or the "
    "chair of a conference, and the family hears of it from people alone."
)


@dataclass(frozen=True, slots=True)
class Told:
    """One message to somebody."""

    side: Side
    whom: str
    notice: str
    asks: Ask
    sees: str

    @property
    def words(self) -> str:
        """The message, to whom, how, and what for."""
        what_for = "" if self.asks is Ask.TEAM else f", {telling.ASKED[self.asks].replace('your', 'the')}"
        return f"{self.whom}: “{self.notice}”, by mail{what_for}"


@dataclass(slots=True)
class Row:
    """One kind of event, and everybody who is told of it in some story."""

    label: str
    told: dict[Told, None] = field(default_factory=dict)
    team_sees: dict[str, None] = field(default_factory=dict)
    """What of a case the team may read on its board then."""

    def of(self, side: Side) -> list[Told]:
        """What a side is told."""
        return [one for one in self.told if one.side is side]


@dataclass(frozen=True, slots=True)
class Table:
    """All of it."""

    rows: tuple[Row, ...]
    not_met: tuple[str, ...]
    """The kinds of event that none of the stories brings about under this policy."""


def table(policy: Policy) -> Table:
    """Play the stories, and write down who was told of what."""
    rows: dict[str, Row] = {}
    met: set[str] = set()
    for happened in played(policy):
        frame = happened.frame
        state = new(REFERENCE, frame)
        for happening in happened.happenings:
            state = evolving.evolve(state, happening.event)
            met.add(happening.event.kind)
            label = _label(happening.event, state)
            if label is not None:
                _write_down(rows.setdefault(label, Row(label)), state, happening)
    kinds = [str(kind.model_fields["kind"].default) for kind in get_args(Event)]
    return Table(tuple(sorted(rows.values(), key=_place)), tuple(kind for kind in kinds if kind not in met))


@dataclass(frozen=True, slots=True)
class _Happened:
    frame: Any
    happenings: tuple[Happening, ...]


def played(policy: Policy) -> Iterator[_Happened]:
    """Each story's happenings. One that this policy cannot have (it has no such clock) is left out."""
    for number, text in enumerate(texts(policy)):
        try:
            found = trying.play(stories.read_text(text, f"story-{number}"), policy)
        except NotAStoryError:
            continue
        happenings = tuple(line for line in found.lines if isinstance(line, Happening))
        yield _Happened(found.case.frame, happenings)


def _write_down(row: Row, state: Case, happening: Happening) -> None:
    event = happening.event
    # It is told in the same instant as the stage begins, and reads everything from then on.
    begins = isinstance(event, events.StageStarted) and state.frame.policy.stage(event.stage).partnership_told
    everything = begins or access.reads_text(state, frozenset({Role.TEAM}))
    team_sees = "everything" if everything else "reference, agencies and dates"
    row.team_sees[team_sees] = None
    for notice in happening.told:
        sees = {Side.TEAM: team_sees, Side.OUTSIDE: BY_ADVISERS_LINK}.get(notice.to.side, BY_LINK)
        row.told[Told(notice.to.side, _whom(state, notice), words.NOTICES[notice.kind], notice.asks, sees)] = None


def _whom(state: Case, notice: Notice) -> str:
    position = notice.to.position
    if position == RAISER:
        return "whoever raised it"
    if position == LEAD and notice.to.agency_id in state.co_raisers:
        return "the contact of an agency that raises it too"
    if position == WRITER:
        return "the address that it was raised from"
    if notice.to.side is Side.TEAM:
        return "the team's deputy" if position == TEAM_DEPUTY else "the team"
    if notice.to.side is Side.OUTSIDE:
        return "whoever is asked for advice"
    if notice.to.side is Side.FINAL_BODY:
        return saying.position(position)
    if position == LEAD:
        return "the agency's escalation lead"
    rule = state.frame.policy.stage(max(notice.stage, 1))
    here = rule.raising_position if notice.to.side is Side.RAISING else rule.responding_position
    if position == here:
        return "who is asked at the stage"
    asked = {
        getattr(stage, f"{notice.to.side}_position") for stage in state.frame.policy.stages[: max(notice.stage, 1)]
    }
    return "who was asked at an earlier stage" if position in asked else "who would be asked at the next stage"


# ---- Events as people name them -------------------------------------------------------------------------------------

_ORDER: Final = ("raised", "held", "completed", "passed on", "stage", "a notice", "acknowledged", "a person", "words")


def _place(row: Row) -> int:
    label = row.label.lower()
    return next((place for place, word in enumerate(_ORDER) if label.startswith(word)), len(_ORDER))


def _label(event: Event, state: Case) -> str | None:
    """What an event is called here; none for what only keeps time."""
    match event:
        case events.Raised():
            return "Held for the team" if event.held else "Raised"
        case events.StageStarted():
            return f"Stage {event.stage} begins"
        case events.ClockStarted():
            title = saying.TITLES[event.awaits]
            return f"Asked: {title[0].lower()}{title[1:]}" if _asks(event, state) else None
        case events.ReminderFell():
            return f"Reminder, waiting for {saying.SIDES[event.waits_for]}"
        case events.LimitPassed():
            return f"Time limit passed, waiting for {saying.SIDES[event.waits_for]}"
        case events.NoticeReported():
            return f"A notice: {words.DELIVERIES[event.state].lower()}"
        case events.PartnershipNotified():
            return "The policy tells the partnership" + (" of a stage" if event.of == "stage" else " how it ended")
        case events.MessageReported():
            return f"A message that is no answer: {event.message.replace('_', ' ')}"
        case events.WordsAdded():
            return f"Words added by {saying.SIDES[event.by.side]}"
        case events.Responded():
            return "Answered"
        case events.ClockEnded() | events.ClockResumed():
            return None
        case _:
            said = event.kind.replace("_", " ")
            return f"{said[0].upper()}{said[1:]}"


def _asks(event: events.ClockStarted, state: Case) -> bool:
    """Whether somebody is told of it when it starts; the notice of a stage tells of the others."""
    return bool(notices.notices_for(state, event))


# ---- The stories ----------------------------------------------------------------------------------------------------

_RAISED: Final = "story: S\nstart: 2027-03-01 09:30\nraised:\n  by: oak-school\n  with: [childrens-services, police]\n"


def texts(policy: Policy) -> tuple[str, ...]:
    """The stories, fitted to a policy's number of stages and its first clock."""
    clock = next(one.id for one in policy.stages[0].clocks if one.extendable) if _extendable(policy) else "none"
    wide = _story(("1 hour later", "acknowledge", "by: childrens-services"), ("1 hour later", "respond", "by: police"),
                  ("1 hour later", "agree", "agency: police"),
                  ("1 hour later", "respond", "by: childrens-services"), ("1 hour later", "agree"))  # fmt: skip
    up = [step for _ in policy.stages[:-1] for step in (
        ("1 working hour later", "acknowledge"), ("1 working hour later", "respond"), ("1 hour later", "move up"),
        ("2 working days later, 11:00", "add words"),
    )]  # fmt: skip
    return (
        f"{_RAISED}until: 8 weeks later\n",
        f"{_RAISED}  track: urgent\nuntil: 3 weeks later\n",
        wide,
        _story(*up, ("1 working day later, 15:00", "decide")),
        _story(("1 hour later", "move up"), ("1 minute later", "stay"), ("1 hour later", "add words", "by: raising"),
               ("1 hour later", "add words", "by: the team")),
        _story(("3 working days later, 10:00", "say done", "done: answered", "happened: 2027-03-01 15:00",
                "by: childrens-services"), ("1 hour later", "confirm done"),
               ("1 hour later", "say done", "done: spoke", "by: police", "happened: 2027-03-02 11:00"),
               ("1 hour later", "deny done")),
        _story(("1 hour later", "note phone call", "reached: false"), ("1 hour later", "note phone call"),
               before="notices:\n  childrens-services: undelivered until 2027-03-01 10:15\n"),
        _story(("1 hour later", "note phone call"), before="notices:\n  childrens-services: no one in post\n"),
        _story(("1 hour later", "pause", "reason: court"), ("6 weeks later", "resume"),
               ("1 hour later", "extend", f"clock: {clock}", "by amount: 1 working day")),
        _story(("1 hour later", "report message", "message: unreadable reply"),
               ("1 hour later", "report message", "message: automatic reply")),
        _story(("1 hour later", "reached by person", "by: the team"), raised="  track: urgent\n"),
        _story(("3 working days later, 10:00", "account", f"clock: {clock}", "by: police",
               "says: nobody there"),
               ("10 working days later, 10:00", "confirm cause", f"clock: {clock}", "cause: closed")),
        _story(("1 hour later", "add words", "by: raising"), ("1 hour later", "pass on",
               "responding agencies: [childrens-services]"), raised="  hold: true\n"),
        _story(("1 hour later", "close", "outcome: redirected", "route: complaint"), raised="  hold: true\n"),
        _story(("1 hour later", "close", "outcome: withdrawn", "on word of: raising")),
        _story(("2 working days later, 10:00", "object", "by: raising"), ("2 working days later, 10:00", "object",
               "by: childrens-services")),
        _story(("1 hour later", "change track", "track: urgent")),
        *_after_the_end(policy),
        _story(*_advice(policy)),
        *_together(policy),
        _story(("7 working days later, 10:00", "respond", "by: police"), ("1 hour later", "respond",
               "by: childrens-services"), ("1 hour later", "agree")),
        *(_story(("1 hour later", "set priority", f"priority: {level.code}")) for level in policy.priorities[:1]),
        *(_story(("1 hour later", "set sooner", f"clock: {one}", 'due at: "2027-03-02T16:00:00Z"'))
          for one in _may_be_sooner(policy)),
        *(_story(("1 hour later", "complete", "by: raising"), raised=f"  about: not stated\n{more}")
          for more in ("", "  hold: true\n")),
    )  # fmt: skip


_PLAN: Final = "actions: [{agency: childrens-services, by: 2027-03-10}, {agency: oak-school, by: 2027-03-12}]"


def _after_the_end(policy: Policy) -> tuple[str, ...]:
    """A plan that is kept, one that is not, a dissent, and the follow-up where the policy has one."""
    planned = (("1 hour later", "respond"), ("1 hour later", "propose plan", _PLAN))
    follow_up = "until: 20 weeks later\n" if policy.follow_up is not None else ""
    return (
        _story(*planned, ("1 hour later", "answer plan"), ("1 hour later", "report action"),
               ("1 hour later", "check action", "so: false"), ("1 hour later", "record dissent"),
               ("1 hour later", "agree"), before=follow_up or "until: 3 weeks later\n"),
        _story(*planned, ("1 hour later", "answer plan", "says: not agreed"), ("1 hour later", "record dissent",
               "by: raising", "formal: true")),
    )  # fmt: skip


def _advice(policy: Policy) -> tuple[tuple[str, ...], ...]:
    """Somebody is asked for advice at the first stage at which they may be, gives it, and is asked no longer."""
    rule = policy.can_advise[0]
    up = [step for _ in range(1, rule.from_stage) for step in (
        ("1 working hour later", "move up"), ("2 working days later, 11:00", "add words"),
    )]  # fmt: skip
    asked = ("1 hour later", "invite adviser", f"on word of: {rule.asked_by[0].value}")
    return (*up, asked, ("1 hour later", "give advice"), ("1 hour later", "end advice"))


def _together(policy: Policy) -> tuple[str, ...]:
    """Two agencies raise it, one more joins, the lead agrees over a dissent, and one leaves."""
    if not policy.together.on(Track.STANDARD):
        return ()
    with_another = "  together with: [health-visiting]\n"
    agrees = (("1 hour later", "respond", "by: childrens-services"), ("1 hour later", "record dissent",
              "by: health-visiting"), ("1 hour later", "agree"))  # fmt: skip
    return (
        _story(*agrees, ("1 hour later", "answer agreement", "settles: false"), ("1 hour later", "change raisers",
               "leave: [health-visiting]", "because: no longer ours"), raised=with_another),
        _story(("1 hour later", "change raisers", "add: [health-visiting]")),
    )  # fmt: skip


def _may_be_sooner(policy: Policy) -> list[str]:
    """The first clock of the first stage for which a sooner time may be set."""
    sooner = [one.id for one in policy.stages[0].clocks if any(limit.or_sooner for limit in one.limits.values())]
    return sooner[:1]


def _extendable(policy: Policy) -> bool:
    return any(one.extendable for one in policy.stages[0].clocks)


def _story(*acts: tuple[str, ...], raised: str = "", before: str = "") -> str:
    then = "".join(
        f"  - when: {when}\n    does: {does}\n" + "".join(f"    {part}\n" for part in parts)
        for when, does, *parts in acts
    )
    return f"{_RAISED}{raised}{before}then:\n{then}"


# ---- To read, and for a machine -------------------------------------------------------------------------------------


def lines(found: Table) -> Iterator[str]:
    """The table as lines of at most eighty columns."""
    for row in found.rows:
        yield ""
        yield row.label
        for side in TOLD_SIDES:
            yield from _cell(SIDES[side], _said(row, side))
        not_told = [SIDES[side] for side in TOLD_SIDES if not _said(row, side)]
        if not_told:
            yield from _cell("not told", [", ".join(not_told)])
    yield ""
    yield from textwrap.wrap(f"Whoever is written to sees {BY_LINK}. {NOBODY_ELSE}", WIDTH)
    if found.not_met:
        said = ", ".join(kind.replace("_", " ") for kind in found.not_met)
        yield ""
        yield from textwrap.wrap(f"Not met in the stories that this is drawn from: {said}.", WIDTH)


def _said(row: Row, side: Side) -> list[str]:
    told = list(dict.fromkeys(one.words for one in row.of(side)))
    if side is not Side.TEAM:
        return told
    first, *more = sorted(row.team_sees, reverse=True)
    return [*told, f"on the board: {first}{'; everything once the policy has told it' if more else ''}"]


def _cell(heading: str, said: Sequence[str]) -> Iterator[str]:
    for number, text in enumerate(said):
        first = f"  {heading if number == 0 else '':<17}"
        yield from textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=" " * 21)


def as_data(found: Table) -> dict[str, Any]:
    """The same for a machine."""
    return {
        "events": [
            {
                "event": row.label,
                "told": [
                    {
                        "side": one.side.value,
                        "whom": one.whom,
                        "notice": one.notice,
                        "how": "mail",
                        "asks": one.asks.value,
                        "sees": one.sees,
                    }
                    for one in row.told
                ],
                "not_told": [side.value for side in TOLD_SIDES if side is not Side.TEAM and not row.of(side)],
                "team_on_the_board": list(row.team_sees),
            }
            for row in found.rows
        ],
        "not_met": list(found.not_met),
    }
