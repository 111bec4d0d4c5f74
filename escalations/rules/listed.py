"""The codes that somebody chose, as the lists of the case's policy have them.

Raising is never refused for a code: an older one becomes what has taken its place, and what the policy does not know is
not stated, so that whoever raised it is asked. A child does not wait for a word in a list.
"""

from __future__ import annotations

from typing import TypedDict

from escalations.rules import acts
from escalations.rules.access import Refused
from escalations.rules.acts import NOT_KNOWN, NOT_STATED
from escalations.rules.case import Case
from escalations.rules.codelists import ListKind


class Codes(TypedDict):
    """What an event says of them."""

    reason: str
    theme: str | None
    level_of_need: int | None
    legal_status: str


def codes(case: Case, act: acts.Raise | acts.Complete) -> Codes:
    """The codes of an act as the policy of its case counts them."""
    policy = case.frame.policy
    theme = None if act.theme is None else policy.codes(ListKind.THEMES).present(act.theme)
    level = None
    if act.level_of_need is not None:
        level = policy.codes(ListKind.LEVELS_OF_NEED).present(act.level_of_need)
    return Codes(
        reason=policy.codes(ListKind.REASONS).present(act.reason) or NOT_STATED,
        theme=None if theme == NOT_STATED else theme,
        level_of_need=int(level) if level is not None and level.isdecimal() else None,
        legal_status=policy.codes(ListKind.LEGAL_STATUSES).present(act.legal_status) or NOT_KNOWN,
    )


def no_such_reason(case: Case, act: acts.Complete) -> Refused | None:
    """Whoever completes it chooses from a list: a code that is not in it was sent by something else than our page."""
    if case.frame.policy.codes(ListKind.REASONS).present(act.reason) is not None:
        return None
    return Refused("no_such_reason", "The policy does not know this reason. Please choose one from its list.")
