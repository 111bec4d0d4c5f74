"""A case that the policy moves up by itself, on the pages of both sides and of the team."""

from __future__ import annotations

from typing import Any

from escalations.intake import opening
from escalations.packs import reading
from escalations.policy import Policy
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


def skipping(**more: Any) -> Policy:  # noqa: ANN401
    values = reading.sample().model_dump()
    values["skipping"] = {"levels": True, "because": ["flat_organisation", "risk"]}
    return Policy.model_validate({**values, **more})


async def under(office: Office, policy: Policy) -> None:
    office.in_force = opening.InForce(policy)
    office.app = office.make_app()
    office.browser = office.new_browser(signed_in=True)


async def test_whoever_raised_it_can_pass_a_level_over_and_says_why(office: Office) -> None:
    await under(office, skipping())
    reference = await raised(office)
    await office.settle()
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.REACHED))
    assert "Pass a level over" in page.text
    fields: dict[str, Any] = {
        "once": page.value("once"),
        "seen_stage": page.value("seen-stage"),
        "move_text": "They have no manager.",
    }
    unsaid = await office.post("/answer/move-up", token=page.token, to_stage="3", **fields)
    assert unsaid.status == 422
    assert "Say why a level is passed over" in unsaid.text
    assert "They have no manager." in unsaid.text
    await office.post(
        "/answer/move-up",
        token=unsaid.token,
        to_stage="3",
        skip_because="flat_organisation",
        skip_side="responding",
        **fields,
    )
    await office.until("2027-03-02 17:01")
    assert (await case_of(office, reference)).stage == 3
    told = (await office.get(f"/board/{reference}")).text
    assert "Stage 2 was passed over, on the side of the responding agency: an agency has no such level" in told


async def test_whoever_moves_it_is_told_which_agency_has_no_level_there(office: Office) -> None:
    values = skipping().model_dump()
    values["stages"][1]["no_such_level"] = ("childrens-services",)
    await under(office, Policy.model_validate(values))
    reference = await raised(office)
    await office.settle()
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.REACHED))
    assert "Wyeford Council children's services has no level of its own at stage 2" in page.text


async def test_without_it_in_the_policy_nothing_is_offered_to_pass_over(office: Office) -> None:
    reference = await raised(office)
    await office.settle()
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.REACHED))
    assert "Move it up" in page.text
    assert "Pass a level over" not in page.text


async def test_what_the_policy_is_not_for_is_said_before_anything_is_typed(office: Office) -> None:
    assert "It is not for:" not in (await office.get("/raise")).text
    elsewhere = [{"what": "A complaint about somebody’s conduct", "where": "that agency’s complaints route"}]
    await under(office, skipping(out_of_scope=elsewhere))
    page = await office.get("/raise")
    assert "A complaint about somebody’s conduct. That goes to: that agency’s complaints route." in page.text
