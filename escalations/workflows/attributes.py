"""The search attributes of an escalation, typed, in one place. None of them says who a case is about."""

from __future__ import annotations

from typing import Any

from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

from escalations.rules.case import Case

STATUS = SearchAttributeKey.for_keyword("EscalationStatus")
TRACK = SearchAttributeKey.for_keyword("EscalationTrack")
STAGE = SearchAttributeKey.for_int("EscalationStage")

ALL = (STATUS, TRACK, STAGE)
"""What the server has to know before the first case starts."""


def of(case: Case) -> TypedSearchAttributes:
    """The attributes of a case as it stands."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(STATUS, case.status.value),
            SearchAttributePair(TRACK, case.track.value),
            SearchAttributePair(STAGE, case.stage),
        ]
    )


def updates(case: Case) -> list[SearchAttributeUpdate[Any]]:
    """The same, for a case that runs."""
    return [STATUS.value_set(case.status.value), TRACK.value_set(case.track.value), STAGE.value_set(case.stage)]
