"""Completing by link a plain mail that names several people: nobody whom it named is lost (issue 4, item 1)."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any, Final

from typing_extensions import override

from escalations.intake import recipients, submissions
from escalations.policy import Side, Track
from escalations.rules import acts
from escalations.rules.actors import Actor, Channel
from escalations.rules.acts import Concern, Reason
from escalations.rules.notices import RAISER, NoticeKind, Recipient
from escalations.store import directory
from escalations.web import completing
from tests.web import answering
from tests.web.conftest import Office, Page
from tests.web.forms_filled import CHILD, DIFFERENCE, PERSON, SAFETY, TRIED, WORDS

FIELDS: dict[str, Any] = {"phone": "01632 960 309", **PERSON, **DIFFERENCE, **TRIED, **SAFETY}


async def mailed(
    office: Office,
    *names: str,
    sender: str = "ottoline.brack@oaklane.example",
    with_: tuple[str, ...] = (),
    written: tuple[str, ...] = (),
    track: Track = Track.STANDARD,
) -> str:
    """Give the reference of what a plain mail raised that names these children.

    Args:
        office: where it comes in.
        names: of the children.
        sender: whom it came from.
        with_: the agencies that it was raised with.
        written: the agencies as they were written, where not each of them was recognised.
        track: how fast it has to go.
    """
    now = office.now()
    act = acts.Raise(
        submission_id=submissions.new_id(now),
        by=Actor(side=Side.RAISING, agency_id="oak-school", position=RAISER),
        channel=Channel.MAIL,
        received_at=now,
        raising_agency="oak-school",
        responding_agencies=with_,
        track=track,
        concern=Concern.SIBLINGS if len(names) > 1 else Concern.CHILD,
        people=len(names),
        reason=Reason.NOT_STATED,
    )
    sealed: dict[str, object] = {
        "raiser": {"name": "Ottoline Brack", "email": sender, "phone": "", "role": ""},
        "people": [{"kind": "child", "name": name, "born_or_due": None, "case_numbers": {}} for name in names],
        "problem": WORDS,
        "mail": {"text": WORDS, "to_agency": list(written)},
    }
    async with office.database.write() as tx:
        receipt = await submissions.receive(
            tx,
            office.vault,
            act_kind=act.kind,
            act_json=acts.dumps(act),
            channel=act.channel,
            received_at=now,
            sealed=sealed,
            reference=None,
            submission_id=act.submission_id,
            prefix=office.in_force.policy.reference_prefix,
        )
    await office.settle()
    return receipt.reference


async def _open(office: Office, reference: str) -> Page:
    token = await answering.link(office, reference, NoticeKind.RECEIPT)
    return await answering.enter(office, token, name="Ottoline Brack", role="Safeguarding lead")


async def test_whom_else_the_mail_named_stays_with_the_escalation(office: Office) -> None:
    reference = await mailed(office, CHILD, "A brother")
    page = await _open(office, reference)
    assert page.value("person-name") == CHILD
    assert "Your email also names A brother." in page.text
    done = await office.post("/answer/complete", token=page.token, with_="childrens-services", **FIELDS)
    assert "Recorded" in done.title
    async with office.database.read() as tx:
        row = (await submissions.of_case(tx, reference, act_kind="complete"))[0]
    act = acts.loads(row.act)
    assert isinstance(act, acts.Complete)
    assert (act.concern, act.people) == (Concern.SIBLINGS, 2)
    async with office.new_browser() as other:
        token = await answering.link(office, reference, NoticeKind.ASKED)
        shown = await answering.enter(office, token, browser=other)
    assert CHILD in shown.text
    assert "A brother" in shown.text


async def test_of_two_who_complete_it_the_second_gets_their_words_back(office: Office) -> None:
    reference = await mailed(office, CHILD)
    page = await _open(office, reference)
    office.settles_at_once = False
    await office.post("/answer/complete", token=page.token, with_="childrens-services", **FIELDS)
    changed = {**FIELDS, "problem": "OTHER WORDS"}
    again = await office.post("/answer/complete", token=page.token, once="another", with_="police", **changed)
    await office.settle()
    refused = await office.get(again.path)
    assert "This has been completed already." in refused.text
    assert "OTHER WORDS" in refused.text


async def test_the_agencies_that_were_recognised_stand_there_where_another_was_not(office: Office) -> None:
    reference = await mailed(
        office, CHILD, written=("Wyeford Council children's services", "The borough; West Mercia Police")
    )
    page = await _open(office, reference)
    assert page.value("with") == "childrens-services"
    assert "Your email named “The borough”. We could not tell which agency that is" in page.text


async def test_the_page_lists_what_is_still_missing_and_leads_to_it(office: Office) -> None:
    page = await _open(office, await mailed(office, CHILD))
    missing = re.search(r"Still missing, or to be put right \(\d+\):</p>.*?</ul>", page.html, re.DOTALL)
    assert missing is not None
    links = re.findall(r'href="#([^"]+)">([^<]+)<', missing[0])
    assert f"({len(links)}):" in missing[0]
    assert ("phone", "phone number") in links
    assert ("risk", "risk") in links
    assert ("born-day", "date of birth") in links
    assert "problem" not in [field for field, _ in links], "the mail said it"
    assert all(f'id="{field}"' in page.html for field, _ in links)
    assert folded_fields(page).isdisjoint(field for field, _ in links)


class _Folded(HTMLParser):
    """The ids of what stands in a part that is folded."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[bool] = []
        self.ids: set[str] = set()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "details":
            self.open.append("open" in dict(attrs))
        if not all(self.open):
            self.ids.add(dict(attrs).get("id") or "")

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag == "details":
            self.open.pop()


def folded_fields(page: Page) -> set[str]:
    """Give the ids of the fields that are folded away."""
    reading = _Folded()
    reading.feed(page.html)
    return reading.ids


WRONG: Final[tuple[tuple[dict[str, Any], str], ...]] = (
    ({"number_oak_school": "9" * 61}, "number-oak-school"),
    ({"advice": "a" * 6_001}, "advice"),
    ({"views": "a" * 6_001}, "views"),
    ({"kind": "theme", "theme": ""}, "theme"),
    ({"unknown": "yes"}, "with-1"),
    ({"with_": ["police", "police"]}, "with-2"),
    ({"level": "9"}, "level"),
    ({"born_month": "13"}, "born-month"),
)


async def test_what_is_to_be_put_right_is_never_folded_away(office: Office) -> None:
    page = await _open(office, await mailed(office, CHILD))
    assert {"advice", "views", "theme", "with-2", "unknown"} <= folded_fields(page), "what is optional is folded"
    for wrong, field in WRONG:
        again = await office.post(
            "/answer/complete", token=page.token, **{"with_": "childrens-services", **FIELDS, **wrong}
        )
        assert f'href="#{field}"' in again.html, field
        assert f'id="{field}"' in again.html
        assert field not in folded_fields(again), f"{field} is folded away"
        assert field != "with-1" or "unknown" not in folded_fields(again), "the other way to put it right"


async def test_a_theme_is_one_of_the_answers_to_who_it_is_about(office: Office) -> None:
    reference = await mailed(office, CHILD)
    page = await _open(office, reference)
    words = {**FIELDS, "kind": "theme", "theme": "Strategy discussions come late."}
    done = await office.post("/answer/complete", token=page.token, with_="childrens-services", **words)
    assert "Recorded" in done.title
    async with office.database.read() as tx:
        row = (await submissions.of_case(tx, reference, act_kind="complete"))[0]
        act = acts.loads(row.act)
        assert isinstance(act, acts.Complete)
        assert (act.concern, act.people) == (Concern.THEMATIC, 0)
        typed = completing.retyped(act, await submissions.content(tx, office.vault, row.submission_id))
    assert (typed["kind"], typed["theme"]) == (["theme"], ["Strategy discussions come late."])


async def test_the_number_that_was_added_is_the_one_to_phone(office: Office) -> None:
    reference = await mailed(office, CHILD, with_=("childrens-services",), track=Track.URGENT)
    page = await _open(office, reference)
    assert page.value("phone") == ""
    await office.post("/answer/complete", token=page.token, **FIELDS)
    async with office.new_browser() as other:
        shown = await answering.enter(office, await answering.link(office, reference, NoticeKind.ASKED), browser=other)
    assert "Ottoline Brack, Oak Lane Primary School, 01632 960 309 ." in shown.text
    async with office.database.read() as tx:
        assert await recipients.find(
            tx, office.vault, reference, Recipient(Side.RAISING, "oak-school", RAISER), at=office.now()
        ) == recipients.Addressee("ottoline.brack@oaklane.example", directory.Rule.HOLDER)


async def test_whoever_was_asked_is_told_that_something_was_added_and_the_page_says_so_before(office: Office) -> None:
    reference = await mailed(office, CHILD, with_=("childrens-services",))
    page = await _open(office, reference)
    assert (
        "Wyeford Council children's services has been asked to answer already. When you send this, it is told that "
        "something was added"
    ) in page.text
    await office.post("/answer/complete", token=page.token, **FIELDS)
    (told,) = [row for row in await office.notices(reference) if row.notice.kind is NoticeKind.WORDS_ADDED]
    assert told.notice.to == Recipient(Side.RESPONDING, "childrens-services", "practitioner")
    (mail,) = [mail for mail in await office.mails() if f"<{told.notice_id}@" in mail]
    for word in (CHILD, WORDS, "01632 960 309", "Neglect goes on unseen", "by email"):
        assert word not in mail


async def test_the_page_says_whom_sending_it_tells_where_nobody_was_told_yet(office: Office) -> None:
    page = await _open(office, await mailed(office, CHILD))
    assert "Each agency that you choose below is told as soon as you send this." in page.text
