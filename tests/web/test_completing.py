"""Completing by link a plain mail that names several people: nobody whom it named is lost (issue 4, item 1)."""

from __future__ import annotations

from typing import Any

from escalations.intake import submissions
from escalations.policy import Side, Track
from escalations.rules import acts
from escalations.rules.actors import Actor, Channel
from escalations.rules.acts import Concern, Reason
from escalations.rules.notices import RAISER, NoticeKind
from tests.web import answering
from tests.web.conftest import Office, Page
from tests.web.forms_filled import CHILD, DIFFERENCE, PERSON, SAFETY, TRIED, WORDS

FIELDS: dict[str, Any] = {"subject": "people", **PERSON, **DIFFERENCE, **TRIED, **SAFETY}


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
