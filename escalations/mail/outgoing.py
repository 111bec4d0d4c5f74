"""What a notice says, for its reader: short, with the reference first and what to do in the first line.

A message names no person and tells nothing of what a case is about: reference, stage, what is asked, by when, the link,
and the numbers to ring when somebody is not safe (a child must not wait in a queue of ours; the design,
"Mail"). One template makes both the plain text and the HTML, so that they cannot come to differ.
"""

from __future__ import annotations

import functools
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email import policy as mail_policy
from email.headerregistry import BaseHeader, HeaderRegistry
from email.message import EmailMessage
from email.policy import Policy
from email.utils import format_datetime
from enum import StrEnum
from typing import Any, Self

import jinja2
from typing_extensions import override

from escalations.mail import words
from escalations.policy import Awaits, Side, StageRule, StartsFrom, Track
from escalations.rules import accounts, clocks, limits_told, planning, workingtime
from escalations.rules.case import Case, Clock, RedateReason, Route, Seen, Status
from escalations.rules.clocks import TEAM_POSITION
from escalations.rules.instead import ToldInstead
from escalations.rules.notices import LEAD, RAISER, TEAM_DEPUTY, Ask, Notice, NoticeKind, redated_for
from escalations.rules.onward import May
from escalations.rules.senders import RaiserAt
from escalations.settings import Settings
from escalations.store.directory import Rule

_WIDTH = 76
_LINE = 78
"""The characters of a header's line, from which on it is folded (RFC 5322, 2.1.1)."""
_PLAIN_ID = re.compile(r"<[!-;=?-~]{1,200}>")
_MESSAGE_ID = re.compile(r"<([^<>@\s.]+)(?:\.[a-z2-7]+)?@[^<>@\s]+>")


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What every message of an installation says, whatever it is about."""

    product: str
    front_door_name: str
    front_door_phone: str
    front_door_hours: str
    duty_team_name: str
    duty_team_phone: str
    duty_team_hours: str
    team_phone: str
    team_email: str
    team_hours: str
    trial: bool

    @classmethod
    def of(cls, settings: Settings, *, trial: bool) -> House:
        """What the settings say. ``trial``: real people may not be entered yet, which settings alone do not decide."""
        return cls(
            product=settings.product_name,
            front_door_name=settings.front_door_name,
            front_door_phone=settings.front_door_phone,
            front_door_hours=settings.front_door_hours,
            duty_team_name=settings.duty_team_name,
            duty_team_phone=settings.duty_team_phone,
            duty_team_hours=settings.duty_team_hours,
            team_phone=settings.team_phone,
            team_email=settings.team_email,
            team_hours=settings.team_hours,
            trial=trial,
        )


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that the notice of a stage asks, and by when."""

    awaits: Awaits
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """A time limit that was noted as passed and does not count as that any more."""

    awaits: Awaits
    kept_at: datetime | None
    """When what was awaited was done; None for the question whether it moves up, which should not have been asked."""


@dataclass(frozen=True, slots=True)
class Redated:
    """One thing that is waited for, with the time limit that it had and the one that it has."""

    awaits: Awaits
    was_due_at: datetime
    due_at: datetime


class Held(StrEnum):
    """Why no agency has been told of a case yet."""

    AGENCY = "agency"
    """The agency to raise it with was not named or not recognised."""
    SENDER = "sender"
    """The agency of whoever raised it was not recognised."""
    BOTH = "both"
    TEAM = "team"
    """It was entered for somebody, and stays with the team until that is checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that a template may say. There is no field for a name, and none for what a case is about."""

    house: House
    reference: str
    at: datetime
    """When the message is written; its Date."""
    stage_title: str | None = None
    urgent: bool = False
    may_be_urgent: bool = False
    """Whether words in a mail can mean that it is urgent, and that is not answered; or a mail that waits says so."""
    asks_not_to_tell: bool = False
    """Whether words in a mail ask that somebody is not told of it."""
    not_recognised: bool = False
    """Whether labelled lines of the mail that raised it were not understood."""
    look_by: datetime | None = None
    """By when the partnership team is to look at what it holds."""
    by_mail: bool = False
    """Whether it was raised by mail."""
    sample: bool = False
    """Whether the case runs under a sample policy, whose limits are nobody's."""
    due_at: datetime | None = None
    tasks: tuple[Task, ...] = ()
    """For the notice of a stage: each limit that runs from its arrival."""
    awaits: Awaits | None = None
    """What the clock that it is about waits for."""
    waits_for: Side | None = None
    paused: bool = False
    """Whether the case is paused as the message leaves."""
    several: bool = False
    """Whether it was raised with more than one agency."""
    alternate: bool = False
    """Whether the final body's alternate is asked, because the usual holder may not decide this one."""
    came_to: Rule = Rule.HOLDER
    position: str = ""
    """What the position that it is for is called; empty where that is its code in words."""
    """By which rule of the directory this reader was found. Whoever stands in is told so."""
    link: str | None = None
    by_hand: bool = False
    """Whether the notice that the team is told of is to an agency that is not told by mail."""
    held: Held | None = None
    """Why no agency has been told yet, where none has."""
    whole_limit: bool = False
    """Whether a time limit for the whole escalation runs."""
    reply_to: str | None = None
    """The address at which this notice is answered by mail."""
    account_until: datetime | None = None
    """Until when its reader's side is asked for its account of a delay; None where it is not."""
    redated: tuple[Redated, ...] = ()
    """For time limits that were counted anew: what each waits for, with both dates."""
    redated_because: RedateReason | None = None
    kept: tuple[Kept, ...] = ()
    """The time limits that were kept in truth, of which its reader hears in this one message."""
    instead: str = ""
    """Of another notice, which this one tells of: who got it in the place of whoever it was meant for, and why."""
    over: str = "the whole escalation"
    """What a time limit is for that spans stages."""
    asks_at_the_end: bool = True
    """Whether the policy asks each side at the end what changed."""
    more_time: bool = False
    """Whether the limit that it is about had more time, as was recorded only after it had passed."""
    route: Route | None = None
    """Where what is not for this process goes: one of a closed list, and told to whoever wrote it alone."""
    sent_there: bool = False
    """Whether the partnership's team has sent it there itself."""
    together: bool = False
    """Whether its reader's agency raises it together with another one, which leads and answers for their side."""
    with_others: bool = False
    """Whether other agencies raise it too, or were named as doing so."""
    above: bool = True
    """Whether there is a stage above the present one."""
    not_theirs: bool = False
    """Whether it is for whoever raised it, and the agency says that the case is not theirs."""
    disowned: bool = False
    """Whether the agency that it was raised for says that it is not theirs, as the case stands."""
    reopened: bool = False
    """Whether it had closed before, and was opened again."""
    adviser: str = ""
    """What whoever is asked for advice is called by the policy: a role, never a name."""
    planned: bool = False
    """Whether its reader's agency has something to do yet by a plan, which goes on after the end."""
    asked_again_at: datetime | None = None
    """When each side is asked again what came of it; None where nobody is."""


_CLOCK_OF = {
    Ask.CONSIDER: Awaits.CONSIDER,
    Ask.CHOOSE: Awaits.CHOOSE,
    Ask.DECIDE: Awaits.DECIDE,
}
_TEAM_CLOCK_OF = {
    NoticeKind.HELD: Awaits.LOOK,
    NoticeKind.MISDIRECTED: Awaits.LOOK,
    NoticeKind.NOT_THEIRS: Awaits.LOOK,
    NoticeKind.AGREEMENT_WAITS: Awaits.LOOK,
    NoticeKind.SAYS_URGENT: Awaits.LOOK,
    NoticeKind.DELIVERY_TROUBLE: Awaits.MEND_DELIVERY,
}


def facts_of(
    case: Case,
    notice: Notice,
    house: House,
    *,
    at: datetime,
    link: str | None,
    came_to: Rule = Rule.HOLDER,
    by_hand: bool = False,
    of_other: ToldInstead | None = None,
    reply_to: str | None = None,
) -> Facts:
    """What a notice may say of a case, as it stands when the notice leaves.

    Args:
        case: as it stands now.
        notice: what is to be told.
        house: what every message says.
        at: now.
        link: where its reader reads or acts, if anywhere.
        came_to: by which rule of the directory this reader was found.
        by_hand: whether the team is told of a notice to an agency that is not told by mail.
        of_other: of a notice that tells of another one, who got that in the place of whoever it was meant for.
        reply_to: the address at which it is answered by mail, if it can be.
    """
    clock = next((clock for clock in case.clocks if clock.clock_id == notice.about), None)
    rule = case.frame.policy.stage(notice.stage) if notice.stage else None
    body = case.frame.policy.final_body
    return Facts(
        house=house,
        reference=case.reference,
        at=at,
        stage_title=rule.title if rule else None,
        urgent=case.track is Track.URGENT,
        may_be_urgent=case.asked_if_urgent,
        asks_not_to_tell=Seen.NOT_TO_TELL in case.seen,
        not_recognised=Seen.NOT_RECOGNISED in case.seen,
        look_by=_look_by(case),
        by_mail=case.by_mail,
        sample=case.frame.policy.sample,
        due_at=notice.due_at or _due(case, notice),
        tasks=_tasks(case, notice, rule, at) if notice.kind is NoticeKind.ASKED and rule else (),
        awaits=clock.awaits if clock else None,
        waits_for=clock.waits_for if clock else None,
        paused=case.pause is not None,
        several=len(case.parties) > 1,
        alternate=notice.to.side is Side.FINAL_BODY and notice.to.position == body.alternate_position,
        came_to=came_to,
        position=case.frame.policy.position_title(notice.to.position),
        link=link,
        by_hand=by_hand,
        held=_held(case),
        whole_limit=any(clock.running and clock.waits_for is Side.BOTH for clock in case.clocks),
        # What is written to an adviser is answered on their page: a reply would be no entry of either side.
        reply_to=None if notice.to.side in {Side.TEAM, Side.OUTSIDE} else reply_to,
        account_until=_account_until(case, notice, at),
        redated=_redated(case, notice),
        redated_because=case.redated_because,
        kept=_kept(case, notice, clock),
        instead="" if of_other is None else words.instead(of_other),
        over=_over(case, clock),
        asks_at_the_end=case.frame.policy.asks_at_the_end,
        more_time=clock is not None and clock.more_time,
        route=case.route if notice.kind is NoticeKind.NOT_FOR_THIS else None,
        sent_there=case.sent_there,
        together=notice.to.side is Side.RAISING and notice.to.agency_id in case.co_raisers,
        with_others=bool(case.co_raisers) or case.raisers_to_look_at,
        above=case.frame.policy.next_stage(max(case.stage, 1)) is not None,
        not_theirs=notice.to.position == RAISER and case.raiser_at is RaiserAt.NOBODY,
        disowned=case.raiser_at is RaiserAt.NOBODY,
        reopened=case.reopened > 0,
        adviser=_adviser(case, notice),
        planned=planning.has_to_do(case, notice.to.agency_id),
        asked_again_at=None if case.follow_up is None else case.follow_up.at,
    )


def _adviser(case: Case, notice: Notice) -> str:
    adviser = case.adviser(notice.about)
    rule = None if adviser is None else case.frame.policy.adviser(adviser.role)
    return "" if rule is None else rule.title


def _kept(case: Case, notice: Notice, clock: Clock | None) -> tuple[Kept, ...]:
    if notice.kind is not NoticeKind.NO_ACTION_NEEDED or clock is None or clock.more_time:
        return ()
    if clock.limit_withdrawn_at is None:  # Of a case that was stored before this was.
        return (Kept(clock.awaits, None if clock.awaits is Awaits.CHOOSE else notice.due_at),)
    return tuple(
        Kept(other.awaits, None if other.awaits is Awaits.CHOOSE else other.kept_at)
        for other in limits_told.kept_with(case, clock, notice.to)
    )


def _over(case: Case, clock: Clock | None) -> str:
    """What the time limit over several stages is for: the one that it is about, or the one that runs."""
    spanning = [one for one in case.clocks if one.running and one.awaits is Awaits.SETTLE_ALL]
    spans = clock.spans if clock is not None else next((one.spans for one in spanning), None)
    if spans is None:
        return "the whole escalation"
    return f"stages {spans[0]} to {spans[1]} together" if spans[0] < spans[1] else f"stage {spans[0]}"


def _redated(case: Case, notice: Notice) -> tuple[Redated, ...]:
    if notice.kind is not NoticeKind.REDATED:
        return ()
    return tuple(
        Redated(clock.awaits, clock.redated_from, clock.due_at)
        for clock in redated_for(case, notice.to)
        if clock.redated_from is not None
    )


def _account_until(case: Case, notice: Notice, at: datetime) -> datetime | None:
    """Both sides are asked for their account in the message that tells of a passed limit, or of what it led to."""
    if notice.kind not in {NoticeKind.LIMIT_PASSED, NoticeKind.ASKED_TO_CHOOSE}:
        return None
    asked = (
        clock.accounts_until
        for clock in accounts.open_to(case, notice.to.side, notice.to.agency_id)
        if clock.accounts_until is not None and clock.accounts_until > at
        if notice.kind is NoticeKind.ASKED_TO_CHOOSE or clock.clock_id == notice.about
    )
    return min(asked, default=None)


def _held(case: Case) -> Held | None:
    if case.status is not Status.HELD:
        return None
    if case.raising_agency is None:
        return Held.SENDER if case.parties else Held.BOTH
    return Held.TEAM if case.parties else Held.AGENCY


def _look_by(case: Case) -> datetime | None:
    looks = (clock.due_at for clock in case.running(Awaits.LOOK) if clock.limit_passed_at is None)
    return min(looks, default=None) if case.status is Status.HELD else None


def _due(case: Case, notice: Notice) -> datetime | None:
    """The due time of the clock that waits for what is asked, where the notice was made before that clock began."""
    awaits = _TEAM_CLOCK_OF.get(notice.kind) or _CLOCK_OF.get(notice.asks)
    if awaits is None or case.status is Status.CLOSED:
        return None
    if notice.kind is NoticeKind.MISDIRECTED and notice.to.side is not Side.TEAM:
        return None  # It is the team's to do.
    return min((clock.due_at for clock in case.running(awaits)), default=None)


def _tasks(case: Case, notice: Notice, rule: StageRule, at: datetime) -> tuple[Task, ...]:
    """What the stage asks of one agency. Clocks that wait for the notice's arrival are told as if it arrived now.

    It arrives later than it is written, so what is said is never later than what will hold.
    """
    running = {
        clock.rule_id: clock.due_at
        for clock in case.clocks
        if clock.running and clock.agency_id == notice.to.agency_id and clock.stage == notice.stage
    }
    calendar = case.frame.calendar_for(notice.to.agency_id)
    asked = []
    for clock in rule.clocks:
        if clock.waits_for is not Side.RESPONDING or case.track not in clock.limits:
            continue
        due = running.get(clock.id)
        if due is None and clock.starts_from is StartsFrom.DELIVERED:
            due = workingtime.deadline(calendar, at, clocks.limit_of(case, clock).within)
        if due is not None:
            asked.append(Task(clock.awaits, due))
    return tuple(sorted(asked, key=lambda task: task.due_at))


def message_id(notice_id: str, sender: str) -> str:
    """The Message-ID of a notice: the same at every try, so that a second copy can be seen to be one."""
    return f"<{notice_id}@{_domain(sender)}>"


def notice_id(message_id: str) -> str | None:
    """The notice whose Message-ID this is."""
    found = _MESSAGE_ID.fullmatch(message_id.strip())
    return found[1] if found else None


def _bare(sender: str) -> str:
    return sender.rpartition("<")[2].strip("> ")


def _domain(sender: str) -> str:
    return sender.rpartition("@")[2].strip(" >") or "localhost"


def compose(notice: Notice, facts: Facts, *, message_id: str, sender: str) -> EmailMessage:
    """The message of a notice. Whom it goes to is the relay's to add.

    Args:
        notice: what is told to whom.
        facts: what may be said.
        message_id: with its angle brackets; see :func:`message_id`.
        sender: the address that it comes from.
    """
    said = _environment().get_template(f"{notice.kind.value}.txt").render(_values(notice, facts))
    return _message(said, facts, message_id=message_id, sender=sender)


def compose_for_team(notice: Notice, facts: Facts, *, message_id: str, sender: str) -> EmailMessage:
    """The message to the team in the place of a notice, for an agency whose notices are for the team only.

    It says what the agency is to be told, and carries the team's own link: the agency's is nobody else's.
    """
    values = {**_values(notice, facts), "for_team": True, "what": words.TOLD[notice.kind], "whom": _whom(notice, facts)}
    said = _environment().get_template("through_team.txt").render(values)
    return _message(said, facts, message_id=message_id, sender=sender)


def _whom(notice: Notice, facts: Facts) -> str:
    """Whom the team is to tell, without a name: the page says which agency it is."""
    if notice.to.position == RAISER:
        return "whoever raised it"
    of = {
        Side.RAISING: "the agency that raised it",
        Side.RESPONDING: "the agency that it was raised with",
        Side.FINAL_BODY: "the final body",
    }.get(notice.to.side, "the agency")
    return f"the {facts.position or notice.to.position.replace('_', ' ')} of {of}"


def compose_code(facts: Facts, code: str, *, expires_at: datetime, message_id: str, sender: str) -> EmailMessage:
    """The message that carries a code. The code is not in its subject, which shows on locked screens and in logs."""
    said = (
        _environment()
        .get_template("code.txt")
        .render(facts=facts, house=facts.house, code=code, expires=workingtime.say(expires_at))
    )
    return _message(said, facts, message_id=message_id, sender=sender)


def compose_sign_in(
    house: House, link: str, *, at: datetime, expires_at: datetime, message_id: str, sender: str
) -> EmailMessage:
    """The message that carries a link to sign in. It names nobody and no case."""
    facts = Facts(house=house, reference="", at=at)
    said = (
        _environment()
        .get_template("sign_in.txt")
        .render(facts=facts, house=house, link=link, expires=workingtime.say(expires_at))
    )
    return _message(said, facts, message_id=message_id, sender=sender)


class Answer(StrEnum):
    """What a message of ours says that answers one that came; each has one template."""

    MAIL_HELD = "mail_held"
    """To whoever wrote: the team has it, and why it was not added by itself."""
    MAIL_ADDED = "mail_added"
    """To whom we had written: it was added, and what settles or moves the matter needs the link."""
    MAIL_ACKNOWLEDGED = "mail_acknowledged"
    """The same, and their agency is recorded as having it."""
    MAIL_BESIDE = "mail_beside"
    """To whoever wrote for an agency from another address than the one that we write to."""
    MAIL_COLLEAGUE = "mail_colleague"
    """To the address that we write to: somebody else of the agency has written."""
    MAIL_UNREADABLE = "mail_unreadable"
    """To whoever replied with what is locked: that it came, and how to answer."""
    MAIL_TO_TEAM = "mail_to_team"
    """To somebody of the team: a reply to what we write to the team does nothing."""
    MAIL_ENOUGH = "mail_enough"
    """To whoever writes often: from when on they are answered again."""
    MAIL_AGAIN = "mail_again"
    """To whoever sent the same words again: we have them already."""
    MAIL_URGENT = "mail_urgent"
    """To whoever raised it, who says in a labelled line that it is urgent: what comes of that."""
    MAIL_NOT_URGENT = "mail_not_urgent"
    MAIL_ASIDE = "mail_aside"
    """To whoever wrote what the team put aside: that it did, and where to turn."""
    MAIL_MANY = "mail_many"
    """To whoever wrote: so many came that it waits for the team, and whom to ring meanwhile."""
    MAIL_WAITS = "mail_waits"
    """To the team: messages wait for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What an answer says of what it answers, in codes. There is no field for anything that somebody wrote."""

    why: str = ""
    """Why it is held (`intake.mail_codes`)."""
    side: Side | None = None
    """The side that was written to."""
    status: Status | None = None
    may: May | None = None
    """What its reader can do now by the link."""
    stage: int = 0
    paused: bool = False
    acknowledged: bool = False
    would_acknowledge: bool = False
    complete_link: str | None = None
    """Where whoever raised it says what is still missing."""
    raised: bool = False
    filed: bool = False
    """Whether what was written is with a case."""
    waits: bool = False
    """Whether it waits for the team."""
    received_at: datetime | None = None
    """When the same words were received before."""
    until: datetime | None = None
    """From when on they are answered again."""
    turn_to: str = ""
    """Of what was put aside: where it goes, in our words or the policy's; empty where it goes nowhere."""
    sent_there: bool = False
    """Whether the team has sent it there."""


def compose_answer(
    facts: Facts,
    answer: Answer,
    *,
    message_id: str,
    sender: str,
    said: Answered | None = None,
    answers: str = "",
    waiting: int = 0,
    late: int = 0,
) -> EmailMessage:
    """The message that answers one which came. It repeats nothing of it.

    Args:
        facts: what may be said.
        answer: which.
        said: what it says of what it answers.
        message_id: with its angle brackets.
        sender: the address that it comes from.
        answers: the Message-ID of what it answers, as that said.
        waiting: for the team: how many messages wait.
        late: for the team: how many of them beyond its own time limit.
    """
    values = {"house": facts.house, "by": _by(facts), "say": workingtime.say, "said": said or Answered()}
    text = _environment().get_template(f"{answer.value}.txt").render(facts=facts, waiting=waiting, late=late, **values)
    message = _message(text, facts, message_id=message_id, sender=sender)
    if _PLAIN_ID.fullmatch(answers):
        # RFC 3834, 3.1.4 and 3.1.5: an answer says that it is one, and to what.
        message.replace_header("Auto-Submitted", "auto-replied")
        message["In-Reply-To"] = answers
        message["References"] = answers
    return message


class _Header(BaseHeader):
    """Remembers how it folds."""

    @override
    def fold(self, *, policy: Policy) -> str:
        folds: dict[Policy, str] = self.__dict__.setdefault("_folds", {})
        if policy not in folds:
            folds[policy] = super().fold(policy=policy)
        return folds[policy]


class _Headers(HeaderRegistry):
    """Remembers headers that it has read: that takes most of a message's time, and most are the same each time."""

    def __init__(self) -> None:
        super().__init__(base_class=_Header)
        self._read = functools.lru_cache(maxsize=256)(super().__call__)
        self._class_of = functools.lru_cache(maxsize=64)(super().__getitem__)

    @override
    def __getitem__(self, name: str) -> type[BaseHeader]:
        return self._class_of(name)

    @override
    def __call__(self, name: str, value: Any) -> BaseHeader:
        return self._read(name, value)


class _Plain(str):
    """A header's value that needs neither encoding nor folding, so that nothing has to be read to write it."""

    __slots__ = ("name",)
    name: str

    def __new__(cls, name: str, value: str) -> Self:
        """Take the header's name and its value."""
        made = super().__new__(cls, value)
        made.name = name
        return made

    def fold(self, *, policy: Policy) -> str:
        """The header as it stands in the message; the library asks it of every header."""
        return f"{self.name}: {self}{policy.linesep}"


_NEEDS_NO_CARE = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+|<[A-Za-z0-9.+_-]+@[A-Za-z0-9.-]+>")


def _once(name: str, value: str) -> str:
    """A header of one message alone, such as its identification: to read it takes a tenth of the message's time."""
    plain = len(name) + len(value) + 2 <= _LINE and _NEEDS_NO_CARE.fullmatch(value)
    return _Plain(name, value) if plain else value


_POLICY = mail_policy.SMTP.clone(header_factory=_Headers())
_BOUNDARY = "=_the_next_part_=_"
"""Between the parts of every message, so that each try is the same to the byte. No line of ours begins like this: in
the HTML part an equals sign stands encoded, and the text is written by our templates."""


def _message(said: str, facts: Facts, *, message_id: str, sender: str) -> EmailMessage:
    subject, _, body = said.strip().partition("\n")
    blocks = _blocks(body)
    message = EmailMessage(policy=_POLICY)
    message["Subject"] = " ".join(subject.split())
    message["From"] = sender
    if facts.reply_to is not None:
        message["Reply-To"] = _once("Reply-To", facts.reply_to)
    message["Date"] = format_datetime(facts.at)
    message["Message-ID"] = _once("Message-ID", message_id)
    # RFC 3834, section 5: not a person's message, so other automata keep quiet. No Precedence: the RFC (3.1.8) allows
    # it and standardises nothing, and "bulk" makes some servers wait with, or drop, what must not wait.
    message["Auto-Submitted"] = "auto-generated"
    # Exchange: no read receipts and no rule replies. Reports that it did not arrive (NDR) and out-of-office replies
    # (OOF) are not suppressed: that nobody is there is what the partnership's team needs to hear.
    message["X-Loop"] = _bare(sender)  # By which we know our own when it comes back.
    message["X-Auto-Response-Suppress"] = "DR, RN, NRN, AutoReply"
    message["Content-Language"] = "en-GB"
    text = _plain(blocks)
    # Never eight bits: a relay that does not offer 8BITMIME may refuse them or spoil them.
    message.set_content(text, cte="7bit" if text.isascii() else "quoted-printable")
    html = _environment().get_template("layout.html").render(blocks=blocks, subject=str(message["Subject"]))
    message.make_alternative(boundary=_BOUNDARY)
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message


def _values(notice: Notice, facts: Facts) -> Mapping[str, object]:
    awaits = facts.awaits
    asked = awaits is not None and _is_asked(notice, facts)
    return {
        "notice": notice,
        "facts": facts,
        "house": facts.house,
        "say": workingtime.say,
        "by": _by(facts),
        "for_team": notice.asks is Ask.TEAM,
        # The contact of an agency that raises it with the lead hears what whoever raised it hears.
        "reader": Reader.RAISER if facts.together and notice.to.position == LEAD else reader_of(notice),
        "asked": asked,
        "done": [one for one in facts.kept if one.kept_at is not None],
        "asked_in_vain": any(one.kept_at is None for one in facts.kept),
        "task_words": words.TASK,
        "awaited_words": words.AWAITED,
        "turn_to": words.turn_to(facts.route),
        "why_redated": words.REDATED[facts.redated_because] if facts.redated_because else "",
        "task": words.TASK[awaits] if awaits else "open the link and see what is asked",
        "awaited": words.AWAITED[awaits] if awaits else "what the page shows",
        "from_whom": _from_whom(notice, facts),
        "whose": "that your agency raised"
        if notice.to.side is Side.RAISING
        else "raised with your agency"
        if notice.to.side is Side.RESPONDING
        else "between agencies of this partnership"
        if notice.to.side is Side.OUTSIDE
        else "of this partnership",
        "other_agency": "one of the agencies that it was raised with"
        if facts.several
        else "the agency that it was raised with",
    }


def _by(facts: Facts) -> str | None:
    return workingtime.say(facts.due_at) if facts.due_at else None


class Reader(StrEnum):
    """For whom a message is written."""

    RAISER = "raiser"
    RAISING = "raising"
    """The raising side's next level, or its lead."""
    RESPONDING = "responding"
    TEAM = "team"
    DEPUTY = "deputy"
    """Of the partnership's team."""
    FINAL_BODY = "final_body"
    OUTSIDE = "outside"
    """Whoever is asked for advice."""


def reader_of(notice: Notice) -> Reader:
    """For whom a notice is written."""
    match notice.to.side, notice.to.position:
        case Side.RAISING, position:
            return Reader.RAISER if position == RAISER else Reader.RAISING
        case Side.TEAM, position:
            return Reader.DEPUTY if position == TEAM_DEPUTY else Reader.TEAM
        case Side.FINAL_BODY, _:
            return Reader.FINAL_BODY
        case Side.OUTSIDE, _:
            return Reader.OUTSIDE
        case _:
            return Reader.RESPONDING


def _is_asked(notice: Notice, facts: Facts) -> bool:
    """Whether the clock waits for this very reader, rather than being told of to others."""
    if facts.waits_for is Side.TEAM:
        return notice.to.side is Side.TEAM and notice.to.position == TEAM_POSITION
    return notice.to.side is facts.waits_for and notice.asks not in {Ask.READ, Ask.TEAM}


def _from_whom(notice: Notice, facts: Facts) -> str | None:
    """Whose turn it is, as this reader would say it."""
    same = notice.to.side is facts.waits_for
    match facts.waits_for:
        case Side.RESPONDING:
            several = "one of the agencies that it was raised with"
            return "your agency" if same else several if facts.several else "the agency that it was raised with"
        case Side.RAISING:
            return "your agency" if same else "the agency that raised it"
        case Side.FINAL_BODY:
            return "the final body"
        case Side.TEAM | Side.BOTH | Side.OUTSIDE | None:
            return None


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("escalations.mail"),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(enabled_extensions=("html",)),
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclass(frozen=True, slots=True)
class _Block:
    """A paragraph, a heading, a list, or a link."""

    kind: str
    lines: tuple[str, ...]


def _blocks(body: str) -> tuple[_Block, ...]:
    """Read the templates' marks: ``# heading``, ``- item``, ``=> label | address``; the rest is paragraphs.

    Items that follow one another are one list, whatever blank lines the templates' conditions left between them.
    """
    blocks: list[_Block] = []
    for part in re.split(r"\n\s*\n", body.strip()):
        lines = [line.strip() for line in part.splitlines() if line.strip()]
        if not lines:
            continue
        if lines[0].startswith("- "):
            items = tuple(line.removeprefix("- ") for line in lines)
            if blocks and blocks[-1].kind == "list":
                items = (*blocks.pop().lines, *items)
            blocks.append(_Block("list", items))
        elif lines[0].startswith("# "):
            blocks.append(_Block("heading", (lines[0].removeprefix("# "),)))
        elif lines[0].startswith("=> "):
            label, _, address = lines[0].removeprefix("=> ").partition(" | ")
            blocks.append(_Block("link", (label, address)))
        else:
            blocks.append(_Block("paragraph", (" ".join(lines),)))
    return tuple(blocks)


# Remembered, because every message gives the same numbers to ring and says the same of itself.
@functools.lru_cache(maxsize=512)
def _filled(text: str, first: str = "", further: str = "") -> str:
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _plain(blocks: tuple[_Block, ...]) -> str:
    parts = []
    for block in blocks:
        match block.kind:
            case "list":
                parts.append("\n".join(_filled(item, "* ", "  ") for item in block.lines))
            case "link":
                # Alone on its line: a mail program then makes it a link, and a person can copy all of it.
                parts.append(f"{block.lines[0]}:\n{block.lines[1]}")
            case _:
                parts.append(_filled(block.lines[0]))
    return "\n\n".join(parts) + "\n"
