"""The pages of an escalation at a stage that has no time limit of its own: several stages together have one."""

from __future__ import annotations

from pathlib import Path

import pytest

from escalations.intake import opening
from escalations.packs import reading
from escalations.rules.notices import NoticeKind
from tests.web import answering
from tests.web.conftest import Office
from tests.web.forms_filled import raised

SIX_STEPS = Path(__file__).parents[1] / "packs" / "elsewhere" / "six-steps.yaml"


@pytest.fixture
def six_steps(office: Office) -> Office:
    """Give an office under such a policy."""
    office.in_force = opening.InForce(reading.read(SIX_STEPS))
    office.app = office.make_app()
    office.browser = office.new_browser(signed_in=True)
    return office


async def test_the_pages_name_the_time_that_the_stages_have_together(six_steps: Office) -> None:
    reference = await raised(six_steps)
    await six_steps.settle()
    answer = await answering.enter(six_steps, await answering.link(six_steps, reference, NoticeKind.ASKED))
    assert "The whole matter to be settled from both sides: by 17:00 on Monday 8 March 2027" in answer.text
    case = await six_steps.get(f"/board/{reference}")
    assert "The whole matter to be settled from both sides: by 17:00 on Monday 8 March 2027" in case.text
    board = await six_steps.get("/board")
    assert "No time limit runs now" not in board.text
    assert "the whole matter to be settled from both sides" in board.text.lower()
    policy = await six_steps.get("/policy")
    assert "Stage 1: Practitioners: no time limit of its own." in policy.text
