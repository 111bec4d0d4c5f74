"""The pages of the form as a person fills them in: complete by default, one keyword makes the point."""

from __future__ import annotations

from typing import Any

from tests.web.conftest import Office, Page

CHILD = "Perpetua Zzyzx-Canary"
"""A made-up name that must stand nowhere but where it is read behind a code."""
WORDS = "The plan agreed on 3 February is not being followed: no visit for four weeks."

YOU = {"name": "Ottoline Brack", "role": "Designated safeguarding lead", "agency": "oak-school",
       "email": "ottoline.brack@oak.example", "phone": "01632 960 301"}
PERSON = {"kind": "child", "person_name": CHILD, "born_day": "27", "born_month": "3", "born_year": "2016",
          "number_oak_school": "UPN 12", "number_childrens_services": "CS-55"}
DIFFERENCE = {"reason": "plan_not_followed", "arose_day": "24", "arose_month": "2", "arose_year": "2027",
              "problem": WORDS, "wanted": "A visit this week, and the core group within ten days."}
TRIED = {"tried": "I phoned the social worker twice.", "manager": "yes", "advice": "Escalate."}
SAFETY = {"urgent": "no", "risk": "Neglect goes on unseen.", "meanwhile": "School sees the child daily.",
          "level": "4", "legal": "child_protection", "aware": "yes", "views": "She wants the visits back."}


async def fill(office: Office, start: str = "/raise", *, until: str = "check", **changes: Any) -> Page:  # noqa: ANN401
    """Fill in every page up to one, in the words above or others: ``you={...}``."""
    await office.press(start, referred=changes.get("referred", "yes"))
    pages: list[tuple[str, dict[str, Any]]] = [
        ("you", YOU), ("agencies", {"with": "childrens-services"}), ("subject", {"subject": "people"}),
        ("people/1", PERSON), ("difference", DIFFERENCE), ("tried", TRIED), ("safety", SAFETY)]
    if start == "/enter":
        pages.insert(0, ("began", {"began_day": "8", "began_month": "2", "began_year": "2027", "stages": ["1"],
                                   "account": "They spoke on 10 February."}))
    page = None
    for name, fields in pages:
        if name == until:
            break
        filled = {**fields, **changes.get(name.replace("/", "_"), {})}
        page = await office.press(f"{start}/{name}", **filled)
    return await office.get(f"{start}/{until}")


async def raised(office: Office, start: str = "/raise", **changes: Any) -> str:  # noqa: ANN401
    """Raise an escalation, and give its reference."""
    check = await fill(office, start, **changes)
    receipt = await office.post(f"{start}/check", token=check.token, answers=check.value("answers"))
    assert receipt.path == f"{start}/receipt", receipt.text
    return receipt.html.split("<strong>PD-")[1].split("</strong>")[0].join(["PD-", ""])
