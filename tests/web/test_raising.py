"""Raising by form (issue 3, item 6; practice.md, "A child must not wait in a queue of ours")."""

from __future__ import annotations

from tests.web.conftest import Office
from tests.web.forms_filled import CHILD, WORDS, fill, raised


async def test_an_escalation_is_received_with_a_reference(office: Office) -> None:
    check = await fill(office)
    assert CHILD in check.text
    assert WORDS in check.text
    receipt = await office.post("/raise/check", token=check.token, answers=check.value("answers"))
    assert receipt.path == "/raise/receipt"
    assert "PD-27-0001-" in receipt.text
    assert office.woken == 1
    assert CHILD not in receipt.text


async def test_a_double_press_makes_one_escalation(office: Office) -> None:
    check = await fill(office)
    first = await office.post("/raise/check", token=check.token, answers=check.value("answers"))
    second = await office.post("/raise/check", token=check.token, answers=check.value("answers"))
    assert "PD-27-0001-" in first.text
    assert "PD-27-0001-" in second.text
    assert "one escalation and not two" in second.text
    assert await raised(office) != ""
