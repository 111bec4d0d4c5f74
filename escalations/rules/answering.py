"""What the responding side does, and what it brings: acknowledged, reached, answered; and the team's phone call."""

from __future__ import annotations

from datetime import datetime

from escalations.policy import Awaits, Side
from escalations.rules import access, acts, claiming, clocks, delivering, events, moving, urgent_words
from escalations.rules.access import Refused
from escalations.rules.case import MEETS, Case, Done, FileNote, Status
from escalations.rules.events import Event
from escalations.rules.evolving import evolve_all


def acknowledge(case: Case, act: acts.Acknowledge, now: datetime) -> tuple[Event, ...] | Refused:
    """The position's holder or deputy has the matter."""
    agency, stage = str(act.by.agency_id), access.stage_of(case, act.by.position) or case.stage
    party = case.party(agency)
    if party is not None and party.settled:
        return Refused("settled", "This is already settled with your agency. Nothing more is needed.")
    if stage == case.stage and party is not None and party.evidence.acknowledged:
        return Refused(
            "already_acknowledged",
            "Your agency has already acknowledged this at this stage. Nothing more is "
            "needed for that. If it was done earlier than we have recorded, please "
            "say what was done and when.",
        )
    refused = _before_its_clock(case, act, agency, Done.SPOKE)
    if refused is not None:
        return refused
    acknowledged = events.Acknowledged(**events.origin(act, now), agency_id=agency, stage=stage)
    known = evolve_all(case, (acknowledged,))
    met = clocks.meet(known, clocks.of_agency(known, agency, stage, Awaits.ACKNOWLEDGE), now, counts_from=now)
    happened: tuple[Event, ...] = (acknowledged, *met)
    if stage == case.stage:
        happened = (*happened, *delivering.arrived(evolve_all(case, happened), now, agency))
        happened = (*happened, *delivering.acknowledged(evolve_all(case, happened), now, agency))
    elif not met:
        return Refused(
            "stage_left",
            f"This has moved up to stage {case.stage} since then, so an acknowledgement from your "
            "position is no longer awaited. If you have an answer, please give it: it is passed "
            "on to the agency that raised this.",
        )
    return claiming.with_earlier_time(case, act, now, happened, done=Done.SPOKE, agency_id=agency)


def _before_its_clock(
    case: Case,
    act: acts.Acknowledge | acts.Respond | acts.ReachedByPerson,
    agency: str,
    done: Done,
) -> Refused | None:
    return None if act.happened_at is None else claiming.before_its_clock(case, agency, done, act.happened_at)


def reached(case: Case, act: acts.ReachedByPerson, now: datetime) -> tuple[Event, ...] | Refused:
    """Somebody spoke to a person of the responding agency. The team's own record counts from when it happened."""
    waiting = case.running(Awaits.BE_REACHED, agency_id=act.agency_id)
    if not waiting:
        return Refused(
            "not_awaited",
            "Nobody is waiting for a call to be recorded here: somebody was reached already, this stage waits "
            "for no call, or it is not on the urgent track.",
        )
    refused = _before_its_clock(case, act, act.agency_id, Done.SPOKE)
    if refused is not None:
        return refused
    told = events.PersonReached(**events.origin(act, now), agency_id=act.agency_id, position=act.position)
    by_team = act.by.side is Side.TEAM
    counts_from = act.happened_at if by_team and act.happened_at is not None else now
    met = clocks.meet(evolve_all(case, (told,)), waiting, now, counts_from=counts_from)
    happened: tuple[Event, ...] = (told, *met)
    happened = (*happened, *delivering.arrived(evolve_all(case, happened), now, act.agency_id))
    after = evolve_all(case, happened)
    happened = (*happened, *delivering.spoken(after, counts_from, act.agency_id, known_at=now))
    if by_team:
        return happened
    return claiming.with_earlier_time(case, act, now, happened, done=Done.SPOKE, agency_id=act.agency_id)


def respond(case: Case, act: acts.Respond, now: datetime) -> tuple[Event, ...] | Refused:
    """The responding side's answer. For a stage already left it is recorded there, and closes nothing at this one."""
    agency, stage = str(act.by.agency_id), access.stage_of(case, act.by.position) or case.stage
    party = case.party(agency)
    if party is not None and party.settled:
        return Refused("settled", "This is already settled with your agency. Nothing more is needed.")
    refused = _before_its_clock(case, act, agency, Done.ANSWERED)
    if refused is not None:
        return refused
    responded = events.Responded(**events.origin(act, now), agency_id=agency, stage=stage, offers=act.offers)
    known = evolve_all(case, (responded,))
    awaited = clocks.of_agency(known, agency, stage, *MEETS[Done.ANSWERED])
    happened: tuple[Event, ...] = (responded, *clocks.meet(known, awaited, now, counts_from=now))
    if stage == case.stage:
        happened = (*happened, *delivering.arrived(evolve_all(case, happened), now, agency))
        # Whoever answers has it after all, and the team need not find out whose it is.
        happened = (*happened, *clocks.stop((one for one in case.running(Awaits.LOOK) if one.about == agency), now))
        happened = (*happened, *moving.put_before_raiser(evolve_all(case, happened), now, agency))
    return claiming.with_earlier_time(case, act, now, happened, done=Done.ANSWERED, agency_id=agency)


def phone_call(case: Case, act: acts.NotePhoneCall, now: datetime) -> tuple[Event, ...] | Refused:
    """The team phoned. Whom it reached has been reached, also on the urgent track; nobody has acknowledged by that."""
    # None is whoever raised it, as long as their agency is not known.
    involved = {
        case.raising_agency,
        *case.co_raisers,
        case.frame.policy.final_body.agency,
        *(party.agency_id for party in case.parties),
    }
    if act.agency_id not in involved:
        return Refused("not_a_party", "That agency is not part of this escalation.")
    noted = events.PhoneCallNoted(
        **events.origin(act, now), agency_id=act.agency_id, reached=act.reached, position=act.position
    )
    if not act.reached or act.agency_id is None:
        return (noted,)
    known = evolve_all(case, (noted,))
    waiting = known.running(Awaits.BE_REACHED, agency_id=act.agency_id)
    happened: tuple[Event, ...] = (noted, *clocks.meet(known, waiting, now, counts_from=now))
    after = evolve_all(case, happened)
    if case.party(act.agency_id) is None:
        return (*happened, *delivering.seen_to(after, now, act.agency_id))
    happened = (*happened, *delivering.arrived(after, now, act.agency_id))
    return (*happened, *delivering.spoken(evolve_all(case, happened), now, act.agency_id))


def add_words(case: Case, act: acts.AddWords, now: datetime) -> tuple[Event, ...]:
    """Somebody adds words. They are evidence, and that somebody has our notice; they meet no clock."""
    added = events.WordsAdded(
        **events.origin(act, now),
        agency_id=act.by.agency_id,
        stage=_stage_of(case, act),
        files=act.files,
        came_at=act.came_at,
        seen=act.seen,
    )
    return (added, *_following_words(case, act, added, now))


def _following_words(case: Case, act: acts.AddWords, added: events.WordsAdded, now: datetime) -> tuple[Event, ...]:
    after = evolve_all(case, (added,))
    newly = after.asked_if_urgent and bool(act.seen)
    looks = urgent_words.look(after, now) if newly else ()
    if act.by.side is not Side.RESPONDING or added.stage != case.stage:
        return looks
    return (*looks, *delivering.arrived(evolve_all(after, looks), now, str(act.by.agency_id)))


def _stage_of(case: Case, act: acts.AddWords) -> int:
    answers_for = access.stage_of(case, act.by.position) if act.by.side is Side.RESPONDING else None
    return answers_for or case.stage


def note_file(case: Case, act: acts.NoteFile, now: datetime) -> tuple[Event, ...] | Refused:
    """An agency read the file, or recorded this on its own: evidence, and that somebody has our notice.

    The file is read before an answer, so once at each stage and while the case is open; it is recorded once, also when
    all is over.
    """
    agency = case.speaker(act.by.side, act.by.agency_id)
    if agency is None:
        return Refused(
            "raising_agency_needed",
            "We do not know yet which agency raised this, so nothing can be said of its files. Please wait until the "
            "partnership team has passed it on.",
        )
    if act.note is FileNote.READ and case.status is Status.CLOSED:
        return Refused("closed", "This is closed, so no answer is prepared any more. You can say that it is recorded.")
    stage = (access.stage_of(case, act.by.position) if act.by.side is Side.RESPONDING else None) or case.stage
    if is_noted(case, agency, act.note, stage):
        return Refused("already_noted", "Your agency has said so already. Nothing more is needed.")
    noted = events.FileNoted(**events.origin(act, now), agency_id=agency, note=act.note, stage=stage)
    if act.by.side is not Side.RESPONDING or stage != case.stage:
        return (noted,)
    return (noted, *delivering.arrived(evolve_all(case, (noted,)), now, agency))


def is_noted(case: Case, agency_id: str | None, note: FileNote, stage: int) -> bool:
    """Whether an agency has said that already: of reading it, at this stage."""
    return any(
        (one.agency_id, one.note) == (agency_id, note) and (note is FileNote.RECORDED or one.stage == stage)
        for one in case.files
    )
