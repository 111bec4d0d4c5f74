"""The positions that an agency may have, by the policy in force."""

from __future__ import annotations

from escalations.policy import Policy
from escalations.rules.clocks import TEAM_POSITION
from escalations.rules.notices import TEAM_DEPUTY
from escalations.store.directory import LEAD


def positions(policy: Policy) -> tuple[str, ...]:
    """The lead, to whom empty ones fall, then the rungs of the ladder, the final body's and the team's."""
    body = (policy.final_body.position, policy.final_body.alternate_position)
    ladder = [position for stage in policy.stages for position in (stage.raising_position, stage.responding_position)]
    return tuple(dict.fromkeys((LEAD, *(one for one in ladder if one not in body), *body, TEAM_POSITION, TEAM_DEPUTY)))


def titles(policy: Policy, agency_type: str | None) -> dict[str, str]:
    """What each position of the ladder is called at a type of agency, by its code, where the policy says so."""
    return {one.code: policy.position_title(one.code, agency_type) for one in policy.positions}
