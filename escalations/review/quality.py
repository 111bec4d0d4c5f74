"""What a reader has to know before believing a figure, and what nobody was asked yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from escalations.policy import Awaits, Side
from escalations.review import words
from escalations.review.dataset import CaseRecord, State
from escalations.review.figures import Audience, Column, Row, Share, Table, Unit
from escalations.review.view import BOTH, NOTIFIED, View, as_cases
from escalations.rules.acts import NOT_KNOWN, NOT_STATED
from escalations.rules.case import Cause
from escalations.rules.civiltime import say, say_day
from escalations.rules.workingtime import civil

NOT_ASKED = Column("not_asked", "Not asked")
_WHOLE = (
    "Whether every escalation of the year is in the register cannot be seen from the register. Each agency’s lead "
    "states once a year how many their own records show: this is not asked here yet."
)


def register(view: View) -> Table:
    """What these figures are made from.

    What the figures are made from: the register as it stood at the position that is named, and nothing else. The same
    position gives the same figures for ever. The policy versions are those that the year's cases ran under; where there
    are several, times and stages of one are not to be compared with those of another without care. Source: the rules of
    practice, "Policy in force"; ADR 0001, the register is the truth.
    """
    known = view.known
    began = say_day(civil(known.began_at).date()) if known.began_at else "nothing is in it"
    rows = [
        Row("position", "Position in the register", (known.position,)),
        Row("known_at", "As known at", (say(known.known_at),)),
        Row("began", "The register began", (began,)),
        Row("read", "Cases in the register", (len(known.cases),)),
    ]
    versions = Counter(case.frame.policy.content_hash for case in view.cases)
    named = {case.frame.policy.content_hash: case.frame.policy for case in view.cases}
    for content_hash, count in sorted(versions.items()):
        policy = named[content_hash]
        sample = ", a sample that no partnership adopted" if policy.sample else ""
        rows.append(
            Row(
                f"policy_{content_hash[:12]}",
                f"Under {policy.title}, version {policy.version}{sample}",
                (as_cases(count),),
            )
        )
    says = (
        [] if len(versions) <= 1 else ["The year’s cases ran under several versions of the policy: compare with care."]
    )
    return Table(
        rests_on=len(view.cases),
        of="cases of the year",
        columns=(Column("value", "Value", Unit.WORDS),),
        rows=tuple(rows),
        says=tuple(says),
    )


def gaps(view: View) -> Table:
    """What is missing, and what rests on less.

    How many of the year's cases, notified and settled before notification together, lack something or rest on less than
    a record made at the time. Nothing is filled in or estimated: what is not known is counted as not known. What
    agencies say of their own files is told beside it. A clock met only by what was said to be done is one whose other
    side, or the team, confirmed afterwards what somebody said. Source: the rules of practice, "Evidence is fair" and
    "The review's readers" ("a data-quality page comes before any conclusion").
    """
    cases = view.cases

    def row(key: str, label: str, found: int) -> Row:
        return Row(key, label, (Share(found, len(cases), len(cases)),))

    def with_clock(wanted: str) -> int:
        return sum(1 for case in cases if _has(case, wanted, view))

    rows = (
        row("reason", "Reason not stated", sum(1 for case in cases if case.reason == NOT_STATED)),
        row("level_of_need", "Level of need not stated", sum(1 for case in cases if case.level_of_need is None)),
        row(
            "legal_status",
            "Legal status not known to whoever raised it",
            sum(1 for case in cases if case.legal_status == NOT_KNOWN),
        ),
        row("raised_by", "Raising agency not known", sum(1 for case in cases if not view.raised_by_known(case))),
        row("entered", "Entered by the team for somebody", sum(1 for case in cases if case.entered_by_team)),
        row("open", "Not ended yet, so times and outcome are still to come", sum(1 for case in cases if _open(case))),
        row("undelivered", "A notice of ours did not arrive", sum(1 for case in cases if case.undelivered)),
        row("said", "A limit met only by what was said to be done", with_clock("said")),
        row("ours", "A limit passed because of our own system", with_clock("ours")),
        row("unreviewed", "A passed limit whose cause the team has not confirmed", with_clock("unreviewed")),
        row("paused", "Paused, or a limit extended", sum(1 for case in cases if case.paused)),
    )
    return Table(
        rests_on=len(cases),
        of="cases of the year",
        columns=(Column("cases", "Cases"),),
        rows=rows,
        says=(*_of_files(cases), _WHOLE),
    )


def _of_files(cases: Sequence[CaseRecord]) -> tuple[str, ...]:
    """What agencies said of their own files; nothing where nobody said anything."""
    recorded = sum(1 for case in cases if case.recorded_by)
    read = sum(1 for case in cases if case.files_read)
    if not recorded and not read:
        return ()
    said = (
        f"An agency said that it is recorded on its own files: {recorded} of {len(cases)} cases. An agency said that "
        f"it read the file before it answered: {read} of {len(cases)} cases. Where nobody said so, it is not known."
    )
    return (said,)


def _open(case: CaseRecord) -> bool:
    return case.closed_at is None


def _has(case: CaseRecord, wanted: str, view: View) -> bool:
    passed = [clock for clock in case.clocks if clock.limit_passed_at is not None and not clock.withdrawn]
    match wanted:
        case "said":
            return any(clock.by_what_was_said for clock in case.clocks)
        case "ours":
            return any(clock.cause in {Cause.OUR_OUTAGE, Cause.NOT_SENT} for clock in passed)
        case _:
            return any(clock.state(view.known.known_at) is not State.CONFIRMED for clock in passed)


_SIDES = (Side.RAISING, Side.RESPONDING)
_BY_SIDE = (
    Column("raising", "The raising side, notified"),
    Column("responding", "The responding side, notified"),
    Column("raising_before", "The raising side, settled before (new)"),
    Column("responding_before", "The responding side, settled before (new)"),
)


def effect(view: View) -> Table:
    """Effect on the child or adult.

    What changed for the child or adult, as each side says at the end of a case: the message that tells of its end asks.
    A case can have several; with several responding agencies it counts once for what any of them says. Each agency's
    last word counts. Who has not answered is counted, and so is who does not know yet; none is counted as unchanged. A
    case that has not ended is not asked. What has changed by the follow-up is a figure of its own. Source: the rules of
    practice, "The review's readers" ("not asked" and "not yet known" are counted).
    """
    ends: list[tuple[str, str, Callable[[CaseRecord, Side], bool]]] = [
        ("not_answered", "Asked, and not answered", lambda case, side: _asked(case) and not case.said_of(side)),
        ("not_asked", "Not asked: not ended, or no agency was told", lambda case, _: not _asked(case)),
    ]
    rows = [
        (code.value, text, lambda case, side, code=code: any(code in changed for changed, _ in case.said_of(side)))
        for code, text in words.CHANGED.items()
    ]
    return by_side(view, [*rows, *ends])


def feedback(view: View) -> Table:
    """How raising and receiving felt.

    How raising and how receiving an escalation felt, as each side says at its end, where it wants to; the other side
    never sees the answers. With several responding agencies a case counts once for what any of them says. Source: the
    rules of practice, "The review's readers".
    """
    ends: list[tuple[str, str, Callable[[CaseRecord, Side], bool]]] = [
        (
            "not_said",
            "Asked, and not said",
            lambda case, side: _asked(case) and not any(felt for _, felt in case.said_of(side)),
        ),
        ("not_asked", "Not asked: not ended, or no agency was told", lambda case, _: not _asked(case)),
    ]
    rows = [
        (code.value, text, lambda case, side, code=code: any(felt is code for _, felt in case.said_of(side)))
        for code, text in words.FELT.items()
    ]
    return by_side(view, [*rows, *ends])


def _asked(case: CaseRecord) -> bool:
    """Whether the sides were asked what came of it: it has ended, and another agency had been told of it."""
    return case.closed_at is not None and bool(case.stages)


def by_side(view: View, rows: Sequence[tuple[str, str, Callable[[CaseRecord, Side], bool]]], *says: str) -> Table:
    """A table of cases by what each side says, notified and settled before apart."""
    return Table(
        rests_on=len(view.notified),
        of=NOTIFIED,
        columns=_BY_SIDE,
        rows=tuple(
            Row(
                key,
                label,
                tuple(sum(1 for case in group if holds(case, side)) for group in view.groups for side in _SIDES),
            )
            for key, label, holds in rows
        ),
        says=says,
    )


def raised_again(view: View) -> Table:
    """Raised again.

    How many were opened again, or raised again about the same person within three months. Whether two cases concern the
    same person is not recorded yet, so nothing can be said. Source: the rules of practice, "Evidence is fair".
    """
    return _not_asked(view, "Whether a case concerns the same person as an earlier one is not recorded yet.")


def actions(view: View) -> Table:
    """Actions of last year's report.

    The actions of last year's report, done or not done. Not recorded here yet: they come from that report. Source: the
    rules of practice, "The review's readers".
    """
    table = _not_asked(view, "Actions are not recorded here yet. Please take them from last year’s report.")
    return Table(rests_on=table.rests_on, of=table.of, columns=(), rows=(), says=table.says)


def _not_asked(view: View, sentence: str) -> Table:
    rows = tuple(
        Row(column.key, column.label, (sum(1 for case in group if not _open(case)),))
        for column, group in zip(BOTH, view.groups, strict=True)
    )
    return Table(rests_on=len(view.notified), of=NOTIFIED, columns=(NOT_ASKED,), rows=rows, says=(sentence,))


def our_clocks(view: View) -> Table:
    """What waited for the partnership's team.

    The partnership's own clocks: to look at what is held and pass it on, and to see to a notice that did not arrive; in
    working hours, on the urgent track in hours that simply pass. Counted for the year's cases of both groups. A child
    must not wait in a queue of ours, so this has its own line. So have the messages by email that were received in the
    year and waited for the team; what still waits beyond the limit was not in time. Source: the rules of practice, "A
    child must not wait in a queue of ours".
    """
    rows = []
    for awaits in (Awaits.LOOK, Awaits.MEND_DELIVERY):
        timed = view.clocks(view.cases, awaits)
        judged = [one for one in timed if one.clock.in_time is not None]
        rows.append(
            Row(
                awaits.value,
                words.AWAITED[awaits],
                (
                    len(timed),
                    Share(
                        sum(1 for one in judged if one.clock.in_time),
                        len(judged),
                        len({one.case.reference for one in judged}),
                    ),
                    max((one.took for one in timed if one.took is not None), default=None),
                ),
            )
        )
    if view.audience is Audience.PARTNERSHIP:  # Whose they were nobody knows, so no agency's own review has them.
        rows.append(_messages(view))
    return Table(
        rests_on=len(
            {case.reference for case in view.cases if any(clock.waits_for is Side.TEAM for clock in case.clocks)}
        ),
        of="cases of the year in which something waited for the team",
        columns=(
            Column("times", "Times", Unit.TIMES),
            Column("in_time", "In time", Unit.TIMES),
            Column("longest", "Longest, in hours", Unit.WORKING_HOURS),
        ),
        rows=tuple(rows),
    )


def _messages(view: View) -> Row:
    waited = [one for one in view.known.messages if view.year.holds(one.received_at)]
    judged = [in_time for one in waited if (in_time := one.in_time(view.known.known_at)) is not None]
    return Row(
        "messages",
        "Team looks at a message by email",
        (len(waited), Share(sum(judged), len(judged), len(judged)), None),
    )
