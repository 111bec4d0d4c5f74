"""A review over two versions of a policy's lists counts in one (rules of practice, "Policy in force")."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from escalations.packs import reading
from escalations.policy import Policy
from escalations.review import exports, lists, measures
from escalations.review.dataset import CaseRecord, Known
from escalations.review.figures import Row, Table
from escalations.review.view import View
from escalations.review.years import Year
from escalations.rules.acts import Reason
from escalations.rules.case import Frame
from escalations.rules.codelists import CodeEntry, CodeLists, ListKind
from tests.review.told import known, of_records, record, settled_at_two

YEAR = Year(2026)
DRIFT = CodeEntry(
    code="drift", words="Nothing happens", short="Drift", definition="Nothing came back.", was=(Reason.NO_RESPONSE,)
)


def newer(*entries: CodeEntry, themes: tuple[CodeEntry, ...] = ()) -> Policy:
    """Give a later version of the sample, with reasons of its own."""
    sample = reading.sample()
    values = sample.model_dump()
    values["adoption"]["in_force_from"] = "2027-02-01"
    values["version"] = "2027-1"
    return Policy.model_validate(values | {"lists": CodeLists(version="2", reasons=entries, themes=themes or None)})


def under(case: CaseRecord, policy: Policy, **more: Any) -> CaseRecord:  # noqa: ANN401
    """Give a case as one raised under another policy."""
    return replace(case, frame=Frame(policy, case.frame.calendar), **more)


def told(*entries: CodeEntry, reason: str = "drift") -> Known:
    """Give one case of the sample, and one of a policy with these reasons."""
    case = record(settled_at_two(reason=Reason.NO_RESPONSE), "PD-27-0001-X")
    return of_records([case, under(case, newer(*entries), reference="PD-27-0002-X", reason=reason)])


def reasons(of: Known) -> Table:
    return measures.review(of, YEAR).figure("reasons").table


def row(table: Table, key: str) -> Row:
    return next(row for row in table.rows if row.key == key)


def test_an_older_code_is_counted_with_what_has_taken_its_place_in_the_newer_words() -> None:
    table = reasons(told(DRIFT))
    assert row(table, "drift").cells[0] == 2
    assert (row(table, "drift").label, row(table, "drift").definition) == ("Drift", "Nothing came back.")
    assert table.says == ()
    assert [one.key for one in table.rows] == ["drift", "not_stated"]


def test_what_nothing_takes_the_place_of_is_a_row_of_its_own_and_is_said() -> None:
    table = reasons(told(CodeEntry(code="drift", words="Nothing happens")))
    assert (row(table, "drift").cells[0], row(table, Reason.NO_RESPONSE).cells[0]) == (1, 1)
    assert row(table, Reason.NO_RESPONSE).label == "No response, or drift (in an earlier list only)"
    assert "cannot be compared" in table.says[0]


def test_a_code_goes_through_every_version_between() -> None:
    middle = newer(DRIFT)
    values = middle.model_dump()
    values["adoption"]["in_force_from"] = "2027-02-15"
    values["lists"] = CodeLists(version="3", reasons=(CodeEntry(code="waiting", words="Waiting", was=("drift",)),))
    last = Policy.model_validate(values)
    case = record(settled_at_two(reason=Reason.NO_RESPONSE), "PD-27-0001-X")
    view = View(
        of_records([case, under(case, middle, reference="2", reason="drift"), under(case, last, reason="waiting")]),
        YEAR,
    )
    of = lists.counted(view, ListKind.REASONS)
    assert [of.code(one, one.reason) for one in view.cases] == ["waiting"] * 3


def test_an_entry_that_is_no_longer_used_stands_there_only_where_it_was() -> None:
    closed = CodeEntry(code="closed", words="It was closed", no_longer_used_from=date(2027, 1, 1))
    assert "closed" not in {one.key for one in reasons(told(DRIFT, closed)).rows}
    assert row(reasons(told(DRIFT, closed, reason="closed")), "closed").cells[0] == 1


def test_themes_are_counted_where_the_policy_has_a_list_of_them() -> None:
    plain = measures.review(known(settled_at_two()), YEAR)
    assert not any(figure.id == "themes" for figure in plain.figures)
    case = record(settled_at_two(), "PD-27-0001-X")
    policy = newer(DRIFT, themes=(CodeEntry(code="neglect", words="Neglect"),))
    table = measures.review(of_records([under(case, policy, theme="neglect")]), YEAR).figure("themes").table
    assert [(one.key, one.cells[0]) for one in table.rows] == [("neglect", 1), ("not_stated", 0)]


def test_files_carry_the_definitions_and_the_newer_codes() -> None:
    made = exports.export(told(DRIFT), YEAR)
    assert "Nothing came back." in exports.measures_csv(made)
    assert "Nothing came back." in exports.as_json(made)
    assert "Nothing came back." in exports.body(made)
    assert {one.reason for one in made.rows} == {"drift"}


def test_the_guard_can_fail() -> None:
    with pytest.raises(StopIteration):
        row(reasons(told(DRIFT)), "no_such_code")
