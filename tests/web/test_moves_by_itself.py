"""A case that the policy moves up by itself, on the pages of both sides and of the team."""

from __future__ import annotations

from escalations.intake import opening
from escalations.rules.notices import NoticeKind
from tests.rules.test_the_ladder import escalating
from tests.web import answering
from tests.web.conftest import Office
from tests.web.forms_filled import raised
from tests.web.test_team_acts import case_of


async def moving(office: Office) -> str:
    """Raise one under a policy whose document moves it up by itself, and let the first limit pass."""
    office.in_force = opening.InForce(escalating())
    office.app = office.make_app()
    office.browser = office.new_browser(signed_in=True)
    reference = await raised(office)
    await office.settle()
    await office.until("2027-03-02 17:01")
    return reference


async def test_the_page_says_which_rule_moves_it_and_when(office: Office) -> None:
    reference = await moving(office)
    page = await office.get(f"/board/{reference}")
    assert "The policy’s rule “acknowledge” moves it to stage 2 at 17:00 on Wednesday 3 March 2027" in page.text
    assert "by the policy’s rule “acknowledge” (paragraph 4.2)" in page.text
    await office.until("2027-03-03 17:01")
    page = await office.get(f"/board/{reference}")
    assert "Stage 2 began, by the policy’s rule “acknowledge” (paragraph 4.2)" in page.text


async def test_whoever_raised_it_can_say_that_it_stays(office: Office) -> None:
    reference = await moving(office)
    token = await answering.link(office, reference, NoticeKind.MOVE_DUE, agency="oak-school")
    page = await answering.enter(office, token)
    assert "Move it up" not in page.text, "nobody is offered what is on its way already"
    await office.post("/answer/stay", token=page.token, once=page.value("once"), seen_stage=page.value("seen-stage"))
    await office.until("2027-03-03 17:01")
    assert (await case_of(office, reference)).stage == 1


async def test_the_responding_side_can_object_and_the_team_is_told(office: Office) -> None:
    reference = await moving(office)
    token = await answering.link(office, reference, NoticeKind.MOVE_DUE, agency="childrens-services")
    page = await answering.enter(office, token)
    assert "Object to its moving by itself" in page.text
    sent = await office.post(
        "/answer/object",
        token=page.token,
        once=page.value("once"),
        object_text="We met on Monday, Zanzibar.",
    )
    assert "Recorded" in sent.title
    assert "objects that it is moved by the policy’s rule" in (await office.get(f"/board/{reference}")).text
    assert "Object to its moving by itself" not in (await office.get("/answer")).text
    assert all("Zanzibar" not in mail for mail in await office.mails())
