"""How invented escalations go: at once, slowly, by phone, through silence, up the ladder. Each is a way, not a person.

Written for the clocks of the sample policy: a working day to acknowledge, five to answer, one in which the level passed
over is told. What a way says happened on a day late enough is late; the rules find that out.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random  # noqa: TID251  nothing secret: the same year for the same seed

from escalations.policy import Side
from escalations.rules.case import Cause, Changed, Done, Felt, Outcome, PauseReason, Route, Says
from escalations.simulation.scripts import Agreed, Script

Way = Callable[[Script, Random], Script]
_AGREED: tuple[Agreed, ...] = (Outcome.AGREED_AS_ASKED, Outcome.AGREED_IN_PART, Outcome.AGREED_ANOTHER_WAY)
_HOURS = (9.5, 10, 10.5, 11, 11.5, 13.5, 14, 14.5, 15, 15.5, 16)


def _hour(rng: Random) -> float:
    return rng.choice(_HOURS)


def _agreed(rng: Random) -> Agreed:
    return rng.choices(_AGREED, weights=(5, 4, 2))[0]


_FIRST: str = "2-acknowledge"
"""The clock to acknowledge at the first stage: the second that starts."""


def _accounts(script: Script, day: int, *, says: Says | None = None) -> Script:
    """Both sides say how the first delay came about.

    Which words they choose follows from the day on which it began, and takes nothing from the chance that makes the
    year.
    """
    said = (Says.NOBODY_THERE, Says.AS_RECORDED, Says.NOT_REACHED, Says.MORE_TIME_NEEDED)
    script.accounted(day, 11.25, clock=_FIRST, says=says or said[script.began.toordinal() % len(said)])
    return script.accounted(day, 12.25, clock=_FIRST, says=Says.AS_RECORDED, of_raising=True)


def looked_back(script: Script) -> Script:
    """What sides say at the end: not all of them do. What each says follows from the day on which it began."""
    number = script.began.toordinal()
    changed = (
        (Changed.MEETING_HELD, Changed.PLAN_AMENDED),
        (Changed.PLAN_AMENDED,),
        (Changed.SERVICE_STARTED,),
        (Changed.NOT_YET_KNOWN,),
        (Changed.STEP_UP,),
        (Changed.NOTHING,),
    )
    felt = (Felt.CLEAR_AND_FAIR, Felt.MIXED, Felt.CLEAR_AND_FAIR, Felt.HARD, None)
    if number % 4:
        script.looked_back(2, 10, changed=changed[number % 6], felt=felt[number % 5])
    if number % 3:
        agency = script.responding[0]
        script.looked_back(1, 15, changed=changed[number // 2 % 6], felt=felt[number // 3 % 5], agency=agency)
    return script


# ---- Settled between the practitioners, before the partnership is told ----------------------------------------------


def at_once(script: Script, rng: Random) -> Script:
    """Acknowledged, answered and agreed within days."""
    answered = rng.randint(1, 4)
    script.raised().acknowledged(1, 9.25 + rng.choice((0, 1, 2, 4)))
    script.answered(answered, 16.25, offers=Outcome.AGREED_AS_ASKED)
    return script.agreed(answered + rng.randint(1, 2), _hour(rng), outcome=_agreed(rng))


def slow_to_acknowledge(script: Script, rng: Random) -> Script:
    """The limit to acknowledge passes; the raising side stays, and it is settled all the same."""
    script.raised().stayed(2, 9.5).acknowledged(2, 11.5)
    _accounts(script, 3).answered(4, 15).cause_confirmed(5, 10, clock=_FIRST, cause=Cause.ANSWERED_LATE)
    return script.agreed(6, _hour(rng), outcome=_agreed(rng))


def by_phone(script: Script, rng: Random) -> Script:
    """Settled on the phone, written up two days later, and confirmed."""
    script.raised().acknowledged(1, 10).said(4, 14, happened=(2, 11)).confirmed(5, 9.5)
    return script.agreed(5, 15, outcome=_agreed(rng))


def phoned_in(script: Script, rng: Random) -> Script:
    """Somebody phones it in; the team passes it on within the hour, or after its own limit."""
    script.raised(held=True).passed_on(*rng.choice(((0, 10.75), (0, 10.5), (0, 12.25), (1, 10))))
    script.acknowledged(2, 9.5).answered(5, 14)
    return script.agreed(6, _hour(rng), outcome=_agreed(rng))


def notice_came_back(script: Script, rng: Random) -> Script:
    """The notice comes back; the team phones, and from then on it goes its way."""
    script.raised().bounced(0, 11.5).phoned(0, 15).acknowledged(1, 14).answered(4, 11)
    return script.agreed(5, _hour(rng), outcome=_agreed(rng))


def urgent(script: Script, rng: Random) -> Script:
    """On the urgent track: a person is reached, and it is answered on the day."""
    script.raised().reached(0, 11.25).answered(0, rng.choice((14, 15, 16)), offers=Outcome.AGREED_AS_ASKED)
    return script.agreed(0, 17.5)


def redirected(script: Script, rng: Random) -> Script:
    """Phoned in, and not for this policy: the team says where it goes."""
    return script.raised(held=True).closed(
        0, rng.choice((10.75, 11.5)), Outcome.REDIRECTED, route=rng.choice((Route.COMPLAINT, Route.LADO))
    )


def withdrawn(script: Script, rng: Random) -> Script:
    """Taken back by whoever raised it, after a talk."""
    script.raised().acknowledged(1, _hour(rng))
    return script.closed(3, 11, Outcome.WITHDRAWN, on_word_of=Side.RAISING)


def two_agencies(script: Script, rng: Random) -> Script:
    """Raised with two agencies, each with its own answer."""
    first, second = script.responding[:2]
    script.raised().acknowledged(0, 15, agency=first).acknowledged(1, 11, agency=second)
    script.answered(2, 12, agency=first).agreed(3, 10, agency=first)
    script.answered(4, 16, agency=second)
    return script.agreed(5, _hour(rng), outcome=Outcome.AGREED_IN_PART, agency=second)


# ---- Beyond the first stage -----------------------------------------------------------------------------------------


def not_enough(script: Script, rng: Random) -> Script:
    """The practitioner's answer does not settle it; the managers do."""
    script.raised().acknowledged(1, _hour(rng)).answered(3, 11).moved_up(4, 10)
    script.acknowledged(6, _hour(rng)).answered(rng.choice((7, 8, 9)), 16.25)
    return script.agreed(10, _hour(rng), outcome=_agreed(rng))


def no_reply(script: Script, rng: Random) -> Script:
    """Nobody replies at the first stage; the managers settle it."""
    script.raised().phoned(1, 16.25, reached=False).moved_up(2, _hour(rng))
    script.acknowledged(3, _hour(rng))
    _accounts(script, 4).answered(rng.choice((5, 6, 7)), 16.25)
    script.agreed(8, _hour(rng), outcome=_agreed(rng))
    return (
        script.cause_confirmed(9, 11, clock=_FIRST, cause=Cause.SILENT) if rng.choice((True, True, False)) else script
    )


def automatic_reply(script: Script, rng: Random) -> Script:
    """Only an automatic reply comes; the managers settle it."""
    script.raised().automatic_reply(0, 16).moved_up(2, 10).acknowledged(3, 12)
    _accounts(script, 4, says=Says.NOBODY_THERE).answered(6, 12)
    return script.agreed(7, _hour(rng), outcome=_agreed(rng))


def withdrawn_at_two(script: Script, rng: Random) -> Script:
    """The managers had it when what it was about changed."""
    script.raised().acknowledged(1, _hour(rng)).answered(3, 12).moved_up(4, 10).acknowledged(6, 10)
    return script.closed(8, 12, Outcome.OVERTAKEN, on_word_of=Side.RAISING)


def paused_at_two(script: Script, rng: Random) -> Script:
    """At the managers it waits for a court for two weeks, and is settled after that."""
    script.raised().acknowledged(1, 10).answered(3, 12).moved_up(4, 10).acknowledged(6, 10)
    script.paused(7, 11, rng.choice((PauseReason.COURT, PauseReason.POLICE_INVESTIGATION))).resumed(16, 10)
    return script.answered(18, 14).agreed(19, _hour(rng), outcome=_agreed(rng))


def extended(script: Script, rng: Random) -> Script:
    """The practitioners need two days more, and settle it in them."""
    script.raised().acknowledged(1, 10).extended(4, 11, clock="3-resolve", days=2).answered(7, 12)
    return script.agreed(8, _hour(rng), outcome=_agreed(rng))


def late_at_two(script: Script, rng: Random) -> Script:
    """The managers answer after their limit; the raising side waits for it."""
    script.raised().acknowledged(1, 11).answered(3, 15).moved_up(4, 11)
    script.acknowledged(6, 15).stayed(11, 10).answered(rng.choice((12, 13)), 14)
    return script.agreed(14, _hour(rng), outcome=_agreed(rng))


def recorded_late(script: Script, rng: Random) -> Script:
    """The managers met in time and wrote it up after the limit; confirmed, the limit is withdrawn."""
    script.raised().acknowledged(0, 16).answered(2, 14).moved_up(3, 10)
    script.acknowledged(5, 12).said(10, 11, happened=(8, 14)).confirmed(11, 10)
    return script.agreed(11, _hour(rng), outcome=_agreed(rng))


def denied(script: Script, rng: Random) -> Script:
    """What was said to be done was not; it goes on to the senior managers, who settle it."""
    script.raised().acknowledged(1, 14).answered(4, 12).moved_up(5, 10)
    script.acknowledged(7, 10).said(10, 15, happened=(9, 10), done=Done.ANSWERED).denied(11, 11).moved_up(13, 10)
    script.acknowledged(15, 10).answered(17, 12)
    return script.agreed(18, _hour(rng), outcome=Outcome.AGREED_IN_PART)


def drifted_to_three(script: Script, rng: Random) -> Script:
    """No reply, then an acknowledgement and no answer: the delay takes it to the senior managers."""
    script.raised().moved_up(2, 10).acknowledged(3, 15)
    script.accounted(5, 10, clock=_FIRST, says=Says.AS_RECORDED, of_raising=True).moved_up(8, _hour(rng))
    script.acknowledged(9, 16).answered(rng.choice((11, 12)), 15)
    return script.agreed(13, _hour(rng), outcome=_agreed(rng))


def slow_on_both_sides(script: Script, rng: Random) -> Script:
    """No reply, and the raising side takes days to choose; then the managers settle it."""
    script.raised().moved_up(4, 10).acknowledged(5, 11).answered(8, 15)
    return script.agreed(13, _hour(rng), outcome=_agreed(rng))


def to_the_final_body(script: Script, rng: Random) -> Script:
    """Nobody along the ladder settles it, and the final body decides."""
    script.raised().acknowledged(1, 10).answered(3, 12).moved_up(4, 10)
    script.acknowledged(6, 10).answered(9, 12).moved_up(10, 10).acknowledged(12, 10).answered(15, 12).moved_up(16, 10)
    return script.decided(rng.choice((22, 24)), 15, body="partners-panel")


def urgent_to_two(script: Script, rng: Random) -> Script:
    """On the urgent track, at once to the managers."""
    script.raised().reached(0, 11).moved_up(0, 13.5).reached(0, 14).answered(0, rng.choice((15.5, 16.5)))
    return script.agreed(0, 17.25)


def two_agencies_to_two(script: Script, rng: Random) -> Script:
    """Raised with two agencies: one settles early, with the other it goes to the managers."""
    first, second = script.responding[:2]
    script.raised().acknowledged(0, 16, agency=first).acknowledged(1, 12, agency=second)
    script.answered(2, 12, agency=first).agreed(3, 10, agency=first).answered(4, 12, agency=second).moved_up(5, 10)
    script.acknowledged(7, 11, agency=second).answered(9, 12, agency=second)
    return script.agreed(10, _hour(rng), outcome=_agreed(rng), agency=second)


def still_going(script: Script, rng: Random) -> Script:
    """A slow one, open for weeks: so that a year can end while it is open."""
    script.raised().acknowledged(1, 11).answered(4, 15).moved_up(6, 11)
    script.acknowledged(8, 15).answered(12, 14).moved_up(14, 10).acknowledged(16, _hour(rng))
    return script.answered(20, 12).agreed(22, _hour(rng), outcome=Outcome.AGREED_ANOTHER_WAY)
