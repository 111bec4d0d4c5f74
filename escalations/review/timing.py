"""How long things took, and whether they were in time: in working days, by what is known now."""

from __future__ import annotations

from collections.abc import Sequence

from escalations.policy import Awaits, Side, Track
from escalations.review import words
from escalations.review.dataset import CaseRecord
from escalations.review.figures import Cell, Column, Row, Strips, Table, Unit
from escalations.review.view import NOTIFIED, Timed, View, distinct, median, ninetieth, share, whole

_MOST_DOTS = 400
ASKED = (Awaits.ACKNOWLEDGE, Awaits.RESPOND)


def _columns(unit: Unit) -> tuple[Column, ...]:
    return (
        Column("asked", "Asked", Unit.TIMES),
        Column("came", "Came", Unit.TIMES),
        Column("in_time", "In time", Unit.TIMES),
        Column("in_first_time", "In time without pauses and extensions", Unit.TIMES),
        Column("median", f"Median, {unit.value}", unit),
        Column("ninetieth", f"90th percentile, {unit.value}", unit),
        Column("median_unpaused", "Median without pauses", unit),
        Column("said", "Met only by what was said to be done", Unit.TIMES),
    )


def _row(key: str, label: str, timed: Sequence[Timed]) -> Row:
    values = [one.took for one in timed if one.took is not None]
    came = distinct(one for one in timed if one.took is not None)
    cells: tuple[Cell, ...] = (
        len(timed),
        sum(1 for one in timed if one.clock.answered_at is not None),
        share(timed, lambda clock: clock.in_time),
        share(timed, lambda clock: clock.in_first_time),
        median(values, cases=came),
        ninetieth(values, cases=came),
        median([one.unpaused for one in timed if one.unpaused is not None], cases=came),
        sum(1 for one in timed if one.clock.by_what_was_said),
    )
    return Row(key, label, cells)


def _strip(label: str, timed: Sequence[Timed]) -> tuple[str, tuple[tuple[float, bool | None], ...]]:
    return label, tuple(
        sorted(((one.took, one.clock.in_time) for one in timed if one.took is not None), key=lambda one: one[0])[
            :_MOST_DOTS
        ]
    )


def times(view: View) -> Table:
    """Time to acknowledge and to answer.

    How long responding agencies took on the standard track to acknowledge and to answer, from the start of the clock
    until it was met, in office time: a working day is one office day's length, rounded to a tenth. In time: met at the
    due instant or before, out of those that were met or whose limit passed; what is still running, and what is no
    longer awaited because the case moved on or ended, is in neither number. What was confirmed to have been done in
    time counts from when it happened. Without pauses and extensions: the same by the limit as it was first set. The
    median is the middle value, or halfway between the two in the middle; the 90th percentile is the smallest value that
    at least nine in ten do not exceed; both only from 20 cases on. Source: what a review reports ("time to acknowledge,
    respond and resolve: median, 90th percentile, share in time"); the rules of practice, "The review's readers".
    """
    rows, strips = [], []
    for awaits in ASKED:
        timed = view.clocks(view.notified, awaits, track=Track.STANDARD)
        rows.append(_row(awaits.value, words.AWAITED[awaits], timed))
        strips.append(_strip(words.AWAITED[awaits], timed))
        early = view.clocks(view.settled_before, awaits, track=Track.STANDARD)
        rows.append(
            _row(f"{awaits.value}_before", f"{words.AWAITED[awaits]}: settled before notification (new)", early)
        )
    return _times(view, rows, Strips(tuple(strips), Unit.WORKING_DAYS))


def _times(view: View, rows: Sequence[Row], chart: Strips | None = None, *, unit: Unit = Unit.WORKING_DAYS) -> Table:
    return Table(
        rests_on=sum(1 for case in view.notified if (case.track is Track.URGENT) == (unit is Unit.HOURS)),
        of=f"{NOTIFIED}, on the {'urgent' if unit is Unit.HOURS else 'standard'} track",
        columns=_columns(unit),
        rows=tuple(rows),
        chart=chart if chart is not None and any(values for _, values in chart.rows) else None,
    )


def times_by_stage(view: View) -> Table:
    """Time to acknowledge and to answer, by stage.

    The same for the cases notified in the year, for each stage at which the agency was asked. Source: what a review
    reports ("by stage and agency").
    """
    rows = []
    for awaits in ASKED:
        timed = view.clocks(view.notified, awaits, track=Track.STANDARD)
        for stage in sorted({one.clock.stage or 0 for one in timed}):
            here = [one for one in timed if one.clock.stage == stage]
            rows.append(_row(f"{awaits.value}_{stage}", f"{words.AWAITED[awaits]}, stage {stage}", here))
    return _times(view, rows)


def times_by_type(view: View) -> Table:
    """Time to acknowledge and to answer, by type of agency.

    The same for the cases notified in the year, by the type of the responding agency that was waited for; only types
    that were waited for, in the order of their names. No single agency is shown, and types are not compared: what they
    are asked, and how hard it is, differs. Source: what a review reports ("by stage and agency"); the rules of
    practice, "Words" ("no rankings").
    """
    rows = []
    for awaits in ASKED:
        timed = view.clocks(view.notified, awaits, track=Track.STANDARD)
        for code in view.types:
            theirs = [one for one in timed if view.known.type_of(one.clock.agency_id) == code]
            if theirs:
                label = f"{words.AWAITED[awaits]}, {words.agency_type(code)}"
                rows.append(_row(f"{awaits.value}_{code}", label, theirs))
    return _times(view, rows)


def times_urgent(view: View) -> Table:
    """The urgent track.

    The same for the urgent track, in hours that simply pass, with the clock that ends when somebody records whom they
    spoke to. Source: the rules of practice, "A child must not wait in a queue of ours".
    """
    awaited = (Awaits.BE_REACHED, Awaits.ACKNOWLEDGE, Awaits.RESPOND)
    rows, strips = [], []
    for awaits in awaited:
        timed = view.clocks(view.notified, awaits, track=Track.URGENT)
        if timed:
            rows.append(_row(awaits.value, words.AWAITED[awaits], timed))
            strips.append(_strip(words.AWAITED[awaits], timed))
    return _times(view, rows, Strips(tuple(strips), Unit.HOURS), unit=Unit.HOURS)


def time_to_resolve(view: View) -> Table:
    """Time from receipt until it was settled.

    How long cases on the standard track took from receipt until they were settled or decided, in office time. What was
    withdrawn, redirected or overtaken by events has no such time. In time: by the policy's clock over the whole
    process, where it has one, out of those that were settled within it or that passed it. By the stage at which they
    ended, and by each type of agency that they were raised with. Source: as for the times to acknowledge and answer.
    """
    cases = [case for case in view.notified if case.track is Track.STANDARD]
    groups: list[tuple[str, str, list[CaseRecord]]] = [
        ("all", "All notified", cases),
        ("before", "Settled before notification (new)", [c for c in view.settled_before if c.track is Track.STANDARD]),
    ]
    groups += [
        (f"stage_{stage}", f"Settled at stage {stage}", [case for case in cases if case.stage == stage])
        for stage in sorted({case.stage for case in cases if case.settled_at is not None})
    ]
    groups += [
        (f"with_{code}", f"Raised with {words.agencies(code)}", theirs)
        for code in view.types
        if (theirs := [case for case in cases if code in view.types_of(case)])
    ]
    rows = tuple(_resolved(key, label, found) for key, label, found in groups)
    strip = ("From receipt until settled", _ends(cases))
    return Table(
        rests_on=len(cases),
        of=f"{NOTIFIED}, on the standard track",
        columns=(
            Column("cases", "Cases"),
            Column("settled", "Settled or decided"),
            Column("in_time", "Within the limit for the whole process"),
            Column("in_first_time", "The same without pauses and extensions"),
            Column("median", "Median, working days", Unit.WORKING_DAYS),
            Column("ninetieth", "90th percentile, working days", Unit.WORKING_DAYS),
            Column("median_unpaused", "Median without pauses", Unit.WORKING_DAYS),
        ),
        rows=rows,
        chart=Strips((strip,), Unit.WORKING_DAYS) if strip[1] else None,
    )


def _whole_process(cases: Sequence[CaseRecord]) -> list[Timed]:
    return [
        Timed(case, clock, None, None) for case in cases for clock in case.clocks if clock.awaits is Awaits.SETTLE_ALL
    ]


def _resolved(key: str, label: str, cases: Sequence[CaseRecord]) -> Row:
    values = [took for case in cases if (took := whole(case)) is not None]
    limits = _whole_process(cases)
    return Row(
        key,
        label,
        (
            len(cases),
            sum(1 for case in cases if case.settled_at is not None),
            share(limits, lambda clock: clock.in_time),
            share(limits, lambda clock: clock.in_first_time),
            median(values, cases=len(values)),
            ninetieth(values, cases=len(values)),
            median([took for case in cases if (took := whole(case, unpaused=True)) is not None], cases=len(values)),
        ),
    )


def _ends(cases: Sequence[CaseRecord]) -> tuple[tuple[float, bool | None], ...]:
    kept = {one.case.reference: one.clock.in_time for one in _whole_process(cases)}
    values = [(took, kept.get(case.reference)) for case in cases if (took := whole(case)) is not None]
    return tuple(sorted(values, key=lambda one: one[0])[:_MOST_DOTS])


def other_sides(view: View) -> Table:
    """What waited for the raising agency and the final body.

    How often the raising agency and the final body were asked on the cases notified in the year, on both tracks, and
    how often they answered in time: to say whether an answer deals with the worry, whether the case moves up, whether
    something that was said was done, and the final decision. What waited for the raising agency never counts for the
    responding one. Source: the rules of practice, "Evidence is fair" (both sides can drift).
    """
    asked: list[tuple[str, str, Awaits, Side | None]] = [
        (awaits.value, words.AWAITED[awaits], awaits, None)
        for awaits in (Awaits.CONSIDER, Awaits.CHOOSE, Awaits.DECIDE)
    ]
    asked += [
        (f"confirm_{side.value}", f"{words.AWAITED[Awaits.CONFIRM]}: {words.SIDES[side].lower()}", Awaits.CONFIRM, side)
        for side in (Side.RAISING, Side.RESPONDING)
    ]
    every = view.clocks(view.notified, Awaits.CONSIDER, Awaits.CHOOSE, Awaits.CONFIRM, Awaits.DECIDE)
    rows = []
    for key, label, awaits, of in asked:
        timed = [one for one in every if one.clock.awaits is awaits and of in {None, one.clock.waits_for}]
        rows.append(
            Row(
                key,
                label,
                (
                    len(timed),
                    sum(1 for one in timed if one.clock.answered_at is not None),
                    share(timed, lambda clock: clock.in_time),
                ),
            )
        )
    return Table(
        rests_on=distinct(every),
        of="cases notified in the year in which one of them was asked",
        columns=(
            Column("asked", "Asked", Unit.TIMES),
            Column("came", "Answered", Unit.TIMES),
            Column("in_time", "In time", Unit.TIMES),
        ),
        rows=tuple(rows),
    )
