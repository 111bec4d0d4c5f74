"""Cases of a review's tests: told by the rules alone, and folded as the register would be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from escalations.review.dataset import Agency, CaseRecord, Known, Life
from escalations.rules import events
from tests.builders import Story, civil

AGENCIES = {
    agency_id: Agency(agency_id, agency_type, date(2020, 4, 1))
    for agency_id, agency_type in (
        ("oak-school", "school"),
        ("elm-school", "school"),
        ("childrens-services", "childrens-services"),
        ("police", "police"),
        ("health", "health"),
        ("partners-panel", "partnership"),
        ("partnership-team", "partnership"),
    )
}


def record(story: Story, reference: str) -> CaseRecord:
    """Fold what happened in a story."""
    first = story.happened[0]
    assert isinstance(first, events.Raised)
    life = Life.begun(reference, first, story.frame)
    for event in story.happened[1:]:
        life.tell(events.loads(events.dumps(event)))
    return life.told()


def known(*stories: Story, now: str = "2028-06-01 12:00", began: datetime | None = None) -> Known:
    """Give what is known of these stories at a civil time."""
    return of_records([record(story, f"PD-27-{number:04}-X") for number, story in enumerate(stories, 1)], now, began)


def of_records(records: Iterable[CaseRecord], now: str = "2028-06-01 12:00", began: datetime | None = None) -> Known:
    """Give what is known of these records."""
    cases = tuple(records)
    first = min((case.received_at for case in cases), default=None)
    return Known(cases=cases, agencies=AGENCIES, position=len(cases), known_at=civil(now), began_at=began or first)


def settled_at_two(**raised: object) -> Story:
    """Give one that the practitioner's answer did not settle, and the managers did."""
    story = Story().raised(**raised)
    first = story.case.parties[0].agency_id
    story.after(working_hours=2).acknowledges(agency=first)
    story.after(working_days=1).responds(agency=first)
    story.moves_up()
    story.after(working_days=2).acknowledges("manager", first)
    story.after(working_days=1).responds("manager", first)
    story.agrees()
    return story
