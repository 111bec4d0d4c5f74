"""Priority, a higher first stage, and themes, on the form and in mail, where the policy has them (issue 5, item 4)."""

from __future__ import annotations

from typing import Any

import pytest

from escalations.intake import mail_raising, opening, submissions
from escalations.intake.naming import Named
from escalations.mail import parser
from escalations.policy import Policy, SkipReason, Track
from escalations.rules import acts
from escalations.rules.case import Status
from escalations.rules.senders import Checked, Known
from tests.builders import with_priorities
from tests.mailroom import message
from tests.web.conftest import Office
from tests.web.forms_filled import SAFETY, TRIED, fill, raised
from tests.web.test_team_acts import case_of

SKIPPING: dict[str, Any] = {"start_at_most": 2, "because": ["risk", "tried_before"]}
HIGHER: dict[str, Any] = {
    **TRIED,
    "start_stage": "2",
    "start_because": "risk",
    "start_text": "It cannot wait for a week.",
}


def policy(**more: Any) -> Policy:  # noqa: ANN401
    return Policy.model_validate(with_priorities().model_dump() | {"skipping": SKIPPING, **more})


def under(office: Office, found: Policy) -> Office:
    office.in_force = opening.InForce(found)
    office.app = office.make_app()
    office.browser = office.new_browser(signed_in=True)
    return office


async def act_of(office: Office, reference: str) -> acts.Raise:
    async with office.database.read() as tx:
        row = next(row for row in await submissions.of_case(tx, reference) if row.act_kind == "raise")
    act = acts.loads(row.act)
    assert isinstance(act, acts.Raise)
    return act


async def test_priority_and_a_higher_first_stage_are_asked_where_the_policy_has_them(office: Office) -> None:
    under(office, policy())
    check = await fill(office, tried=HIGHER, safety={**SAFETY, "priority": "high"})
    for text in ("Priority High", "Starts at stage 2: what may happen meanwhile", "It cannot wait for a week."):
        assert text in check.text
    assert "2 working days to answer" in check.text, "the limits of its stage and priority"
    reference = await raised(office, tried=HIGHER, safety={**SAFETY, "priority": "high"})
    await office.settle()
    act, case = await act_of(office, reference), await case_of(office, reference)
    assert (act.priority, act.start_stage, act.start_because) == ("high", 2, SkipReason.RISK)
    assert (case.stage, case.priority, case.skipped) == (2, "high", (1,))
    assert "It cannot wait for a week." not in acts.dumps(act)


async def test_neither_has_to_be_chosen(office: Office) -> None:
    under(office, policy())
    reference = await raised(office, safety={**SAFETY, "priority": "none"})
    await office.settle()
    act = await act_of(office, reference)
    assert (act.priority, act.start_stage) == (None, None)
    assert "Choose its priority" in (await fill(office, safety=SAFETY)).text


@pytest.mark.parametrize(
    ("left_out", "sentence"),
    [("start_because", "Say why it starts above the first stage"), ("start_text", "Say in a few words why it starts")],
)
async def test_who_starts_higher_says_why_and_nothing_typed_is_lost(
    office: Office, left_out: str, sentence: str
) -> None:
    under(office, policy())
    await fill(office, until="tried")
    page = await office.press("/raise/tried", **HIGHER | {left_out: ""})
    assert sentence in page.text
    assert "I phoned the social worker twice." in page.text


async def test_a_policy_without_them_asks_neither(office: Office) -> None:
    assert "At which stage does it start" not in (await fill(office, until="tried")).text
    assert "What is its priority" not in (await fill(office, until="safety")).text


async def test_a_theme_that_the_policy_is_not_for_is_held_and_the_form_says_so(office: Office) -> None:
    under(office, policy(thematic={"taken": False}))
    said: dict[str, Any] = {"subject": {"subject": "theme", "theme": "Strategy discussions come late."}}
    assert "The policy is not for a theme" in (await office.get("/raise/subject")).text
    check = await fill(office, safety={**SAFETY, "priority": "low"}, **said)
    assert "The policy is not for a theme. You can send this" in check.text
    assert "is told that an escalation waits for it" not in check.text
    receipt = await office.post("/raise/check", token=check.token, answers=check.value("answers"))
    assert "so they say where it goes; no agency is told before that" in receipt.text
    await office.settle()
    assert (await case_of(office, receipt.text.split("reference ")[1].split()[0])).status is Status.HELD


async def test_a_theme_starts_where_the_policy_says(office: Office) -> None:
    under(office, policy(thematic={"start_stage": 3}))
    assert "A theme starts at stage 3." in (await office.get("/raise/subject")).text
    await office.press("/raise", referred="yes")
    await office.press("/raise/subject", subject="theme", theme="Strategy discussions come late.")
    assert "At which stage does it start" not in (await office.get("/raise/tried")).text, "none is above that"
    under(office, policy(thematic={"start_stage": 2}, skipping=SKIPPING | {"start_at_most": 3}))
    await office.press("/raise", referred="yes")
    await office.press("/raise/subject", subject="theme", theme="Strategy discussions come late.")
    page = await office.get("/raise/tried")
    assert "It starts at stage 2: Managers." in page.text
    assert "Stage 3: Senior managers" in page.text


def mailed(text: str, found: Policy, office: Office) -> mail_raising.Raised:
    return mail_raising.raised(
        parser.parse(message(text)),
        mail_id="m",
        submission_id="s",
        agency="oak-school",
        known=Known.PERSON,
        checked=Checked.VOUCHED,
        named=Named(),
        at=office.now(),
        policy=found,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Priority: High\nStart at stage: 2\nWhy start higher: risk", ("high", Track.STANDARD, 2)),
        ("Priority: High\nUrgent: yes", ("high", Track.URGENT, None)),
        ("Priority: urgent", (None, Track.URGENT, None)),
        ("Start at stage: 3\nWhy start higher: risk", (None, Track.STANDARD, None)),
        ("Start at stage: 2\nWhy start higher: we want to", (None, Track.STANDARD, None)),
    ],
)
async def test_a_mail_gives_a_priority_and_a_first_stage_as_far_as_the_policy_has_them(
    office: Office, text: str, expected: tuple[str | None, Track, int | None]
) -> None:
    made = mailed(text, policy(), office)
    assert (made.act.priority, made.act.track, made.act.start_stage) == expected


async def test_without_levels_a_high_priority_is_urgent_and_what_was_not_understood_is_kept(office: Office) -> None:
    made = mailed("Priority: High\nStart at stage: 2", office.in_force.policy, office)
    assert (made.act.priority, made.act.track, made.act.start_stage) == (None, Track.URGENT, None)
    mail: Any = made.sealed["mail"]
    assert (mail["priority"], mail["start_stage"]) == ("High", "2")
