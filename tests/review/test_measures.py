"""Each figure of a review, on cases that the rules have told: rules of practice, "The review's readers"."""

from __future__ import annotations

from dataclasses import replace

import pytest

from escalations.policy import Awaits, Track
from escalations.review import measures
from escalations.review.dataset import Agency, CaseRecord, Known, Message
from escalations.review.figures import Audience, Figure, Review, Section, Share
from escalations.review.view import median, ninetieth
from escalations.review.years import Year
from escalations.rules import acts
from escalations.rules.acts import LegalStatus, Reason
from escalations.rules.case import PauseReason
from escalations.rules.senders import Outside, PutAside
from escalations.rules.workingtime import Amount
from tests.builders import POLICE, SCHOOL, SOCIAL_CARE, Story, civil
from tests.review.told import AGENCIES, known, of_records, record, settled_at_two

YEAR = Year(2026)
"""April 2026 to March 2027, in which the stories of the builders begin."""


def reviewed(
    of: Known, *, year: Year = YEAR, audience: Audience = Audience.PARTNERSHIP, agency: str | None = None
) -> Review:
    return measures.review(of, year, audience=audience, agency=agency)


def cells(figure: Figure, row: str) -> tuple[object, ...]:
    return next(one.cells for one in figure.table.rows if one.key == row)


def many(count: int, story: Story | None = None) -> Known:
    """Give so many cases like one."""
    one = record(story or settled_at_two(), "PD-27-0001-X")
    return of_records([replace(one, reference=f"PD-27-{number:04}-X") for number in range(count)])


def settled_at_once() -> Story:
    story = Story().raised()
    story.after(working_hours=2).acknowledges()
    story.after(working_days=1).responds()
    story.agrees()
    return story


# ---- Which cases a year has ------------------------------------------------------------------------------------------


def test_a_case_belongs_to_the_year_in_which_it_was_notified_whenever_it_was_raised_or_ended() -> None:
    story = Story(start="2027-03-29 09:30").raised()
    story.at("2027-03-31 09:30").moves_up()
    story.at("2027-04-02 10:00")
    assert record(story, "A").notified_at == civil("2027-03-31 17:00")
    story.agrees()
    found = known(story)
    assert cells(reviewed(found).figure("counts"), "notified") == (1,)
    assert cells(reviewed(found, year=Year(2027)).figure("counts"), "notified") == (0,)


def test_what_settled_before_notification_stands_apart_and_is_never_added() -> None:
    review = reviewed(known(settled_at_once(), settled_at_two()))
    assert cells(review.figure("counts"), "notified") == (1,)
    assert cells(review.figure("counts"), "settled_before") == (1,)
    assert cells(review.figure("years"), "2026") == (1, 1)
    assert cells(review.figure("who_raised"), "school")[:2] == (1, 1)
    assert [column.label for column in review.figure("reasons").table.columns] == [
        "Notified",
        "Settled before notification (new)",
    ]


def test_open_at_the_start_and_at_the_end_are_shown() -> None:
    story = Story(start="2027-03-30 09:30").raised()
    story.after(working_hours=1).acknowledges()
    story.at("2027-04-20 12:00").agrees()
    this = reviewed(known(story))
    following = reviewed(known(story), year=Year(2027))
    assert cells(this.figure("counts"), "open_at_end") == (1,)
    assert cells(following.figure("counts"), "open_at_start") == (1,)
    assert cells(following.figure("counts"), "open_at_end") == (0,)


def test_a_year_that_still_runs_says_so_and_counts_what_is_open_now() -> None:
    story = Story().raised()
    review = reviewed(known(story, now="2027-03-02 10:00"))
    assert any("2026/27 is not over" in sentence for sentence in review.says)
    assert next(row.label for row in review.figure("counts").table.rows if row.key == "open_at_end") == "Open now"
    assert cells(review.figure("counts"), "open_at_end") == (1,)


def test_clocks_that_still_run_are_said_and_in_no_share() -> None:
    story = Story().raised()
    story.at("2027-03-03 09:30").moves_up()
    story.at("2027-03-03 17:00")
    review = reviewed(known(story, now="2027-03-04 10:00"))
    assert any("1 case notified in the year has not ended" in sentence for sentence in review.says)
    assert cells(review.figure("times_by_stage"), "acknowledge_2")[:3] == (1, 0, Share(0, 0, 0))
    assert cells(review.figure("where_resolved"), "stage_2") == (1, 0, 0, 0, 1, 1)


def test_a_year_without_cases_has_its_sentence_and_its_counts() -> None:
    review = reviewed(known(settled_at_two()), year=Year(2025))
    assert any("No escalation was notified in April 2025 to March 2026" in sentence for sentence in review.says)
    assert cells(review.figure("counts"), "notified") == (0,)
    there = {figure.id for figure in review.figures if figure.breakdown}
    assert there == {"effect", "effect_later", "feedback", "kept", "learning", "planned"}
    assert {cell for one in there for row in review.figure(one).table.rows for cell in row.cells} == {0}


def test_an_empty_register_has_a_review_too() -> None:
    review = reviewed(of_records([]))
    assert review.cases == 0
    assert review.figure("years").table.rows == ()


def test_a_year_with_one_case_has_right_figures() -> None:
    review = reviewed(known(settled_at_two()))
    assert cells(review.figure("where_resolved"), "stage_2") == (1, 1, 0, 0, 0, 1)
    assert cells(review.figure("times_by_stage"), "acknowledge_1")[2] == Share(1, 1, 1)


def test_the_first_year_of_the_register_is_said_not_to_be_whole() -> None:
    review = reviewed(known(settled_at_two()), year=Year(2027))
    assert [row.key for row in review.figure("years").table.rows] == ["2026", "2027"]
    assert "So 2026/27 is not a whole year here." in review.figure("years").table.says


# ---- Few cases -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "percent"), [(1, None), (19, None), (20, 100)])
def test_under_twenty_cases_there_is_no_percentage_no_median_and_no_percentile(count: int, percent: int | None) -> None:
    figure = reviewed(many(count)).figure("times")
    _, _, in_time, _, middle, ninth, _, _ = cells(figure, "acknowledge")
    assert isinstance(in_time, Share)
    assert in_time.percent == percent
    assert (middle is None, ninth is None) == (percent is None, percent is None)


def test_seven_of_eleven_is_said_as_that() -> None:
    assert Share(7, 11, 11).words() == "7 of 11"
    assert Share(13, 20, 20).words() == "13 of 20 (65%)"
    assert Share(1, 200, 200).words() == "1 of 200 (1%)"
    assert Share(40, 60, 12).words() == "40 of 60", "sixty clocks of twelve cases rest on twelve cases"


def test_no_words_of_a_review_of_few_cases_hold_a_percentage() -> None:
    review = reviewed(many(19))
    said = [
        cell.words()
        for figure in review.figures
        for row in figure.table.rows
        for cell in row.cells
        if isinstance(cell, Share)
    ]
    assert said
    assert "%" not in " ".join([*said, *review.says])


def test_the_median_and_the_ninetieth_percentile() -> None:
    assert median([3.0, 1.0, 2.0], cases=20) == 2.0
    assert median([1.0, 2.0, 3.0, 4.0], cases=20) == 2.5
    assert ninetieth([float(number) for number in range(1, 21)], cases=20) == 18.0
    assert ninetieth([float(number) for number in range(1, 12)], cases=20) == 10.0


# ---- Who with whom ---------------------------------------------------------------------------------------------------


def test_every_type_of_the_directory_stands_there_with_its_zero() -> None:
    figure = reviewed(known(settled_at_two())).figure("raising_by_responding")
    types = ["childrens-services", "health", "police", "school"]
    assert [row.key for row in figure.table.rows] == types
    assert [column.key for column in figure.table.columns] == [*types, "cases"]
    assert cells(figure, "school") == (1, 0, 0, 0, 1)
    assert cells(figure, "police") == (0, 0, 0, 0, 0)


def test_none_of_so_many_is_one_line_with_its_denominator() -> None:
    housing = {
        f"home-{number}": Agency(f"home-{number}", "housing", AGENCIES["police"].active_from) for number in range(98)
    }
    found = replace(known(settled_at_two()), agencies={**AGENCIES, **housing})
    says = reviewed(found).figure("who_raised").table.says
    assert "None of 98 housing agencies raised one." in says
    assert "Police: the one agency of this type raised none." in says


def test_an_agency_counts_in_the_years_in_which_it_existed() -> None:
    gone = replace(AGENCIES["elm-school"], active_to=YEAR.before.first)
    found = replace(known(settled_at_two()), agencies={**AGENCIES, "elm-school": gone})
    assert cells(reviewed(found).figure("who_raised"), "school")[2] == "1 of 1"
    assert cells(reviewed(known(settled_at_two())).figure("who_raised"), "school")[2] == "1 of 2"


def test_a_case_with_several_agencies_counts_once_for_each_of_their_types() -> None:
    story = settled_at_two(responding_agencies=(SOCIAL_CARE, POLICE))
    figure = reviewed(known(story)).figure("raising_by_responding")
    assert cells(figure, "school") == (1, 0, 1, 0, 1)
    assert cells(reviewed(known(story)).figure("who_received"), "police") == (1, 0)


def test_an_agency_that_the_directory_does_not_know_has_a_row_of_its_own() -> None:
    one = replace(record(settled_at_two(), "A"), raising_agency=None)
    figure = reviewed(of_records([one])).figure("who_raised")
    assert cells(figure, "not-known")[:2] == (1, 0)
    assert figure.table.rows[-1].key == "not-known"
    assert cells(reviewed(of_records([one])).figure("gaps"), "raised_by") == (Share(1, 1, 1),)


# ---- Delay -----------------------------------------------------------------------------------------------------------


def test_what_waited_for_the_raiser_never_counts_for_the_responder() -> None:
    story = Story().raised()
    story.after(working_hours=1).acknowledges()
    story.at("2027-03-02 10:00").responds()
    story.at("2027-03-08 10:00").moves_up()
    story.later(days=3)
    figure = reviewed(known(story)).figure("drift_by_side")
    assert cells(figure, "raising") == (0, 1, 0, 1, 1)
    assert cells(figure, "responding")[3] == 1, "the managers did not acknowledge"
    assert cells(reviewed(known(story)).figure("why_higher"), "answer")[0] == 1


def test_a_withdrawn_limit_is_no_delay() -> None:
    story = Story().raised()
    story.at("2027-03-02 12:00").acknowledges()
    story.at("2027-03-09 11:00")
    claim = story.says_done("2027-03-04 10:00")
    story.confirms(claim)
    story.moves_up()
    story.at("2027-03-10 17:00").agrees()
    figure = reviewed(known(story)).figure("drift_by_cause")
    assert sum(row.cells[3] for row in figure.table.rows if isinstance(row.cells[3], int)) == 0
    assert "Withdrawn, because it had been done in time: 1 limit." in figure.table.says
    assert cells(reviewed(known(story)).figure("times"), "respond")[-1] == 1, "met only by what was said"


def test_pauses_and_extensions_are_counted_and_time_stands_without_them_too() -> None:
    story = Story().raised()
    story.after(working_hours=2).acknowledges()
    story.at("2027-03-02 12:00").responds()
    story.moves_up()
    story.at("2027-03-04 10:00").acknowledges("manager")
    answer = story.case.running(Awaits.RESPOND)[0].clock_id
    story.act(acts.Extend(**story.by_team(), clock_id=answer, by_amount=Amount.parse("1 working day")))
    story.act(acts.Pause(**story.by_team(), reason=PauseReason.COURT))
    story.at("2027-03-11 10:00").act(acts.Resume(**story.by_team()))
    story.at("2027-03-12 10:00").responds("manager")
    story.agrees()
    review = reviewed(many(20, story))
    assert cells(review.figure("pauses"), PauseReason.COURT) == (20, 20)
    assert cells(review.figure("pauses"), "extended") == (20, 20)
    assert cells(review.figure("gaps"), "paused") == (Share(20, 20, 20),)
    stage_two = cells(review.figure("times_by_stage"), "respond_2")
    assert (stage_two[4], stage_two[6]) == (6.1, 1.1)
    whole = cells(review.figure("time_to_resolve"), "all")
    assert (whole[4], whole[6]) == (9.1, 4.1)


# ---- Audiences -------------------------------------------------------------------------------------------------------


def test_one_agency_sees_its_own_cases_alone() -> None:
    found = known(settled_at_two(), settled_at_two(responding_agencies=(POLICE,)))
    theirs = reviewed(found, audience=Audience.AGENCY, agency=POLICE)
    assert cells(theirs.figure("counts"), "notified") == (1,)
    assert cells(reviewed(found, audience=Audience.AGENCY, agency=SCHOOL).figure("counts"), "notified") == (2,)
    assert cells(reviewed(found, audience=Audience.AGENCY, agency="elm-school").figure("counts"), "notified") == (0,)


def test_under_thirty_cases_the_public_gets_no_breakdown() -> None:
    review = reviewed(many(29), audience=Audience.PUBLIC)
    assert [figure.id for figure in review.figures if figure.breakdown] == []
    words = {row.key: row.cells[0] for row in review.figure("in_words").table.rows}
    assert words == {
        "pooled": "29 cases",
        "raising": "School",
        "received": "Children’s services",
        "stage": "Stage 2",
    }
    assert [row.key for row in review.figure("counts").table.rows] == ["notified", "settled_before"]


def test_what_each_side_says_is_not_published_where_it_could_be_told_who_said_it() -> None:
    said = {"effect", "effect_later", "feedback", "kept", "learning", "planned"}
    few, all_alike = reviewed(many(29), audience=Audience.PUBLIC), reviewed(many(40), audience=Audience.PUBLIC)
    assert not said & {figure.id for figure in few.figures}
    assert said <= {figure.id for figure in all_alike.figures}
    one_apart = reviewed(known(*[settled_at_two()] * 40, settled_at_once()), audience=Audience.PUBLIC)
    assert not {"effect", "feedback"} & {figure.id for figure in one_apart.figures}


def test_the_public_is_not_told_how_many_of_few_have_not_ended() -> None:
    story = Story().raised()
    story.at("2027-03-03 09:30").moves_up()
    story.at("2027-03-03 17:00")
    open_still = known(story, now="2027-03-04 10:00")
    for audience, said in ((Audience.PARTNERSHIP, True), (Audience.PUBLIC, False)):
        assert any("not ended" in sentence for sentence in reviewed(open_still, audience=audience).says) is said


def test_where_four_or_fewer_were_notified_the_public_gets_the_number_alone() -> None:
    review = reviewed(many(4), audience=Audience.PUBLIC)
    assert [row.key for row in review.figure("in_words").table.rows] == ["pooled"]
    assert review.figure("in_words").table.says == ("So few were notified that saying more could tell who is meant.",)


def test_from_thirty_on_the_public_gets_a_breakdown_only_where_no_count_in_it_is_small() -> None:
    common = record(settled_at_two(), "A")
    rare = replace(common, reason=Reason.ROLES, legal_status=LegalStatus.CHILD_IN_CARE)
    found = [replace(common, reference=f"a{number}") for number in range(30)]
    whole = reviewed(of_records(found), audience=Audience.PUBLIC)
    assert cells(whole.figure("reasons"), Reason.PLAN) == (30, 0)
    mixed = reviewed(of_records([*found, replace(rare, reference="b")]), audience=Audience.PUBLIC)
    with pytest.raises(KeyError):
        mixed.figure("reasons")
    assert cells(mixed.figure("levels_of_need"), "not_stated") == (31, 0)


def test_the_public_never_gets_what_concerns_single_agencies_or_the_making_of_the_figures() -> None:
    review = reviewed(many(40), audience=Audience.PUBLIC)
    ids = {figure.id for figure in review.figures}
    assert not ids & {"register", "gaps", "times_by_type", "our_clocks", "put_aside", "raising_by_responding_before"}


def test_what_an_agency_says_is_not_its_own_counts_for_no_agency_and_has_a_row_of_its_own() -> None:
    own = record(settled_at_two(), "A")
    review = reviewed(of_records([own, replace(own, reference="B", disowned=True)]))
    assert cells(review.figure("who_raised"), "school") == (1, 0, "1 of 2")
    assert cells(review.figure("who_raised"), "not-theirs")[:2] == (1, 0)
    matrix = review.figure("raising_by_responding")
    assert (cells(matrix, "school")[-1], cells(matrix, "not-theirs")[-1]) == (1, 1)
    assert "not-theirs" not in {column.key for column in matrix.table.columns}
    assert "not-theirs" not in {row.key for row in reviewed(of_records([own])).figure("who_raised").table.rows}


def test_what_the_team_put_aside_is_counted_by_why_escalations_and_messages_side_by_side() -> None:
    came = civil("2026-05-04 10:00")
    ended = replace(record(settled_at_once(), "A"), outside=Outside.FAMILY)
    looked = Message(came, came, came, put_aside=True, why=PutAside.FAMILY)
    found = replace(
        of_records([ended]),
        messages=(
            looked,
            replace(looked, why=PutAside.NOBODY),
            replace(looked, why=None),
            replace(looked, put_aside=False, why=None),
            replace(looked, received_at=civil("2026-03-31 10:00")),
        ),
    )
    figure = reviewed(found).figure("put_aside")
    assert [cells(figure, row) for row in ("family", "public", "nobody", "not_said")] == [
        (1, 1),
        (0, 0),
        (0, 1),
        (0, 1),
    ]
    assert figure.table.rests_on == 4
    with pytest.raises(KeyError):
        reviewed(known(settled_at_two())).figure("put_aside")
    one = reviewed(found, audience=Audience.AGENCY, agency=ended.raising_agency).figure("put_aside")
    assert cells(one, "family") == (1,)


# ---- All of it -------------------------------------------------------------------------------------------------------


def test_what_can_be_trusted_comes_first_and_counts_come_last() -> None:
    sections = [figure.section for figure in reviewed(known(settled_at_two())).figures]
    assert list(dict.fromkeys(sections)) == list(Section)


def test_each_measure_says_what_it_counts_and_where_that_comes_from() -> None:
    for measure in measures.MEASURES:
        assert "Source:" in measure.definition, measure.id
    assert len({measure.id for measure in measures.MEASURES}) == len(measures.MEASURES)


def test_what_nobody_was_asked_is_counted_and_not_taken_for_none() -> None:
    review = reviewed(known(settled_at_two(), settled_at_once()))
    assert {row.key: row.cells for row in review.figure("effect").table.rows if any(row.cells)} == {
        "not_answered": (1, 1, 1, 1)
    }
    assert {row.key: row.cells for row in review.figure("feedback").table.rows if any(row.cells)} == {
        "not_said": (1, 1, 1, 1)
    }
    for later in ("learning", "kept", "effect_later"):
        assert {row.key: set(row.cells) for row in review.figure(later).table.rows if any(row.cells)} == {
            "not_asked": {1}
        }


def test_every_row_has_a_cell_for_every_column() -> None:
    story = settled_at_two()
    urgent = Story().raised(track=Track.URGENT)
    for figure in reviewed(known(story, urgent, settled_at_once())).figures:
        for row in figure.table.rows:
            assert len(row.cells) == len(figure.table.columns), (figure.id, row.key)


def test_the_same_cases_give_the_same_review_in_whatever_order_they_are_read() -> None:
    found = known(settled_at_two(), settled_at_once(), settled_at_two(responding_agencies=(POLICE,)))
    turned: tuple[CaseRecord, ...] = found.cases[::-1]
    assert reviewed(replace(found, cases=turned)) == reviewed(found)
