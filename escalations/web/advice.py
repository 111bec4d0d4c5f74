"""Advice from somebody outside an escalation: the team's forms, the adviser's page, and how it is told.

Who they are is shown to the team alone; both sides read what they are called by the policy. Which of it a page offers
is said in `team_acts` and `link_acts`; whether it is carried out, in `rules.advising`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, assert_never

from escalations.policy import Policy, Side
from escalations.rules import access, acts, events
from escalations.rules.actors import Actor
from escalations.rules.acts import Act
from escalations.rules.adviser import Adviser
from escalations.rules.case import Case, Status
from escalations.rules.civiltime import say
from escalations.web import agreed
from escalations.web.answers import YesNo
from escalations.web.forms import LONG, Raw, Reading, first
from escalations.web.naming import Naming

LABELS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "adviser-name": ("Their name", {}),
    "adviser-work": ("Their role and organisation", {}),
    "adviser-email": ("Their work address", {}),
    "adviser-email-again": ("The same address again", {}),
    "adviser-question": ("What they are asked", {}),
    "advice-able": ("Whether they can advise", {"yes": "Yes", "no": "No"}),
    "advice-text": ("The advice", {}),
    "adviser-end-text": ("Why their advice is no longer needed", {}),
}
"""What each field is called where it is given back, and the words of its choices."""
READ: Final = (events.AdviserInvited, events.AdviceGiven, events.AdviserEnded)
"""What the team may always read: it wrote the question itself, and who is asked by it alone has read nothing else."""
_READS: Final = (
    events.Acknowledged,
    events.Responded,
    events.SaidDone,
    events.DoneConfirmed,
    events.DoneDenied,
    events.MoveIntended,
    events.Settled,
    events.WordsAdded,
    events.AdviceGiven,
)
"""What an adviser may read of what agencies wrote, where it was agreed for them; never an account of a delay."""


def title(policy: Policy | None, role: str) -> str:
    """What an adviser is called: by the policy of the case, or else their code in words."""
    rule = None if policy is None else policy.adviser(role)
    return role.replace("_", " ").capitalize() if rule is None else rule.title


# ---- The forms ------------------------------------------------------------------------------------------------------


def open_to(case: Case) -> tuple[Adviser, ...]:
    """Whom the team may still ask no longer."""
    return () if case.status is not Status.OPEN else tuple(one for one in case.advisers if one.ended_at is None)


def roles(case: Case) -> dict[str, str]:
    """Whom the policy lets the team ask at this stage."""
    return {one.role: one.title for one in case.frame.policy.can_advise if one.from_stage <= case.stage}


def wishes(case: Case, names: Naming) -> dict[str, str]:
    """At whose wish: the team's own, or a side's where the policy lets a side wish it of somebody."""
    sides = {side for one in case.frame.policy.can_advise for side in one.asked_by}
    found = {"team": "The partnership team’s own"} if Side.TEAM in sides else {}
    if Side.RAISING in sides and case.raising_agency is not None:
        found["raising"] = f"{names.agency(case.raising_agency)}, which raised it"
    if Side.RESPONDING in sides:
        found |= {f"responding:{one.agency_id}": names.agency(one.agency_id) for one in case.parties}
    return found


def asked(case: Case, among: Iterable[Adviser]) -> dict[str, str]:
    """Advisers to choose from."""
    return {one.adviser_id: f"{title(case.frame.policy, one.role)}, asked {say(one.invited_at)}" for one in among}


def invite(
    reading: Reading, case: Case, wished: Iterable[str], origin: dict[str, Any], sealed: dict[str, object]
) -> Act | None:
    """Somebody is asked. Their address is typed twice: nobody outside the directory vouches for it."""
    there, possible = roles(case), tuple(wished)
    role = _only(reading, "adviser-role", tuple(there), missing="Choose who is asked for advice")
    wish = _only(reading, "adviser-wish", possible, missing="Say at whose wish they are asked")
    address = reading.email("adviser-email", missing="Enter their work address")
    again = first(reading.raw, "adviser-email-again").strip()
    if address and again.casefold() != address.casefold():
        said = (
            "The two addresses are not the same. Enter it again" if again else "Enter their work address a second time"
        )
        reading.problem("adviser-email-again", said)
    sealed["adviser"] = {
        "name": reading.text("adviser-name", "The name", missing="Enter their full name"),
        "role": reading.text("adviser-work", "The role", missing="Enter their role and organisation"),
        "email": address,
    }
    missing = "Say what you ask them, in words that they may read and both sides too"
    sealed["text"] = reading.text("adviser-question", "The question", missing=missing, most=LONG)
    both = any(first(reading.raw, name).strip() for name in agreed.FIELDS)
    known = agreed.read(reading, sealed, what="agreed") if both else None
    if not role or not wish or reading.problems:
        return None
    side, _, agency = wish.partition(":")
    return acts.InviteAdviser.model_validate(
        {**origin, "role": role, "on_word_of": Side(side), "agency_id": agency or None, "known_by": known}
    )


def give(
    reading: Reading, adviser_ids: tuple[str, ...], origin: dict[str, Any], sealed: dict[str, object]
) -> Act | None:
    """An adviser answers, or the team writes it down."""
    adviser = _only(reading, "adviser", adviser_ids, missing="Choose whose advice it is")
    able = reading.choice("advice-able", YesNo, missing="Say whether advice can be given on this")
    missing = "Write the advice" if able is not YesNo.NO else "Say in a few words why not"
    sealed["text"] = reading.text("advice-text", "The advice", missing=missing, most=LONG)
    if not adviser or able is None or reading.problems:
        return None
    return acts.GiveAdvice.model_validate({**origin, "adviser": adviser, "declined": able is YesNo.NO})


def end(reading: Reading, case: Case, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    """The team asks somebody no longer."""
    ids = tuple(one.adviser_id for one in open_to(case))
    adviser = _only(reading, "adviser", ids, missing="Choose whose advice is no longer needed")
    sealed["text"] = reading.text(
        "adviser-end-text", "The reason", missing="Say in a few words why it is no longer needed", most=LONG
    )
    return None if not adviser or reading.problems else acts.EndAdvice.model_validate({**origin, "adviser": adviser})


def _only(reading: Reading, field: str, choices: tuple[str, ...], *, missing: str) -> str:
    """The one that was chosen, or the only one that there is."""
    if len(choices) == 1 and not first(reading.raw, field):
        return choices[0]
    return reading.one_of(field, choices, missing=missing)


def typed(act: Act, sealed: Mapping[str, Any]) -> Raw | None:
    """The fields of the form that an act came from, filled in; none for an act of another kind."""
    text = str(sealed.get("text") or "")
    match act:
        case acts.InviteAdviser():
            who = sealed.get("adviser") or {}
            wish = act.on_word_of.value if act.agency_id is None else f"{act.on_word_of.value}:{act.agency_id}"
            return {
                "adviser-role": [act.role],
                "adviser-wish": [wish],
                "adviser-name": [str(who.get("name") or "")],
                "adviser-work": [str(who.get("role") or "")],
                "adviser-email": [str(who.get("email") or "")],
                "adviser-email-again": [str(who.get("email") or "")],
                "adviser-question": [text],
                **agreed.typed(sealed, act.known_by),
            }
        case acts.GiveAdvice():
            able = ["no" if act.declined else "yes"]
            return {"adviser": [act.adviser], "advice-able": able, "advice-text": [text]}
        case acts.EndAdvice():
            return {"adviser": [act.adviser], "adviser-end-text": [text]}
        case _:
            return None


def rows(act: Act, sealed: Mapping[str, Any], case: Case, names: Naming) -> tuple[tuple[str, str], ...]:
    """What was typed and chosen, to be read once more: the address too, for nobody else can tell that it is right."""
    match act:
        case acts.InviteAdviser():
            who = sealed.get("adviser") or {}
            wish = wishes(case, names).get((typed(act, sealed) or {})["adviser-wish"][0], "")
            return (
                ("Asked", title(case.frame.policy, act.role)),
                ("At whose wish", wish),
                ("Name and role", ", ".join(str(who[key]) for key in ("name", "role") if who.get(key))),
                ("The message goes to", str(who.get("email") or "")),
            )
        case acts.GiveAdvice() | acts.EndAdvice():
            adviser = case.adviser(act.adviser)
            whose = "" if adviser is None else title(case.frame.policy, adviser.role)
            able = (("Can they advise?", "No" if act.declined else "Yes"),) if isinstance(act, acts.GiveAdvice) else ()
            return (("Whose", whose), *able)
        case _:
            return ()


# ---- How it is told -------------------------------------------------------------------------------------------------


def sentence(event: events.Advising, names: Naming) -> str:
    """What an event tells, in one sentence."""
    who = title(names.policy, event.role)
    match event:
        case events.AdviserInvited():
            at = "" if event.on_word_of is Side.TEAM else f", at the wish of {_wish(event, names)}"
            reads = read_words(event.reads_of, names)
            return f"The partnership team asked for advice: {who}{at}. They read {reads}, until {say(event.until)}."
        case events.AdviceGiven():
            by = ", as the partnership team wrote down" if event.by.side is Side.TEAM else ""
            if event.declined:
                return f"{who} said that they cannot advise on this{by}."
            return f"{who} gave advice{by}. It answers for nobody, and nothing moves by it."
        case events.AdviserEnded():
            return f"The partnership team no longer asks for advice: {who}."
        case _:
            assert_never(event)


def _wish(event: events.AdviserInvited, names: Naming) -> str:
    return "the raising side" if event.on_word_of is Side.RAISING else names.agency(event.agency_id)


def read_words(agencies: tuple[str, ...], names: Naming) -> str:
    """What an adviser reads."""
    if not agencies:
        return "the question and nothing else"
    *most, last = (names.agency(one) for one in agencies)
    return f"the question, and what {', '.join(most) + ' and ' if most else ''}{last} wrote"


def label(event: events.Advising, names: Naming) -> str:
    """A few words for a point of the drawing."""
    match event:
        case events.AdviserInvited():
            return f"Advice asked for: {title(names.policy, event.role)}"
        case events.AdviceGiven():
            return "No advice, they say" if event.declined else "Advice given"
        case events.AdviserEnded():
            return "Advice no longer asked for"
        case _:
            assert_never(event)


def lines(case: Case) -> dict[str, str]:
    """Who was asked, and what came of it, by the name of each: for the team."""
    return {one.adviser_id: f"{title(case.frame.policy, one.role)}: {_state(one)}" for one in case.advisers}


def _state(one: Adviser) -> str:
    came = "our message to them did not arrive" if one.unreached else "no advice is recorded"
    if one.advised_at is not None:
        came = (
            f"said at {say(one.advised_at)} that they cannot advise"
            if one.declined
            else f"gave advice at {say(one.advised_at)}"
        )
    until = f"their link serves until {say(one.until)}" if one.ended_at is None else f"ended {say(one.ended_at)}"
    return f"asked {say(one.invited_at)}; {came}; {until}"


# ---- Their page -----------------------------------------------------------------------------------------------------


def may_read(case: Case, adviser_id: str, event: events.Event) -> bool:
    """Whether an adviser may read what was written with an event."""
    by: Actor | None = getattr(event, "by", None)
    return isinstance(event, _READS) and by is not None and access.adviser_reads(case, adviser_id, by)
