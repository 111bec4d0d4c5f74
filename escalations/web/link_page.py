"""What stands on the page of a link, for whoever has shown a code: what it is about, what is asked, and by when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.intake import submissions
from escalations.intake.naming import Named
from escalations.intake.submissions import State, Submission
from escalations.policy import Side
from escalations.rules import acts, events, sooner, together
from escalations.rules.actors import Channel
from escalations.rules.adviser import Adviser
from escalations.rules.case import Case, Status
from escalations.rules.notices import Ask
from escalations.rules.senders import RaiserAt
from escalations.store import directory
from escalations.store.links import Link
from escalations.web import (
    accounts_page,
    advice,
    answers,
    asked_urgent,
    became,
    calling,
    completing,
    link_acts,
    named,
    plan_page,
    pleading,
    story,
    summary,
    team_choices,
    telling,
    words,
)
from escalations.web.answers import FAMILY_AWARE, Agency
from escalations.web.calling import Call
from escalations.web.link_acts import Doing
from escalations.web.parts import Parts
from escalations.web.story import Story, Written
from escalations.web.telling import Names

TITLES: Final[Mapping[Doing, str]] = {
    Doing.PLAN_ANSWER: "Do you agree to the plan?",
    Doing.ACTION: "Say whether an action is done",
    Doing.CHECK: "Say whether what was said of an action is so",
    Doing.FOLLOW_UP: "What came of it?",
    Doing.ACKNOWLEDGE: "Acknowledge it",
    Doing.REACHED: "Record a phone call",
    Doing.CONFIRM: "Yes, it was done",
    Doing.DENY: "No, it was not done",
    Doing.ANSWER: "Give your answer",
    Doing.DECIDE: "Record your decision",
    Doing.AGREE: "Yes: it is dealt with",
    Doing.MOVE_UP: "It moves up",
    Doing.STAY: "It stays at this stage",
    Doing.SOONER: "It is needed sooner",
    Doing.OBJECT: "Object to its moving by itself",
    Doing.LOOK_BACK: "What changed?",
    Doing.ACCOUNT: "Say how a delay came about",
    Doing.URGENT: "It is urgent now",
    Doing.NOT_URGENT: "It is not urgent",
    Doing.READ_FILE: "We have read the file",
    Doing.RECORDED: "It is recorded on our files",
    Doing.WITHDRAW: "Withdraw it",
    Doing.REDIRECT: "It is not for this policy: it goes another way",
    Doing.SAY_DONE: "Write up what was done by phone or in a meeting",
    Doing.COMPLETE: "Complete your escalation",
    Doing.PLAN: "Propose a plan: what is done, by whom and by when",
    Doing.DISSENT: "Put on record that you disagree",
    Doing.MISDIRECTED: "This is not ours",
    Doing.PARTIES: "Change the agencies that it is raised with",
    Doing.LEAVE: "Your agency no longer raises this",
    Doing.CONTACT: "Somebody else is to be written to",
    Doing.VOUCH: "Is it your agency’s?",
    Doing.CORRECT: "Something that we sent was a mistake",
    Doing.ADVICE: "Give your advice",
    Doing.REOPEN: "Open it again",
    Doing.ASK_REOPEN: "Ask the partnership team to open it again",
}
"""What each form of a link's page is called, in the order of the page."""


@dataclass(frozen=True, slots=True)
class Read:
    """Everything that the page is made of."""

    found: Story
    raised: acts.Raise | None
    sealed: Mapping[str, Any] | None
    wrote: tuple[Written, ...]
    calls: tuple[Call, ...]
    titles: Mapping[str, str]
    agencies: Mapping[str, Agency]
    last: Submission | None
    """What was sent last by this position, where it is not carried out, or not yet."""


async def read(parts: Parts, link: Link) -> Read | None:
    """Read it; none where the case is stored and not open yet."""
    now = parts.now()
    agencies = await parts.agencies.read(now)
    async with parts.database.read() as tx:
        found = await story.read(tx, parts.cases, link.reference)
        if found is None:
            return None
        raised, sealed = await story.raised_in_all(tx, parts.vault, found)
        return Read(
            found,
            raised,
            sealed,
            # Neither side of a case reads of another one with which the team linked it.
            tuple(
                item
                for item in await story.written(tx, parts.vault, found)
                if not isinstance(item.event, events.Linking)
            ),
            await calling.wanted(
                tx,
                parts.vault,
                case=found.case,
                link=link,
                sealed=sealed,
                names=Names(agencies, policy=found.case.frame.policy),
                at=now,
            ),
            await directory.titles(tx, link.to.agency_id, now) if link.to.agency_id else {},
            agencies,
            await _last(tx, link),
        )


async def _last(tx: AsyncConnection, link: Link) -> Submission | None:
    """What somebody sent while our timer service was away may be refused after they left: the next reader is told."""
    own = [one for one in await submissions.of_case(tx, link.reference) if by_this_position(one, link)]
    return own[-1] if own and own[-1].state is not State.APPLIED else None


def by_this_position(known: Submission, link: Link) -> bool:
    """Whether a submission came by a link of the same position: nobody else's outcome is anybody's business."""
    if known.channel != Channel.LINK:
        return False
    by = acts.loads(known.act).by
    return (by.side, by.agency_id, by.position) == (link.to.side, link.to.agency_id, link.to.position)


def values(page: Read, link: Link, *, now: datetime) -> dict[str, Any]:
    """What the template shows."""
    case = page.found.case
    names = Names(page.agencies, policy=case.frame.policy)
    offered = link_acts.offered(case, link)
    claim = link_acts.claim_of(case, link) if link.asks is Ask.CONFIRM or Doing.CONFIRM in offered else None
    # Whoever agreed over a dissent is asked nothing more while the team decides.
    decided = link.asks is Ask.CONSIDER and case.agreement is not None and Doing.AGREE not in offered
    asks = Ask.READ if decided else link.asks
    people = (page.sealed or {}).get("people", [])
    wrote = [item for item in page.wrote if _may_read(item, link, case)]
    return {
        "link": link,
        "case": case,
        "calls": page.calls,
        "last": page.last,
        "last_refused": page.last is not None and page.last.state is State.REFUSED,
        "offered": offered,
        "heading": telling.HEADINGS[asks],
        "in_short": _in_short(page) if link.asks in {Ask.RESPOND, Ask.DECIDE} else (),
        "sections": _sections(page, link),
        "unsafe": summary.unsafe_to_tell(page.sealed),
        "pleas": pleading.of_case(page.sealed, (item.words for item in wrote)),
        "asked_if_urgent": case.asked_if_urgent and link_acts.leads(case, link),
        "urgent_words": asked_urgent.words(case, page.sealed, (item.words for item in page.wrote)),
        "withheld": any(person.get("address_withheld") for person in people),
        "wrote": [
            {
                "who": became.deed(item.event, names, own=link.to, titles=page.titles, sealed=item.words).who,
                "sentence": telling.sentence(item.event, names),
                "words": item.words,
                "below": summary.forwarded(item.words),
            }
            for item in wrote
        ],
        "delays": accounts_page.choices(case, names, link.to.side, link.to.agency_id),
        "says": {says.value: text for says, text in words.SAYS.items()},
        "coming": became.coming(case, names, link.to) if case.status is Status.OPEN else None,
        "plan": plan_page.values(
            case,
            names,
            plan_page.texts(page.wrote),
            side=link.to.side,
            own=link_acts.own(case, link),
            about=link.about,
        ),
        "claim": claim,
        "claim_words": telling.claim(claim, names) if claim else "",
        "parties": {party.agency_id: names.agency(party.agency_id) for party in case.open_parties},
        "flat": _without_the_level_above(case, page.agencies),
        "further": {str(one.number): f"Stage {one.number}: {one.title}" for one in link_acts.stages_above(case)},
        "skip_reasons": {
            one.value: words.SKIP_REASONS[one][:1].upper() + words.SKIP_REASONS[one][1:]
            for one in (case.frame.policy.skipping.because if case.frame.policy.skipping else ())
        },
        "soon": {clock.clock_id: team_choices.due(clock, names) for clock in sooner.can_be_sooner(case)},
        "mistakable": team_choices.entries(case, names, link.to.side, link.to.agency_id),
        "reopen_stages": team_choices.reopen_stages(case),
        "reopen_because": team_choices.reopen_because(),
        "take_out": team_choices.of_parties(case, names),
        "removed_because": team_choices.removed_because(),
        "several": len(case.open_parties) > 1,
        "raising": link.to.side is Side.RAISING,
        "leads": names.agency(case.raising_agency) if link.to.agency_id in case.co_raisers else "",
        "over_dissent": case.frame.policy.together.over_dissent.value,
        "leave_because": {code.value: text for code, text in words.LEAVES.items()},
        "raised_by": names.raising(case.raising_agency),
        "together": bool(case.co_raisers),
        "together_with": _each(names, case.co_raisers),
        "over_dissent_of": _each(names, together.over_dissent(case)),
        "above": case.frame.policy.next_stage(case.stage),
        "status_words": _status(case),
        "titles": {**TITLES, Doing.MOVE_UP: "No: it moves up"} if asks is Ask.CONSIDER else TITLES,
        "order": TITLES,
        "choices": {agency.agency_id: agency.label for agency in page.agencies.values()},
        "addable": team_choices.addable(case, page.agencies.values()),
        "numbers_of": [
            (agency, names.agency(agency)) for agency in (*case.raisers, *(party.agency_id for party in case.parties))
        ],
        "family_aware": {aware.value: said for aware, said in FAMILY_AWARE.items()},
        "lists": answers.offered(case.frame.policy, now),
        "meanings": answers.meanings(case.frame.policy, now),
        "others": [str(person.get("name") or "") for person in completing.also_named(page.sealed)],
        **(_completing(page) if link.asks is Ask.COMPLETE else {}),
    }


def _each(names: Names, agencies: tuple[str, ...]) -> str:
    return names.each(agencies) if agencies else ""


def _without_the_level_above(case: Case, agencies: Mapping[str, Agency]) -> tuple[str, ...]:
    """The agencies of the case that have no level at the next stage, by their type, where it may be passed over."""
    above = link_acts.stages_above(case)
    parties = (*case.raisers, *(party.agency_id for party in case.open_parties))
    there = [found for one in parties if (found := agencies.get(one)) is not None]
    return tuple(one.name for one in there if above and one.agency_type in above[0].no_such_level)


def vouching(page: Read, link: Link) -> dict[str, Any]:
    """What an agency's own contact reads of a case that was raised in its name, to say whether it is theirs.

    Who wrote, from which address and when, and with whom it was raised; nothing of what it is about. A stranger may
    have written of a child whom this agency does not know.
    """
    case, names = page.found.case, Names(page.agencies)
    raiser = (page.sealed or {}).get("raiser") or {}
    return {
        "link": link,
        "case": case,
        "agency": names.agency(case.raising_agency),
        "parties": [names.agency(party.agency_id) for party in case.parties],
        "address": str(raiser.get("email") or ""),
        "name": str(raiser.get("name") or ""),
        "role": str(raiser.get("role") or ""),
        "raised_at": page.found.raised.at,
        "channel": telling.channel(page.found.raised.channel),
        "status_words": _status(case),
        "by_contact": case.raiser_at is RaiserAt.CONTACT,
        "offered": link_acts.offered(case, link),
    }


def advising(page: Read, link: Link, adviser: Adviser) -> dict[str, Any]:
    """What an adviser reads: the question, and of what was written only what they may."""
    case, own = page.found.case, adviser.adviser_id
    names = Names(page.agencies, policy=case.frame.policy)
    asked = (
        item.words.get("text")
        for item in page.wrote
        if isinstance(item.event, events.AdviserInvited) and item.event.adviser == own
    )
    raised = case.raising_agency in adviser.reads_of
    wrote = [item for item in page.wrote if advice.may_read(case, own, item.event)]
    people = (page.sealed or {}).get("people", []) if raised else []
    return {
        "link": link,
        "title": advice.title(case.frame.policy, adviser.role),
        "until": adviser.until,
        "question": str(next(asked, "") or ""),
        "reads": advice.read_words(adviser.reads_of, names),
        "unsafe": raised and summary.unsafe_to_tell(page.sealed),
        "pleas": pleading.of_case(page.sealed if raised else None, (item.words for item in wrote)),
        "withheld": any(person.get("address_withheld") for person in people),
        "sections": _sections(page, link) if raised else (),
        "wrote": [{"sentence": telling.sentence(item.event, names), "words": item.words} for item in wrote],
        "last": page.last,
        "last_refused": page.last is not None and page.last.state is State.REFUSED,
    }


def _completing(page: Read) -> dict[str, Any]:
    """What the page to complete an email says of agencies: which were named, and who is told when it is sent."""
    case = page.found.case
    names = Names(page.agencies, policy=case.frame.policy)
    of = completing.named(page.raised, page.sealed, page.agencies) if page.raised and page.sealed else Named()
    return {
        "agency_fields": completing.fields(of),
        "not_recognised": named.each(of.unknown, page.agencies) if case.status is Status.HELD else (),
        "not_read": ((page.sealed or {}).get("mail") or {}).get("not_recognised") or {},
        "told_of_it": [names.agency(party.agency_id) for party in case.open_parties]
        if case.status is Status.OPEN
        else [],
        "team_passes_on": case.raising_agency is None or case.quiet or case.raisers_to_look_at,
    }


def _may_read(item: Written, link: Link, case: Case) -> bool:
    """Each side's account of a delay, and what it says at the end, is for the team and for that side itself."""
    event = item.event
    if isinstance(event, events.NoticeReported):
        return False  # On what grounds the team believed that a notice did not arrive is the team's.
    if isinstance(event, events.Closed) and event.outside is not None:
        return False  # Why it is not for this process, and where exactly it went, the team wrote down for itself.
    if isinstance(event, events.AdviserEnded):
        return False  # Why somebody is asked no longer, the team wrote down for itself.
    if isinstance(event, events.PassedOn | events.SenderVouched | events.AgencyAwaited):
        return False  # Whom the team rang, and what an agency says of who wrote in its name, is the team's.
    if not isinstance(event, events.AccountAdded | events.LookedBack | events.FollowUpAnswered):
        return True
    whose = case.speaker(link.to.side, link.to.agency_id)
    return event.side is link.to.side and case.speaker(event.side, event.agency_id) == whose


def _in_short(page: Read) -> tuple[summary.Row, ...]:
    """Who raised it, what the problem is and what is wanted: the rest is there to unfold."""
    words = page.sealed or {}
    raiser = words.get("raiser") or {}
    who = ", ".join(
        str(part)
        for part in (
            raiser.get("name"),
            raiser.get("role"),
            summary.name_of(page.agencies, page.found.raised.raising_agency or page.found.case.raising_agency),
            raiser.get("phone"),
        )
        if part
    )
    others = ", ".join(summary.name_of(page.agencies, one) for one in page.found.case.co_raisers)
    rows = (
        ("Raised by", who),
        ("Together with", others),
        ("The problem", words.get("problem")),
        ("What they want", words.get("wanted")),
    )
    return tuple(summary.Row(key, str(value)) for key, value in rows if value)


def _sections(page: Read, link: Link) -> tuple[summary.Section, ...]:
    if not page.raised or not page.sealed:
        return ()
    own = summary.name_of(page.agencies, link.to.agency_id)
    return _own_number_first(
        summary.sections(
            page.raised,
            page.sealed,
            page.agencies,
            page.found.case.frame.policy,
            raised_by=page.found.case.raising_agency,
        ),
        own,
    )


def _own_number_first(sections: tuple[summary.Section, ...], own: str) -> tuple[summary.Section, ...]:
    """Each agency reads of people in its own terms: its case number first."""

    def ordered(section: summary.Section) -> summary.Section:
        rows = sorted(section.rows, key=lambda row: row.key != f"Case number of {own}")
        return (
            summary.Section(section.title, section.page, tuple(rows))
            if section.title.startswith("Person ")
            else section
        )

    return tuple(ordered(section) for section in sections)


def _status(case: Case) -> str:
    if case.status is Status.CLOSED:
        return telling.closed(case)
    if case.status is Status.HELD:
        return "The partnership team has it and has not passed it on yet."
    stage = f"It is at stage {case.stage}: {case.frame.policy.stage(case.stage).title}."
    if case.raiser_at is RaiserAt.NOBODY:
        return f"{stage} The agency that it was raised for says that it is not theirs. The partnership team knows."
    return stage
