"""The review of a year: every measure in its order, and what each audience gets of them.

Each measure is a pure function of the year's view; its docstring is its definition, with the source of the rule, and
``docs/review.md`` holds the same words.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from escalations.review import after, aside, counting, delays, quality, timing, words
from escalations.review.dataset import CaseRecord, Known
from escalations.review.figures import FEW, Audience, Bars, Column, Figure, Review, Row, Section, Share, Table, Unit
from escalations.review.view import View, as_cases
from escalations.review.years import Year


@dataclass(frozen=True, slots=True)
class Measure:
    """How a figure is counted. The docstring of its function is its definition, and stands in the docs."""

    id: str
    title: str
    section: Section
    count: Callable[[View], Table]
    breakdown: bool = True
    """Whether it breaks cases down; what the public report drops where cases are few."""
    though_none: bool = False
    """Whether it stands there also where there is no case to break down."""

    @property
    def definition(self) -> str:
        """The function's docstring after its first line, as one paragraph."""
        return " ".join((inspect.getdoc(self.count) or "").partition("\n\n")[2].split())

    def figure(self, view: View) -> Figure:
        """Count it."""
        table = self.count(view)
        if isinstance(table.chart, Bars) and not table.chart.rows:
            table = replace(table, chart=None)
        return Figure(self.id, self.title, self.section, self.definition, table, self.breakdown)


_Q, _C, _P = Section.QUALITY, Section.COUNTS, Section.PROCESS
MEASURES: Final = (
    Measure("register", "What these figures are made from", _Q, quality.register, breakdown=False),
    Measure("gaps", "What is missing, and what rests on less", _Q, quality.gaps),
    Measure("effect", "Effect on the child or adult", Section.CHILDREN, quality.effect, though_none=True),
    Measure("effect_later", "Effect some time after the end", Section.CHILDREN, after.effect_later, though_none=True),
    Measure("feedback", "How raising and receiving felt", Section.CHILDREN, quality.feedback, though_none=True),
    Measure("kept", "Whether what was agreed was done", Section.LEARNT, after.kept, though_none=True),
    Measure("learning", "Learning", Section.LEARNT, after.learning, though_none=True),
    Measure("planned", "What was planned, and what became of it", Section.LEARNT, after.planned, though_none=True),
    Measure("actions", "Actions of last year’s report", Section.ACTIONS, quality.actions, breakdown=False),
    Measure("where_resolved", "How far it went, and where it ended", _P, counting.where_resolved),
    Measure("why_higher", "Why it went higher", _P, counting.why_higher),
    Measure("times", "Time to acknowledge and to answer", _P, timing.times),
    Measure("times_by_stage", "Time to acknowledge and to answer, by stage", _P, timing.times_by_stage),
    Measure("times_by_type", "Time to acknowledge and to answer, by type of agency", _P, timing.times_by_type),
    Measure("times_urgent", "The urgent track", _P, timing.times_urgent),
    Measure("time_to_resolve", "Time from receipt until it was settled", _P, timing.time_to_resolve),
    Measure("pauses", "Paused, time limits extended, and counted anew", _P, delays.pauses),
    Measure("other_sides", "What waited for the raising agency and the final body", _P, timing.other_sides),
    Measure("drift_by_cause", "Time limits that passed, by cause", _P, delays.by_cause),
    Measure("drift_by_side", "Time limits that passed, by whom the clock waited for", _P, delays.by_side),
    Measure("drift_by_stage", "Time limits that passed, by stage", _P, delays.by_stage),
    Measure("accounts", "What both sides say of the delays", _P, delays.accounts),
    Measure("our_clocks", "What waited for the partnership’s team", _P, quality.our_clocks),
    Measure("put_aside", "What was not for this process", _P, aside.put_aside, breakdown=False),
    Measure("who_raised", "Who raised it", _P, counting.who_raised),
    Measure("who_received", "With whom it was raised", _P, counting.who_received),
    Measure("raising_by_responding", "Who raised it with whom", _P, counting.raising_by_responding),
    Measure(
        "raising_by_responding_before",
        "Who raised it with whom, settled before notification (new)",
        _P,
        counting.raising_by_responding_before,
    ),
    Measure("reasons", "Why the agencies differed", _P, counting.reasons),
    Measure("themes", "Theme", _P, counting.themes),
    Measure("concerns", "Who or what it was about", _P, counting.concerns),
    Measure("levels_of_need", "Level of need", _P, counting.levels_of_need),
    Measure("legal_statuses", "Legal status", _P, counting.legal_statuses),
    Measure("tracks", "Track", _P, counting.tracks),
    Measure("outcomes", "How it ended", _P, counting.outcomes),
    Measure("dissent", "Dissent on record", _P, after.dissent),
    Measure("advice", "Advice from outside", _P, after.advice),
    Measure("linked", "Linked with another one", _P, after.linked),
    Measure("raised_again", "Raised again", _P, quality.raised_again, breakdown=False),
    Measure("counts", "The year in numbers", _C, counting.counts, breakdown=False),
    Measure("years", "Earlier years", _C, counting.years, breakdown=False),
)
"""In the order of the sections, and of reading within them."""

CAVEAT: Final = (
    "There is no expected figure. More escalations, or fewer, is neither good nor bad: few can mean that agencies "
    "agree, or that they do not know the policy."
)
_NOT_PUBLISHED: Final = {"register", "gaps", "times_by_type", "our_clocks", "put_aside", "raising_by_responding_before"}
_NOT_FOR_AN_AGENCY: Final = {"linked"}
"""Who has a part in an escalation reads nothing of another one with which it is linked."""
_LEFT_OUT: Final = {"themes", "put_aside"}
"""Left out where there is nothing of it."""
_MOST_HIDDEN: Final = 4
"""The public gets a breakdown only where no count in it is from 1 to this."""


def review(known: Known, year: Year, *, audience: Audience = Audience.PARTNERSHIP, agency: str | None = None) -> Review:
    """The review of a year for an audience; for one agency, of the cases that it raised or that were raised with it."""
    known = for_audience(known, audience, agency)
    view = View(known, year, audience)
    found = (measure.figure(view) for measure in MEASURES if view.cases or measure.though_none or not measure.breakdown)
    figures = tuple(figure for figure in found if figure.table.rows or figure.id not in _LEFT_OUT)
    if audience is Audience.AGENCY:
        figures = tuple(figure for figure in figures if figure.id not in _NOT_FOR_AN_AGENCY)
    if audience is Audience.PUBLIC:
        figures = _published(view, figures)
    return Review(
        year=year,
        audience=audience,
        agency=agency if audience is Audience.AGENCY else None,
        position=known.position,
        known_at=known.known_at,
        cases=len(view.cases),
        says=_says(view),
        figures=figures,
    )


def for_audience(known: Known, audience: Audience, agency: str | None) -> Known:
    """What an audience's figures are made from: for one agency its own cases, otherwise all."""
    if audience is not Audience.AGENCY:
        return known
    return replace(known, cases=tuple(case for case in known.cases if _concerns(case, agency)))


def _concerns(case: CaseRecord, agency: str | None) -> bool:
    return agency in {case.raising_agency, *case.responding_agencies}


def _says(view: View) -> tuple[str, ...]:
    says = [CAVEAT]
    if not view.cases:
        says.append(
            f"No escalation was notified in {view.year.words}, and none was settled before notification. "
            "So there is nothing to break down."
        )
    elif not view.notified:
        says.append(
            f"No escalation was notified in {view.year.words}. {_begin(as_cases(len(view.settled_before)))} settled "
            "before the policy would have told the partnership."
        )
    still = sum(1 for case in view.notified if case.closed_at is None)
    if view.known.known_at < view.year.ends:
        says.append(f"{view.year.short} is not over: these are the figures so far.")
    if still and not (view.audience is Audience.PUBLIC and (len(view.notified) < FEW or still <= _MOST_HIDDEN)):
        says.append(
            f"{_begin(as_cases(still))} notified in the year {'has' if still == 1 else 'have'} not ended, and "
            "clocks may still run. What comes later changes these figures."
        )
    return tuple(says)


def _begin(text: str) -> str:
    return text[:1].upper() + text[1:]


# ---- The public -----------------------------------------------------------------------------------------------------


def _published(view: View, figures: tuple[Figure, ...]) -> tuple[Figure, ...]:
    """What may be published. Where cases are few, breakdowns are dropped whole and no single cell is hidden."""
    if len(view.notified) < FEW:
        kept = [figure for figure in figures if not figure.breakdown and figure.id not in _NOT_PUBLISHED]
        return (*(_totals_alone(figure) for figure in kept), *((_in_words(view),) if view.notified else ()))
    return tuple(
        figure
        for figure in figures
        if figure.id not in _NOT_PUBLISHED and (not figure.breakdown or not _has_few(figure))
    )


def _has_few(figure: Figure) -> bool:
    """Whether any count in a table is so small that somebody could be recognised."""
    counts = [
        number
        for row in figure.table.rows
        for cell in row.cells
        for number in ((cell.count, cell.of - cell.count) if isinstance(cell, Share) else (cell,))
        if isinstance(number, int)
    ]
    return any(1 <= count <= _MOST_HIDDEN for count in counts)


def _totals_alone(figure: Figure) -> Figure:
    if figure.id != "counts":
        return figure
    wanted = {"notified", "settled_before"}
    rows = tuple(row for row in figure.table.rows if row.key in wanted)
    return replace(figure, table=replace(figure.table, rows=rows))


def in_words(view: View) -> Table:
    """In words.

    For the public where fewer than 30 cases were notified: the types of agencies that raised and that were raised with,
    without counts, and the stage that most cases ended at or stand at, in place of every breakdown. Where fewer than 5
    were notified, neither: it could be told who is meant. All years of the register together stand beside it. Source:
    the rules of practice, "The review's readers".
    """
    pooled = [case for case in view.known.cases if case.notified_at is not None and case.notified_at < view.year.ends]
    rows = [Row("pooled", "Notified in all years of the register up to this one", (as_cases(len(pooled)),))]
    says: tuple[str, ...] = ()
    if len(view.notified) > _MOST_HIDDEN:
        raising = _types(view, {view.raising_type(case) for case in view.notified})
        received = _types(view, {code for case in view.notified for code in view.types_of(case)})
        stages = [case.stage for case in view.notified]
        most = max(sorted(set(stages)), key=stages.count)
        rows += [
            Row("raising", "Raised by", (raising,)),
            Row("received", "Raised with", (received,)),
            Row("stage", "The highest stage of most", (f"Stage {most}",)),
        ]
    else:
        says = ("So few were notified that saying more could tell who is meant.",)
    return Table(
        rests_on=len(view.notified),
        of="cases notified in the year",
        columns=(Column("value", "Value", Unit.WORDS),),
        rows=tuple(rows),
        says=says,
    )


def _types(view: View, there: set[str]) -> str:
    return ", ".join(words.agency_type(code) for code in view.types if code in there)


_IN_WORDS = Measure("in_words", "In words", Section.COUNTS, in_words, breakdown=False)
EVERY: Final = (*MEASURES, _IN_WORDS)
"""Every measure that some audience gets."""


def _in_words(view: View) -> Figure:
    return _IN_WORDS.figure(view)
