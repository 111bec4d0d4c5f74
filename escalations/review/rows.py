"""What leaves the house of each case: one row, with months in place of dates, types in place of agencies, no reference.

Such a row is pseudonymised, not anonymous: whoever knows a family may recognise it. It goes to the partnership and to
an agency about its own cases, never to the public (rules of practice, "The review's readers").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime

from escalations.policy import Awaits, Side, Track
from escalations.review import lists
from escalations.review.dataset import CaseRecord
from escalations.review.figures import Audience
from escalations.review.lists import Counted
from escalations.review.view import View, took, whole
from escalations.rules.codelists import ListKind
from escalations.rules.workingtime import civil


@dataclass(frozen=True, slots=True, order=True)
class CaseRow:
    """One case of the year. The order of rows is that of what stands in them, so it tells nothing more."""

    group: str
    """``notified`` or ``settled_before``."""
    notified_month: str
    received_month: str
    closed_month: str
    track: str
    raised_by_type: str
    raised_together_with_types: str
    """The types of those that raised it with that one; each type once, with a semicolon between them."""
    raised_with_types: str
    """Each type once, with a semicolon between them."""
    concern: str
    reason: str
    theme: str
    level_of_need: str
    legal_status: str
    highest_stage: int
    outcome: str
    """Empty while it is open."""
    went_higher_because: str
    """Of the last step up."""
    unit: str
    """Of the three columns that follow: working days, or hours on the urgent track; whole ones, upwards."""
    first_acknowledged_after: str
    """At the highest stage at which it was."""
    first_answered_after: str
    ended_after: str
    limits_passed_responding: int
    limits_passed_raising: int
    limits_passed_others: int
    entered_by_team: str
    sender_known: str
    """What the directory had of the address of whoever raised it; empty where that was not written down."""
    sender_checked: str
    """What was found of it then."""
    number: int = 0
    """Of the row in this export, and of nothing else."""


COLUMNS = ("number", *(one.name for one in fields(CaseRow) if one.name != "number"))


def rows(view: View) -> tuple[CaseRow, ...]:
    """The cases of the year; none for the public."""
    if view.audience is Audience.PUBLIC:
        return ()
    groups = zip(("notified", "settled_before"), view.groups, strict=True)
    of = {kind: lists.counted(view, kind) for kind in ListKind}
    found = sorted(_row(view, case, name, of) for name, group in groups for case in group)
    return tuple(replace(row, number=number) for number, row in enumerate(found, 1))


def _row(view: View, case: CaseRecord, group: str, of: Mapping[ListKind, Counted]) -> CaseRow:
    passed = [clock for clock in case.clocks if clock.limit_passed_at is not None and not clock.withdrawn]
    sides = [clock.waits_for for clock in passed]
    higher = [span for span in case.stages if span.stage > 1]
    return CaseRow(
        group=group,
        notified_month=_month(case.notified_at),
        received_month=_month(case.received_at),
        closed_month=_month(case.closed_at),
        track=case.track.value,
        raised_by_type=view.raising_type(case),
        raised_together_with_types="; ".join(sorted({view.known.type_of(one) for one in case.co_raisers})),
        raised_with_types="; ".join(sorted(view.types_of(case))),
        concern=case.concern.value,
        reason=of[ListKind.REASONS].code(case, case.reason),
        theme="" if case.theme is None else of[ListKind.THEMES].code(case, case.theme),
        level_of_need="" if case.level_of_need is None else of[ListKind.LEVELS_OF_NEED].code(case, case.level_of_need),
        legal_status=of[ListKind.LEGAL_STATUSES].code(case, case.legal_status),
        highest_stage=case.stage,
        outcome=case.outcome.value if case.outcome else "",
        went_higher_because=case.why_moved(higher[-1]).value if higher else "",
        unit="hours" if case.track is Track.URGENT else "working days",
        first_acknowledged_after=_first(case, Awaits.ACKNOWLEDGE),
        first_answered_after=_first(case, Awaits.RESPOND),
        ended_after=_whole_ones(whole(case)),
        limits_passed_responding=sides.count(Side.RESPONDING),
        limits_passed_raising=sides.count(Side.RAISING),
        limits_passed_others=sum(1 for side in sides if side not in {Side.RESPONDING, Side.RAISING}),
        entered_by_team="yes" if case.entered_by_team else "no",
        sender_known=case.sender_known.value if case.sender_known else "",
        sender_checked=case.sender_checked.value if case.sender_checked else "",
    )


def _month(moment: datetime | None) -> str:
    return "" if moment is None else f"{civil(moment):%Y-%m}"


def _first(case: CaseRecord, awaits: Awaits) -> str:
    of = [clock for clock in case.clocks if clock.awaits is awaits and clock.answered_at is not None]
    if not of:
        return ""
    highest = max(clock.stage or 0 for clock in of)
    lengths = [length for clock in of if clock.stage == highest and (length := took(case, clock)) is not None]
    return _whole_ones(min(lengths, default=None))


def _whole_ones(value: float | None) -> str:
    """Upwards. More precise than that, a row would tell a date."""
    return "" if value is None else str(-int(-value // 1))
