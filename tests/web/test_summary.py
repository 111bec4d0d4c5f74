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


def rows(
    text: str,
    *,
    agency: str | None = "oak-school",
    raised_by: str | None = None,
    **completed: Any,  # noqa: ANN401
) -> dict[str, str]:
    """Give the rows of what an email raised, with what was said since."""
    mail = parser.parse(message(text))
    raised = mail_raising.raised(
        mail,
        mail_id="m",
        submission_id="s",
        agency=agency,
        known=Known.PERSON,
        checked=Checked.VOUCHED,
        named=Named(),
        at=NOW,
        policy=POLICY,
    )
    found = summary.sections(raised.act, {**raised.sealed, **completed}, {}, POLICY, raised_by=raised_by)
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


FORWARDED = """We asked twice, see below.

Child: Persephone Canarybird

From: Tamsin Okoro <tamsin.okoro@council.example>
Sent: 16 November 2026 15:02
To: Noor Haverstock
Subject: Re: Strategy meeting

My manager does not think it meets threshold.
http://127.0.0.1:8000/l/xkz6v2edm2ru3dwwabn5tys6kobhds3q
escalations+d22aggqwaebhsk4ox7thr5n5xkoa@partnership.example
"""


def test_the_thread_that_was_forwarded_is_shown_without_links_of_ours() -> None:
    below = rows(FORWARDED)["The email as it came: Earlier messages below it"]
    assert "My manager does not think it meets threshold." in below
    assert below.count("(a link of ours)") == 2
    assert "xkz6v2edm2" not in below
    assert "d22aggqwaebh" not in below
    assert "The email as it came: Earlier messages below it" not in rows("Problem: Nobody came.\n")


def test_where_it_is_not_safe_to_tell_the_family_no_person_says_otherwise() -> None:
    child = {"kind": "child", "name": "Persephone", "not_safe_to_tell_family": False}
    found = rows("Problem: Nobody came.\n", people=[child], family_aware="not_safe")
    assert found["Person 1: Not safe to tell the family"] == "Yes"
    assert (
        rows("Problem: Nobody came.\n", people=[child], family_aware="no")["Person 1: Not safe to tell the family"]
        == "No"
    )
    assert summary.unsafe_to_tell({"family_aware": "not_safe"})
    assert summary.unsafe_to_tell({"people": [{"not_safe_to_tell_family": True}]})
    assert not summary.unsafe_to_tell({"people": [child], "family_aware": "no"})
    assert not summary.unsafe_to_tell(None)


def test_each_child_has_the_date_and_the_number_that_stand_below_their_name() -> None:
    found = rows(
        "Child: Jude Canarybird\nDate of birth: 12.05.2013\nOur ref: R-1\n"
        "Child: Ada Canarybird\nDOB: 1 Feb 2011\nOur ref: R-2\n"
    )
    assert (found["Person 1: Name"], found["Person 1: Date of birth"]) == ("Jude Canarybird", "Sunday 12 May 2013")
    assert (found["Person 2: Name"], found["Person 2: Date of birth"]) == ("Ada Canarybird", "Tuesday 1 February 2011")
    assert found["Person 1: Case number of oak-school"] == "R-1"
    assert found["Person 2: Case number of oak-school"] == "R-2"
    assert "The email as it came: Date of birth, as it was written" not in found


@pytest.mark.parametrize(
    "line",
    [
        "Child: Ben Orchard   DOB: 7th Feb 2012",
        "Child: Ben Orchard, d.o.b. 07/02/2012",
        "Child: Ben Orchard (born 7 February 2012)",
        "Child: Ben Orchard (7.2.2012)",
        "Child: Ben Orchard, date of birth 7-2-2012",
    ],
)
def test_a_name_with_the_date_of_birth_behind_it_is_both(line: str) -> None:
    found = rows(f"{line}\nProblem: Nobody came.\n")
    assert (found["Person 1: Name"], found["Person 1: Date of birth"]) == ("Ben Orchard", "Tuesday 7 February 2012")


@pytest.mark.parametrize("line", ["Ben Orchard (Year 8)", "Ben Orchard, born in Leeds", "Ben (5 siblings, 3 at home)"])
def test_a_name_that_is_no_date_stays_as_it_was_written(line: str) -> None:
    assert rows(f"Child: {line}\n")["Person 1: Name"] == line


def test_a_case_number_of_an_agency_that_is_not_known_yet_is_shown_as_whoever_raised_it_gave_it() -> None:
    found = rows("Child: Jude Canarybird\nCase number: H-88812\n", agency=None)
    assert found["Person 1: Case number of whoever raised it"] == "H-88812"


def test_the_agency_that_the_team_found_out_is_shown_as_that() -> None:
    assert rows("Problem: Nobody came.\n", agency=None)["Who raises it: Agency"] == "Not recognised yet"
    found = rows("Problem: Nobody came.\n", agency=None, raised_by="community-health")
    assert found["Who raises it: Agency"] == "community-health. The partnership team found that out."
