"""Words in a mail that can mean that it is urgent: somebody is asked, and the team looks at once.

Source: the rules of practice, "Never by a timer, a parser or a score" (treating words as safe) and "A child must not
wait in a queue of ours". Words change no track and no time limit of either side. They start a clock of the team's own,
by its urgent limit, which ends when a person has said which it is: the raising side or the team.
"""

from __future__ import annotations

from datetime import datetime

from escalations.policy import Awaits, StartsFrom, Track
from escalations.rules import acts, clocks, events, tracks
from escalations.rules.access import Refused
from escalations.rules.case import Case, Status
from escalations.rules.events import Event
from escalations.rules.evolving import evolve_all


def look(case: Case, now: datetime) -> tuple[Event, ...]:
    """The team's clock to look, where it is asked whether a case is urgent and nothing makes the team look as soon."""
    if not case.asked_if_urgent:
        return ()
    held = case.status is Status.HELD
    running = [clock for clock in case.running(Awaits.LOOK) if held or clock.about == clocks.URGENT_WORDS]
    rules = clocks.rules_of_process(case, StartsFrom.HELD)
    said = clocks.URGENT_WORDS
    started = clocks.start_all(case, rules, now, about=said, started_by=said)
    sooner = min((event.due_at for event in started if isinstance(event, events.ClockStarted)), default=None)
    if sooner is None or any(clock.due_at <= sooner for clock in running):
        return ()
    return (*clocks.stop(running, now), *started)


def say_not(case: Case, act: acts.SayNotUrgent, now: datetime) -> tuple[Event, ...] | Refused:
    """Somebody says that it is not urgent, where that was asked."""
    if case.track is Track.URGENT:
        return Refused(
            "urgent_already",
            "This is on the urgent track. Only the partnership team can put it back; please tell it why.",
        )
    if not case.asked_if_urgent:
        return Refused(
            "not_asked", "Whether this is urgent has been answered already: it is on the standard track, as it was."
        )
    return (events.SaidNotUrgent(**events.origin(act, now)), *tracks.looked(case, act.by, now))


def by_completing(case: Case, act: acts.Complete, now: datetime) -> tuple[Event, ...] | Refused:
    """What whoever completes a mail says of it. Yes makes it urgent before anybody is told of it."""
    if act.urgent is None or case.track is Track.URGENT:
        return ()
    if act.urgent:
        origin = act.model_dump(include={"submission_id", "channel", "received_at", "content_digest"})
        return tracks.change(case, acts.ChangeTrack(**origin, by=act.by, track=Track.URGENT), now)
    if not case.asked_if_urgent:
        return ()
    return (events.SaidNotUrgent(**events.origin(act, now)), *tracks.looked(case, act.by, now))


def raised(case: Case, happened: tuple[Event, ...], now: datetime) -> tuple[Event, ...]:
    """What raised a case, and the team's clock to look at the words in it, where it is not held."""
    return (*happened, *look(evolve_all(case, happened), now))
