"""A few invented escalations for a first look, so that list, case page and outbox have something to show.

They are written through the same rules, register and notices as real ones, at moments of the last working days, and are
then handed to Temporal like any case that the register knows. Every person in them is invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from escalations.parts import Parts
from escalations.policy import Side, Track
from escalations.rules import acts, workingtime
from escalations.rules.actors import Actor, Channel
from escalations.rules.case import Done, Outcome
from escalations.rules.workingtime import Amount, Unit
from escalations.simulation.direct import Direct
from escalations.store import register

SCHOOL, ACADEMY = "oak-school", "ridgeway-academy"
SOCIAL_CARE, POLICE, HEALTH = "childrens-services", "police", "community-health"


async def fill(parts: Parts, now: datetime) -> int:
    """Write the sample escalations, and give how many. Nothing where the register holds anything already.

    Args:
        parts: an open installation with the sample directory.
        now: the moment that they lead up to.
    """
    async with parts.database.read() as tx:
        if await register.last_position(tx):
            return 0
    script = _Script(parts, now)
    lives = (
        script.settled_at_once,
        script.drifted_to_stage_two,
        script.waiting_for_an_answer,
        script.said_to_be_done,
        script.phoned_in,
    )
    for live in lives:
        await live()
    return len(lives)


class _Script:
    """Five short lives, told in working days before now."""

    def __init__(self, parts: Parts, now: datetime) -> None:
        self._parts = parts
        self._now = now
        self._calendar = parts.in_force.frame(now).calendar

    async def settled_at_once(self) -> None:
        """A difference that was settled by the practitioners themselves."""
        life = Direct(self._parts)
        began = self._office(8, hours=1)
        await life.raises(
            _raise(began, ACADEMY, HEALTH, reason=acts.Reason.INFORMATION_SHARING),
            words=_words(ACADEMY, "Hamish Oduya"),
        )
        await life.act(acts.Acknowledge(**_origin(_responder(HEALTH), began + timedelta(hours=2))))
        await life.act(
            acts.Respond(**_origin(_responder(HEALTH), self._office(7, hours=2)), offers=Outcome.AGREED_AS_ASKED),
            words={"answer": "Invented: the report was sent today."},
        )
        await life.act(
            acts.Agree(**_origin(_raiser(ACADEMY), self._office(7, hours=4)), outcome=Outcome.AGREED_AS_ASKED)
        )

    async def drifted_to_stage_two(self) -> None:
        """One without a reply, taken up by the school and now with the managers."""
        life = Direct(self._parts)
        await life.raises(
            _raise(
                self._office(6, hours=2),
                SCHOOL,
                SOCIAL_CARE,
                reason=acts.Reason.PLAN,
                level_of_need=4,
                legal_status=acts.LegalStatus.CHILD_PROTECTION,
            ),
            words=_words(SCHOOL, "Noor Haverstock"),
        )
        await life.act(acts.MoveUp(**_origin(_raiser(SCHOOL), self._office(4, hours=1))))
        await life.act(acts.Acknowledge(**_origin(_responder(SOCIAL_CARE, "manager"), self._office(2, hours=3))))
        await life.until(self._now)

    async def waiting_for_an_answer(self) -> None:
        """One that was acknowledged, and whose answer is awaited."""
        life = Direct(self._parts)
        began = self._office(2, hours=1)
        await life.raises(
            _raise(began, HEALTH, SOCIAL_CARE, POLICE, reason=acts.Reason.STRATEGY_DISCUSSION, level_of_need=4),
            words=_words(HEALTH, "Anwen Drysdale"),
        )
        await life.act(acts.Acknowledge(**_origin(_responder(SOCIAL_CARE), began + timedelta(hours=3))))
        await life.act(acts.Acknowledge(**_origin(_responder(POLICE), began + timedelta(hours=4))))
        await life.until(self._now)

    async def said_to_be_done(self) -> None:
        """One in which a call was written up, and waits for a yes or no."""
        life = Direct(self._parts)
        began = self._office(3, hours=2)
        await life.raises(
            _raise(began, SCHOOL, HEALTH, reason=acts.Reason.ASSESSMENT, level_of_need=3),
            words=_words(SCHOOL, "Callum Threlkeld"),
        )
        await life.act(acts.Acknowledge(**_origin(_responder(HEALTH), began + timedelta(hours=1))))
        await life.act(
            acts.SayDone(
                **_origin(_responder(HEALTH), self._office(1, hours=2), happened_at=self._office(2, hours=3)),
                done=Done.ANSWERED,
                agency_id=HEALTH,
            ),
            words={"account": "Invented: we spoke and agreed a joint visit."},
        )
        await life.until(self._now)

    async def phoned_in(self) -> None:
        """One that somebody phoned in, which the team has yet to pass on."""
        life = Direct(self._parts)
        began = self._office(1, hours=6)
        await life.raises(
            _raise(
                began, ACADEMY, reason=acts.Reason.REFERRAL, level_of_need=3, hold=True, by=_TEAM, channel=Channel.TEAM
            ),
            words=_words(ACADEMY, "Petra Lindqvist-Moore"),
        )
        await life.until(self._now)

    def _office(self, working_days_ago: int, *, hours: int) -> datetime:
        """So many hours into the office day that was so many working days ago."""
        moment = workingtime.before(self._calendar, self._now, Amount(value=working_days_ago, unit=Unit.WORKING_DAYS))
        midnight = workingtime.civil(moment).replace(hour=0, minute=0, second=0, microsecond=0)
        return workingtime.next_open(self._calendar, midnight) + timedelta(hours=hours)


_TEAM = Actor(side=Side.TEAM, position="team")


def _raiser(agency: str) -> Actor:
    return Actor(side=Side.RAISING, agency_id=agency, position="practitioner")


def _responder(agency: str, position: str = "practitioner") -> Actor:
    return Actor(side=Side.RESPONDING, agency_id=agency, position=position)


def _origin(
    by: Actor,
    at: datetime,
    *,
    channel: Channel = Channel.LINK,
    happened_at: datetime | None = None,
) -> dict[str, Any]:
    return {"submission_id": "", "by": by, "channel": channel, "received_at": at, "happened_at": happened_at}


def _raise(
    at: datetime,
    raising: str,
    *responding: str,
    reason: acts.Reason,
    level_of_need: int | None = None,
    legal_status: acts.LegalStatus = acts.LegalStatus.NOT_KNOWN,
    hold: bool = False,
    by: Actor | None = None,
    channel: Channel = Channel.FORM,
) -> acts.Raise:
    return acts.Raise(
        **_origin(by or _raiser(raising), at, channel=channel),
        track=Track.STANDARD,
        raising_agency=raising,
        responding_agencies=responding,
        concern=acts.Concern.CHILD,
        reason=reason,
        level_of_need=level_of_need,
        legal_status=legal_status,
        hold=hold,
    )


def _words(agency: str, name: str) -> Mapping[str, Any]:
    return {
        "raiser": {
            "name": name,
            "email": f"{name.split(maxsplit=1)[0].lower()}@{agency}.example",
            "phone": "01632 960250",
            "role": "Invented",
        },
        "people": [
            {
                "kind": "child",
                "name": "An invented child",
                "born_or_due": "2018-05-04",
                "case_numbers": {},
                "address_withheld": False,
                "not_safe_to_tell_family": False,
            }
        ],
        "problem": "Invented, so that there is something to look at: what was agreed was not done.",
        "wanted": "Invented: what was agreed, this week.",
        "tried": "Invented: two calls and a message.",
        "referred": "not_a_new_worry",
    }
