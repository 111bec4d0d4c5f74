"""Who may see and do what: the one place that decides it, for links, the pages of those who sign in, mail and tests.

Acts on a case: :func:`refusal`. Pages: :func:`may_open`, from one table. What a case is about: :func:`reads_text`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, assert_never

from escalations.policy import Position, Side, Track
from escalations.rules import acts
from escalations.rules.actors import SYSTEM, Actor, Channel
from escalations.rules.acts import Act
from escalations.rules.case import Case, DeliveryState, FileNote, Status
from escalations.rules.senders import RaiserAt
from escalations.rules.telling import LEAD, RAISER, Recipient


@dataclass(frozen=True, slots=True)
class Refused:
    """An act that is not carried out, with a sentence that whoever did it can act on."""

    code: str
    sentence: str


NOT_YOUR_SIDE = "not_your_side"
NO_ACTION = Refused(
    "no_such_action",
    "We have no record of this action. Please open the newest message about this escalation, or ask the partnership "
    "team.",
)


def refusal(case: Case, act: Act) -> Refused | None:  # noqa: C901, PLR0911, PLR0912  one line a kind, and closed
    """Why this actor may not do this, or none where it may."""
    match act:
        case acts.Raise():
            return _raises(act)
        case acts.Complete():
            return None if _is_team(act.by) else _raising(case, act.by)
        case (
            acts.PassOn()
            | acts.AwaitAgency()
            | acts.NotePhoneCall()
            | acts.Pause()
            | acts.Resume()
            | acts.Extend()
            | acts.Redate()
            | acts.ConfirmCause()
            | acts.Erase()
            | acts.FindTheirs()
            | acts.AnswerAgreement()
            | acts.Transfer()
            | acts.InviteAdviser()
            | acts.EndAdvice()
            | acts.Link()
            | acts.Unlink()
            | acts.Close()
        ):
            return None if _is_team(act.by) else Refused(NOT_YOUR_SIDE, "Only the partnership team can do this.")
        case acts.VouchForSender():
            return None if _is_team(act.by) else _contact_of_raising(case, act.by)
        case acts.ReportDelivery() | acts.ReportMessage():
            if act.by == SYSTEM and act.channel is Channel.SYSTEM:
                return None
            if isinstance(act, acts.ReportDelivery) and _confirms_undelivered(act):
                return None
            return Refused(NOT_YOUR_SIDE, "Only the system reports what became of a message.")
        case acts.Acknowledge() | acts.Respond():
            return _responding(case, act.by)
        case acts.NoteFile():
            if act.note is FileNote.READ or act.by.side is Side.RESPONDING:
                return _responding(case, act.by)
            return _raises_it(case, act.by)
        case acts.Correct():
            return None if _is_team(act.by) else _own_entry(case, act)
        case acts.Misdirected():
            return None if _is_team(act.by) else _own_misdirection(case, act)
        case acts.ChangeParties() | acts.ChangeContact() | acts.Reopen():
            return None if _is_team(act.by) else _raising(case, act.by)
        case acts.AddWords():
            return _adds(case, act.by)
        case acts.Account():
            return _accounts(case, act)
        case acts.ProposePlan():
            return _plans(case, act.by)
        case acts.AnswerPlan():
            own = "Each agency says for itself whether it agrees to a plan."
            return None if _is_team(act.by) else _for_its_own(case, act.by, act.agency_id, own)
        case acts.ReportAction() | acts.CheckAction() if case.action(act.action_id) is None:
            return NO_ACTION
        case acts.ReportAction():
            own = "Whether an action is done, the agency says whose action it is."
            return None if _is_team(act.by) else _for_its_own(case, act.by, _owner(case, act.action_id), own)
        case acts.CheckAction():
            return None if _is_team(act.by) else _checks(case, act)
        case acts.RecordDissent():
            own = "Each agency puts its own dissent on record."
            return None if _is_team(act.by) else _for_its_own(case, act.by, act.agency_id, own)
        case acts.LookBack() | acts.AnswerFollowUp():
            own = "Each agency says for itself what came of it."
            return None if _is_team(act.by) else _for_its_own(case, act.by, act.agency_id, own)
        case acts.GiveAdvice():
            return None if _is_team(act.by) else _advises(case, act)
        case acts.ReachedByPerson():
            return None if _is_team(act.by) else _of_a_side(case, act)
        case acts.SayDone():
            return _of_a_side(case, act)
        case acts.ConfirmDone() | acts.DenyDone():
            return _other_side(case, act)
        case acts.SetSooner() | acts.SetPriority() | acts.SayNotUrgent():
            return None if _is_team(act.by) else _raising(case, act.by)
        case acts.Object():
            return _responding(case, act.by) if act.by.side is Side.RESPONDING else _raising(case, act.by)
        case acts.AskToReopen():
            return _responding(case, act.by) if act.by.side is Side.RESPONDING else _raises_it(case, act.by)
        case acts.ChangeRaisers():
            return None if _is_team(act.by) else _leaves(case, act)
        case acts.MoveUp() if moves_up_over_dissent(case, act.by.side, act.by.agency_id):
            return None
        case acts.ChangeTrack():
            return _of_the_track(case, act)
        case acts.Agree() | acts.MoveUp() | acts.Stay() | acts.Withdraw() | acts.Redirect():
            return _raising(case, act.by)
        case acts.Decide():
            return _deciding(case, act.by)
        case _:
            assert_never(act)


def _confirms_undelivered(act: acts.ReportDelivery) -> bool:
    """The team says that a notice did not arrive, and how it knows. That one arrived, nobody says for us."""
    return _is_team(act.by) and act.state is DeliveryState.UNDELIVERED and act.known_by is not None


def _of_the_track(case: Case, act: acts.ChangeTrack) -> Refused | None:
    """Whoever raised it knows when it became urgent. That it is so no longer, the team says."""
    if _is_team(act.by):
        return None
    if act.track is Track.STANDARD:
        return Refused(
            NOT_YOUR_SIDE,
            "Only the partnership team can put this back on the standard track. Please tell it why; until then it "
            "stays urgent.",
        )
    return _raising(case, act.by)


def _is_team(by: Actor) -> bool:
    """Whether it is a person of the partnership's team. The system only reports."""
    return by.side is Side.TEAM and by.position != SYSTEM.position


def _raises(act: acts.Raise) -> Refused | None:
    """Anybody may raise for their own agency, and the team for anybody; who is not known to us is held for the team."""
    if _is_team(act.by):
        return None
    if act.by.side is not Side.RAISING:
        return Refused(
            NOT_YOUR_SIDE, "An escalation is raised by an agency, or entered for it by the partnership team."
        )
    if act.by.agency_id not in {None, act.raising_agency}:
        return Refused(
            NOT_YOUR_SIDE,
            "You can only raise this for your own agency. The partnership team can enter one for another agency.",
        )
    return None


def _of_a_side(case: Case, act: acts.SayDone | acts.ReachedByPerson) -> Refused | None:
    """Either side may say what was done; a responding agency for itself alone."""
    if act.by.side is Side.RAISING:
        return _raising(case, act.by)
    if act.by.side is Side.RESPONDING and act.by.agency_id != act.agency_id:
        return Refused(NOT_YOUR_SIDE, "You can only say what your own agency did.")
    return _responding(case, act.by)


def _own_entry(case: Case, act: acts.Correct) -> Refused | None:
    """Whoever made an entry says that it was a mistake: any position of that agency that has a part in the case."""
    by = act.by
    refused = _raises_it(case, by) if by.side is Side.RAISING else _responding(case, by)
    if refused is not None:
        return refused
    made = [entry.by for entry in case.entries if entry.submission_id == act.entry]
    whose = case.speaker(by.side, by.agency_id)
    own = all(one.side is by.side and case.speaker(one.side, one.agency_id) == whose for one in made)
    return None if own else Refused(NOT_YOUR_SIDE, "Only whoever made an entry, or the partnership team, corrects it.")


def _leaves(case: Case, act: acts.ChangeRaisers) -> Refused | None:
    """An agency that raises it with others says for itself that it no longer does; all else the team does."""
    by = act.by
    own = by.side is Side.RAISING and by.agency_id in case.co_raisers
    if own and act.leave == (by.agency_id,) and not act.add and act.lead is None:
        return None
    return Refused(
        NOT_YOUR_SIDE,
        "Who raises this, and who leads, the partnership team changes. Please ask it; an agency that raises it with "
        "others can say for itself that it no longer does.",
    )


def moves_up_over_dissent(case: Case, side: Side, agency_id: str | None) -> bool:
    """Whether an agency may take it up though another one leads: the lead agrees, and this one is on record against."""
    waiting = case.agreement
    return side is Side.RAISING and waiting is not None and agency_id in set(waiting.dissenting) & set(case.co_raisers)


def _own_misdirection(case: Case, act: acts.Misdirected) -> Refused | None:
    """Each agency says for itself that it is not theirs, from any position that was asked."""
    if act.by.side is Side.RESPONDING and act.by.agency_id != act.agency_id:
        return Refused(NOT_YOUR_SIDE, "You can only say of your own agency that this is not theirs.")
    return _responding(case, act.by)


def _advises(case: Case, act: acts.GiveAdvice) -> Refused | None:
    """Whoever was asked, for themselves alone."""
    own = act.by.side is Side.OUTSIDE and act.by.position == act.adviser and case.adviser(act.adviser) is not None
    return None if own else Refused(NOT_YOUR_SIDE, "Only whoever was asked for advice gives it, or the team for them.")


def reads_by_link(case: Case, to: Recipient, *, now: datetime) -> bool:
    """Whether whoever holds a link of a case may still read or do anything with it.

    An agency that was taken out has no part in it any more, and what it has been sent shows it nothing. Nor does the
    link of an adviser once the invitation is over.
    """
    if to.side is Side.OUTSIDE:
        adviser = case.adviser(to.position)
        return adviser is not None and case.status is Status.OPEN and adviser.serves(now)
    return has_a_part(case, to)


def has_a_part(case: Case, to: Recipient) -> bool:
    """Whether somebody has a part in the case, so that it is told them and its links show them something."""
    if to.side is Side.RAISING:
        return to.agency_id not in case.left_raising
    return to.side is not Side.RESPONDING or not case.removed or case.party(to.agency_id) is not None


def adviser_reads(case: Case, adviser_id: str, by: Actor) -> bool:
    """Whether an adviser reads what somebody wrote: of the agencies that it was agreed for, while they have a part."""
    adviser, agency = case.adviser(adviser_id), by.agency_id
    if by.side is Side.OUTSIDE:
        return by.position == adviser_id
    if adviser is None or agency is None or agency not in adviser.reads_of:
        return False
    raising = by.side is Side.RAISING and case.raises(agency)
    return raising or (by.side is Side.RESPONDING and case.party(agency) is not None)


def _adds(case: Case, by: Actor) -> Refused | None:
    """Whoever was written to may add words: either side, the final body where it is asked, and the team."""
    if _is_team(by):
        return None
    if by.side is Side.RESPONDING:
        return _responding(case, by)
    return _deciding(case, by) if by.side is Side.FINAL_BODY else _raises_it(case, by)


def _accounts(case: Case, act: acts.Account) -> Refused | None:
    """Each side for itself: any position of it that was told of the delay, its managers too. The team for either."""
    by = act.by
    if _is_team(by):
        return None
    if by.side is Side.RAISING:
        refused = _raises_it(case, by)
        if refused is not None or act.agency_id == case.speaker(by.side, by.agency_id):
            return refused
    own = by.agency_id == act.agency_id and by.agency_id is not None
    if own and by.side is Side.RESPONDING and case.party(by.agency_id) is not None and _was_told(case, by.position):
        return None
    if own and by.side is Side.FINAL_BODY:
        return _deciding(case, by)
    return Refused(NOT_YOUR_SIDE, "Each agency gives its own account of a delay.")


def _for_its_own(case: Case, by: Actor, agency_id: str | None, otherwise: str) -> Refused | None:
    """Each side for its own agency, from any position that hears of the case. Nobody else says it for them."""
    if by.side is Side.RAISING:
        refused = _raises_it(case, by)
        if refused is not None or agency_id == case.speaker(by.side, by.agency_id):
            return refused
    own = by.side is Side.RESPONDING and by.agency_id is not None and by.agency_id == agency_id
    if own and case.party(by.agency_id) is not None and _hears(case, by.position, by.agency_id):
        return None
    return Refused(NOT_YOUR_SIDE, otherwise)


def _hears(case: Case, position: Position | None, agency_id: str | None) -> bool:
    """Whether a position is told of the case: by the ladder, or because an action of a plan is its own."""
    own = (one for plan in case.plans for one in plan.actions if one.agency_id == agency_id)
    return _was_told(case, position) or any(one.position == position for one in own)


def _owner(case: Case, action_id: str) -> str | None:
    action = case.action(action_id)
    return None if action is None else action.agency_id


def _plans(case: Case, by: Actor) -> Refused | None:
    """Either side proposes what is to be done, the final body where it is asked, and the team for them."""
    if _is_team(by):
        return None
    if by.side is Side.RESPONDING:
        return _for_its_own(case, by, by.agency_id, "Only an agency that this was raised with can do this.")
    return _deciding(case, by) if by.side is Side.FINAL_BODY else _raising(case, by)


def _checks(case: Case, act: acts.CheckAction) -> Refused | None:
    """What one side says of its own action is for the other one to confirm."""
    by, owner = act.by, _owner(case, act.action_id)
    if owner is not None and owner == by.agency_id:
        return Refused(NOT_YOUR_SIDE, "What your own agency says of its action is for the other side to confirm.")
    if by.side is Side.RESPONDING and owner is not None and not case.raises(owner):
        return Refused(NOT_YOUR_SIDE, "Whether that is so, the agency says that raised this.")
    if by.side is Side.RAISING and case.raises(owner):
        return Refused(NOT_YOUR_SIDE, "What your own agency says of its action is for the other side to confirm.")
    if by.side is Side.RESPONDING:
        return _for_its_own(case, by, by.agency_id, "Only an agency of the other side can confirm this.")
    return _raising(case, by)


def _was_told(case: Case, position: Position | None) -> bool:
    """Whether a position hears of a passed limit: those of the stages so far, and of the one above; and the lead."""
    told = {stage.responding_position for stage in case.frame.policy.stages if stage.number <= case.stage + 1}
    return position in {*told, LEAD}


def _raising(case: Case, by: Actor) -> Refused | None:
    """The agency that raised it; and whoever raised it, at their own address, whatever agency they were taken for.

    While nobody knows which agency that is, it is that address alone.
    """
    if by.side is Side.RAISING:
        if by.position == RAISER and case.raiser_at is RaiserAt.NOBODY:
            return Refused("not_theirs", NOT_THEIRS)
        if by.position == RAISER and by.agency_id in {case.raised_as, case.raising_agency}:
            return None
        if by.agency_id is not None and by.agency_id == case.raising_agency:
            return None
    return Refused(NOT_YOUR_SIDE, "Only the agency that raised this can do this.")


def _raises_it(case: Case, by: Actor) -> Refused | None:
    """Whichever agency raises it: the lead, or one of the others, each for itself."""
    if by.side is Side.RAISING and by.agency_id in case.co_raisers and by.position != RAISER:
        return None
    if by.side is Side.RAISING and by.agency_id in case.left_raising:
        return Refused(NOT_YOUR_SIDE, "Your agency no longer raises this with the others.")
    return _raising(case, by)


NOT_THEIRS = (
    "The agency that this was raised for says that it is not theirs, so it can no longer be read or acted on from the "
    "address that it was raised from. Nothing that was sent is lost: the partnership team has it. Please ring the team."
)


def _contact_of_raising(case: Case, by: Actor) -> Refused | None:
    """The agency's own contact. Whoever raised it does not vouch for themselves."""
    own = by.side is Side.RAISING and by.agency_id is not None and by.agency_id == case.raising_agency
    if own and by.position == LEAD:
        return None
    return Refused(NOT_YOUR_SIDE, "Only that agency's own contact, or the partnership team, can say whose this is.")


def _responding(case: Case, by: Actor) -> Refused | None:
    party = case.party(by.agency_id)
    if by.side is not Side.RESPONDING or party is None:
        return Refused(NOT_YOUR_SIDE, "Only an agency that this was raised with can do this.")
    if stage_of(case, by.position) is None:
        return Refused(
            "not_your_stage",
            "This has not reached your position. Please pass it to the person it was "
            "sent to, or tell the partnership team who should have it.",
        )
    return None


def stage_of(case: Case, position: Position | None) -> int | None:
    """The highest stage begun so far at which this position answers for the responding side, or none.

    A clerk's "passed on" is no acknowledgement: what answers a stage comes from the position that it was sent to.
    """
    begun = [
        stage.number
        for stage in case.frame.policy.stages
        if stage.number <= case.stage and stage.number not in case.skipped and stage.responding_position == position
    ]
    return begun[-1] if begun else None


def _other_side(case: Case, act: acts.ConfirmDone | acts.DenyDone) -> Refused | None:
    claim = case.claim(act.claim_id)
    if claim is None:
        return Refused(
            "no_such_claim",
            "We have no record of what this is about. Please open the newest message about "
            "this escalation, or ask the partnership team.",
        )
    if _is_team(act.by):
        return None
    if act.by.side is claim.by_side:
        return Refused(NOT_YOUR_SIDE, "What your own side said was done is for the other side to confirm.")
    if act.by.side is Side.RAISING:
        return _raising(case, act.by)
    if act.by.agency_id != claim.agency_id:
        return Refused(NOT_YOUR_SIDE, "Only the agency that this was done with can confirm it.")
    return _responding(case, act.by)


def _deciding(case: Case, by: Actor) -> Refused | None:
    body = case.frame.policy.final_body
    if by.side is not Side.FINAL_BODY or by.agency_id != body.agency:
        return Refused(NOT_YOUR_SIDE, "Only the final body can decide this.")
    if case.decider_position is None:
        return Refused(
            "not_at_final_stage",
            "This has not reached the final body. It can decide once the raising side has taken it there.",
        )
    if by.position == case.decider_position:
        return None
    if case.decider_position == body.alternate_position:
        return Refused(
            "not_the_decider",
            "The alternate decides this one, because the usual holder works for an agency "
            "in it or has decided it before.",
        )
    return Refused(
        "not_the_decider",
        "The usual holder of the final body decides this one. The alternate does where the "
        "holder works for an agency in it or has decided it before.",
    )


# ---- Pages ----------------------------------------------------------------------------------------------------------


class Role(StrEnum):
    """What somebody who signs in is there for. One person may have several."""

    TEAM = "team"
    """Of the partnership's team: the board, the cases, entering for somebody, the directory."""
    REVIEWER = "reviewer"
    """Reads the figures of a year, and exports them. Sees no case."""
    ADMINISTRATOR = "administrator"
    """Says who may sign in, keeps the directory, and reads who read what. Sees no case."""


class Standing(StrEnum):
    """What somebody is let in by who has not signed in."""

    ANYBODY = "anybody"
    LINK = "link"
    """They hold the link of a message; what more is needed to read or act, the page of the link asks."""
    THIS_MACHINE = "this_machine"
    """They sit at the machine that serves the page."""
    WATCHES = "watches"
    """A program that watches the installation, with the token of the settings."""


class Page(StrEnum):
    """Every kind of page. A route belongs to one of these; a test goes through all routes."""

    PUBLIC = "public"
    """The start page, the form to raise an escalation, health, and the way to sign in."""
    LINK = "link"
    """What the link of a message leads to."""
    BOARD = "board"
    CASE = "case"
    TEAM_ACT = "team_act"
    """What the team does on a case."""
    REDATE = "redate"
    """Counting open escalations anew, under another calendar or policy."""
    ENTER = "enter"
    """Entering an escalation for somebody who phoned."""
    DIRECTORY = "directory"
    REVIEW = "review"
    PEOPLE = "people"
    """Who may sign in."""
    READ_LOG = "read_log"
    """Who read a case."""
    OUTBOX = "outbox"
    """The messages of a trial, with links that work."""
    METRICS = "metrics"
    """The figures for whoever watches the installation."""


LETS_IN: Final[Mapping[Page, frozenset[Role | Standing]]] = {
    Page.PUBLIC: frozenset({Standing.ANYBODY}),
    Page.LINK: frozenset({Standing.LINK}),
    Page.BOARD: frozenset({Role.TEAM}),
    Page.CASE: frozenset({Role.TEAM}),
    Page.TEAM_ACT: frozenset({Role.TEAM}),
    Page.REDATE: frozenset({Role.TEAM}),
    Page.ENTER: frozenset({Role.TEAM}),
    Page.DIRECTORY: frozenset({Role.TEAM, Role.ADMINISTRATOR}),
    Page.REVIEW: frozenset({Role.TEAM, Role.REVIEWER}),
    Page.PEOPLE: frozenset({Role.ADMINISTRATOR}),
    Page.READ_LOG: frozenset({Role.ADMINISTRATOR}),
    Page.OUTBOX: frozenset({Standing.THIS_MACHINE}),
    Page.METRICS: frozenset({Standing.THIS_MACHINE, Standing.WATCHES}),
}
"""Whom each kind of page lets in: whoever has one of these."""


def may_open(page: Page, by: frozenset[Role | Standing]) -> bool:
    """Whether somebody with these roles and this standing may open a page of that kind."""
    return not LETS_IN[page].isdisjoint({Standing.ANYBODY, *by})


def reads_text(case: Case, roles: frozenset[Role]) -> bool:
    """Whether somebody with these roles may read what a case is about, rather than reference, agencies and dates.

    The team, once the policy has told the partnership of the case, or while it holds the case to pass it on (rules of
    practice, "Raised is not notified"); and where the raising agency says that it is not theirs, so that the team has
    to find out whose it is. Nobody else who signs in ever does.
    """
    told = case.partnership_told_at is not None or case.status is Status.HELD
    return Role.TEAM in roles and (told or case.raiser_at is RaiserAt.NOBODY)
