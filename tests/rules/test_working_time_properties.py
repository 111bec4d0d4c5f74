"""What holds of every calendar, start and amount: looked for among those that nobody thought of.

Sources: the conventions W1 to W12 of `escalations.rules.workingtime`, and two faults that peers shipped: counting by
subtraction made deadlines *earlier* when days off were added, and resuming after a weekend's pause counted it twice.
"""

import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from escalations import second_opinion
from escalations.rules import workingtime
from escalations.rules.workingtime import (
    Amount,
    Calendar,
    Closure,
    DaysEnd,
    DayZero,
    OfficeHours,
    Region,
    Unit,
    Weekday,
)
from escalations.store import calendars

FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)
BANK_HOLIDAYS = {
    region: calendars.build(region, 2026, years=2, years_before=0).bank_holidays for region in list(Region)
}
IN_DAYS = st.sampled_from([Unit.WORKING_DAYS, Unit.CALENDAR_DAYS])
IN_WORKING_TIME = st.sampled_from([Unit.WORKING_DAYS, Unit.WORKING_HOURS])
UNITS = st.sampled_from(list(Unit))

# No time limit of its own for an example: the first of each calendar builds an index.
quick = settings(deadline=None, max_examples=75)


@st.composite
def closures(draw: st.DrawFn) -> Closure:
    first = draw(st.dates(FIRST, LAST))
    return Closure(first=first, last=first + timedelta(days=draw(st.integers(0, 20))), why="closed for a reason")


@st.composite
def office_hours(draw: st.DrawFn) -> OfficeHours:
    # By night as well, so that the clock change falls into office hours; quarter hours, so that edges meet.
    edges = sorted(draw(st.sets(st.integers(0, 95), min_size=2, max_size=6)))
    times = [time(edge // 4, edge % 4 * 15) for edge in edges[: len(edges) // 2 * 2]]
    weekdays = draw(st.sets(st.sampled_from(list(Weekday)), min_size=1))
    return OfficeHours(
        opens=times[0],
        closes=times[-1],
        breaks=tuple(zip(times[1:-1:2], times[2:-1:2], strict=True)),
        weekdays=tuple(day for day in Weekday if day in weekdays),
    )


@st.composite
def any_calendar(draw: st.DrawFn, *, plain: bool = False) -> Calendar:
    """Any calendar; a plain one has no cut-off, and calendar days that end on any day."""
    region = draw(st.sampled_from(list(Region)))
    hours = draw(st.just(OfficeHours()) | office_hours())
    close = draw(st.just(hours.closes) | st.integers(1, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15)))
    assume(close > hours.opens)
    cut_off = None if plain else draw(st.none() | st.just(close))
    if cut_off is not None and draw(st.booleans()):
        minutes = [60 * one.hour + one.minute for one in (hours.opens, close)]
        cut = draw(st.integers(minutes[0] + 1, minutes[1]))
        cut_off = time(cut // 60, cut % 60)
    return Calendar(
        region=region,
        first=FIRST,
        last=LAST,
        bank_holidays=BANK_HOLIDAYS[region],
        closures=tuple(draw(st.lists(closures(), max_size=3))),
        office_hours=hours,
        close_of_business=close,
        day_zero=draw(st.sampled_from(list(DayZero))),
        cut_off=cut_off,
        days_end=DaysEnd.ANY_DAY if plain else draw(st.sampled_from(list(DaysEnd))),
        holidays_version="of the test",
        tzdata_version="of the test",
    )


# Mostly early, so that long amounts end inside; sometimes on a whole hour, where the edges are.
instants = st.datetimes(datetime(2026, 1, 5), datetime(2027, 6, 30), timezones=st.just(UTC)) | st.integers(  # noqa: DTZ001 - hypothesis puts the zone on
    0, 24 * 540
).map(lambda hours: datetime(2026, 1, 5, tzinfo=UTC) + timedelta(hours=hours))
values = st.integers(1, 12) | st.integers(1, 200)


def amounts(units: st.SearchStrategy[Unit] = UNITS) -> st.SearchStrategy[Amount]:
    return st.builds(Amount, value=values, unit=units)


def due(calendar: Calendar, start: datetime, amount: Amount) -> datetime:
    try:
        return workingtime.deadline(calendar, start, amount)
    except workingtime.CalendarExhausted:
        reject()


@given(any_calendar(), instants, amounts())
@settings(deadline=None, max_examples=300)
def test_the_lookup_and_the_count_day_by_day_agree(calendar: Calendar, start: datetime, amount: Amount) -> None:
    def counted() -> datetime:
        return workingtime.receipt(calendar, start=start, start_event="raised", amount=amount, rule="stage 1").due

    try:
        looked_up = workingtime.deadline(calendar, start, amount)
    except workingtime.CalendarExhausted:
        try:
            counted()
        except workingtime.CalendarExhausted:
            return
        raise
    assert counted() == looked_up


@given(any_calendar(), instants, amounts())
@quick
def test_a_stranger_who_counts_hour_by_hour_agrees(calendar: Calendar, start: datetime, amount: Amount) -> None:
    looked_up = due(calendar, start, amount)
    office = second_opinion.Office(json.loads(workingtime.canonical_json(calendar)))
    assert second_opinion.count(office, start, amount.value, amount.unit.value)[0] == looked_up


@given(any_calendar(), instants, st.lists(amounts(), min_size=1, max_size=3))
@quick
def test_whichever_is_sooner_is_never_later_than_any_of_them(
    calendar: Calendar, start: datetime, several: list[Amount]
) -> None:
    each = [due(calendar, start, amount) for amount in several]
    assert workingtime.earliest(calendar, start, several) == min(each)
    assert workingtime.earliest(calendar, start, several, or_by=start) == min(start, *each)


@given(any_calendar(), instants, amounts())
@quick
def test_a_receipt_adds_up(calendar: Calendar, start: datetime, amount: Amount) -> None:
    try:
        receipt = workingtime.receipt(calendar, start=start, start_event="raised", amount=amount, rule="stage 1")
    except workingtime.CalendarExhausted:
        reject()
    counted = [day for day in receipt.days if day.counted]

    assert [line.day for line in receipt.days] == [
        receipt.days[0].day + timedelta(days=n) for n in range(len(receipt.days))
    ]
    if amount.unit in {Unit.WORKING_DAYS, Unit.CALENDAR_DAYS}:
        assert len(counted) == amount.value
    else:
        total = sum((day.time_counted or timedelta(0) for day in counted), timedelta(0))
        assert total == timedelta(hours=amount.value)


@given(any_calendar(), instants, amounts(IN_WORKING_TIME))
@quick
def test_a_deadline_in_working_time_is_in_office_hours_or_at_close_of_business(
    calendar: Calendar, start: datetime, amount: Amount
) -> None:
    ends = due(calendar, start, amount)
    local = ends.astimezone(ZoneInfo("Europe/London"))
    off = [day for day, _ in calendar.bank_holidays]

    assert Weekday.of(local.date()) in calendar.office_hours.weekdays
    assert local.date() not in off
    assert not any(closure.first <= local.date() <= closure.last for closure in calendar.closures)
    if amount.unit is Unit.WORKING_DAYS:
        assert ends == workingtime.instant_of(local.date(), calendar.close_of_business)
    else:
        assert any(
            workingtime.instant_of(local.date(), opens) <= ends <= workingtime.instant_of(local.date(), closes)
            for opens, closes in calendar.office_hours.spells()
        )


@given(any_calendar(), closures(), instants, amounts())
@quick
def test_one_closure_more_never_brings_a_deadline_forward(
    calendar: Calendar, closure: Closure, start: datetime, amount: Amount
) -> None:
    assert due(calendar.with_closure(closure), start, amount) >= due(calendar, start, amount)


@given(any_calendar(), instants, amounts())
@quick
def test_more_never_ends_earlier(calendar: Calendar, start: datetime, amount: Amount) -> None:
    more = amount.model_copy(update={"value": amount.value + 1})

    # Where calendar days end on a working day, those that come to a Saturday and to a Sunday end on one Monday.
    same_end = amount.unit is Unit.CALENDAR_DAYS and calendar.days_end is DaysEnd.NEXT_WORKING_DAY
    assert due(calendar, start, more) > due(calendar, start, amount) - timedelta(same_end)


@given(any_calendar(), instants, st.timedeltas(timedelta(0), timedelta(days=10)), amounts())
@quick
def test_who_starts_later_never_ends_earlier(
    calendar: Calendar, start: datetime, later: timedelta, amount: Amount
) -> None:
    assert due(calendar, start + later, amount) >= due(calendar, start, amount)


@given(any_calendar(), instants, amounts())
@quick
def test_a_deadline_is_never_before_its_start(calendar: Calendar, start: datetime, amount: Amount) -> None:
    assert due(calendar, start, amount) > start


@given(any_calendar(), instants, amounts(), instants)
@quick
def test_pausing_and_resuming_at_once_changes_nothing(
    calendar: Calendar, start: datetime, amount: Amount, paused: datetime
) -> None:
    ends = due(calendar, start, amount)

    assert workingtime.resume(calendar, start, ends, paused, paused, amount.unit) == ends


@given(
    any_calendar(plain=True), instants, amounts(), st.lists(st.timedeltas(timedelta(0), timedelta(days=9)), max_size=4)
)
@quick
def test_a_pause_cut_in_pieces_is_the_same_pause(
    calendar: Calendar, start: datetime, amount: Amount, pieces: list[timedelta]
) -> None:
    ends = due(calendar, start, amount)
    whole = in_pieces = ends
    at = start
    try:
        for piece in pieces:
            in_pieces = workingtime.resume(calendar, start, in_pieces, at, at + piece, amount.unit)
            at += piece
        whole = workingtime.resume(calendar, start, ends, start, at, amount.unit)
    except workingtime.CalendarExhausted:
        reject()
    assert in_pieces == whole >= ends


def counted_closes(calendar: Calendar, start: datetime, unit: Unit, since: datetime, until: datetime) -> int:
    """How many days that count for a clock from `start` close in between: on the calendar itself, not by the index."""
    zero = workingtime.civil(start).date()
    day, found = zero if calendar.day_zero is DayZero.SAME else zero + timedelta(days=1), 0
    while day <= workingtime.civil(until).date():
        works = Weekday.of(day) in calendar.office_hours.weekdays and day not in dict(calendar.bank_holidays)
        works = works and not any(closure.first <= day <= closure.last for closure in calendar.closures)
        closes = workingtime.instant_of(day, calendar.close_of_business)
        found += (works or unit is Unit.CALENDAR_DAYS) and max(since, start) < closes <= until
        day += timedelta(days=1)
    return found


pauses = (st.timedeltas(timedelta(0), timedelta(days=12)), st.timedeltas(timedelta(0), timedelta(days=30)))


@given(any_calendar(plain=True), instants, amounts(), IN_DAYS, *pauses)
@quick
def test_on_resuming_as_many_days_are_left_as_before(  # noqa: PLR0917
    calendar: Calendar, start: datetime, amount: Amount, unit: Unit, until_paused: timedelta, length: timedelta
) -> None:
    ends, paused = due(calendar, start, amount.model_copy(update={"unit": unit})), start + until_paused
    assume(paused <= ends)
    try:
        moved = workingtime.resume(calendar, start, ends, paused, paused + length, unit)
    except workingtime.CalendarExhausted:
        reject()
    left = counted_closes(calendar, start, unit, paused, ends)
    assert counted_closes(calendar, start, unit, paused + length, moved) == left
    assert moved >= ends


@given(any_calendar(plain=True), instants, amounts(), *pauses)
@quick
def test_a_pause_over_time_that_does_not_count_gives_nothing_back(
    calendar: Calendar, start: datetime, amount: Amount, until_paused: timedelta, length: timedelta
) -> None:
    ends, paused = due(calendar, start, amount), start + until_paused
    resumed = paused + length
    assume(paused <= ends)
    if amount.unit in {Unit.WORKING_DAYS, Unit.CALENDAR_DAYS}:
        took = counted_closes(calendar, start, amount.unit, paused, resumed) > 0
    elif amount.unit is Unit.WORKING_HOURS:
        took = workingtime.working_time_between(calendar, paused, resumed).worked > timedelta(0)
    else:
        took = length > timedelta(0)
    try:
        moved = workingtime.resume(calendar, start, ends, paused, resumed, amount.unit)
    except workingtime.CalendarExhausted:
        reject()
    assert (moved > ends) is took


@given(any_calendar(), instants, amounts(), amounts())
@quick
def test_reminders_lie_on_their_side_of_the_deadline_and_where_the_office_is_open(
    calendar: Calendar, start: datetime, amount: Amount, notice: Amount
) -> None:
    ends = due(calendar, start, amount)
    try:
        before, after = workingtime.before(calendar, ends, notice), workingtime.after(calendar, ends, notice)
    except workingtime.CalendarExhausted:
        reject()
    assert before < ends < after
    # An office whose spell falls into the hour that never comes has nothing open to land in.
    if notice.unit is not Unit.ELAPSED_HOURS and calendar.office_hours.opens >= time(3):
        assert workingtime.next_open(calendar, before) == before
        assert workingtime.next_open(calendar, after) == after


@given(any_calendar(), instants, values)
@quick
def test_as_many_working_hours_lie_before_a_deadline_as_it_was_given(
    calendar: Calendar, start: datetime, hours: int
) -> None:
    ends = due(calendar, start, Amount(value=hours, unit=Unit.WORKING_HOURS))

    assert workingtime.working_time_between(calendar, start, ends).worked == timedelta(hours=hours)


@given(any_calendar(), st.lists(instants, min_size=3, max_size=3).map(sorted))
@quick
def test_working_time_adds_up(calendar: Calendar, three: list[datetime]) -> None:
    first, second, third = three

    parts = [workingtime.working_time_between(calendar, *pair) for pair in ((first, second), (second, third))]
    whole = workingtime.working_time_between(calendar, first, third)
    assert parts[0].worked + parts[1].worked == whole.worked
    assert parts[0].elapsed + parts[1].elapsed == whole.elapsed


@given(any_calendar(), instants)
@quick
def test_no_office_time_passes_before_the_next_opening(calendar: Calendar, instant: datetime) -> None:
    try:
        opens = workingtime.next_open(calendar, instant)
    except workingtime.CalendarExhausted:
        reject()
    assert workingtime.working_time_between(calendar, instant, opens).worked == timedelta(0)
    assert workingtime.next_open(calendar, opens) == opens


@given(any_calendar(), instants, amounts())
@quick
def test_a_frozen_calendar_gives_the_same_deadlines_when_it_is_read_back(
    calendar: Calendar, start: datetime, amount: Amount
) -> None:
    thawed = workingtime.load_calendar(workingtime.canonical_json(calendar))

    assert thawed.content_hash == calendar.content_hash
    assert due(thawed, start, amount) == due(calendar, start, amount)
