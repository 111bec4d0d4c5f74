"""What positions are called by type of agency, and levels that an agency does not have (issue 5, item 2)."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from escalations.agencies import cells, ladder
from escalations.agencies.cells import Unreadable
from escalations.packs import comparing, reading, saying, warning
from escalations.packs.comparing import Frozen
from escalations.packs.warning import Posts
from escalations.policy import Policy, canonical
from escalations.web.answers import Agency
from escalations.web.telling import Names
from tests import builders

MANAGER: dict[str, Any] = {
    "code": "manager",
    "title": "team manager",
    "titles": {"school": "designated safeguarding lead", "hospital-trust": "named nurse"},
    "source": "paragraph 4",
}
SKIPPING: dict[str, Any] = {"levels": True, "because": ["flat_organisation"], "source": "paragraph 5"}


def under(*positions: dict[str, Any], flat: tuple[int, ...] = (), **more: Any) -> Policy:  # noqa: ANN401
    """Give the sample with these positions, and stages that a GP practice does not have."""
    values = reading.sample().model_dump() | {"positions": positions, **more}
    for number in flat:
        values["stages"][number - 1]["no_such_level"] = ("gp-practice",)
    return Policy.model_validate(values)


def test_a_position_is_called_by_its_code_where_nothing_is_said_and_the_text_stays() -> None:
    policy = reading.sample()
    assert policy.position_title("senior_manager", "school") == "senior manager"
    assert "positions" not in canonical(policy)
    assert "no_such_level" not in canonical(policy)


def test_a_position_is_called_as_its_type_of_agency_calls_it() -> None:
    policy = under(MANAGER)
    assert policy.position_title("manager", "school") == "designated safeguarding lead"
    assert policy.position_title("manager", "police") == "team manager"
    assert policy.position_title("manager") == "team manager"


def test_pages_say_who_did_something_in_the_agency_s_own_words() -> None:
    agencies = {"oak-school": Agency("oak-school", "Oak Lane", "school", "Wyeford")}
    names = Names(agencies, policy=under(MANAGER))
    assert names.actor(builders.raiser(position="manager")) == "Oak Lane (designated safeguarding lead)"
    assert names.actor(builders.raiser(position="practitioner")) == "Oak Lane (practitioner)"


def test_the_ladder_in_words_says_what_each_is_called() -> None:
    said = saying.say(under(MANAGER))
    assert said.rungs[1].raising == "team manager"
    assert (
        "The team manager is called: designated safeguarding lead (school); named nurse (hospital trust). Source: "
        "paragraph 4." in said.conventions
    )


def test_a_table_of_agencies_names_a_position_by_what_its_type_calls_it() -> None:
    titles = ladder.titles(under(MANAGER), "school")
    known = ("manager", "head")
    assert cells.position("Designated safeguarding lead", known, titles) == "manager"
    with pytest.raises(Unreadable, match=r"manager \(designated safeguarding lead\), head"):
        cells.position("named nurse", known, titles)


def test_a_level_that_some_agencies_do_not_have_is_said() -> None:
    policy = under(flat=(2,), skipping=SKIPPING)
    assert (
        "An agency of type gp practice has no such level: a person may pass it over."
        in saying.say(policy).rungs[1].notes
    )


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        ({"positions": ({**MANAGER, "code": "director"},)}, "director is no position of this policy"),
        ({"positions": (MANAGER, MANAGER)}, "manager is named twice"),
    ],
)
def test_positions_that_do_not_fit_the_ladder_are_refused(policy: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Policy.model_validate(reading.sample().model_dump() | policy)


def test_a_level_that_is_not_there_has_to_be_one_that_may_be_passed_over() -> None:
    with pytest.raises(ValidationError, match="no level may be passed over for that"):
        under(flat=(2,))
    for number in (1, 4):
        with pytest.raises(ValidationError, match="passed over for nobody"):
            under(flat=(number,), skipping=SKIPPING)


def test_a_title_that_no_agency_of_its_type_fills_and_a_type_that_is_not_there_are_warned_of() -> None:
    rungs = frozenset({"manager", "practitioner", "senior_manager", "head"})
    held = {
        "csc": rungs,
        "oak-school": frozenset({"practitioner"}),
        "partners-panel": frozenset({"chair", "alternate_chair"}),
    }
    types = {"csc": "childrens-services", "oak-school": "school", "partners-panel": "partnership"}

    def said(posts: Posts) -> list[str]:
        found = warning.warnings(under(MANAGER), today=builders.civil("2026-06-01 12:00").date(), posts=posts)
        return [one.sentence for one in found]

    no_title, no_type = said(Posts("ours.yaml", held, types))
    assert no_title.startswith("no agency of type school in ours.yaml has a designated safeguarding lead (manager)")
    assert no_type.startswith("ours.yaml has no agency of type hospital-trust")
    assert said(Posts("ours.yaml", {**held, "oak-school": rungs}, types)) == [no_type]
    assert said(Posts("ours.yaml", held)) == []


def test_new_titles_are_said_where_two_versions_are_compared() -> None:
    calendar = builders.frame().calendar
    found = comparing.compare(
        Frozen(reading.sample(), calendar),
        Frozen(under(MANAGER), calendar),
        received=builders.civil("2027-03-01 10:00"),
    )
    assert any("designated safeguarding lead" in str(one) for one in found)
