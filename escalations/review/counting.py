"""Who raised it with whom, why, about what, how far it went and how it ended: counts, each with its zeros."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from escalations.review import lists, words
from escalations.review.dataset import CaseRecord, Why
from escalations.review.figures import Bars, Column, Mark, Part, Row, Share, Table, Unit
from escalations.review.view import BOTH, NOTIFIED, View, by_code, dots
from escalations.review.years import Year
from escalations.review.years import of as year_of
from escalations.rules.acts import NOT_STATED
from escalations.rules.case import Status
from escalations.rules.civiltime import say_day
from escalations.rules.codelists import ListKind
from escalations.rules.workingtime import civil

STAGE_KINDS = (
    ("settled", Mark.FILLED, "settled or decided at this stage"),
    ("higher", Mark.RING, "went higher"),
    ("open", Mark.SQUARE, "still open at this stage, or ended otherwise"),
)


def where_resolved(view: View) -> Table:
    """How far it went, and where it ended.

    For each stage of the policy: how many of the cases notified in the year came to it, and of these how many were
    settled or decided there, went higher, ended there without either (withdrawn, redirected, overtaken by events), or
    are still open there, by what is known now. All but those that went higher have it as their highest stage. A case
    that ended before its first stage, or is held, stands in the first row. Settled at the stage at which the
    partnership was told: it was settled or decided at the stage that it had reached when it was notified, and went no
    higher. Settled at the stage at which it began: it went up no stage at all; what the policy does not tell the
    partnership of at its first stage can be settled there only before notification, and is counted there. Source: what
    a review reports ("by stage reached; resolved at the stage where raised").
    """
    numbers = {stage.number for case in view.notified for stage in case.frame.policy.stages}
    numbers |= {case.stage for case in view.notified}
    titles = {stage.number: stage.title for case in view.notified for stage in case.frame.policy.stages}
    rows, chart = [], []
    for stage in sorted(numbers):
        here = [case for case in view.notified if case.came_to(stage) or case.stage == stage]
        top = [case for case in here if case.stage == stage]
        settled = sum(1 for case in top if case.settled_at is not None)
        still_open = sum(1 for case in top if case.closed_at is None)
        higher, otherwise = len(here) - len(top), len(top) - settled - still_open
        label = f"Stage {stage}: {titles.get(stage, '')}" if stage else "Before stage 1"
        rows.append(Row(f"stage_{stage}", label, (len(here), settled, higher, otherwise, still_open, len(top))))
        parts = (Part("settled", settled), Part("higher", higher), Part("open", still_open + otherwise))
        chart.append((label, tuple(part for part in parts if part.count)))
    return Table(
        rests_on=len(view.notified),
        of=NOTIFIED,
        columns=(
            Column("came", "Came to it"),
            Column("settled", "Settled or decided there"),
            Column("higher", "Went higher"),
            Column("otherwise", "Ended otherwise there"),
            Column("open", "Still open there"),
            Column("highest", "Highest stage"),
        ),
        rows=tuple(rows),
        says=_where_settled(view),
        chart=Bars(tuple(chart), STAGE_KINDS),
    )


def _where_settled(view: View) -> tuple[str, ...]:
    """At which stage they were settled: the one at which the partnership was told, and the one they began at."""
    settled = [case for case in view.notified if case.settled_at is not None]
    if not settled:
        return ()
    when_told = Share(sum(1 for case in settled if case.stage == case.stage_when_told), len(settled), len(settled))
    at_first = Share(sum(1 for case in settled if len(case.stages) == 1), len(settled), len(settled))
    says = [
        f"Settled at the stage at which the partnership was told, without going higher: {when_told.words()}.",
        f"Settled at the stage at which it began: {at_first.words()}.",
    ]
    told = {stage.number for case in settled for stage in case.frame.policy.stages if stage.partnership_told}
    if told and min(told) > 1:
        early = sum(1 for case in view.settled_before if case.settled_at is not None)
        are = "is" if early == 1 else "are"
        says.append(
            f"The policy tells the partnership from stage {min(told)} on. What is settled before that is not among "
            f"these: {words.counted(early, 'such case')} of the year {are} counted as settled before notification "
            "(new)."
        )
    return tuple(says)


def why_higher(view: View) -> Table:
    """Why it went higher.

    Each step up a stage of the cases notified in the year, by what stood at the stage that it left. Delay: a time limit
    of a responding agency had passed there and was not withdrawn afterwards, or the policy moved the case by itself.
    Otherwise: an answer had come, or none had and the raising agency took it up earlier. It says nothing about who was
    right. Source: what a review reports ("why higher stages were reached").
    """
    steps = [(case, span) for case in view.notified for span in case.stages if span.stage > 1]
    rows, chart = [], []
    stages = sorted({span.stage for _, span in steps})
    for why in Why:
        counts = tuple(
            sum(1 for case, span in steps if span.stage == stage and case.why_moved(span) is why) for stage in stages
        )
        rows.append(Row(why.value, words.WHY[why], (sum(counts), *counts)))
        if sum(counts):
            chart.append((words.WHY[why], (Part("cases", sum(counts)),)))
    return Table(
        rests_on=len({case.reference for case, _ in steps}),
        of="cases notified in the year that went up a stage",
        columns=(
            Column("all", "Steps up", Unit.TIMES),
            *(Column(f"to_{stage}", f"To stage {stage}", Unit.TIMES) for stage in stages),
        ),
        rows=tuple(rows),
        chart=Bars(tuple(chart), (("cases", Mark.FILLED, "one step up"),)),
    )


def who_raised(view: View) -> Table:
    """Who raised it.

    How many cases each type of agency raised, with every type of the directory, also those that raised none; and how
    many agencies of the type raised at least one of the notified cases, out of those that existed at some time in the
    year. Agencies are counted by type and never ranked or named. Few cases from a type can mean that it has few
    differences, or that it does not know the policy or meets barriers: the count does not tell which. What was raised
    in the name of an agency that says it is not its own has a row of its own, and counts for no agency. Source: what a
    review reports ("with agencies that raised none shown as 0").
    """
    rows = []
    says = []
    for code in view.raising_types:
        counts = [sum(1 for case in group if view.raising_type(case) == code) for group in view.groups]
        raised = {
            case.raising_agency for case in view.notified if view.raising_type(case) == code and not case.disowned
        }
        there = view.agencies_of(code)
        agencies = Share(len(raised), max(there, len(raised)), there)
        rows.append(Row(code, words.agency_type(code), (counts[0], counts[1], f"{agencies.count} of {agencies.of}")))
        if not any(counts) and there:
            says.append(_none_of(there, code))
    return Table(
        rests_on=len(view.notified),
        of=NOTIFIED,
        columns=(*BOTH, Column("agencies", "Agencies that raised a notified one", Unit.WORDS)),
        rows=tuple(rows),
        says=tuple(says),
        chart=dots((row.label, row) for row in rows),
    )


def _none_of(there: int, code: str) -> str:
    if there == 1:
        return f"{words.agency_type(code)}: the one agency of this type raised none."
    return f"None of {there} {words.agencies(code)} raised one."


def who_received(view: View) -> Table:
    """With whom it was raised.

    How many cases were raised with each type of agency, zeros included. A case raised with several agencies counts once
    for each of their types, so the rows can add up to more than there are cases. Source: what a review reports ("by
    raising agency x responding agency").
    """
    rows = tuple(
        Row(
            code,
            words.agency_type(code),
            tuple(sum(1 for case in group if code in view.types_of(case)) for group in view.groups),
        )
        for code in view.types
    )
    return Table(
        rests_on=len(view.notified), of=NOTIFIED, columns=BOTH, rows=rows, chart=dots((row.label, row) for row in rows)
    )


def raising_by_responding(view: View) -> Table:
    """Who raised it with whom.

    The cases notified in the year by the type of agency that raised them (rows) and the types that they were raised
    with (columns), with zeros, for every type of the directory. A case raised with several agencies counts once in the
    column of each of their types. What was raised in the name of an agency that says it is not its own has a row of its
    own, last: it says nothing of that agency. Source: the rules of practice, "The review's readers" ("raising x
    responding is by agency type with zeros") and "Evidence is fair".
    """
    return _matrix(view, view.notified, NOTIFIED)


def raising_by_responding_before(view: View) -> Table:
    """Who raised it with whom, settled before notification (new).

    The same for the cases that ended in the year before the policy would have told the partnership. This is new: no
    earlier report counted them, so they are never added to the notified ones. Source: the rules of practice, "Who sees
    what, and when".
    """
    return _matrix(view, view.settled_before, "cases settled before notification in the year")


def _matrix(view: View, cases: tuple[CaseRecord, ...], of: str) -> Table:
    types = view.types
    rows = []
    for raising in view.raising_types:
        raised = [case for case in cases if view.raising_type(case) == raising]
        cells = [sum(1 for case in raised if responding in view.types_of(case)) for responding in types]
        rows.append(Row(raising, words.agency_type(raising), (*cells, len(raised))))
    return Table(
        rests_on=len(cases),
        of=of,
        columns=(*(Column(code, words.agency_type(code)) for code in types), Column("cases", "Cases raised")),
        rows=tuple(rows),
    )


def reasons(view: View) -> Table:
    """Why the agencies differed.

    Why the agencies differed, as whoever raised it chose from the list. Source: what gets recorded ("reason").
    """
    return lists.table(view, ListKind.REASONS, lambda case: case.reason)


def themes(view: View) -> Table:
    """Theme.

    The theme that it is part of, as whoever raised it chose from the policy's list; only where the policy has one.
    Source: what gets recorded ("theme").
    """
    found = lists.table(view, ListKind.THEMES, lambda case: case.theme or NOT_STATED)
    return found if len(found.rows) > 1 else replace(found, rows=(), chart=None)


def concerns(view: View) -> Table:
    """Who or what it was about.

    Who or what it was about. Source: what gets recorded ("child, adult, family or thematic issue").
    """
    return by_code(view, words.CONCERNS, lambda case: case.concern)


def levels_of_need(view: View) -> Table:
    """Level of need.

    The level of need, by its number, as whoever raised it stated it. Nobody here judges it, and where it was not stated
    that is counted. Source: what gets recorded ("level of need"); the rules of practice, "Never by a timer, a parser or
    a score".
    """
    none = ("not_stated", "Not stated")
    return lists.table(view, ListKind.LEVELS_OF_NEED, lambda case: case.level_of_need, none=none, prefix="level_")


def legal_statuses(view: View) -> Table:
    """Legal status.

    The legal status of whom it is about, as whoever raised it stated it. Source: what gets recorded ("legal status").
    """
    return lists.table(view, ListKind.LEGAL_STATUSES, lambda case: case.legal_status)


def tracks(view: View) -> Table:
    """Track.

    The track that it came to in the end; how many became urgent only after they had been raised is said beside it.
    Source: the policy's own tracks.
    """
    table = by_code(view, words.TRACKS, lambda case: case.track)
    later = sum(1 for case in view.cases if case.became_urgent)
    return replace(table, says=(*table.says, f"Made urgent after it had been raised: {later}.")) if later else table


def outcomes(view: View) -> Table:
    """How it ended.

    How it ended, by what is known now. A case with several responding agencies has one outcome: that of all of them
    where it is the same, otherwise agreed in part. Where somebody withdrew it themselves, their own reason is said
    beside it. Source: what a review reports ("outcome"); the rules of practice, "Evidence is fair" ("withdrawals with
    the raiser's own reason").
    """
    table = lists.table(view, ListKind.OUTCOMES, lambda case: case.outcome, none=("open", "Not ended yet"))
    found = Counter(case.withdrawn_because for case in view.cases if case.withdrawn_because is not None)
    said = [f"{text}: {found[reason]}" for reason, text in words.WITHDRAWN.items() if found[reason]]
    says = [f"Withdrawn, by the raiser’s own reason. {'; '.join(said)}."] if said else []
    return replace(table, says=(*table.says, *says, *_opened_again(view)))


_SOON: Final = timedelta(days=92)
"""Three months, whichever they are."""


def _opened_again(view: View) -> tuple[str, ...]:
    """Each of these cases is counted once, as it ended at last."""
    again = [case for case in view.cases if case.reopened]
    if not again:
        return ()
    soon = sum(1 for case in again if any(at - closed <= _SOON for closed, at in case.reopened))
    said = f"Opened again after it had closed: {len(again)}, of these within three months: {soon}."
    return (f"{said} Each is counted once, as it ended at last.",)


def counts(view: View) -> Table:
    """The year in numbers.

    Notified: the policy told the partnership of it in the year; a case belongs to the year in which it was notified,
    whenever it was received or ended. Settled before notification: it ended in the year and the partnership was never
    told of its stage; these are new, and no earlier report had them. Open at the start or at the end: received before
    that midnight and not ended before it; of the year that still runs, at the moment of looking. Source: the rules of
    practice, "Who sees what, and when" ("raised is not notified") and "The review's readers".
    """
    year, known = view.year, view.known
    end = min(year.ends, known.known_at)
    running = known.known_at < year.ends
    cases = known.cases
    opened = [case for case in cases if case.open_at(end)]
    rows = (
        Row("notified", "Notified in the year", (len(view.notified),)),
        Row("settled_before", "Settled before notification (new)", (len(view.settled_before),)),
        Row("received", "Received in the year", (sum(1 for case in cases if year.holds(case.received_at)),)),
        Row("open_at_start", "Open at the start", (sum(1 for case in cases if case.open_at(year.begins)),)),
        Row("open_at_end", "Open now" if running else "Open at the end", (len(opened),)),
        Row("open_notified", "… of these, notified by then", (sum(1 for case in opened if _notified(case, end)),)),
        Row("held", "Held for the team now", (sum(1 for case in cases if case.status is Status.HELD),)),
    )
    return Table(rests_on=len(cases), of="cases in the register", columns=(Column("cases", "Cases"),), rows=rows)


def _notified(case: CaseRecord, by: datetime) -> bool:
    return case.notified_at is not None and case.notified_at < by


def years(view: View) -> Table:
    """Earlier years.

    Cases notified in each year that the register knows, up to this one. Settled before notification stands apart and
    cannot be compared with years before the register. The register's first year is whole only where it began on the
    year's first day. No change from year to year is computed: there is no expected figure. Source: what a review
    reports ("count notified in the year and in earlier years").
    """
    known, this = view.known, view.year
    if known.began_at is None:
        return Table(rests_on=0, of="cases in the register", columns=BOTH, rows=())
    first = year_of(known.began_at, starts_in=this.starts_in)
    shown = [Year(begins_in, this.starts_in) for begins_in in range(min(first, this).begins_in, this.begins_in + 1)]
    rows = tuple(
        Row(
            year.key,
            year.short,
            (
                sum(1 for case in known.cases if year.holds(case.notified_at)),
                sum(1 for case in known.cases if case.notified_at is None and year.holds(case.closed_at)),
            ),
        )
        for year in shown
    )
    began = civil(known.began_at).date()
    says = [f"The register began on {say_day(began)}. Earlier escalations are not in it."]
    if first.first < began and first <= this:
        says.append(f"So {first.short} is not a whole year here.")
    if known.known_at < this.ends:
        says.append(f"{this.short} is not over.")
    return Table(
        rests_on=sum(row.cells[0] for row in rows if isinstance(row.cells[0], int)),
        of="cases notified in these years",
        columns=BOTH,
        rows=rows,
        says=tuple(says),
        chart=Bars(
            tuple((row.label, (Part("cases", int(str(row.cells[0]))),)) for row in rows),
            (("cases", Mark.FILLED, "one case"),),
        ),
    )
