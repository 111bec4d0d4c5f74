"""What a policy says of office hours and close of business: the calendar of each case has it, and counts by it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from escalations import second_opinion
from escalations.intake.opening import InForce
from escalations.intake.redates import Basis
from escalations.packs import comparing, reading, saying
from escalations.policy import Policy, canonical, load_canonical
from escalations.rules import workingtime
from escalations.rules.workingtime import Amount
from escalations.store.calendars import NO_DAYS_OFF
from tests.builders import Story, civil

WITH_LUNCH = "09:00-12:30,13:15-16:30"


def saying_of(policy: Policy) -> str:
    return " ".join(saying.say(policy).conventions)


def policy(**said: str) -> Policy:
    return Policy.model_validate(reading.sample().model_dump(mode="json") | said)


def due(of: Policy, start: str, within: str) -> str:
    calendar = InForce(of).frame(civil(start)).calendar
    return f"{workingtime.civil(workingtime.deadline(calendar, civil(start), Amount.parse(within))):%a %H:%M}"


@pytest.mark.parametrize(
    ("start", "within", "plain", "lunch"),
    [
        ("2027-03-01 12:00", "1 working hour", "Mon 13:00", "Mon 13:45"),
        ("2027-03-01 12:45", "1 working hour", "Mon 13:45", "Mon 14:15"),
        ("2027-03-01 16:00", "2 working hours", "Tue 10:00", "Tue 10:30"),
        ("2027-03-01 10:00", "1 working day", "Tue 17:00", "Tue 16:30"),
        ("2027-03-25 16:00", "2 working hours", "Tue 10:00", "Tue 10:30"),
        ("2027-10-29 16:00", "2 working hours", "Mon 10:00", "Mon 10:30"),
        ("2027-03-01 12:00", "1 elapsed hour", "Mon 13:00", "Mon 13:00"),
        ("2027-03-05 12:00", "2 calendar days", "Sun 17:00", "Sun 16:30"),
    ],
)
def test_a_break_is_no_working_hour_and_a_day_ends_at_close_of_business(
    start: str, within: str, plain: str, lunch: str
) -> None:
    assert due(policy(), start, within) == plain
    assert due(policy(office_hours=WITH_LUNCH), start, within) == lunch


@pytest.mark.parametrize(
    ("start", "within", "due_at"),
    [
        ("2027-03-01 14:59", "1 working day", "Tue 17:00"),
        ("2027-03-01 15:00", "1 working day", "Wed 17:00"),
        ("2027-03-05 15:00", "1 working day", "Tue 17:00"),  # Friday: as if on Monday
        ("2027-03-06 10:00", "1 working day", "Tue 17:00"),  # Saturday: as if on Monday
        ("2027-03-25 15:30", "1 working day", "Wed 17:00"),  # before Good Friday: as if on the Tuesday after Easter
        ("2027-03-01 15:00", "2 calendar days", "Thu 17:00"),
        ("2027-03-01 16:00", "2 working hours", "Tue 10:00"),
        ("2027-03-01 16:00", "2 elapsed hours", "Mon 18:00"),
    ],
)
def test_what_comes_after_the_cut_off_counts_as_having_come_on_the_next_working_day(
    start: str, within: str, due_at: str
) -> None:
    assert due(policy(cut_off="15:00"), start, within) == due_at


def test_with_a_cut_off_the_day_of_the_start_can_count_and_the_next_working_day_does() -> None:
    same = policy(cut_off="15:00", day_zero="same")
    assert due(same, "2027-03-01 14:59", "1 working day") == "Mon 17:00"
    assert due(same, "2027-03-01 15:00", "1 working day") == "Tue 17:00"


@pytest.mark.parametrize(
    ("start", "plain", "moved"),
    [
        ("2027-03-04 12:00", "Sat 17:00", "Mon 17:00"),
        ("2027-03-03 12:00", "Fri 17:00", "Fri 17:00"),
        ("2027-03-24 12:00", "Fri 17:00", "Tue 17:00"),  # Good Friday: the Tuesday after Easter
    ],
)
def test_calendar_days_end_on_a_working_day_where_the_policy_says_so(start: str, plain: str, moved: str) -> None:
    assert due(policy(), start, "2 calendar days") == plain
    assert due(policy(calendar_days_end="next_working_day"), start, "2 calendar days") == moved


def test_a_receipt_names_the_day_after_the_cut_off_and_the_day_on_which_calendar_days_end() -> None:
    of = policy(cut_off="15:00", calendar_days_end="next_working_day")
    calendar, start = InForce(of).frame(civil("2027-03-03 15:10")).calendar, civil("2027-03-03 15:10")
    counted = workingtime.receipt(
        calendar, start=start, start_event="delivered", amount=Amount.parse("2 calendar days"), rule="answer"
    )
    assert [day.mark.value for day in counted.days] == [
        "after_cut_off", "day_zero", "counted", "counted", "weekend", "moved_to",
    ]  # fmt: skip
    assert counted.due == workingtime.deadline(calendar, start, Amount.parse("2 calendar days"))
    assert counted.text().endswith("; cut-off 15:00; calendar days end on a working day")
    proof = workingtime.prove(calendar, counted).model_dump(mode="json")
    assert second_opinion.differences(proof) == []
    assert second_opinion.differences(proof | {"receipt": proof["receipt"] | {"cut_off": None}})


def test_what_is_extended_ends_on_a_working_day_as_well() -> None:
    calendar = InForce(policy(calendar_days_end="next_working_day")).frame(civil("2027-03-03 10:00")).calendar
    later = workingtime.extend(calendar, civil("2027-03-05 17:00"), Amount.parse("1 calendar day"))
    assert later == civil("2027-03-08 17:00")


@pytest.mark.parametrize("cut", ["08:00", "09:00", "17:01"])
def test_a_cut_off_lies_in_office_hours(cut: str) -> None:
    with pytest.raises(ValidationError, match=r"has to be after the office opens"):
        policy(cut_off=cut)


def test_close_of_business_can_be_another_time_than_the_end_of_office_hours() -> None:
    early = policy(close_of_business="16:00")
    assert due(early, "2027-03-01 10:00", "1 working day") == "Tue 16:00"
    assert due(early, "2027-03-01 16:30", "1 working hour") == "Tue 09:30"


def test_what_is_not_said_leaves_the_text_of_a_policy_and_its_calendar_as_they_are() -> None:
    assert "office_hours" not in canonical(policy())
    assert InForce(policy()).frame(civil("2027-03-01 10:00")).calendar.office_hours == workingtime.OfficeHours()


def test_the_same_hours_written_otherwise_are_the_same_policy() -> None:
    one, other = policy(office_hours=WITH_LUNCH), policy(office_hours="9:00 to 12:30 , 13:15 to 16:30")
    assert one.content_hash == other.content_hash
    assert load_canonical(canonical(one)).hours == one.hours


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"office_hours": "nine to five"}, "are no office hours"),
        ({"office_hours": "09:00-12:30,12:00-17:00"}, "is out of order"),
        ({"close_of_business": "five"}, "is not a time of day"),
        ({"close_of_business": "08:00"}, "the office opens at 09:00"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(said: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        policy(**said)


def test_the_policy_says_so_in_words_and_what_changes_is_named() -> None:
    said = saying_of(policy(office_hours=WITH_LUNCH))
    assert "Working hours run from 09:00 to 12:30 and from 13:15 to 16:30." in said
    assert "Close of business is 16:30" in said
    assert "Close of business" not in saying_of(policy())
    day = civil("2027-03-01 10:00")
    old, new = (
        comparing.Frozen(one, InForce(one).frame(day).calendar) for one in (policy(), policy(office_hours=WITH_LUNCH))
    )
    sentences = [change.sentence for change in comparing.compare(old, new, received=day)]
    assert "when working hours run: not said becomes “09:00-12:30, 13:15-16:30”" in sentences


def test_an_open_case_counted_anew_under_other_hours_gets_their_calendar() -> None:
    case = Story().raised().case
    found = Basis(NO_DAYS_OFF, calendar=False, policy=policy(office_hours=WITH_LUNCH)).frame(case)
    assert found.calendar.office_hours.breaks
    assert Basis(NO_DAYS_OFF, calendar=False, policy=policy()).frame(case).calendar == case.frame.calendar
