"""What was asked for, read back: what an email does not say is shown as not said, and never as an answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from escalations.intake import mail_raising
from escalations.intake.naming import Named
from escalations.mail import parser
from escalations.packs import reading
from escalations.rules.senders import Checked, Known
from escalations.web import summary
from tests.mailroom import message

NOW = datetime(2027, 3, 1, 9, 30, tzinfo=UTC)
POLICY = reading.sample()


def rows(text: str, **completed: Any) -> dict[str, str]:  # noqa: ANN401
    """Give the rows of what an email raised, with what was said since."""
    mail = parser.parse(message(text))
    raised = mail_raising.raised(
        mail,
        mail_id="m",
        submission_id="s",
        agency="oak-school",
        known=Known.PERSON,
        checked=Checked.VOUCHED,
        named=Named(),
        at=NOW,
        policy=POLICY,
    )
    found = summary.sections(raised.act, {**raised.sealed, **completed}, {}, POLICY)
    return {f"{section.title}: {row.key}": row.value for section in found for row in section.rows}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Child: Persephone Canarybird\nProblem: Nobody came.\n", "Not said"),
        (
            "To agency: Odd\nChild: Persephone Canarybird\nLevel of need: Odd\nLegal status: Odd\n",
            "“Odd”, as it was written. It was not recognised.",
        ),
    ],
)
def test_what_an_email_did_not_say_is_not_put_into_its_senders_mouth(text: str, expected: str) -> None:
    found = rows(text)
    assert found["Which agency it is raised with: Agency"] == expected
    assert found["Risk and safety: Level of need"] == expected
    assert found["Risk and safety: Legal status"] == expected
    assert found["What has been tried: Own manager or lead consulted"] == "Not said"
    assert found["Person 1: Address withheld"] == found["Person 1: Not safe to tell the family"] == "Not said"


def test_a_reason_and_a_date_that_were_not_understood_are_shown_as_they_were_written() -> None:
    found = rows(
        "Child: Persephone Canarybird\nDate of birth: spring 19\nReason: they are rude\nDate of decision: May\n"
    )
    assert found["The disagreement: About"] == "“they are rude”, as it was written. It was not recognised."
    assert found["Person 1: Date of birth"] == "“spring 19”, as it was written. It was not recognised."
    assert found["The disagreement: Date of the disagreement or decision"].startswith("“May”, as it was written.")
    several = rows("Child: Persephone Canarybird\nChild: Ada Canarybird\nDate of birth: 4 May 2019\n")
    assert several["Person 1: Date of birth"] == "Not known"
    assert several["The email as it came: Date of birth, as it was written"] == "4 May 2019\nNot recognised"


def test_words_that_can_mean_urgent_stand_where_the_form_says_yes_or_no() -> None:
    assert rows("Problem: He is in danger.\n")["Risk and safety: Urgent"].endswith(
        "It can mean so: “Problem: He is in danger.”"
    )
    assert rows("Problem: Nobody came.\n")["Risk and safety: Urgent"] == "Not said"
    assert rows("Urgent: yes\nProblem: Nobody came.\n")["Risk and safety: Urgent"] == "Yes"


def test_what_was_completed_is_shown_as_it_was_answered() -> None:
    found = rows("Problem: Nobody came.\n", manager_consulted=False)
    assert found["What has been tried: Own manager or lead consulted"] == "No"
    assert found["Risk and safety: Level of need"] == "I do not know"
    assert found["Which agency it is raised with: Agency"].startswith("I do not know.")
