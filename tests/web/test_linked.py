"""The team links two escalations: one press, an entry in each register, and nobody of either side reads of it."""

from __future__ import annotations

from typing import Any

import pytest

from escalations.intake import submissions
from escalations.policy import Side
from escalations.rules import acts, events
from escalations.rules.case import EraseReason, Outcome
from escalations.rules.linked import LinkReason
from escalations.rules.notices import NoticeKind
from escalations.store import references, register
from tests import builders
from tests.builders import SCHOOL, SOCIAL_CARE
from tests.web import answering, teamwork
from tests.web.conftest import Office, Page
from tests.web.forms_filled import raised
from tests.web.test_team_acts import case_of

NOTE = "Both are of the same household, Quillon."
WHY: dict[str, Any] = {"link_because": "same_people", "link_text": NOTE}


@pytest.fixture
async def two(office: Office) -> tuple[str, str]:
    """Give the references of two escalations."""
    one = await raised(office)
    await office.settle()
    other = await raised(office)
    await office.settle()
    return one, other


async def links(office: Office, one: str, other: str, **more: Any) -> Page:  # noqa: ANN401
    page = await teamwork.fills(
        office, one, "link", **{"once": await _once(office, one), **WHY, **more, "link_other": other}
    )
    await office.settle()
    return page


async def _once(office: Office, reference: str) -> str:
    return (await office.get(f"/board/{reference}/link")).value("once")


async def linked_with(office: Office, reference: str) -> list[str]:
    return [one.other for one in (await case_of(office, reference)).links]


async def kinds(office: Office, reference: str) -> list[str]:
    async with office.database.read() as tx:
        return [row.kind for row in await register.read(tx, reference)]


async def test_one_press_links_both_and_the_team_comes_from_each_to_the_other(
    office: Office, two: tuple[str, str]
) -> None:
    one, other = two
    mails = len(await office.mails())
    done = await links(office, one, other.lower())
    assert f"The partnership team linked it with {other}: the same child, adult or family." in done.text
    for here, there in (two, two[::-1]):
        page = await office.get(f"/board/{here}")
        assert f'href="/board/{there}"' in page.html
        assert (await kinds(office, here)).count(events.Linked.model_fields["kind"].default) == 1
    assert NOTE in (await office.get(f"/board/{one}")).text
    assert NOTE not in (await office.get(f"/board/{other}")).text
    assert len(await office.mails()) == mails


async def test_a_second_press_of_the_button_links_nothing_twice(office: Office, two: tuple[str, str]) -> None:
    one, other = two
    once = await _once(office, one)
    for _ in range(2):
        done = await links(office, one, other, once=once)
        assert f"linked it with {other}" in done.text
    assert await linked_with(office, other) == [one]
    differs = await links(office, one, other, once=once, link_because="other")
    assert "was NOT stored" in differs.text
    assert (await case_of(office, one)).links[0].because == "same_people"


async def test_they_are_linked_no_longer_from_either_of_the_two(office: Office, two: tuple[str, str]) -> None:
    one, other = two
    await links(office, one, other)
    done = await teamwork.fills(office, other, "unlink", unlink_other=one, unlink_text="It was another family.")
    await office.settle()
    assert f"no longer links it with {one}" in done.text
    assert [await linked_with(office, here) for here in two] == [[], []]
    assert f'href="/board/{other}"' not in (await office.get(f"/board/{one}")).html
    assert "unlinked" in await kinds(office, one)


async def test_neither_side_of_either_reads_of_it(office: Office, two: tuple[str, str]) -> None:
    one, other = two
    await links(office, one, other)
    for here, there in (two, two[::-1]):
        for kind, agency in ((NoticeKind.ASKED, SOCIAL_CARE), (NoticeKind.RECEIPT, SCHOOL)):
            page = await answering.enter(office, await answering.link(office, here, kind, agency=agency))
            for said in (there, "linked", "Quillon"):
                assert said not in page.html
    assert all(NOTE not in mail for mail in await office.mails())


async def test_what_cannot_be_linked_says_why_and_keeps_what_was_typed(office: Office, two: tuple[str, str]) -> None:
    one, other = two
    for wrong, said in (
        ("the Quillons", "This does not look like a reference"),
        (f"PD-27-9999-{references.check_character('PD279999')}", "or it is not open yet"),
        (one, "the reference of this escalation itself"),
    ):
        page = await links(office, one, wrong)
        assert said in page.text
        assert page.value("link-text") == NOTE
    assert "Say why they belong together" in (await links(office, one, other, link_because="")).text
    await links(office, one, other)
    for here, there in (two, two[::-1]):
        assert "are linked already" in (await links(office, here, there)).text
    assert await linked_with(office, other) == [one]


async def _sends(office: Office, reference: str, act: acts.Act) -> None:
    async with office.database.write() as tx:
        await submissions.receive(
            tx,
            office.vault,
            act_kind=act.kind,
            act_json=acts.dumps(act),
            channel=act.channel,
            received_at=act.received_at,
            sealed={"by": {"name": "P Lane"}},
            reference=reference,
            submission_id=act.submission_id,
        )
    await office.settle()


async def test_where_one_of_the_two_lacks_the_link_it_follows(office: Office, two: tuple[str, str]) -> None:
    one, other = two
    origin = builders.origin(builders.TEAM, office.now())
    await _sends(office, one, acts.Link(**origin, other=other, because=LinkReason.OTHER))
    assert [await linked_with(office, here) for here in two] == [[other], []]
    done = await links(office, one, other)
    assert done.path == f"/board/{other}"
    assert [await linked_with(office, here) for here in two] == [[other], [one]]


async def test_what_was_erased_is_linked_with_nothing(office: Office, two: tuple[str, str]) -> None:
    one, other = two
    origin = builders.origin(builders.TEAM, office.now())
    await _sends(office, other, acts.Close(**origin, outcome=Outcome.WITHDRAWN, on_word_of=Side.RAISING))
    origin = builders.origin(builders.TEAM, office.now())
    await _sends(office, other, acts.Erase(**origin, because=EraseReason.RETENTION))
    assert "have been erased" in (await links(office, one, other)).text
    assert await linked_with(office, one) == []
    assert "/link" not in (await office.get(f"/board/{other}")).html
