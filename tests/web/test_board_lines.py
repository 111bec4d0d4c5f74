"""Where a case stands on the board, and what its line says; the moment of looking is a parameter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from escalations.policy import Awaits, Side
from escalations.rules.case import Cause, Status
from escalations.rules.notices import NoticeKind
from escalations.store.notices import NoticeState
from escalations.store.open_cases import Everything, OpenCase, Trouble, Waiting
from escalations.web import board_filters, board_lines
from escalations.web.answers import Agency
from escalations.web.board_filters import Filters, Section
from escalations.web.telling import Names
from tests.builders import POLICE, SCHOOL, SOCIAL_CARE, civil

WEDNESDAY = civil("2027-03-03 10:00")
STAGES = {1: "Practitioners", 2: "Managers"}
NAMES = Names(
    {
        agency: Agency(agency, name, "type", "town")
        for agency, name in ((SCHOOL, "Oak Lane"), (SOCIAL_CARE, "Social care"), (POLICE, "Police"))
    }
)


def case(reference: str = "PD-27-0001-X", **more: Any) -> OpenCase:  # noqa: ANN401
    fields: dict[str, Any] = {
        "status": Status.OPEN,
        "track": "standard",
        "stage": 1,
        "raising_agency": SCHOOL,
        "raiser_at": None,
        "sender_known": None,
        "sender_checked": None,
        "co_raisers": (),
        "responding_agencies": (SOCIAL_CARE,),
        "received_at": civil("2027-03-01 09:30"),
        "move_to_stage": None,
        "move_takes_effect_at": None,
        "paused_since": None,
        "pause_reason": None,
        "paused_until": None,
        "closed_at": None,
        "outcome": None,
        **more,
    }
    return OpenCase(reference, **fields)


def waits(due: str, awaits: Awaits = Awaits.RESPOND, **more: Any) -> Waiting:  # noqa: ANN401
    fields: dict[str, Any] = {
        "waits_for": Side.RESPONDING,
        "agency_id": SOCIAL_CARE,
        "limit_passed": False,
        "cause": None,
        **more,
    }
    return Waiting(awaits, due_at=civil(due), **fields)


def of_the_team(due: str, **more: Any) -> Waiting:  # noqa: ANN401
    return waits(due, Awaits.MEND_DELIVERY, waits_for=Side.TEAM, **more)


def laid_out(
    *cases: tuple[OpenCase, Sequence[Waiting]],
    filters: Filters | None = None,
    troubles: dict[str, Sequence[Trouble]] | None = None,
    now: str = "2027-03-03 10:00",
) -> board_lines.Board:
    everything = Everything(
        tuple(one for one, _ in cases), {one.reference: clocks for one, clocks in cases}, troubles or {}
    )
    return board_lines.lay_out(everything, NAMES, filters or Filters(), now=civil(now), stages=STAGES)


def stands(board: board_lines.Board, reference: str = "PD-27-0001-X") -> list[Section]:
    return [part.section for part in board.parts if any(line.row.reference == reference for line in part.lines)]


@pytest.mark.parametrize(
    ("due", "section"),
    [
        ("2027-03-03 09:59", Section.PASSED),
        ("2027-03-03 10:00", Section.TODAY),
        ("2027-03-03 23:59", Section.TODAY),
        ("2027-03-04 00:00", Section.WEEK),
        ("2027-03-07 23:59", Section.WEEK),
        ("2027-03-08 00:00", Section.LATER),
    ],
)
def test_a_case_stands_by_its_nearest_limit_in_civil_time(due: str, section: Section) -> None:
    assert stands(laid_out((case(), [waits("2027-04-01 17:00"), waits(due)]))) == [section]


def test_on_the_night_of_the_clock_change_the_week_still_ends_on_sunday() -> None:
    """In London Monday 29 March 2027 begins at 23:00 UTC of Sunday."""
    at = "2027-03-26 10:00"
    assert stands(laid_out((case(), [waits("2027-03-28 23:30")]), now=at)) == [Section.WEEK]
    assert stands(laid_out((case(), [waits("2027-03-29 00:30")]), now=at)) == [Section.LATER]


def test_a_noted_limit_is_passed_whatever_the_time_is_now() -> None:
    board = laid_out((case(), [waits("2027-03-02 17:00", limit_passed=True, cause=Cause.SILENT)]))
    assert stands(board) == [Section.PASSED]
    [item] = board.part(Section.PASSED).lines[0].items
    assert (item.passed, item.cause) == (True, "no reply recorded")


def test_the_clock_over_the_whole_process_counts_once_it_has_passed_or_nothing_else_runs() -> None:
    whole = waits("2027-03-04 17:00", Awaits.SETTLE_ALL, waits_for=Side.BOTH, agency_id=None)
    board = laid_out((case(), [whole, waits("2027-03-12 17:00")]))
    assert stands(board) == [Section.LATER]
    assert len(board.part(Section.LATER).lines[0].items) == 1
    alone = laid_out((case(), [whole]))
    assert stands(alone) == [Section.WEEK]
    [line] = alone.part(Section.WEEK).lines
    assert len(line.items) == 1
    assert not line.idle, "a time limit runs"
    assert stands(laid_out((case(), [whole]), now="2027-03-05 10:00")) == [Section.PASSED]


def test_what_waits_for_the_team_is_listed_apart_and_does_not_hide_what_is_waited_for_from_others() -> None:
    board = laid_out((case(), [of_the_team("2027-03-05 12:00"), waits("2027-03-03 17:00")]))
    assert stands(board) == [Section.OURS, Section.TODAY]
    [line] = board.part(Section.TODAY).lines
    assert [item.of_the_team for item in line.by_time] == [False]
    assert line.also_ours


def test_what_the_team_is_late_with_stands_among_the_limits_that_have_passed() -> None:
    board = laid_out((case(), [of_the_team("2027-03-02 12:00", limit_passed=True), waits("2027-03-03 17:00")]))
    assert stands(board) == [Section.OURS, Section.PASSED]
    assert board.part(Section.OURS).ours_passed == 1
    [line] = board.part(Section.PASSED).lines
    assert [(item.of_the_team, item.passed) for item in line.by_time] == [(True, True), (False, False)]
    assert not line.also_ours, "it is shown already"


def test_how_many_are_past_our_own_limit_counts_what_is_folded_too() -> None:
    late = [
        (case(f"PD-27-{number:04}-X"), [of_the_team("2027-03-02 12:00", limit_passed=True)]) for number in range(30)
    ]
    assert laid_out(*late).part(Section.OURS).ours_passed == 30


def test_what_waits_for_the_team_alone_stands_by_the_teams_own_limit() -> None:
    assert stands(laid_out((case(), [of_the_team("2027-03-03 12:00")]))) == [Section.OURS, Section.TODAY]
    passed = laid_out((case(), [of_the_team("2027-03-02 12:00", limit_passed=True, cause=Cause.SILENT)]))
    assert stands(passed) == [Section.OURS, Section.PASSED]
    assert passed.part(Section.PASSED).lines[0].items[0].cause == "", "no reply is not what the team did"


def test_a_held_case_stands_among_the_held_ones_alone() -> None:
    look = waits("2027-03-03 12:00", Awaits.LOOK, waits_for=Side.TEAM, agency_id=None)
    board = laid_out((case(status=Status.HELD, stage=0, responding_agencies=()), [look]))
    assert stands(board) == [Section.HELD]
    assert board.part(Section.HELD).lines[0].stage == "Not begun"
    assert (board.total, board.held) == (1, 1)


def test_a_case_that_is_about_to_move_up_says_so_and_stands_by_that_moment() -> None:
    board = laid_out((case(move_to_stage=2, move_takes_effect_at=civil("2027-03-04 10:00")), []))
    [line] = board.part(Section.WEEK).lines
    assert line.moves == "Moves to stage 2 at 10:00 on Thursday 4 March 2027"
    assert not line.idle


def test_a_proposed_move_is_said_and_is_no_moment() -> None:
    [line] = laid_out((case(move_to_stage=2), [])).part(Section.LATER).lines
    assert line.moves == "A move to stage 2 is proposed to the raising agency"
    assert line.next_due_at is None


def test_a_case_in_which_nothing_runs_is_said_to_be_so() -> None:
    [line] = laid_out((case(), [])).part(Section.LATER).lines
    assert line.idle


def test_a_paused_case_says_since_when_and_why_and_stands_by_when_it_is_looked_at() -> None:
    paused = case(paused_since=civil("2027-03-02 12:00"), pause_reason="court", paused_until=civil("2027-03-05 17:00"))
    [line] = laid_out((paused, [])).part(Section.WEEK).lines
    assert line.paused == "Paused since 12:00 on Tuesday 2 March 2027: a court"
    assert not line.idle


def test_what_did_not_arrive_is_one_sentence_for_each_agency_and_state() -> None:
    found = [
        Trouble(NoticeKind.RECEIPT, SCHOOL, NoticeState.UNDELIVERED),
        Trouble(NoticeKind.REACHED, SCHOOL, NoticeState.UNDELIVERED),
        Trouble(NoticeKind.RECEIPT, SCHOOL, NoticeState.UNDELIVERED),
        Trouble(NoticeKind.ASKED, SOCIAL_CARE, NoticeState.NO_ONE),
        Trouble(NoticeKind.DELIVERY_TROUBLE, None, NoticeState.UNKNOWN),
    ]
    board = laid_out((case(), [waits("2027-03-09 12:00")]), troubles={"PD-27-0001-X": found})
    assert stands(board) == [Section.UNDELIVERED, Section.LATER]
    assert board.part(Section.UNDELIVERED).lines[0].troubles == (
        "Oak Lane: not delivered (receipt, notice has arrived)",
        "Social care: nobody in post (notice of the stage)",
        "The partnership team: not known whether it arrived (a notice needs the team)",
    )


def test_urgent_cases_come_first_and_then_the_nearest_limit() -> None:
    order = [
        ("PD-27-0004-X", "standard", "2027-03-04 09:00"),
        ("PD-27-0003-X", "urgent", "2027-03-05 17:00"),
        ("PD-27-0002-X", "standard", "2027-03-04 08:00"),
        ("PD-27-0001-X", "urgent", "2027-03-04 17:00"),
    ]
    board = laid_out(*((case(reference, track=track), [waits(due)]) for reference, track, due in order))
    lines = board.part(Section.WEEK).lines
    assert [line.row.reference[6:10] for line in lines] == ["0001", "0003", "0002", "0004"]
    assert [line.urgent for line in lines] == [True, True, False, False]


def test_a_part_is_folded_and_has_pages_of_its_own() -> None:
    cases = [(case(f"PD-27-{number:04}-X"), [waits("2027-04-01 17:00")]) for number in range(1, 121)]
    folded = laid_out(*cases).part(Section.LATER)
    assert (len(folded.lines), folded.count, folded.folded) == (20, 120, 100)
    third = laid_out(*cases, filters=Filters(section=Section.LATER, page=3)).part(Section.LATER)
    assert (len(third.lines), third.page, third.pages) == (20, 3, 3)
    beyond = laid_out(*cases, filters=Filters(section=Section.LATER, page=99))
    assert beyond.part(Section.LATER).page == 3
    assert beyond.part(Section.TODAY).lines == ()
    assert len(beyond.shown) == 20


MIXED: tuple[tuple[OpenCase, list[Waiting]], ...] = (
    (case("PD-27-0001-X"), [waits("2027-03-04 17:00"), of_the_team("2027-03-04 12:00")]),
    (
        case("PD-27-0002-X", stage=2, track="urgent"),
        [waits("2027-03-04 17:00", waits_for=Side.RAISING, agency_id=SCHOOL)],
    ),
    (
        case("PD-27-0003-X", responding_agencies=(SOCIAL_CARE, POLICE)),
        [waits("2027-03-04 17:00", agency_id=POLICE)],
    ),
    (
        case("PD-27-0004-X", raising_agency=POLICE, stage=4),
        [waits("2027-03-04 17:00", Awaits.DECIDE, waits_for=Side.FINAL_BODY, agency_id="partners-panel")],
    ),
    (case("PD-27-0005-X", raising_agency=None, status=Status.HELD, stage=0, responding_agencies=()), []),
)


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ({}, "12345"),
        ({"agency": POLICE}, "34"),
        ({"agency": SCHOOL}, "123"),
        ({"stage": "2"}, "2"),
        ({"stage": "0"}, "5"),
        ({"track": "urgent"}, "2"),
        ({"waiting": "raising"}, "2"),
        ({"waiting": "responding"}, "13"),
        ({"waiting": "team"}, "1"),
        ({"waiting": "final-body"}, "4"),
        ({"agency": SOCIAL_CARE, "waiting": "responding"}, "1"),
        ({"agency": POLICE, "waiting": "responding"}, "3"),
        ({"agency": SCHOOL, "waiting": "raising"}, "2"),
        ({"agency": POLICE, "waiting": "final-body", "stage": "4", "track": "standard"}, "4"),
        ({"agency": POLICE, "track": "urgent"}, ""),
    ],
)
def test_filters_narrow_what_the_others_leave(query: dict[str, str], left: str) -> None:
    board = laid_out(*MIXED, filters=board_filters.read(query))
    shown = sorted({reference[9] for reference in board.shown})
    assert "".join(shown) == left
    assert board.found == len(left)


PAUSED = case("PD-27-0006-X", paused_since=civil("2027-03-02 12:00"), paused_until=civil("2027-03-05 17:00"))
LATE: tuple[tuple[OpenCase, list[Waiting]], ...] = (
    (case("PD-27-0007-X"), [of_the_team("2027-03-02 12:00", limit_passed=True), waits("2027-03-03 17:00")]),
    (case("PD-27-0008-X"), [waits("2027-03-02 17:00", limit_passed=True, cause=Cause.SILENT)]),
    (
        case("PD-27-0009-X", status=Status.HELD, stage=0),
        [waits("2027-03-02 12:00", Awaits.LOOK, waits_for=Side.TEAM, agency_id=None, limit_passed=True)],
    ),
)


@pytest.mark.parametrize(
    "query", [{}, {"agency": SCHOOL}, {"stage": "0"}, {"waiting": "team"}, {"section": "passed"}, {"track": "urgent"}]
)
def test_headline_tiles_and_lists_agree(query: dict[str, str]) -> None:
    everything = (*MIXED, (PAUSED, []), *LATE)
    troubles: dict[str, Sequence[Trouble]] = {
        "PD-27-0001-X": [Trouble(NoticeKind.ASKED, SOCIAL_CARE, NoticeState.NO_ONE)]
    }
    board = laid_out(*everything, filters=board_filters.read(query), troubles=troubles)
    assert board.total == len(everything)
    assert (board.held, board.paused) == (2, 1)
    once = [board.part(section) for section in board_lines.ONCE]
    assert sum(part.count for part in once) == board.found
    if "section" not in query:
        assert all(len(part.lines) == part.count for part in board.parts)
        references = [line.row.reference for part in once for line in part.lines]
        assert sorted(references) == sorted(set(references)), "each stands once"
        also = {line.row.reference for section in board_lines.ALSO for line in board.part(section).lines}
        assert also <= set(references)
    if not query:
        assert board.found == board.total
        assert [part.count for part in board.parts] == [2, 2, 1, 2, 0, 5, 0]


def test_every_part_is_of_one_kind_or_the_other() -> None:
    assert sorted((*board_lines.ONCE, *board_lines.ALSO)) == sorted(Section)


@pytest.mark.parametrize(
    "query",
    [
        {"agency": "Perpetua Zzyzx"},
        {"agency": "x" * 60},
        {"stage": "-1"},
        {"stage": "10"},
        {"stage": "9" * 5000},
        {"track": "fast"},
        {"waiting": "somebody"},
        {"name": "Perpetua"},
    ],
)
def test_what_is_no_code_is_left_out_and_never_kept(query: dict[str, str]) -> None:
    found = board_filters.read({**query, "track": query.get("track", "urgent")})
    assert found.left_out
    assert found.query == ("" if "track" in query else "?track=urgent")


def test_the_address_keeps_what_was_chosen_and_nothing_that_was_not() -> None:
    chosen = {"agency": POLICE, "stage": "0", "track": "urgent", "waiting": "team", "section": "week", "page": "2"}
    found = board_filters.read(chosen)
    assert found.query == "?agency=police&stage=0&track=urgent&waiting=team&section=week&page=2"
    assert found.on(None).query == "?agency=police&stage=0&track=urgent&waiting=team"
    assert not found.left_out
    assert board_filters.read({"page": "0"}) == Filters()
    assert not board_filters.tidy([("agency", "police"), ("stage", "")])


def test_the_choice_of_agencies_holds_those_that_a_case_is_with() -> None:
    assert laid_out(*MIXED).agencies == {SCHOOL: "Oak Lane", POLICE: "Police", SOCIAL_CARE: "Social care"}


def test_an_agency_that_was_not_recognised_is_said_to_be_so() -> None:
    [line] = laid_out(*MIXED, filters=Filters(stage=0)).part(Section.HELD).lines
    assert line.raising == "An agency not recognised yet"


def test_a_limit_is_not_passed_at_its_own_instant() -> None:
    due = [waits("2027-03-03 10:00")]
    assert not laid_out((case(), due)).part(Section.TODAY).lines[0].items[0].passed
    later = board_lines.lay_out(
        Everything((case(),), {"PD-27-0001-X": due}),
        NAMES,
        Filters(),
        now=WEDNESDAY + timedelta(microseconds=1),
        stages=STAGES,
    )
    assert later.part(Section.PASSED).lines[0].items[0].passed
