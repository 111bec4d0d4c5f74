"""What came of what was agreed: actions and dissent, and what each side says some time after the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from escalations.policy import Side
from escalations.review import words
from escalations.review.dataset import CaseRecord
from escalations.review.figures import Column, Row, Table, Unit
from escalations.review.quality import by_side
from escalations.review.view import BOTH, NOTIFIED, View
from escalations.rules import wording
from escalations.rules.case import WITHOUT_SETTLEMENT
from escalations.rules.linked import LinkReason
from escalations.rules.plan import Action, Learning


def _asked(case: CaseRecord, side: Side) -> bool:
    return any(of is side for of, _ in case.follow_up_asked)


def _ends() -> list[tuple[str, str, Callable[[CaseRecord, Side], bool]]]:
    def answered(case: CaseRecord, side: Side) -> bool:
        return any(one.side is side for one in case.followed_up)

    return [
        ("not_answered", "Asked, and not answered", lambda case, side: _asked(case, side) and not answered(case, side)),
        ("not_asked", "Not asked, or not asked yet", lambda case, side: not _asked(case, side)),
    ]


def effect_later(view: View) -> Table:
    """Effect some time after the end.

    What has changed for the child or adult by the time of the follow-up, which the policy sets: beside what each side
    said at the end, it shows what held. A case can have several; with several responding agencies it counts once for
    what any of them says. Each agency's last word counts. Who has not answered is counted, and so is who has not been
    asked yet; none is counted as unchanged. Source: the rules of practice, "The review's readers" ("at closing and
    three months later").
    """
    rows = [
        (
            code.value,
            text,
            lambda case, side, code=code: any(one.side is side and code in one.changed for one in case.followed_up),
        )
        for code, text in words.CHANGED.items()
    ]
    return by_side(view, [*rows, *_ends()])


def kept(view: View) -> Table:
    """Whether what was agreed was done.

    Whether what had been agreed or decided was done, as each side says at the follow-up. With several responding
    agencies a case counts once for what any of them says. Source: the rules of practice, "The review's readers".
    """
    rows = [
        (
            code.value,
            text,
            lambda case, side, code=code: any(one.side is side and one.kept is code for one in case.followed_up),
        )
        for code, text in words.KEPT.items()
    ]
    return by_side(view, [*rows, *_ends()])


def learning(view: View) -> Table:
    """Learning.

    Where what was learnt went, as either side says at the follow-up; a case can have several, and counts once for what
    any agency says. Who was asked and said nothing is counted, and so are cases in which nobody was asked, or not yet.
    Source: the rules of practice, "The review's readers"; what published policies record ("learning, and where it was
    sent").
    """

    def went(code: Learning) -> Callable[[CaseRecord], bool]:
        return lambda case: any(code in one.learning for one in case.followed_up)

    rows: list[tuple[str, str, Callable[[CaseRecord], bool]]] = [
        *((code.value, text, went(code)) for code, text in words.LEARNING.items()),
        ("not_said", "Asked, and not said", lambda case: bool(case.follow_up_asked) and not case.followed_up),
        ("not_asked", "Not asked, or not asked yet", lambda case: not case.follow_up_asked),
    ]
    return _by_case(view, rows)


def planned(view: View) -> Table:
    """What was planned, and what became of it.

    The actions of plans, by what is known of each now: done and confirmed by the other side, or by the team; said to be
    done and not confirmed; not done, with a reason; nothing said, and its date has passed or is still to come; proposed
    and not agreed, or not answered by its owner. Done after its date counts among those that are done, and is counted
    again. Of what ended without anything agreed or decided nothing is counted. Source: what a review reports ("actions
    done and not done").
    """
    rows: list[tuple[str, str, Callable[[Action], bool]]] = [
        ("confirmed", "Done, and confirmed", lambda action: bool(action.done) and action.checked is True),
        ("said", "Said to be done, not confirmed", lambda action: bool(action.done) and action.checked is not True),
        ("not_done", "Not done, with a reason", lambda action: action.done is False),
        ("passed", "Nothing said, and its date has passed", lambda action: _nothing(action) and _passed(action)),
        ("to_do", "Nothing said, and its date is to come", lambda action: _nothing(action) and not _passed(action)),
        ("not_agreed", "Not agreed, or not answered", lambda action: action.done is None and not action.stands),
        ("late", "Among those done: after its date", _late),
    ]
    return Table(
        rests_on=len(view.notified),
        of=NOTIFIED,
        columns=(
            Column("notified", "Actions of notified cases", Unit.TIMES),
            Column("before", "Actions of cases settled before (new)", Unit.TIMES),
        ),
        rows=tuple(
            Row(
                key,
                label,
                tuple(sum(1 for case in group for action in _actions(case) if holds(action)) for group in view.groups),
            )
            for key, label, holds in rows
        ),
    )


def _actions(case: CaseRecord) -> Iterator[Action]:
    if case.outcome in WITHOUT_SETTLEMENT:
        return
    for plan in case.plans:
        yield from plan.actions


def _nothing(action: Action) -> bool:
    return action.done is None and action.stands


def _passed(action: Action) -> bool:
    return action.passed_at is not None


def _late(action: Action) -> bool:
    return bool(action.done) and action.done_at is not None and action.done_at > action.due_at


def dissent(view: View) -> Table:
    """Dissent on record.

    Cases in which an agency went along and put on record that it disagrees, formally or for the record; it stands
    beside the outcome and changes none. With several responding agencies a case counts once for each kind. Source: what
    published policies record ("dissent, formal or recorded only"), and what a review reports ("outcome, dissent").
    """

    def of(*, formal: bool) -> Callable[[CaseRecord, Side], bool]:
        return lambda case, side: any(one is side and how is formal for one, _, how in case.dissents)

    rows = [("formal", "A formal dissent", of(formal=True)), ("recorded", "For the record", of(formal=False))]
    return by_side(view, rows)


def advice(view: View) -> Table:
    """Advice from outside.

    Cases in which somebody who had no part in them was asked for advice, and those in which one at least gave it.
    Nothing is said of who it was. Advice decides nothing, so neither is good or bad. Source: what is recorded of an
    escalation ("advice taken").
    """
    rows: list[tuple[str, str, Callable[[CaseRecord], bool]]] = [
        ("asked", "Somebody was asked", lambda case: case.advisers_asked > 0),
        ("given", "Advice was given", lambda case: bool(case.advised)),
    ]
    return _by_case(view, rows)


def linked(view: View) -> Table:
    """Linked with another one.

    Pairs of escalations that the partnership's team linked, each pair once: those of which both were notified in the
    year, and those of which one was. What is linked no longer is not counted. Agencies are not given this figure: who
    has a part in one reads nothing of the other. Source: what is recorded of an escalation ("linked with another").
    """
    notified = {case.reference for case in view.notified}
    pairs = {frozenset((case.reference, other)): because for case in view.notified for other, because in case.links}

    def so_many(code: LinkReason, *, both: bool) -> int:
        return sum(1 for pair, because in pairs.items() if because is code and (pair <= notified) is both)

    return Table(
        rests_on=len(view.notified),
        of=NOTIFIED,
        columns=(
            Column("both", "Pairs, both notified in the year", Unit.TIMES),
            Column("one", "Pairs, one of them notified in the year", Unit.TIMES),
        ),
        rows=tuple(
            Row(code.value, text, (so_many(code, both=True), so_many(code, both=False)))
            for code, text in wording.LINKED.items()
        ),
    )


def _by_case(view: View, rows: Sequence[tuple[str, str, Callable[[CaseRecord], bool]]]) -> Table:
    """A table of cases for which something holds, notified and settled before apart."""
    return Table(
        rests_on=len(view.notified),
        of=NOTIFIED,
        columns=BOTH,
        rows=tuple(
            Row(key, label, tuple(sum(1 for case in group if holds(case)) for group in view.groups))
            for key, label, holds in rows
        ),
    )
