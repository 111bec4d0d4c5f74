"""The file read, and the escalation recorded on an agency's files: evidence, and nothing more.

Source: what gets recorded ("file read"; "recorded on which agencies' files"), and the rules of practice ("Evidence is
fair").
"""

from __future__ import annotations

from escalations.rules import acts, events
from escalations.rules.case import Cause, DeliveryState, FileNote
from tests.builders import POLICE, SOCIAL_CARE, Story


def read(story: Story, position: str = "practitioner", agency: str = SOCIAL_CARE) -> acts.NoteFile:
    return acts.NoteFile(**story.by_responder(position, agency), note=FileNote.READ)


def recorded(story: Story, **by: object) -> acts.NoteFile:
    return acts.NoteFile.model_validate({**(by or story.by_raiser()), "note": FileNote.RECORDED})


def test_that_the_file_was_read_meets_no_clock_acknowledges_nothing_and_tells_nobody() -> None:
    story = Story().raised().at("2027-03-01 12:00")
    before = [clock for clock in story.case.clocks if clock.running]
    story.act(read(story))
    assert [clock for clock in story.case.clocks if clock.running] == before
    assert not story.case.parties[0].evidence.acknowledged
    assert not [1 for event, _ in story.notices() if isinstance(event, events.FileNoted)]


def test_whoever_read_the_file_did_not_leave_it_without_a_reply() -> None:
    story = Story().raised().at("2027-03-01 12:00")
    story.act(read(story))
    story.at("2027-03-02 17:00")
    assert story.clock("acknowledge").cause is Cause.ACKNOWLEDGED_ONLY
    quiet = Story().raised().at("2027-03-02 17:00")
    assert quiet.clock("acknowledge").cause is Cause.SILENT


def test_it_is_said_once_at_each_stage_by_each_agency() -> None:
    story = Story().raised(responding_agencies=(SOCIAL_CARE, POLICE)).at("2027-03-01 12:00")
    story.act(read(story))
    assert story.refused(read(story)).code == "already_noted"
    story.act(read(story, agency=POLICE))
    story.moves_up()
    story.at("2027-03-03 12:00")
    story.act(read(story, "manager"))


def test_it_is_recorded_once_by_either_side_also_when_all_is_over() -> None:
    story = Story().raised().at("2027-03-01 12:00")
    story.act(recorded(story))
    assert story.refused(recorded(story)).code == "already_noted"
    story.agrees()
    story.act(recorded(story, **story.by_responder()))
    assert {(one.agency_id, one.note) for one in story.case.files} == {
        ("oak-school", FileNote.RECORDED),
        (SOCIAL_CARE, FileNote.RECORDED),
    }
    assert story.refused(read(story)).code == "closed"


def test_the_raising_side_does_not_say_that_the_other_side_read_its_file() -> None:
    story = Story().raised().at("2027-03-01 12:00")
    assert story.refused(acts.NoteFile(**story.by_raiser(), note=FileNote.READ)).code == "not_your_side"


def test_an_agency_that_read_the_file_has_our_notice_whatever_a_relay_said() -> None:
    story = Story()
    story.delivers = False
    story.raised().later(hours=1)
    story.delivered(state=DeliveryState.UNDELIVERED)
    story.act(read(story))
    assert story.runs("resolve")
    assert not story.runs("team-mend")
