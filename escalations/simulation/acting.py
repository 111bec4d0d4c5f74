"""Making the acts of a story: who does it, at which rung, and what it says where the story does not say it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pydantic

from escalations.packs.reading import Problem
from escalations.policy import Side
from escalations.rules import acts, civilwords, correcting, planning, workingtime
from escalations.rules.actors import SYSTEM, Actor, Channel
from escalations.rules.acts import Act
from escalations.rules.case import Case, Changed, ClaimState, DeliveryState, Outcome
from escalations.rules.codelists import ListKind
from escalations.rules.plan import Kept, Learning, PlanSays
from escalations.simulation.stories import ACTS, SAID, Deed, NotAStoryError, Place, Story

_QUOTED: Final = re.compile(r"'([^']+)'")
_DOES: Final[Mapping[str, Side]] = {
    "acknowledge": Side.RESPONDING,
    "respond": Side.RESPONDING,
    "say_done": Side.RESPONDING,
    "complete": Side.RAISING,
    "confirm_done": Side.RAISING,
    "deny_done": Side.RAISING,
    "reached_by_person": Side.RAISING,
    "agree": Side.RAISING,
    "move_up": Side.RAISING,
    "stay": Side.RAISING,
    "withdraw": Side.RAISING,
    "redirect": Side.RAISING,
    "object": Side.RAISING,
    "misdirected": Side.RESPONDING,
    "change_parties": Side.RAISING,
    "change_raisers": Side.TEAM,
    "answer_agreement": Side.TEAM,
    "change_contact": Side.RAISING,
    "reopen": Side.RAISING,
    "correct": Side.RESPONDING,
    "ask_to_reopen": Side.RESPONDING,
    "set_sooner": Side.RAISING,
    "set_priority": Side.RAISING,
    "change_track": Side.RAISING,
    "say_not_urgent": Side.RAISING,
    "account": Side.RESPONDING,
    "decide": Side.FINAL_BODY,
    "add_words": Side.RESPONDING,
    "note_file": Side.RESPONDING,
    "propose_plan": Side.RESPONDING,
    "answer_plan": Side.RAISING,
    "report_action": Side.RESPONDING,
    "check_action": Side.RAISING,
    "record_dissent": Side.RESPONDING,
    "look_back": Side.RAISING,
    "answer_follow_up": Side.RAISING,
    "give_advice": Side.OUTSIDE,
}
"""Who does what, where a story does not say. What is not here is the team's, and what is reported the system's."""
_MOSTLY: Final[Mapping[str, Mapping[str, object]]] = {
    "raise": {"concern": acts.Concern.CHILD},
    "complete": {"concern": acts.Concern.CHILD},
    "respond": {"offers": Outcome.AGREED_IN_PART},
    "agree": {"outcome": Outcome.AGREED_AS_ASKED},
    "decide": {"outcome": Outcome.DECIDED_AS_ASKED},
    "say_done": {"done": "answered"},
    "vouch_for_sender": {"theirs": True},
    "note_phone_call": {"reached": True},
    "answer_agreement": {"settles": True},
    "answer_plan": {"says": PlanSays.AGREED},
    "report_action": {"done": True},
    "check_action": {"so": True},
    "look_back": {"changed": (Changed.PLAN_AMENDED,)},
    "answer_follow_up": {"kept": Kept.ALL, "changed": (Changed.PLAN_AMENDED,), "learning": (Learning.NONE,)},
    "erase": {"because": "retention"},
    "report_delivery": {"starts_clocks": True, "notice_id": "n-again", "state": DeliveryState.DELIVERED},
    "report_message": {"message": "automatic_reply"},
}
"""What an act says, where a story does not."""
_OF_ITS_OWN: Final = frozenset({"look_back", "answer_follow_up", "answer_plan", "record_dissent", "account"})
"""What each side says for its own agency."""
_ACTION_WORDS: Final[Mapping[str, str]] = {"agency": "agency_id", "of": "agency_id", "by": "due_on"}
"""The words of a story for what an action of a plan calls otherwise."""


_LISTED: Final = {
    "reason": ListKind.REASONS,
    "theme": ListKind.THEMES,
    "level_of_need": ListKind.LEVELS_OF_NEED,
    "legal_status": ListKind.LEGAL_STATUSES,
}
"""What a story says by a code of the policy's lists."""


_SIDES: Final[Mapping[str, Side]] = {
    "raising": Side.RAISING,
    "raiser": Side.RAISING,
    "raising_side": Side.RAISING,
    "responding": Side.RESPONDING,
    "responding_side": Side.RESPONDING,
    "team": Side.TEAM,
    "partnership_team": Side.TEAM,
    "final_body": Side.FINAL_BODY,
    "adviser": Side.OUTSIDE,
}
"""Who does something, by its side."""


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes one act of a story as its case stands when its moment has come."""

    story: Story
    case: Case

    def act(self, deed: Deed, at: datetime, *, number: int) -> Act:
        """The act.

        Raises:
            NotAStoryError: what the story says makes no act; with a line.
        """
        by = self._by(deed)
        fields = {
            **_MOSTLY.get(deed.kind, {}),
            **self._listed(deed),
            **self._usual(deed, by),
            **{name: self._value(deed, name, value, at) for name, value in deed.fields.items()},
        }
        channel = Channel.SYSTEM if by == SYSTEM else Channel.TEAM if by.side is Side.TEAM else Channel.LINK
        origin = {"submission_id": f"s{number}", "by": by, "channel": channel, "received_at": at}
        try:
            made: Act = ACTS[deed.kind].model_validate({**origin, **fields})  # type: ignore[assignment]  # of the union
        except pydantic.ValidationError as error:
            problems = [self._problem(deed, one["loc"], one["msg"], one["type"]) for one in error.errors()]
            raise NotAStoryError(tuple(problems)) from None
        return made

    def _listed(self, deed: Deed) -> dict[str, object]:
        """The codes of the policy's lists: what a story names has to be one, and a reason is there in any case.

        Raises:
            NotAStoryError: the policy's list has no such code. A person is never refused for that; a story is a slip.
        """
        if deed.kind not in {"raise", "complete"}:
            return {}
        policy = self.case.frame.policy
        for name, kind in _LISTED.items():
            said = deed.fields.get(name)
            if said is not None and policy.codes(kind).present(_as_code(said)) is None:
                known = ", ".join(one.code for one in policy.codes(kind)) or "none"
                raise self._not_a_story(deed.place, f"{name.replace('_', ' ')} {said}: the policy's list has {known}")
        reasons = policy.codes(ListKind.REASONS)
        return {"reason": reasons.present(acts.Reason.PLAN) or reasons.entries[0].code}

    def _not_a_story(self, place: Place, said: str) -> NotAStoryError:
        return NotAStoryError((self.story.problem(place, said),))

    def _problem(self, deed: Deed, loc: tuple[int | str, ...], message: str, kind: str) -> Problem:
        name = str(loc[0]) if loc else ""
        said = "is needed" if kind == "missing" else message.replace("Value error, ", "")
        if kind in {"enum", "literal_error"}:
            *most, last = [code.replace("_", " ") for code in _QUOTED.findall(message)]
            said = f"has to be {' or '.join((', '.join(most), last)) if most else last}"
        if name not in deed.fields:
            return self.story.problem(deed.place, f"{name.replace('_', ' ')} {said} to {deed.kind.replace('_', ' ')}")
        return self.story.problem(deed.place, f"{name.replace('_', ' ')}: {said}, and is {deed.fields[name]!r}")

    def _by(self, deed: Deed) -> Actor:
        """A side, an agency, the team or the system; at the rung of the stage, where no position is said."""
        if deed.kind in {"report_delivery", "report_message"}:
            return SYSTEM
        said = deed.by.strip().lower().removeprefix("the ").replace(" ", "_") if deed.by else None
        side = _SIDES.get(said or "", None)
        agency = None if said is None or side is not None else self._slug(deed)
        if deed.kind == "raise":
            if side is Side.TEAM:
                return Actor(side=side, position="team")
            if agency is None:
                raise self._not_a_story(deed.place, "has to say which agency raises it: write 'by: oak-school'")
            return Actor(side=Side.RAISING, agency_id=agency, position=deed.position or self._rung(Side.RAISING))
        return self._actor(side or self._side_of(agency, _DOES.get(deed.kind, Side.TEAM)), agency, deed.position)

    def _actor(self, side: Side, agency: str | None, position: str | None) -> Actor:
        body = self.case.frame.policy.final_body
        match side:
            case Side.RAISING:
                agency = agency or self.case.raising_agency
                return Actor(side=side, agency_id=agency, position=position or self._rung(side))
            case Side.RESPONDING:
                agency = agency or self._first_party()
                return Actor(side=side, agency_id=agency, position=position or self._rung(side))
            case Side.FINAL_BODY:
                holder = position or self.case.decider_position or body.position
                return Actor(side=side, agency_id=agency or body.agency, position=holder)
            case Side.OUTSIDE:
                return Actor(side=side, position=position or self._adviser())
            case _:
                return Actor(side=Side.TEAM, position=position or "team")

    def _adviser(self) -> str:
        """Whoever was asked for advice last."""
        return self.case.advisers[-1].adviser_id if self.case.advisers else "nobody"

    def _side_of(self, agency: str | None, usual: Side) -> Side:
        if agency is None:
            return usual
        if self.case.raises(agency):
            return Side.RAISING
        if agency == self.case.frame.policy.final_body.agency:
            return Side.FINAL_BODY
        return Side.RESPONDING if self.case.party(agency) or usual is Side.TEAM else usual

    def _first_party(self) -> str | None:
        return next((party.agency_id for party in self.case.open_parties or self.case.parties), None)

    def _rung(self, side: Side) -> str:
        rule = self.case.frame.policy.stage(max(self.case.stage, 1))
        return rule.raising_position if side is Side.RAISING else rule.responding_position

    def _slug(self, deed: Deed) -> str:
        try:
            return str(Actor(side=Side.BOTH, agency_id=str(deed.by).strip().lower().replace(" ", "-")).agency_id)
        except pydantic.ValidationError:
            sentence = f"{deed.by!r} is no agency's id: small letters, digits and dashes, such as oak-school"
            raise self._not_a_story((*deed.place, "by"), sentence) from None

    def _usual(self, deed: Deed, by: Actor) -> dict[str, object]:
        """What an act needs to say, and a story need not: whom it concerns, the newest claim, the agency itself."""
        needed = ACTS[deed.kind].model_fields
        usual: dict[str, object] = {}
        if deed.kind == "raise":
            usual["raising_agency"] = by.agency_id
        if "agency_id" in needed and deed.kind != "agree":
            its_own = by.side is Side.RESPONDING or (by.side is Side.RAISING and deed.kind in _OF_ITS_OWN)
            usual["agency_id"] = by.agency_id if its_own else self._first_party()
        if deed.kind == "reached_by_person":
            usual["position"] = self._rung(Side.RESPONDING)
        if deed.kind == "report_delivery":
            usual["stage"] = self.case.stage
        if deed.kind == "correct":
            own = correcting.of_side(self.case, by.side, by.agency_id)
            usual["entry"] = own[0].submission_id if own else "none"
        if "claim_id" in needed:
            said = [claim.claim_id for claim in self.case.claims if claim.state is ClaimState.SAID]
            usual["claim_id"] = (said or ["none"])[-1]
        if "adviser" in needed:
            usual["adviser"] = self._adviser()
        if deed.kind == "invite_adviser":
            usual["role"] = self.case.frame.policy.can_advise[0].role
            usual["agency_id"] = self._first_party() if deed.fields.get("on_word_of") == Side.RESPONDING else None
        if "plan_id" in needed:
            usual["plan_id"] = self.case.plans[-1].plan_id if self.case.plans else "none"
        if "action_id" in needed:
            usual["action_id"] = self._action(by, checks=deed.kind == "check_action")
        return usual

    def _action(self, by: Actor, *, checks: bool) -> str:
        """The first action of theirs that is not done; or of the others', of which something was said."""
        if checks:
            found = planning.to_check(self.case, by.side, by.agency_id)
        else:
            found = planning.to_report(self.case, by.agency_id)
        return (found or ("none",))[0]

    def _value(self, deed: Deed, name: str, value: object, at: datetime) -> object:
        if name == "actions" and isinstance(value, list):
            return tuple(self._planned(one) for one in value)
        if name in {"responding_agencies", "co_raisers", "add", "remove", "leave"}:
            return tuple(str(one) for one in value) if isinstance(value, list) else (str(value),)
        if name in {"changed", "learning", "without"}:
            several = value if isinstance(value, list) else [value]
            return tuple(str(one).strip().lower().replace(" ", "_") for one in several)
        if name.endswith("_at"):
            return self._civil(deed, name, str(value), at)
        if name == "other":
            return str(value).strip()
        if name == "clock_id":
            return self._clock(deed, str(value))
        if isinstance(value, str) and "agency" not in name and not value[:1].isdigit():
            return _as_code(value)
        return value

    @staticmethod
    def _planned(one: object) -> object:
        """One action of a plan, in a story's words: 'agency' and 'by'."""
        if not isinstance(one, dict):
            return one
        said = {str(key).strip().lower().replace(" ", "_"): value for key, value in one.items()}
        named = {_ACTION_WORDS.get(key, key): value for key, value in said.items()}
        return {
            key: str(value).strip().lower().replace(" ", "_") if key == "position" else value
            for key, value in named.items()
        }

    def _clock(self, deed: Deed, wanted: str) -> str:
        """The newest clock of a rule that the case has then."""
        found = [clock.clock_id for clock in self.case.clocks if wanted in {clock.rule_id, clock.clock_id}]
        if not found:
            known = ", ".join(dict.fromkeys(clock.rule_id for clock in self.case.clocks))
            raise self._not_a_story(deed.place, f"there is no clock {wanted!r} then; there are: {known}")
        return found[-1]

    def _civil(self, deed: Deed, name: str, said: str, at: datetime) -> datetime:
        """A civil time; a time alone is one of the same day."""
        try:
            if len(said) <= len("10:00"):
                return workingtime.instant_of(workingtime.civil(at).date(), civilwords.clock(said))
            return civilwords.moment(said)
        except ValueError as problem:
            raise self._not_a_story((*deed.place, SAID.get(name, name)), str(problem)) from None


def _as_code(said: object) -> str:
    """A code as a story writes it, with spaces."""
    return str(said).strip().lower().replace(" ", "_")
