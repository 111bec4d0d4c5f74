"""Whether an escalation may start above the first stage, or pass a level over: only as the policy lets it.

Source: published policies let flat organisations skip a level (Pan-Lancashire and Cumbria, adults), let what cannot
wait start higher, and take what has been tried before as done. A person says so, with a reason of a closed list
and, sealed, in words; it is recorded for which side the level is not there.
"""

from __future__ import annotations

from escalations.policy import SkipReason
from escalations.rules import acts
from escalations.rules.access import Refused
from escalations.rules.acts import Concern
from escalations.rules.case import Case


def first_stage(case: Case, act: acts.Raise) -> int | Refused:
    """The stage at which an escalation starts."""
    policy = case.frame.policy
    of_theme = policy.thematic.start_stage if policy.thematic and act.concern is Concern.THEMATIC else 1
    asked = act.start_stage or of_theme
    if asked <= of_theme:
        return of_theme
    at_most = 1 if policy.skipping is None else policy.skipping.start_at_most
    if asked > at_most:
        return Refused(
            "starts_too_high",
            f"The policy lets an escalation start at stage {at_most}"
            f"{' at most' if at_most > 1 else ''}. Please raise it there; it can be moved up.",
        )
    return _reason(case, act.start_because) or asked


def because(act: acts.Raise) -> SkipReason | None:
    """Why it starts above the first stage."""
    return act.start_because or (SkipReason.THEMATIC if act.concern is Concern.THEMATIC else None)


def goes_elsewhere(case: Case, concern: Concern) -> bool:
    """Whether the policy is not for this: it is held for the team, which says where it goes."""
    theme = case.frame.policy.thematic
    return concern is Concern.THEMATIC and theme is not None and not theme.taken


def refused(case: Case, act: acts.MoveUp, expected: int) -> Refused | None:
    """Why a move to another stage than the next is refused, or none where the policy lets it."""
    policy = case.frame.policy
    to = act.to_stage or expected
    if to <= case.stage:
        return Refused("not_higher", f"This is at stage {case.stage}, and does not go back or stay by moving up.")
    if to < expected:
        return None  # The next stage, where a proposal is for a higher one.
    if to > len(policy.stages):
        return Refused("no_such_stage", f"The last stage is {len(policy.stages)}.")
    if policy.skipping is None or not policy.skipping.levels:
        return Refused(
            "no_skipping", f"The policy lets no level be passed over. Please move this up to stage {expected} first."
        )
    return _reason(case, act.skip_because)


def _reason(case: Case, because: SkipReason | None) -> Refused | None:
    allowed = () if case.frame.policy.skipping is None else case.frame.policy.skipping.because
    if because in allowed:
        return None
    known = ", ".join(reason.value.replace("_", " ") for reason in allowed)
    return Refused("reason_needed", f"Please say why a level is passed over. The policy knows: {known}.")
