"""Names that are near to an agency's are shown to whoever chooses, and never chosen by themselves."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from escalations.intake import naming


@dataclass(frozen=True)
class Agency:
    agency_id: str
    name: str
    town: str = "Wyeford"
    agency_type: str = "school"


AGENCIES = (
    Agency("st-marys", "St Mary's CE Primary School"),
    Agency("st-johns", "St John's CE Primary School"),
    Agency("oak-lane", "Oak Lane Primary School"),
    Agency("st-marys-high", "St Mary's RC High School", "Marlow Cross"),
    Agency("council", "Wyeford Council children's services", agency_type="social_care"),
    Agency("trust", "Wyeford Vale Hospital Trust", agency_type="health"),
    Agency("police", "Border Counties Police", agency_type="police"),
    Agency("team", "The partnership team", agency_type=naming.PARTNERSHIP),
)


@pytest.mark.parametrize(
    ("written", "first"),
    [
        ("St Marys Primary", "st-marys"),
        ("St. Mary's C of E Primary", "st-marys"),
        ("Saint Marys CE primary school", "st-marys"),
        ("St Marys", "st-marys-high"),
        ("st mary high school marlow cross", "st-marys-high"),
        ("Oak Lane", "oak-lane"),
        ("Oaklane Primary School", "oak-lane"),
        ("childrens services", "council"),
        ("Wyford Council Children’s Services", "council"),
        ("children's social care, Wyeford Council", "council"),
        ("Wyeford Hospital", "trust"),
        ("WVHT", "trust"),
        ("Border Police", "police"),
    ],
)
def test_the_nearest_name_comes_first_and_nothing_is_recognised_by_it(written: str, first: str) -> None:
    near = naming.nearest(written, AGENCIES)
    assert near[0] == first
    assert len(near) <= naming.MOST_NEAR
    assert naming.find([written], AGENCIES).agencies == ()


@pytest.mark.parametrize("written", ["", "   ", "Somewhere else entirely", "The partnership team", "?!", "x" * 5_000])
def test_what_is_near_to_nothing_brings_no_suggestion(written: str) -> None:
    assert naming.nearest(written, AGENCIES) == ()


def test_whoever_is_no_party_is_never_suggested() -> None:
    assert "team" not in naming.nearest("partnership team", AGENCIES)
