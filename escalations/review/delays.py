"""Time limits that passed: why, for whom the clock waited, at which stage, how sure that is; and what stopped time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from escalations.policy import Side
from escalations.review import words
from escalations.review.dataset import CaseRecord, ClockSpan, State
from escalations.review.figures import Bars, Column, Mark, Part, Row, Table, Unit
from escalations.review.view import View

Finding = tuple[CaseRecord, ClockSpan]
STATE_KINDS = (
    ("confirmed", Mark.FILLED, "confirmed by the team"),
    ("unreviewed", Mark.RING, "provisional, not reviewed"),
    ("open", Mark.SQUARE, "provisional, agencies may still add to it"),
)
_COLUMNS = (
    *(Column(state.value, words.STATES[state], Unit.TIMES) for state in State),
    Column("all", "All", Unit.TIMES),
    Column("cases", "In so many cases"),
)


def _findings(cases: Iterable[CaseRecord]) -> list[Finding]:
    return [
        (case, clock)
        for case in cases
        for clock in case.clocks
        if clock.limit_passed_at is not None and not clock.withdrawn
    ]


def _row(view: View, key: str, label: str, findings: Sequence[Finding]) -> Row:
    states = [clock.state(view.known.known_at) for _, clock in findings]
    return Row(
        key,
        label,
        (
            *(states.count(state) for state in State),
            len(findings),
            len({case.reference for case, _ in findings}),
        ),
    )


def _chart(rows: Iterable[Row]) -> Bars:
    return Bars(
        tuple(
            (
                row.label,
                tuple(
                    Part(state.value, count)
                    for state, count in zip(State, row.cells, strict=False)
                    if isinstance(count, int) and count
                ),
            )
            for row in rows
            if row.cells[len(State)]
        ),
        STATE_KINDS,
    )


def _table(view: View, rows: Iterable[Row], *says: str) -> Table:
    rows = tuple(rows)
    return Table(
        rests_on=len({case.reference for case, _ in _findings(view.notified)}),
        of="cases notified in the year with a time limit that passed",
        columns=_COLUMNS,
        rows=rows,
        says=says,
        chart=_chart(rows),
    )


def by_cause(view: View) -> Table:
    """Time limits that passed, by cause.

    Time limits that passed in the cases notified in the year, on any side, by the cause as it stands now: from
    evidence, the first that fits, mended where an answer came late. A cause is provisional until both agencies had
    their time to add to it and the team confirmed it; confirmed, provisional and still open stand apart. What was in
    truth done in time and only recorded later is withdrawn, and not counted as a passed limit. Source: the rules of
    practice, "Evidence is fair".
    """
    findings = _findings(view.notified)
    rows = [
        _row(view, cause.value, text, [one for one in findings if one[1].cause is cause])
        for cause, text in words.CAUSES.items()
    ]
    withdrawn = sum(1 for case in view.notified for clock in case.clocks if clock.withdrawn)
    says = [f"Withdrawn, because it had been done in time: {words.counted(withdrawn, 'limit')}."]
    early = _findings(view.settled_before)
    if early:
        in_cases = len({case.reference for case, _ in early})
        says.append(
            f"Apart from these, in cases settled before notification (new): {words.counted(len(early), 'limit')} in "
            f"{words.counted(in_cases, 'case')}."
        )
    return _table(view, rows, *says)


def by_side(view: View) -> Table:
    """Time limits that passed, by whom the clock waited for.

    The same, by whom the clock waited for. Both sides can drift, and so can we; what waited for the raising agency
    never counts for the responding one. Source: the rules of practice, "Evidence is fair".
    """
    findings = _findings(view.notified)
    return _table(
        view,
        (
            _row(view, side.value, words.SIDES[side], [one for one in findings if one[1].waits_for is side])
            for side in (Side.RESPONDING, Side.RAISING, Side.FINAL_BODY, Side.TEAM, Side.BOTH)
        ),
    )


def by_stage(view: View) -> Table:
    """Time limits that passed, by stage.

    The same, by the stage at which the clock ran; a clock over the whole process stands in a row of its own. Source:
    what a review reports ("drift by cause and by side").
    """
    findings = _findings(view.notified)
    stages = sorted({clock.stage for _, clock in findings if clock.stage is not None})
    rows = [
        _row(
            view,
            f"stage_{stage}",
            f"Stage {stage}" if stage else "Before stage 1",
            [one for one in findings if one[1].stage == stage],
        )
        for stage in stages
    ]
    rows.append(_row(view, "whole", "The whole process", [one for one in findings if one[1].stage is None]))
    return _table(view, rows)


def accounts(view: View) -> Table:
    """What both sides say of the delays.

    Time limits that passed in the cases notified in the year, apart from those of our system and the partnership's
    team, by what the agencies' own accounts say of the recorded cause: both sides are asked for theirs when a limit
    passes, and the last word of each agency counts. Agreed: everybody who was asked said that it was as recorded.
    Disputed: one at least said that it was another way; what the team then confirmed stands by its cause. An account
    decides nothing by itself. Source: the rules of practice, "Evidence is fair" ("reports show agreed, disputed and
    unreviewed apart").
    """
    findings = [one for one in _findings(view.notified) if one[1].waits_for is not Side.TEAM]
    rows = (
        _row(view, code.value, text, [one for one in findings if one[1].accounted is code])
        for code, text in words.ACCOUNTED.items()
    )
    return _table(view, rows)


def pauses(view: View) -> Table:
    """Paused, time limits extended, and counted anew.

    How often the cases notified in the year were paused, by the reason that the team gave, how often a time limit of
    theirs was extended, and how often their time limits were counted anew under another calendar or policy. Whether
    something was in time goes by the date that was in force. Beside each length of time stands the one without pauses.
    Source: the rules of practice, "Evidence is fair" (time with and without pauses and extensions).
    """
    rows = [
        Row(
            reason.value,
            text,
            (
                sum(1 for case in view.notified for pause in case.pauses if pause.reason is reason),
                sum(1 for case in view.notified if any(pause.reason is reason for pause in case.pauses)),
            ),
        )
        for reason, text in words.PAUSES.items()
    ]
    extended = [case.extended for case in view.notified if case.extended]
    rows.append(Row("extended", "A time limit extended", (sum(extended), len(extended))))
    redated = [case.redated for case in view.notified if case.redated]
    rows.append(Row("redated", "Counted anew, under another calendar or policy", (sum(redated), len(redated))))
    return Table(
        rests_on=sum(1 for case in view.notified if case.paused or case.redated),
        of="cases notified in the year with a pause, a time limit extended or counted anew",
        columns=(Column("times", "Times", Unit.TIMES), Column("cases", "In so many cases")),
        rows=tuple(rows),
    )
