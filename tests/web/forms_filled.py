"""The pages of the form as a person fills them in: complete by default, one keyword makes the point."""

from __future__ import annotations

import re
import secrets
from typing import Any

from escalations.web.answers import Answers
from tests.web.conftest import Office, Page

CHILD = "Perpetua Zzyzx-Canary"
"""A made-up name that must stand nowhere but where it is read behind a code."""
WORDS = "The plan agreed on 3 February is not being followed: no visit for four weeks."

YOU: dict[str, Any] = {
    "name": "Ottoline Brack",
    "role": "Designated safeguarding lead",
    "agency": "oak-school",
    "email": "ottoline.brack@oaklane.example",
    "phone": "01632 960 301",
}
PERSON: dict[str, Any] = {
    "kind": "child",
    "person_name": CHILD,
    "born_day": "27",
    "born_month": "3",
    "born_year": "2016",
    "number_oak_school": "UPN 12",
    "number_childrens_services": "CS-55",
}
DIFFERENCE: dict[str, Any] = {
    "reason": "plan_not_followed",
    "arose_day": "24",
    "arose_month": "2",
    "arose_year": "2027",
    "problem": WORDS,
    "wanted": "A visit this week, and the core group within ten days.",
}
TRIED: dict[str, Any] = {"tried": "I phoned the social worker twice.", "manager": "yes", "advice": "Escalate."}
SAFETY: dict[str, Any] = {
    "urgent": "no",
    "risk": "Neglect goes on unseen.",
    "meanwhile": "School sees the child daily.",
    "level": "4",
    "legal": "child_protection",
    "aware": "yes",
    "views": "She wants the visits back.",
}


def _pages(start: str, changes: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    pages: list[tuple[str, dict[str, Any]]] = [
        ("you", YOU),
        ("agencies", {"with": "childrens-services"}),
        ("subject", {"subject": "people"}),
        ("people/1", PERSON),
        ("difference", DIFFERENCE),
        ("tried", TRIED),
        ("safety", SAFETY),
    ]
    if start == "/enter":
        pages.insert(
            0,
            (
                "began",
                {
                    "began_day": "8",
                    "began_month": "2",
                    "began_year": "2027",
                    "tried_1": "About 10 February, with the duty social worker",
                    "account": "They spoke on 10 February.",
                },
            ),
        )
    return [(name, {**fields, **changes.get(name.replace("/", "_"), {})}) for name, fields in pages]


async def fill(office: Office, start: str = "/raise", *, until: str = "check", **changes: Any) -> Page:  # noqa: ANN401
    """Fill in every page up to one, in the words above or others: ``you={...}``."""
    await office.press(start, referred=changes.get("referred", "yes"))
    for name, fields in _pages(start, changes):
        if name == until:
            break
        await office.press(f"{start}/{name}", **fields)
    return await office.get(f"{start}/{until}")


def answers(start: str = "/raise", **changes: Any) -> Answers:  # noqa: ANN401
    """Give the answers of a form that was filled in."""
    typed = {
        name: {
            field.replace("_", "-"): value if isinstance(value, list) else [value] for field, value in fields.items()
        }
        for name, fields in _pages(start, changes)
    }
    person = typed.pop("people/1")
    return Answers(key=secrets.token_hex(8), referred="yes", steps=typed, people=[person])


async def raised(office: Office, start: str = "/raise", **changes: Any) -> str:  # noqa: ANN401
    """Send a form that was filled in, and give the reference. What waits is left to `Office.settle`."""
    begin = await office.get(start)
    settles, office.settles_at_once = office.settles_at_once, False
    receipt = await office.post(
        f"{start}/check", token=begin.token, answers=answers(start, **changes).model_dump_json()
    )
    office.settles_at_once = settles
    assert receipt.path == f"{start}/receipt", receipt.text
    found = re.search(r"PD-\d\d-\d{4}-\w", receipt.text)
    assert found is not None
    return found[0]
