"""Several agencies raise together: on the form, by link, and on the team's pages (issue 5: group raisers)."""

from __future__ import annotations

from typing import Any

import pytest

from escalations.intake import opening
from escalations.policy import Policy, RaisedTogether
from escalations.rules.case import Status
from escalations.rules.notices import LEAD, NoticeKind
from tests.web import answering, teamwork
from tests.web.conftest import Office, Page
from tests.web.forms_filled import CHILD, WORDS, fill, raised
from tests.web.test_team_acts import case_of

SCHOOL, SOCIAL_CARE, HEALTH, POLICE = "oak-school", "childrens-services", "community-health", "police"
WITH_HEALTH: dict[str, Any] = {"with": SOCIAL_CARE, "together": HEALTH}


@pytest.fixture
async def reference(office: Office) -> str:
    found = await raised(office, agencies=WITH_HEALTH)
    await office.settle()
    return found


async def enters(office: Office, reference: str, kind: NoticeKind, agency: str | None = None) -> Page:
    return await answering.enter(office, await answering.link(office, reference, kind, agency=agency))


async def does(office: Office, page: Page, doing: str, **fields: Any) -> Page:  # noqa: ANN401
    return await office.post(
        f"/answer/{doing}", token=page.token, link=page.value("link"), once=page.value("once"), **fields
    )


async def test_the_form_names_who_raises_it_too_and_says_who_is_told(office: Office) -> None:
    check = await fill(office, agencies=WITH_HEALTH)
    assert "Raised together with Vale Community Health" in check.text
    assert "Vale Community Health is told at once of raising this with you, and reads it behind a code" in check.text
    twice = await fill(office, until="check", agencies={"with": SOCIAL_CARE, "together": [SCHOOL, SOCIAL_CARE]})
    assert "Something is still missing" in twice.text
    assert "This is the agency that leads. Name only the others here." in twice.text


async def test_a_policy_that_refuses_it_asks_for_nobody_and_takes_nobody(office: Office) -> None:
    policy = Policy.model_validate(office.in_force.policy.model_dump())
    office.in_force = opening.InForce(policy.model_copy(update={"raised_together": RaisedTogether(taken=False)}))
    office.app = office.make_app()
    office.browser = office.new_browser(signed_in=True)
    assert "Other agencies raise this too" not in (await fill(office, until="agencies")).text
    check = await fill(office, agencies=WITH_HEALTH)
    assert "Under this policy each agency raises its own. Leave the others out." in check.text


async def test_whoever_raises_it_too_reads_it_behind_a_code_and_answers_for_nobody(
    office: Office, reference: str
) -> None:
    page = await enters(office, reference, NoticeKind.TOGETHER)
    assert WORDS in page.text
    assert "leads and answers for the raising side" in page.text
    for not_theirs in ("Agree", "Take it to the next stage", "Withdraw it"):
        assert not_theirs not in page.text
    refused = await does(office, page, "agree", outcome="agreed_as_asked")
    assert refused.status != 303
    assert (await case_of(office, reference)).status is Status.OPEN
    mails = "".join(await office.mails())
    assert CHILD not in mails
    assert "Anwen Drysdale" not in mails


async def test_what_the_lead_agrees_over_its_dissent_the_team_decides(office: Office, reference: str) -> None:
    page = await enters(office, reference, NoticeKind.ASKED)
    await does(office, page, "answer", offers="agreed_in_part", reasons="One visit a month.")
    page = await enters(office, reference, NoticeKind.ANSWERED, HEALTH)
    assert "One visit a month." in page.text
    await does(office, page, "dissent", dissent_kind="formal", dissent_text="Quokka: it is too little.")
    page = await enters(office, reference, NoticeKind.ANSWERED, SCHOOL)
    assert "Vale Community Health. If you say that it is dealt with, nothing is settled by that alone" in page.text
    await does(office, page, "agree", outcome="agreed_in_part")
    case = await case_of(office, reference)
    assert (case.status, case.agreement is not None) == (Status.OPEN, True)
    waits = [mail for mail in await office.mails() if "agreed, and not settled yet" in mail]
    assert len(waits) == 2
    assert not any("Please do this by" in mail for mail in waits), "that date is the team's"
    # Whoever has agreed is not asked again; each reads who of the raising side said what.
    lead = await enters(office, reference, NoticeKind.ANSWERED, SCHOOL)
    assert "Where it stands" in lead.text
    assert "Say that it is dealt with" not in lead.text
    assert "Tamsin Okoro, Social worker, Vale Community Health" in lead.text
    page = await enters(office, reference, NoticeKind.AGREEMENT_WAITS, HEALTH)
    assert "Tamsin Okoro, Social worker, in your agency" in page.text
    assert "Tamsin Okoro, Social worker, Oak Lane Primary School" in page.text
    assert "Your agency no longer raises this" in page.text
    assert 'action="/answer/move-up"' in page.html
    board = await office.get(f"/board/{reference}")
    assert "Decide whether an agreement settles it" in board.text
    done = await teamwork.does(
        office, reference, "agreement", settles="no", agreement_text="Spoke with both; a meeting is needed."
    )
    assert done.path == f"/board/{reference}"
    assert (await case_of(office, reference)).agreement is None
    page = await enters(office, reference, NoticeKind.NOT_SETTLED, SCHOOL)
    assert "Spoke with both; a meeting is needed." in page.text


async def test_it_leaves_by_its_link_and_its_links_show_nothing_any_more(office: Office, reference: str) -> None:
    page = await enters(office, reference, NoticeKind.TOGETHER)
    missing = await does(office, page, "no-longer-ours", leave_text="We closed the case in January.")
    assert missing.status == 422
    assert "We closed the case in January." in missing.html
    done = await does(
        office, missing, "no-longer-ours", leave_because="no_longer_ours", leave_text="We closed it in January."
    )
    assert done.status == 200
    case = await case_of(office, reference)
    assert (case.status, case.co_raisers, case.left_raising) == (Status.OPEN, (), (HEALTH,))
    gone = await answering.open_link(office, await answering.link(office, reference, NoticeKind.TOGETHER))
    assert gone.status == 410
    assert CHILD not in gone.text


async def test_the_team_adds_one_and_lets_another_lead(office: Office, reference: str) -> None:
    added: dict[str, Any] = {"add_raiser": POLICE, "leaves": "nobody", "leads": HEALTH}
    done = await teamwork.does(office, reference, "raisers", **added, raisers_text="Agreed by phone with all three.")
    assert done.path == f"/board/{reference}"
    case = await case_of(office, reference)
    assert (case.raising_agency, set(case.co_raisers)) == (HEALTH, {SCHOOL, POLICE})
    told = {
        (row.notice.to.agency_id, row.notice.to.position)
        for row in await office.notices(reference)
        if row.notice.kind is NoticeKind.TOGETHER
    }
    assert told == {(HEALTH, LEAD), (POLICE, LEAD)}
    # The old links of whoever raised it serve no longer; what the lead hears goes to the new one's own contact.
    old = await answering.open_link(office, await answering.link(office, reference, NoticeKind.RECEIPT))
    assert old.status == 410
    page = await enters(office, reference, NoticeKind.RAISERS, HEALTH)
    assert "Your agency leads." in page.text
    lacking = await teamwork.fills(office, reference, "raisers", leaves="nobody", leads="nobody", raisers_text="Why")
    assert "Choose an agency to add, one that no longer raises it, or one to lead" in lacking.text
    assert lacking.value("raisers-text") == "" or "Why" in lacking.html


async def test_the_lists_of_cases_find_it_by_whoever_raises_it_too(office: Office, reference: str) -> None:
    found = await office.get(f"/board?agency={HEALTH}")
    assert reference in found.text
    assert "together with Vale Community Health" in found.text
    assert reference not in (await office.get(f"/board?agency={POLICE}")).text
    closing: dict[str, Any] = {"outcome": "agreed_another_way", "on_word_of": "raising", "said_by_name": "Ottoline"}
    await teamwork.does(office, reference, "close", **closing, close_text="The visits are back.")
    assert reference in (await office.get(f"/board/closed?agency={HEALTH}")).text


async def test_who_raises_it_already_is_not_offered_again(office: Office, reference: str) -> None:
    for doing in ("raisers", "parties"):
        form = (await office.get(f"/board/{reference}/{doing}")).html
        assert f'<option value="{POLICE}"' in form
        assert not any(f'<option value="{agency}"' in form for agency in (SCHOOL, HEALTH, SOCIAL_CARE))
