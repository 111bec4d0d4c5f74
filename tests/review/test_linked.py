"""Pairs of escalations that the team linked: each once, and none of it for an agency."""

from __future__ import annotations

from dataclasses import replace

from escalations.review import measures
from escalations.review.dataset import CaseRecord
from escalations.review.figures import Audience
from escalations.review.years import Year
from escalations.rules import acts
from escalations.rules.linked import LinkReason
from tests.builders import SCHOOL
from tests.review.told import of_records, record, settled_at_two

YEAR = Year(2026)
A, B, C, D = "PD-27-0001-A", "PD-27-0002-Y", "PD-27-0003-F", "PD-27-0004-K"


def linked(reference: str, *others: str, because: LinkReason = LinkReason.SAME_THEME) -> CaseRecord:
    story = settled_at_two()
    for other in others:
        story.act(acts.Link(**story.by_team(), other=other, because=because))
    return record(story, reference)


def counted(*records: CaseRecord) -> dict[str, tuple[object, ...]]:
    figure = measures.review(of_records(list(records)), YEAR).figure("linked")
    return {row.key: row.cells for row in figure.table.rows}


def test_a_pair_counts_once_and_one_with_an_escalation_of_another_year_apart() -> None:
    found = counted(linked(A, B, C), linked(B, A), replace(linked(C, A), notified_at=None), linked(D))
    assert found == {
        "same_people": (0, 0),
        "same_theme": (1, 1),
        "each_side_raised_one": (0, 0),
        "other": (0, 0),
    }


def test_what_is_linked_no_longer_is_not_counted() -> None:
    story = settled_at_two()
    story.act(acts.Link(**story.by_team(), other=B, because=LinkReason.OTHER))
    story.act(acts.Unlink(**story.by_team(), other=B))
    assert set(counted(record(story, A)).values()) == {(0, 0)}


def test_no_agency_is_told_in_its_figures_that_there_is_a_link() -> None:
    known = of_records([linked(A, B), linked(B, A)])
    for_agency = measures.review(known, YEAR, audience=Audience.AGENCY, agency=SCHOOL)
    assert "linked" not in {figure.id for figure in for_agency.figures}
    assert "linked" in {figure.id for figure in measures.review(known, YEAR).figures}
