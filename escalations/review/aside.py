"""What reached the partnership's team and was not for this process: escalations that it held, and messages by email."""

from __future__ import annotations

from escalations.review.figures import Audience, Column, Row, Table
from escalations.review.view import View
from escalations.rules import wording

_NOT_SAID = "not_said"


def put_aside(view: View) -> Table:
    """What was not for this process.

    What the partnership's team held and put aside, by who wrote it or why it needed nothing: escalations, which are
    those of the year that ended before the policy would have told the partnership, and messages by email that were
    received in the year. Nothing of them went to an agency from here. Messages that were put aside before the reason
    was asked for are counted as not said. Where nothing was put aside the table is left out. Who writes to the wrong
    place shows where the way to the right one is not known; it says nothing about any agency. Source: the rules of
    practice, "Who sees what, and when".
    """
    whole = view.audience is Audience.PARTNERSHIP  # Whose messages they were nobody knows: no agency's review has them.
    aside = [one for one in view.known.messages if whole and one.put_aside and view.year.holds(one.received_at)]
    found = [
        (
            why.value,
            said.figure,
            sum(1 for case in view.settled_before if case.outside is not None and case.outside == why.value),
            sum(1 for one in aside if one.why is why),
        )
        for why, said in wording.PUT_ASIDE.items()
    ]
    if unsaid := sum(1 for one in aside if one.why is None):
        found.append((_NOT_SAID, "Not said", 0, unsaid))
    cases, messages = sum(row[2] for row in found), len(aside)
    columns = [Column("cases", "Escalations held")]
    if whole:
        columns.append(Column("messages", "Messages"))
    rows = tuple(Row(key, label, (held, mails)[: len(columns)]) for key, label, held, mails in found)
    return Table(
        rests_on=cases + messages,
        of="escalations and messages that the team put aside" if whole else "escalations that the team put aside",
        columns=tuple(columns),
        rows=rows if cases + messages else (),
    )
