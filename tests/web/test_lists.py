"""The forms, the case and the end in the words of a policy's own lists (issue 5, item 1)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from escalations.intake import mail_raising, opening
from escalations.intake.naming import Named
from escalations.mail import parser
from escalations.policy import Policy
from escalations.rules.codelists import CodeEntry, CodeLists
from escalations.rules.senders import Checked, Known
from tests.mailroom import message
from tests.web.conftest import Office, Page
from tests.web.forms_filled import DIFFERENCE, SAFETY, fill

LISTS = CodeLists(
    version="2",
    reasons=(
        CodeEntry(code="help", words="The level of help", definition="Invented: how much help there is."),
        CodeEntry(code="waiting", words="We wait and wait", synonyms=("drift",)),
        CodeEntry(code="gone", words="Gone from the list", no_longer_used_from=date(2027, 1, 1)),
    ),
    themes=(CodeEntry(code="neglect", words="Neglect"),),
    outcomes=(CodeEntry(code="agreed_as_asked", words="All of it agreed"),),
    levels_of_need=(),
    legal_statuses=(CodeEntry(code="ward", words="Ward of court", synonyms=("wardship",)),),
)


@pytest.fixture
def office_with_lists(office: Office) -> Office:
    """Give an office whose policy has lists of its own."""
    values = office.in_force.policy.model_dump() | {"lists": LISTS}
    office.in_force = opening.InForce(Policy.model_validate(values))
    office.app = office.make_app()
    office.browser = office.new_browser(signed_in=True)
    return office


async def page(office: Office, step: str) -> Page:
    await office.get("/raise")
    return await office.get(f"/raise/{step}")


async def test_the_form_offers_the_policy_s_own_lists_and_says_what_they_mean(office_with_lists: Office) -> None:
    found = await page(office_with_lists, "difference")
    for text in ("The level of help", "We wait and wait", "Invented: how much help there is.", "Neglect"):
        assert text in found.text
    for text in ("Gone from the list", "A plan is not being followed"):
        assert text not in found.text
    safety = await page(office_with_lists, "safety")
    assert "Ward of court" in safety.text
    assert "Level of need" not in safety.text, "an empty list: nobody is asked"


async def test_what_was_chosen_is_checked_in_its_words_and_a_code_of_another_list_is_not_taken(
    office_with_lists: Office,
) -> None:
    said: dict[str, Any] = {
        "difference": DIFFERENCE | {"reason": "waiting", "listed_theme": "neglect"},
        "safety": {**SAFETY, "legal": "ward"},
    }
    check = await fill(office_with_lists, **said)
    for text in ("We wait and wait", "Neglect", "Ward of court"):
        assert text in check.text
    assert "Level of need" not in check.text
    again = await fill(office_with_lists, **said | {"difference": DIFFERENCE})
    assert "Choose what the disagreement is about" in again.text


def test_a_mail_is_read_by_the_policy_s_own_words(office_with_lists: Office) -> None:
    text = "Reason: drift\nTheme: neglect\nLegal status: Wardship\nLevel of need: 3\n\nWe wait."
    raised = mail_raising.raised(
        parser.parse(message(text)),
        mail_id="m",
        submission_id="s",
        agency="oak-school",
        known=Known.PERSON,
        checked=Checked.VOUCHED,
        named=Named(),
        at=office_with_lists.now(),
        policy=office_with_lists.in_force.policy,
    )
    act = raised.act
    assert (act.reason, act.theme, act.legal_status, act.level_of_need) == ("waiting", "neglect", "ward", None)
