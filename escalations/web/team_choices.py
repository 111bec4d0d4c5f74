"""What the form of each of the team's acts offers to choose from, and what stands in it before anybody types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from escalations.policy import Side
from escalations.rules import accounts, correcting, sooner
from escalations.rules.case import Case, Cause, Clock
from escalations.rules.civiltime import say
from escalations.web import (
    accounts_page,
    advice,
    agreed,
    linked,
    looked_back,
    party_forms,
    plan_page,
    team_acts,
    telling,
    together_forms,
    words,
)
from escalations.web.answers import Agency
from escalations.web.forms import Raw
from escalations.web.named import Said
from escalations.web.team_acts import RAISER, Doing
from escalations.web.telling import Names


def of(  # noqa: C901, PLR0911, PLR0912  one line a kind
    doing: Doing, case: Case, names: Names, *, now: datetime, said_of: Mapping[str, str] | None = None
) -> dict[str, object]:
    """The choices of a form, by the name that its template reads.

    Args:
        doing: which form.
        case: as it stands.
        names: of agencies.
        now: the moment.
        said_of: what each action of a plan is, by its id, where the reader may read it.
    """
    match doing:
        case Doing.PHONE_CALL:
            return {"phoned": {agency: _phoned(agency, names) for agency in team_acts.whom_to_phone(case)}}
        case Doing.REACHED:
            return {"parties": {party.agency_id: names.agency(party.agency_id) for party in case.parties}}
        case Doing.SAID_DONE:
            said = team_acts.said(case)
            return {
                "claims": {
                    claim.claim_id: telling.claim(claim, names) for claim in case.claims if claim.claim_id in said
                }
            }
        case Doing.PAUSE:
            return {
                "reasons": {reason.value: text for reason, text in words.PAUSE_REASONS.items()},
                "known": _known(),
                "longest": case.frame.policy.longest_pause.words(),
            }
        case Doing.PLAN | Doing.PLAN_ANSWER | Doing.ACTION | Doing.CHECK | Doing.DISSENT | Doing.FOLLOW_UP:
            return {"plan": plan_page.values(case, names, said_of or {})}
        case Doing.EXTEND:
            return {
                "limits": {
                    clock.clock_id: _limit(case, clock, names)
                    for clock in (*team_acts.extendable(case), *team_acts.past_extending(case))
                },
                "past": bool(team_acts.past_extending(case)),
                "past_extending": team_acts.PAST_EXTENDING,
                "known": _known(),
            }
        case Doing.SOONER:
            return {"soon": {clock.clock_id: due(clock, names) for clock in sooner.can_be_sooner(case)}}
        case Doing.PRIORITY:
            return {
                "priorities": {
                    level.code: f"{level.title}: {level.definition}" for level in case.frame.policy.priorities
                }
            }
        case Doing.ACCOUNT:
            return {
                "whose": {
                    team_acts.account_key(clock, agency): f"{_first_up(names.agency(agency))}: {_delay(clock, names)}"
                    for clock, agency in team_acts.accountable(case)
                },
                "says": {says.value: text for says, text in words.SAYS.items()},
            }
        case Doing.TRACK:
            return {"to_track": team_acts.other_track(case).value}
        case Doing.CAUSE:
            ready = team_acts.confirmable(case, now)
            return {
                "delays": {clock.clock_id: _delay(clock, names) for clock in ready},
                "later": [_later(case, clock, names) for clock in team_acts.to_confirm(case) if clock not in ready],
                "nobody_asked": [due(clock, names) for clock in ready if not accounts.whose(case, clock)],
                "known": _known(),
                "causes": {cause.value: _first_up(text) for cause, text in words.CAUSES.items()},
            }
        case Doing.THEIRS:
            return {"parties": {agency: names.agency(agency) for agency in party_forms.said_not_theirs(case)}}
        case Doing.MISDIRECTED:
            return {"parties": {agency: names.agency(agency) for agency in party_forms.may_say(case)}}
        case Doing.PARTIES:
            return {"take_out": of_parties(case, names), "removed_because": removed_because()}
        case Doing.RAISERS:
            return together_forms.choices(case, {agency: names.agency(agency) for agency in case.raisers})
        case Doing.AGREEMENT if case.agreement is not None:
            return {
                "dissenting": names.each(case.agreement.dissenting),
                "agreed": names.outcome(case.agreement.outcome),
                "leads": names.agency(case.raising_agency),
            }
        case Doing.LOOK_BACK:
            return {"asked": {agency: names.agency(agency) for agency in looked_back.asked(case)}}
        case Doing.NOT_FOR_THIS:
            return {
                "outside": {who.value: text for who, text in words.OUTSIDE.items()},
                "routes": {route.value: text for route, text in words.ROUTES.items()},
            }
        case Doing.CORRECT:
            return {"mistakable": entries(case, names, Side.TEAM, None)}
        case Doing.ADVISER:
            return {
                "roles": advice.roles(case),
                "wishes": advice.wishes(case, names),
                "known": _known(),
                "usual": not case.frame.policy.advisers,
            }
        case Doing.ADVICE:
            return {"advisers": advice.asked(case, case.advisers)}
        case Doing.ADVISER_END:
            return {"advisers": advice.asked(case, advice.open_to(case))}
        case Doing.LINK:
            return {"link_because": {code.value: text for code, text in words.LINKED.items()}}
        case Doing.UNLINK:
            return {"linked_with": {other: f"{other} ({why})" for other, why in linked.shown(case).items()}}
        case Doing.TRANSFER:
            return {
                "transfer_to": {code.value: text for code, text in words.TRANSFERRED_TO.items()},
                "transfer_because": {code.value: text for code, text in words.TRANSFER_REASONS.items()},
            }
        case Doing.REOPEN:
            return {"reopen_stages": reopen_stages(case), "reopen_because": reopen_because()}
        case Doing.CLOSE:
            return {
                "outcomes": {
                    outcome.value: telling.outcome(case.frame.policy, outcome) for outcome in team_acts.outcomes(case)
                },
                "whose": {code.value: words.ON_WORD_OF[team_acts.WORDS_OF[code]] for code in team_acts.words_of(case)},
                "routes": {route.value: text for route, text in words.ROUTES.items()},
            }
        case _:
            return {}


def addable(case: Case, agencies: Iterable[Agency]) -> dict[str, str]:
    """The agencies that an escalation can still be raised with: none that raised it, or that it is raised with."""
    there = {*case.raisers, *(party.agency_id for party in case.open_parties)}
    return {agency.agency_id: agency.label for agency in agencies if agency.agency_id not in there}


def of_parties(case: Case, names: Names) -> dict[str, str]:
    """Which agency is taken out, and that none is."""
    found = {agency: names.agency(agency) for agency in party_forms.to_take_out(case)}
    return {party_forms.NOBODY: "No agency is taken out", **found}


def entries(case: Case, names: Names, side: Side, agency_id: str | None) -> dict[str, str]:
    """What can be said to have been a mistake: what it was, by whom, and when."""
    found = {}
    for entry in correcting.of_side(case, side, agency_id):
        what = f"{words.ENTRIES[entry.kind]}{f' to stage {entry.stage}' if entry.kind == 'stage_started' else ''}"
        found[entry.submission_id] = f"{what}, by {names.actor(entry.by)}, {say(entry.at)}"
    return found


def reopen_stages(case: Case) -> dict[str, str]:
    """At which stages it can be opened again."""
    found = {}
    for number in party_forms.stages_to_reopen(case):
        where = ", where it was closed" if number == case.stage else ""
        found[str(number)] = f"Stage {number}: {case.frame.policy.stage(number).title}{where}"
    return found


def reopen_because() -> dict[str, str]:
    """Why it is opened again."""
    return {code.value: text for code, text in words.REOPEN_REASONS.items()}


def removed_because() -> dict[str, str]:
    """Why an agency is taken out."""
    return {code.value: text for code, text in words.REMOVED.items()}


def known(doing: Doing, case: Case, said: Said) -> Raw:
    """What stands in a form at first: what is known of the case already, or was said when it was raised."""
    match doing:
        case Doing.PASS_ON:
            return {
                "raising-agency": [case.raising_agency or said.raising],
                "with": [party.agency_id for party in case.parties] or list(said.responding),
            }
        case Doing.PHONE_CALL | Doing.REACHED if len(case.parties) == 1:
            return {"agency": [case.parties[0].agency_id]}
        case Doing.SOONER if len(soon := sooner.can_be_sooner(case)) == 1:
            return {"sooner-clock": [soon[0].clock_id]}
        case Doing.PRIORITY:
            return {"priority": [case.priority or ""]}
        case Doing.REOPEN:
            return {"reopen-stage": [str(case.stage)]} if case.stage else {}
        case Doing.PARTIES:
            said_so = party_forms.said_not_theirs(case)
            return {"take-out": [said_so[0]], "take-out-because": ["misdirected"]} if len(said_so) == 1 else {}
        case Doing.SAID_DONE if len(team_acts.said(case)) == 1:
            return {"claim": list(team_acts.said(case))}
        case _:
            return {}


def _phoned(agency: str, names: Names) -> str:
    return "Whoever raised it" if agency == RAISER else names.agency(agency)


def _limit(case: Case, clock: Clock, names: Names) -> str:
    most = team_acts.most_more(case, clock)
    unit = most.unit.value.replace("_", " ")
    used = f", of which {clock.extended_by} used" if clock.extended_by else ""
    what = _first_up(telling.clock(clock, names))
    passed = ", which has passed" if clock.limit_passed_at is not None else ""
    return f"{what}, due {say(clock.due_at)}{passed}. In {unit}; at most {most.value} more in all{used}"


def due(clock: Clock, names: Names) -> str:
    """A time limit and when it is due, to choose it by."""
    return f"{_first_up(telling.clock(clock, names))}, due {say(clock.due_at)}"


def _delay(clock: Clock, names: Names) -> str:
    cause = words.cause(clock.cause or Cause.SILENT, clock.awaits)
    return f"{_first_up(telling.clock(clock, names))}, due {say(clock.due_at)}. As recorded: {cause}"


def _later(case: Case, clock: Clock, names: Names) -> str:
    return f"{due(clock, names)}: {accounts_page.awaited(case, clock, names)}"


def _known() -> dict[str, str]:
    return {known.value: words.KNOWN_BY[known] for known in agreed.KNOWN}


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]
