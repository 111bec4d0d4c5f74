"""Both sides' accounts of a delay: asked for by message, given by link or by phone, and read side by side."""

from __future__ import annotations

import pytest

from escalations.rules.case import Case, Cause, Says
from escalations.rules.notices import NoticeKind
from tests.web import answering, teamwork
from tests.web.conftest import Office
from tests.web.forms_filled import raised

OURS = "The inbox was moved that week, Quokka."
THEIRS = "We rang twice and nobody picked up, Numbat."
"""Made-up words that must stand nowhere but where they are read."""


@pytest.fixture
async def reference(office: Office) -> str:
    found = await raised(office)
    await office.settle()
    await office.until("2027-03-02 17:01")
    return found


async def case_of(office: Office, reference: str) -> Case:
    async with office.database.read() as tx:
        case = await office.cases.read(tx, reference)
    assert case is not None
    return case


async def told(office: Office, reference: str) -> Case:
    """Take it to the stage at which the partnership is told, so that the team may read words."""
    token = await answering.link(office, reference, NoticeKind.ASKED_TO_CHOOSE)
    page = await answering.enter(office, token)
    await office.post("/answer/move-up", token=page.token, once="m", move_text="Nobody answered.")
    await office.until("2027-03-04 17:01")
    case = await case_of(office, reference)
    assert case.partnership_told_at is not None
    return case


async def gives(  # noqa: PLR0917  what is said, and by whom
    office: Office, reference: str, kind: NoticeKind, agency: str, says: Says, words: str
) -> str:
    token = await answering.link(office, reference, kind, agency=agency)
    page = await answering.enter(office, token)
    assert "Say how a delay came about" in page.text
    done = await office.post(
        "/answer/account",
        token=page.token,
        once="a",
        account_clock=(await clock_of(office, reference)),
        account_says=says.value,
        account_text=words,
    )
    await office.settle()
    return done.text


async def clock_of(office: Office, reference: str) -> str:
    case = await case_of(office, reference)
    return next(clock.clock_id for clock in case.clocks if clock.limit_passed_at is not None)


async def test_the_message_that_tells_of_a_passed_limit_asks_each_side_for_its_account(
    office: Office, reference: str
) -> None:
    for kind, agency in ((NoticeKind.LIMIT_PASSED, "childrens-services"), (NoticeKind.ASKED_TO_CHOOSE, "oak-school")):
        rows = [one for one in await office.notices(reference) if one.notice.kind is kind]
        ids = [one.notice_id for one in rows if one.notice.to.agency_id == agency]
        assert ids
        mails = [mail for mail in await office.mails() if any(f"<{one}@" in mail for one in ids)]
        for mail in mails:
            text = " ".join(mail.replace("=\r\n", "").split())
            assert "Please say how it came about from your side, by 17:00 on Tuesday 9 March 2027" in text


async def test_both_sides_give_theirs_by_link_and_the_team_reads_them_side_by_side_before_it_confirms(
    office: Office, reference: str
) -> None:
    said = await gives(office, reference, NoticeKind.LIMIT_PASSED, "childrens-services", Says.NOT_REACHED, OURS)
    assert "It stands beside the other side’s account" in said
    await gives(office, reference, NoticeKind.RECEIPT, "oak-school", Says.AS_RECORDED, THEIRS)
    await told(office, reference)
    for page in (await office.get(f"/board/{reference}"), await office.get(f"/board/{reference}/cause")):
        assert "The message did not reach whoever should have had it." in page.text
        assert "It was as recorded." in page.text
        assert OURS in page.text
        assert THEIRS in page.text
    clock = await clock_of(office, reference)
    done = await teamwork.does(office, reference, "cause", clock=clock, cause="silent")
    assert "Cause" in done.text
    case = await case_of(office, reference)
    assert case.clock(clock).cause_confirmed_at is not None, "before the five days are over, since both were heard"
    page = await office.get(f"/board/{reference}")
    assert "Confirmed: no reply recorded." in page.text
    assert "By Robin Sayle, " in page.text
    assert "after the accounts of Oak Lane Primary School and Wyeford Council children's services." in page.text


async def test_words_of_an_account_are_not_the_teams_before_the_partnership_is_told_but_its_code_is(
    office: Office, reference: str
) -> None:
    await gives(office, reference, NoticeKind.LIMIT_PASSED, "childrens-services", Says.NOT_REACHED, OURS)
    page = await office.get(f"/board/{reference}")
    assert "The message did not reach whoever should have had it." in page.text
    assert OURS not in page.text
    assert "can be read once the policy has told the partnership" in page.text


async def test_the_other_side_does_not_read_an_account(office: Office, reference: str) -> None:
    await gives(office, reference, NoticeKind.LIMIT_PASSED, "childrens-services", Says.NOT_REACHED, OURS)
    token = await answering.link(office, reference, NoticeKind.RECEIPT)
    page = await answering.enter(office, token)
    assert OURS not in page.text
    assert "gave its account" not in page.text


async def test_what_an_account_lacks_is_said_and_nothing_typed_is_lost(office: Office, reference: str) -> None:
    token = await answering.link(office, reference, NoticeKind.LIMIT_PASSED, agency="childrens-services")
    page = await answering.enter(office, token)
    lacking = await office.post("/answer/account", token=page.token, once="a", account_text=OURS)
    assert lacking.status == 422
    assert "Say how the delay came about" in lacking.problems
    assert lacking.value("account-text") == OURS
    lacking = await office.post("/answer/account", token=page.token, once="a", account_says="other")
    assert lacking.problems == ["Say in a few words how it came about"]


async def test_the_link_of_a_passed_limit_serves_for_the_account_after_the_answer_and_then_closes(
    office: Office, reference: str
) -> None:
    token = await answering.link(office, reference, NoticeKind.LIMIT_PASSED, agency="childrens-services")
    page = await answering.enter(office, token)
    assert 'action="/answer/answer"' in page.html or 'action="/answer/account"' in page.html
    if 'action="/answer/answer"' in page.html:
        await office.post(
            "/answer/answer", token=page.token, once="b", offers="agreed_in_part", reasons="We do a part."
        )
        await office.settle()
        again = await office.get("/answer")
        assert 'action="/answer/answer"' not in again.html
        assert 'action="/answer/account"' in again.html


async def test_the_team_writes_down_what_was_said_by_phone(office: Office, reference: str) -> None:
    clock = await clock_of(office, reference)
    page = await teamwork.fills(office, reference, "account", whose=f"{clock}:oak-school", says="other")
    assert page.problems == ["Say who told you, with their role", "Write down in their words how it came about"]
    done = await teamwork.does(
        office,
        reference,
        "account",
        whose=f"{clock}:oak-school",
        says="other",
        told_by="Head of Oak Lane",
        account_text=THEIRS,
    )
    assert done.path == f"/board/{reference}"
    assert "Oak Lane Primary School gave its account of a delay: “It was another way”." in done.text
    assert "written down by the team" in done.text
    case = await case_of(office, reference)
    assert [account.says for account in case.clock(clock).accounts] == [Says.OTHER]
    assert case.clock(clock).cause is Cause.SILENT
