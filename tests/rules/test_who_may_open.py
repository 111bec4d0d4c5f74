"""Which pages each role opens, and who reads what a case is about.

Source: the rules of practice, "Who sees what, and when". The table is written by hand and asks nothing of the code.
"""

from __future__ import annotations

import pytest

from escalations.rules import access
from escalations.rules.access import Page, Role, Standing
from tests.builders import Story

OPENS: dict[Role | Standing, set[Page]] = {
    Standing.ANYBODY: {Page.PUBLIC},
    Standing.LINK: {Page.PUBLIC, Page.LINK},
    Standing.THIS_MACHINE: {Page.PUBLIC, Page.OUTBOX, Page.METRICS},
    Standing.WATCHES: {Page.PUBLIC, Page.METRICS},
    Role.TEAM: {
        *(Page.PUBLIC, Page.BOARD, Page.CASE, Page.TEAM_ACT, Page.ENTER, Page.DIRECTORY, Page.REVIEW, Page.REDATE)
    },
    Role.REVIEWER: {Page.PUBLIC, Page.REVIEW},
    Role.ADMINISTRATOR: {Page.PUBLIC, Page.PEOPLE, Page.READ_LOG, Page.DIRECTORY},
}


@pytest.mark.parametrize("page", Page)
@pytest.mark.parametrize("who", [*Role, *Standing])
def test_each_role_opens_what_it_is_for_and_nothing_else(who: Role | Standing, page: Page) -> None:
    assert access.may_open(page, frozenset({who})) == (page in OPENS[who])


def test_every_kind_of_page_is_in_the_table() -> None:
    assert set(access.LETS_IN) == set(Page)


@pytest.mark.parametrize("page", sorted(set(Page) - {Page.PUBLIC}))
def test_nobody_in_particular_opens_only_what_is_public(page: Page) -> None:
    assert not access.may_open(page, frozenset())


def test_two_roles_open_the_pages_of_both() -> None:
    both = frozenset({Role.REVIEWER, Role.ADMINISTRATOR})
    assert access.may_open(Page.REVIEW, both)
    assert access.may_open(Page.PEOPLE, both)
    assert not access.may_open(Page.CASE, both)


TEAM = frozenset({Role.TEAM})
NOT_TEAM = frozenset(Role) - TEAM


def test_before_the_partnership_is_told_the_team_reads_no_text() -> None:
    story = Story().raised()
    assert story.case.partnership_told_at is None
    assert not access.reads_text(story.case, TEAM)


def test_once_the_partnership_is_told_the_team_reads_it_and_no_other_role_does() -> None:
    story = Story().raised().at("2027-03-03 10:00")
    story.moves_up()
    story.later(days=7)
    assert story.case.partnership_told_at is not None
    assert access.reads_text(story.case, TEAM)
    assert not access.reads_text(story.case, NOT_TEAM)


def test_what_the_team_holds_it_reads_to_pass_it_on() -> None:
    story = Story().raised(hold=True)
    assert access.reads_text(story.case, TEAM)
    assert not access.reads_text(story.case, NOT_TEAM)
