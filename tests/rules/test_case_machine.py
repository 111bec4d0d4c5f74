"""Anybody tries anything at any time, and time passes punctually or late: what holds of every case."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from escalations.packs import reading
from escalations.policy import Policy, Side, Track, Undelivered
from escalations.rules import acts, case, clocks, decider, events, evolving, notices, passing
from escalations.rules.actors import SYSTEM, Actor, Channel
from escalations.rules.case import Case, DeliveryState, Frame, Status
from tests import builders
from tests.builders import POLICE, SCHOOL, SOCIAL_CARE, TEAM, civil
from tests.deeds import ACTORS, BY_A_PERSON, KINDS, deed


def policies() -> list[Policy]:
    """Give the sample; where undelivered starts the time; one that moves up on silence; all that one can say."""
    sample = reading.sample()
    values = sample.model_dump()
    for stage in values["stages"][:3]:
        for clock in stage["clocks"]:
            clock.update(on_limit="escalate", source="paragraph 4.2")
    return [
        sample,
        sample.model_copy(update={"undelivered": Undelivered.START}),
        Policy.model_validate(values),
        builders.with_priorities(or_sooner=True),
        reading.sample("strict-sample"),
    ]


def frames() -> list[Frame]:
    """Give each policy with its calendar, and beside each what a re-date can put in its place."""
    found = [builders.frame(policy) for policy in policies()]
    beside = [*found, *(builders.closed(frame, "2027-03-03", "2027-03-09") for frame in found)]
    return [frame.offering(*(other for other in beside if other != frame)) for frame in found]


FRAMES: list[Frame] = frames()
WAITS = st.one_of(
    st.integers(1, 90).map(lambda minutes: timedelta(minutes=minutes)),
    st.integers(1, 90).map(lambda hours: timedelta(hours=hours)),
    st.integers(1, 20).map(lambda days: timedelta(days=days)),
)


class CaseMachine(RuleBasedStateMachine):
    """One case, and everything that can be tried on it."""

    def __init__(self) -> None:
        """Start before anything has happened."""
        super().__init__()
        self.now: datetime = civil("2027-03-01 09:30")
        self.case: Case = case.new(builders.REFERENCE, FRAMES[0])
        self.happened: list[events.Event] = []
        self.limits: Counter[str] = Counter()
        self.stages: list[int] = []

    @initialize(
        frame=st.sampled_from(FRAMES),
        track=st.sampled_from(Track),
        both=st.booleans(),
        held=st.booleans(),
        start=st.sampled_from(["2027-03-01 09:30", "2027-03-26 16:59", "2027-10-29 23:30", "2027-12-24 12:00"]),
    )
    def begins(self, frame: Frame, track: Track, start: str, *, both: bool, held: bool) -> None:
        """Raise it: near a change of the clocks, before a holiday or on any day; with one agency, with two, or held."""
        self.now = civil(start)
        self.case = case.new(builders.REFERENCE, frame)
        agencies = (SOCIAL_CARE, POLICE) if both else (SOCIAL_CARE,)
        raised = builders.raise_(
            self.now,
            track=track,
            responding_agencies=agencies,
            hold=held,
            by=TEAM if held else builders.raiser(),
            channel=Channel.TEAM if held else Channel.FORM,
        )
        self._does(raised)

    @rule(length=WAITS)
    def waits(self, length: timedelta) -> None:
        """Let time pass, with the system waking whenever the rules want it."""
        until = self.now + length
        while (wake := clocks.next_wake(self.case)) is not None and wake <= until:
            self.now = max(self.now, wake)
            self._time()
        self.now = until

    @rule(length=WAITS)
    def sleeps(self, length: timedelta) -> None:
        """Let time pass while our system does not run, and start it again."""
        self.now += length
        self._time()

    @rule(length=WAITS)
    def is_away(self, length: timedelta) -> None:
        """Let time pass while our system does not run; whoever acts next is the first to be heard."""
        self.now += length

    @rule(
        kind=st.sampled_from(KINDS[1:]),
        who=st.sampled_from(list(ACTORS.values())),
        choice=st.integers(0, 60),
        ago=st.none() | st.integers(-30, 9_000),
    )
    def tries(self, kind: type[acts.ActModel], who: Actor, choice: int, ago: int | None) -> None:
        """Let anybody try anything, which they may say happened earlier."""
        self._does(
            deed(kind, who, self.case, self.now, choice=choice, ago=None if ago is None else timedelta(minutes=ago))
        )

    @rule(
        choice=st.integers(0, 60),
        ago=st.none() | st.integers(1, 9_000),
        kind=st.sampled_from(
            [
                acts.Acknowledge,
                acts.Respond,
                acts.SayDone,
                acts.MoveUp,
                acts.Stay,
                acts.Object,
                acts.ConfirmDone,
                acts.DenyDone,
                acts.NotePhoneCall,
                acts.PassOn,
                acts.Pause,
                acts.Resume,
                acts.Extend,
                acts.SetSooner,
                acts.SetPriority,
                acts.Redate,
                acts.ChangeTrack,
                acts.SayNotUrgent,
                acts.AddWords,
                acts.ConfirmCause,
                acts.Misdirected,
                acts.FindTheirs,
                acts.ChangeParties,
                acts.ChangeRaisers,
                acts.AnswerAgreement,
                acts.Transfer,
                acts.Reopen,
                acts.Correct,
            ]
        ),
    )
    def does_what_they_may(self, kind: type[acts.ActModel], choice: int, ago: int | None) -> None:
        """Let somebody do what they may, so that stories come far."""
        who: Actor = ACTORS["raiser"]
        if kind in {acts.Acknowledge, acts.Respond, acts.SayDone, acts.Misdirected} and self.case.stage:
            party = self.case.parties[choice % len(self.case.parties)]
            position = self.case.frame.policy.stage(self.case.stage).responding_position
            who = builders.responder(position, party.agency_id)
        elif kind in {
            acts.NotePhoneCall,
            acts.PassOn,
            acts.Pause,
            acts.Resume,
            acts.Extend,
            acts.Redate,
            acts.ConfirmCause,
            acts.FindTheirs,
            acts.ChangeRaisers,
            acts.AnswerAgreement,
            acts.Transfer,
        }:
            who = TEAM
        self._does(
            deed(kind, who, self.case, self.now, choice=choice, ago=None if ago is None else timedelta(minutes=ago))
        )

    @precondition(lambda self: self.case.status is Status.OPEN)
    @rule(choice=st.integers(0, 1), arrives=st.booleans())
    def the_notice_arrives_or_does_not(self, choice: int, *, arrives: bool) -> None:
        """Report what became of the notice of the present stage."""
        party = self.case.parties[choice % len(self.case.parties)]
        self._does(
            acts.ReportDelivery(
                **builders.origin(SYSTEM, self.now, channel=Channel.SYSTEM),
                notice_id="n1",
                agency_id=party.agency_id,
                stage=self.case.stage,
                starts_clocks=True,
                state=DeliveryState.DELIVERED if arrives else DeliveryState.UNDELIVERED,
            )
        )

    def _does(self, act: acts.Act) -> None:
        decided = decider.decide(self.case, act, self.now)
        if isinstance(decided, decider.Refused):
            assert decided.sentence
            return
        self._applied(decided)
        again = decider.decide(self.case, act, self.now)
        if isinstance(again, decider.Refused):
            assert again.sentence
        else:
            assert evolving.evolve_all(self.case, again).stage == self.case.stage, "a repeat moves nothing up again"

    def _time(self) -> None:
        before = self.case
        brought = passing.due(self.case, self.now)
        self._applied(brought)
        assert passing.due(self.case, self.now) == ()
        assert not [event.kind for event in brought if isinstance(event, BY_A_PERSON)]
        assert self.case.status is before.status
        ends = [event for event in brought if isinstance(event, events.ClockEnded)]
        moved = [event for event in brought if isinstance(event, events.StageStarted)]
        assert moved or not ends, "time ends a clock only by a move that a person intended, or the document brings"
        # What the document moves up by itself, it moves once the level passed over was told; it was due before.
        by_rule = before.move is not None and before.move.by_rule is not None
        for event in moved:
            assert event.by is not None or by_rule or any(isinstance(passed, events.LimitPassed) for passed in brought)

    def _applied(self, brought: tuple[events.Event, ...]) -> None:
        for event in brought:
            before = self.case
            self.case = evolving.evolve(self.case, event)
            self.happened.append(event)
            notices.notices_for(self.case, event)
            self._stage(before, event)
            match event:
                case events.LimitPassed():
                    self.limits[event.clock_id] += 1
                    clock = before.clock(event.clock_id)
                    assert clock.running
                    assert clock.due_at <= event.at
                    assert clock.paused_since is None
                case events.ClockResumed() | events.ClockExtended():
                    clock = before.clock(event.clock_id)
                    assert event.was_due_at == clock.due_at < event.due_at
                    assert not self.limits[event.clock_id]
                    assert all(event.at < moment < event.due_at for moment in event.reminders)
                case events.ClockSetSooner():
                    clock = before.clock(event.clock_id)
                    assert event.at <= event.due_at
                    assert event.was_due_at == clock.due_at
                    assert event.due_at < clock.due_at
                    assert not self.limits[event.clock_id]
                case events.ClockRecounted():
                    clock = before.clock(event.clock_id)
                    assert event.was_due_at == clock.due_at
                    assert event.at <= event.due_at
                    assert not self.limits[event.clock_id]
                    if event.track is None:
                        assert clock.extensions == 0
                        assert not clock.set_sooner
                    else:
                        assert (event.due_at < clock.due_at) is (event.track is Track.URGENT)
                case events.Redated():
                    self._was_redated(before, event)
                case events.CauseConfirmed():
                    assert self.limits[event.clock_id]
                case events.ReminderFell():
                    assert before.clock(event.clock_id).paused_since is None
                    assert event.at < event.due_at or before.clock(event.clock_id).due_at >= event.at
                    assert not self.limits[event.clock_id]
                case events.ClockStarted():
                    assert event.due_at >= event.at
                    assert all(event.at < moment < event.due_at for moment in event.reminders)
                case events.ClockEnded():
                    assert before.clock(event.clock_id).running
                case _:
                    pass

    def _stage(self, before: Case, event: events.Event) -> None:
        """Note at which stage it is; only an act that says so begins the count anew."""
        if isinstance(event, events.Reopened):
            assert before.status is Status.CLOSED
            assert event.stage <= before.stage
            self.stages.clear()
        if isinstance(event, events.Corrected) and event.back_to is not None:
            assert event.back_to < before.stage
            self.stages.clear()
        if isinstance(event, events.ClockReopened):
            assert not before.clock(event.clock_id).running
            if not event.limit_stands:
                self.limits.pop(event.clock_id, None)
        self.stages.append(self.case.stage)

    def _was_redated(self, before: Case, event: events.Redated) -> None:
        """Whatever it was counted by: what has passed stays passed, and no timer is set in the past."""
        for counted in event.clocks:
            clock = before.clock(counted.clock_id)
            assert clock.running
            assert counted.was_due_at == clock.due_at
            assert not self.limits[counted.clock_id]
            assert counted.due_at >= min(clock.due_at, event.at)
            assert all(event.at < moment < counted.due_at for moment in counted.reminders)
        for kept in event.kept:
            assert self.case.clock(kept.clock_id).due_at == before.clock(kept.clock_id).due_at == kept.due_at
        assert [clock.paused_since for clock in before.clocks] == [clock.paused_since for clock in self.case.clocks]

    @invariant()
    def nothing_is_due_before_it_is_woken(self) -> None:
        """After what was due has been applied, the next wake is later or none."""
        applied = evolving.evolve_all(self.case, passing.due(self.case, self.now))
        assert passing.due(applied, self.now) == ()
        wake = clocks.next_wake(applied)
        assert wake is None or wake > self.now

    @invariant()
    def a_stage_never_goes_back_without_an_act_that_says_so(self) -> None:
        """Whatever else happens."""
        assert self.stages == sorted(self.stages)

    @invariant()
    def every_limit_is_noted_once(self) -> None:
        """However late we come."""
        assert all(times == 1 for times in self.limits.values())

    @invariant()
    def the_register_tells_the_whole_case(self) -> None:
        """Replaying events gives the state, through the text that the register keeps; so does a snapshot."""
        replayed = case.new(builders.REFERENCE, self.case.frame)
        for event in self.happened:
            replayed = evolving.evolve(replayed, events.loads(events.dumps(event)))
        assert replayed == self.case
        assert case.restore(case.snapshot(self.case), self.case.frame) == self.case

    @invariant()
    def an_open_case_waits_for_somebody(self) -> None:
        """A case that waits for nobody would never be heard of again."""
        if self.case.status is Status.CLOSED:
            assert not [clock for clock in self.case.clocks if clock.running]
            assert clocks.next_wake(self.case) is None
        elif self.case.seq:
            assert [clock for clock in self.case.clocks if clock.running]
            if self.case.status is Status.OPEN:
                assert self.case.word_due_at is not None

    @invariant()
    def only_a_paused_case_has_clocks_that_do_not_run(self) -> None:
        """A clock that is forgotten in a pause would wait for ever."""
        if self.case.pause is None:
            assert not [clock for clock in self.case.clocks if clock.paused_since is not None]

    @invariant()
    def what_is_noted_of_a_side_waited_for_that_side(self) -> None:
        """What waited for the raiser never counts for the responder, nor the other way round."""
        for clock in self.case.clocks:
            if clock.waits_for is Side.RAISING:
                assert clock.agency_id == SCHOOL
            if clock.waits_for is Side.RESPONDING:
                gone = any(removed.agency_id == clock.agency_id for removed in self.case.removed)
                assert self.case.party(clock.agency_id) is not None or (gone and clock.over and not clock.running)


CaseMachine.TestCase.settings = settings(max_examples=settings().max_examples * 6 // 10, stateful_step_count=30)
TestCase = CaseMachine.TestCase
