"""The calendars that are built: bank holidays as gov.uk/bank-holidays lists them, and the versions they came from."""

from datetime import date, time
from importlib import metadata

import holidays
import pytest

from escalations.rules.workingtime import Closure, DayZero, OfficeHours, Region
from escalations.store import calendars


def listed(region: Region, year: int) -> dict[str, str]:
    calendar = calendars.build(region, year, years=1, years_before=0)
    return {day.strftime("%d %b"): name for day, name in calendar.bank_holidays}


# Written out by hand after gov.uk/bank-holidays and not taken from the package: an edition of the package that
# changes what has been, or what is already proclaimed, is noticed.
ENGLAND, SCOTLAND, NORTH = Region.ENGLAND_AND_WALES, Region.SCOTLAND, Region.NORTHERN_IRELAND


@pytest.mark.parametrize(
    ("region", "year", "days"),
    [
        (ENGLAND, 2022, "03 Jan, 15 Apr, 18 Apr, 02 May, 02 Jun, 03 Jun, 29 Aug, 19 Sep, 26 Dec, 27 Dec"),
        (ENGLAND, 2023, "02 Jan, 07 Apr, 10 Apr, 01 May, 08 May, 29 May, 28 Aug, 25 Dec, 26 Dec"),
        (ENGLAND, 2025, "01 Jan, 18 Apr, 21 Apr, 05 May, 26 May, 25 Aug, 25 Dec, 26 Dec"),
        (ENGLAND, 2026, "01 Jan, 03 Apr, 06 Apr, 04 May, 25 May, 31 Aug, 25 Dec, 28 Dec"),
        (ENGLAND, 2027, "01 Jan, 26 Mar, 29 Mar, 03 May, 31 May, 30 Aug, 27 Dec, 28 Dec"),
        (SCOTLAND, 2025, "01 Jan, 02 Jan, 18 Apr, 05 May, 26 May, 04 Aug, 01 Dec, 25 Dec, 26 Dec"),
        (SCOTLAND, 2027, "01 Jan, 04 Jan, 26 Mar, 03 May, 31 May, 02 Aug, 30 Nov, 27 Dec, 28 Dec"),
        (NORTH, 2025, "01 Jan, 17 Mar, 18 Apr, 21 Apr, 05 May, 26 May, 14 Jul, 25 Aug, 25 Dec, 26 Dec"),
        (NORTH, 2026, "01 Jan, 17 Mar, 03 Apr, 06 Apr, 04 May, 25 May, 13 Jul, 31 Aug, 25 Dec, 28 Dec"),
    ],
)
def test_bank_holidays_are_those_that_the_government_lists(region: Region, year: int, days: str) -> None:
    assert list(listed(region, year)) == days.split(", ")


def test_bank_holidays_carry_the_names_that_people_know() -> None:
    assert listed(Region.ENGLAND_AND_WALES, 2026) == {
        "01 Jan": "New Year's Day",
        "03 Apr": "Good Friday",
        "06 Apr": "Easter Monday",
        "04 May": "Early May bank holiday",
        "25 May": "Spring bank holiday",
        "31 Aug": "Summer bank holiday",
        "25 Dec": "Christmas Day",
        "28 Dec": "Boxing Day (substitute day)",
    }


@pytest.mark.parametrize("subdivision", ["ENG", "WLS"])
def test_england_and_wales_have_one_list(subdivision: str) -> None:
    theirs = holidays.country_holidays("GB", subdiv=subdivision, years=range(2020, 2041), language="en_GB")
    england = holidays.country_holidays("GB", subdiv="ENG", years=range(2020, 2041), language="en_GB")

    assert sorted(theirs.items()) == sorted(england.items())


@pytest.mark.parametrize("region", list(Region))
def test_no_bank_holiday_is_on_a_weekend_and_each_has_its_substitute(region: Region) -> None:
    calendar = calendars.build(region, 2020, years=30, years_before=0)

    assert all(day.weekday() < 5 for day, _ in calendar.bank_holidays)
    for year in range(2020, 2050):
        christmas = [day for day, _ in calendar.bank_holidays if day.year == year and day.month == 12 and day.day > 24]
        assert len(christmas) == 2


def test_a_calendar_covers_the_year_of_opening_five_more_and_the_one_before() -> None:
    calendar = calendars.build(Region.SCOTLAND, 2026)

    assert (calendar.first, calendar.last) == (date(2025, 1, 1), date(2031, 12, 31))
    assert {day.year for day, _ in calendar.bank_holidays} == set(range(2025, 2032))


def test_a_calendar_says_which_packages_it_came_from() -> None:
    calendar = calendars.build(Region.SCOTLAND, 2026)

    assert calendar.holidays_version == metadata.version("holidays")
    assert calendar.tzdata_version == metadata.version("tzdata")


def test_what_an_office_chooses_is_in_its_calendar() -> None:
    closure = Closure(first=date(2026, 8, 3), last=date(2026, 8, 14), why="school holidays")
    hours = OfficeHours(opens=time(8), closes=time(16))

    calendar = calendars.build(
        Region.ENGLAND_AND_WALES,
        2026,
        closures=[closure],
        office_hours=hours,
        close_of_business=time(16),
        day_zero=DayZero.SAME,
    )

    assert calendar.closures == (closure,)
    assert calendar.office_hours == hours
    assert (calendar.close_of_business, calendar.day_zero) == (time(16), DayZero.SAME)


def test_the_same_choice_gives_the_same_calendar() -> None:
    one, two = (calendars.build(Region.NORTHERN_IRELAND, 2026) for _ in range(2))

    assert one.content_hash == two.content_hash
    assert one == two


@pytest.mark.parametrize("years", [0, -1])
def test_a_calendar_of_no_year_is_refused(years: int) -> None:
    with pytest.raises(ValueError, match="at least one year"):
        calendars.build(Region.SCOTLAND, 2026, years=years)
