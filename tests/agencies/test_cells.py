"""What people write into cells is read as they mean it, or refused with what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from escalations.agencies import cells
from escalations.store.directory_file import Notices, PositionKind

POSITIONS = ("escalation_lead", "manager", "senior_manager")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-09-01", date(2026, 9, 1)),
        ("1/9/2026", date(2026, 9, 1)),
        ("01.09.2026", date(2026, 9, 1)),
        ("01-09-26", date(2026, 9, 1)),
        ("1-Sep-26", date(2026, 9, 1)),
        ("1st September 2026", date(2026, 9, 1)),
        ("1 Sept 2026", date(2026, 9, 1)),
        ("2026-09-01 00:00:00", date(2026, 9, 1)),
        (" 29/2/2028 ", date(2028, 2, 29)),
    ],
)
def test_a_day_is_read_as_it_is_written_here_the_day_first(written: str, meant: date) -> None:
    assert cells.day(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Mon-Wed", "mon tue wed"),
        ("Monday to Wednesday, Fri", "mon tue wed fri"),
        ("mon;tue", "mon tue"),
        ("Tues and Thurs", "tue thu"),
        ("weekdays", "mon tue wed thu fri"),
        ("Every day", "every day"),
        ("Sat – Mon", "mon sat sun"),
        ("M0n", None),
        ("T", None),
        ("often", None),
    ],
)
def test_working_days_are_read_as_people_write_them(written: str, meant: str | None) -> None:
    if meant is None:
        with pytest.raises(cells.Unreadable, match="days of the week"):
            cells.working_days(written)
    else:
        found = cells.working_days(written)
        assert cells.said_days(tuple(list(cells._DAYS).index(day) for day in found)) == meant


@pytest.mark.parametrize(
    ("reader", "written", "meant"),
    [
        (cells.plain, "  a \u00a0 b\ufeff ", "a b"),
        (cells.plain, "'+44 1632 960001", "+44 1632 960001"),
        (cells.plain, "'tis", "'tis"),
        (cells.code, "Academy Trust", "academy-trust"),
        (cells.code, "Children’s services", "childrens-services"),
        (cells.kind, "Shared mailbox", PositionKind.SHARED_MAILBOX),
        (cells.kind, "Duty rota", PositionKind.ROTA),
        (cells.notices, "Team-only", Notices.TEAM_ONLY),
        (cells.notices, "team_only", Notices.TEAM_ONLY),
        (cells.notices, "Yes", Notices.ON),
        (cells.email, "mailto:asha@council.example", "asha@council.example"),
        (cells.phone, "01632 960 001 ext 12", "01632 960 001 ext 12"),
        (cells.phone, "+44 1632 960001", "+44 1632 960001"),
        (cells.phone, "+44 (0)1632 960001", "+44 (0)1632 960001"),
        (cells.phone, "00353 1 234 5678", "00353 1 234 5678"),
        (cells.phone, "01632 960 001 (ask for Jo)", "01632 960 001 (ask for Jo)"),
        (cells.phone, "01632960001 x12", "01632960001 x12"),
        (cells.phone, "101", "101"),
        (cells.phone, "101 ext 4321", "101 ext 4321"),
        (cells.phone, "111", "111"),
        (cells.phone, "116 123", "116 123"),
        (cells.phone, "0800 1111", "0800 1111"),
        (cells.domains, "@Council.example; x.example council.example", ("council.example", "x.example")),
    ],
)
def test_a_cell_is_read_as_it_is_meant(reader: Callable[[str], object], written: str, meant: object) -> None:
    assert reader(written) == meant


@pytest.mark.parametrize(
    ("reader", "written", "says"),
    [
        (cells.code, "123", "begin with a letter"),
        (cells.kind, "team", "person, shared mailbox or rota"),
        (cells.notices, "maybe", "off, team only or on"),
        (cells.email, "asha at council", "name@example.org"),
        (cells.email, "a@x.example; b@x.example", "one email address"),
        (cells.email, f"{'a' * 250}@x.example", "one email address"),
        (cells.phone, "1632960001", "lost its first 0"),
        (cells.phone, "1.63296E+09", "shortened this number"),
        (cells.phone, "none", "one phone number"),
        (cells.phone, "07700 900123 / 07700 900124", "one phone number"),
        (cells.phone, "12345", "with its area code"),
        (cells.phone, "960001", "with its area code"),
        (cells.phone, "01632 960", "with its area code"),
        (cells.phone, "ext 4321", "before the extension"),
        (cells.phone, "999", "for emergencies alone"),
        (cells.phone, "112", "for emergencies alone"),
        (cells.phone, "102", "with its area code"),
        (cells.day, "31/2/2026", "real date"),
        (cells.day, "9/13/2026", "real date"),
        (cells.day, "spring", "real date"),
        (cells.day, "46266", "real date"),
        (cells.domains, "gmail.com", "Anybody"),
    ],
)
def test_what_cannot_be_known_is_refused_with_what_to_write(
    reader: Callable[[str], object],
    written: str,
    says: str,
) -> None:
    with pytest.raises(cells.Unreadable, match=says):
        reader(written)


def test_a_position_is_one_that_is_known() -> None:
    assert cells.position("Senior manager", POSITIONS) == "senior_manager"
    assert cells.position("senior_manager", POSITIONS) == "senior_manager"
    assert cells.position("Lead", POSITIONS) == "escalation_lead"
    with pytest.raises(cells.Unreadable, match="escalation lead, manager, senior manager"):
        cells.position("DSL", POSITIONS)


@pytest.mark.parametrize("text", ["=1+1", "+44 1632", "-1", "@x", "\tx", "plain", "'tis", ""])
def test_no_cell_is_a_formula_and_each_is_read_back(text: str) -> None:
    assert cells.guarded(text)[:1] not in set("=+-@\t\r") - {""}
    assert cells.plain(cells.guarded(text)) == cells.plain(text)
