"""`/metrics`: what whoever watches an installation is told, and that it is nothing about anybody (issue 4, item 7)."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from escalations.metrics.figures import Due
from escalations.metrics.lateness import Histogram
from escalations.rules.acts import Concern
from escalations.rules.case import Status
from escalations.store import heartbeats, mails, tallies
from escalations.store.heartbeats import Part
from escalations.store.mails import Envelope, Known, MailState
from escalations.store.notices import NoticeState
from escalations.store.tallies import Tally
from tests import builders
from tests.web import teamwork
from tests.web.conftest import Office
from tests.web.forms_filled import CHILD, raised

TOKEN = "a-token-that-was-made-up-for-this-test"

Told = dict[tuple[str, str], float]


async def told(office: Office) -> Told:
    """Scrape, and give each value by name and label."""
    return read((await office.browser.get("/metrics")).text)


def read(text: str) -> Told:
    return {
        (sample.name.removeprefix("escalations_"), "".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_it_says_what_is_open_what_waits_and_what_became_of_notices(office: Office) -> None:
    await raised(office)
    found = await told(office)
    assert found["submissions", "queued"] == 1
    office.time += timedelta(minutes=3)
    assert (await told(office))["submissions_oldest_age_seconds", "queued"] == 180
    await office.settle()
    found = await told(office)
    assert (found["submissions", "queued"], found["submissions_oldest_age_seconds", "queued"]) == (0, 0)
    assert [found["cases", status] for status in Status] == [0, 1, 0]
    assert found["notices_settled_total", "sent"] > 0
    assert found["notices_waiting", ""] == 0
    assert found["clocks_running", ""] > 0
    assert found["outbox_messages", ""] == found["notices_settled_total", "sent"]
    assert found["database_up", ""] == found["temporal_up", ""] == 1
    assert found["database_bytes", ""] > 100_000


async def test_a_limit_that_nobody_recorded_shows_at_once_and_its_lateness_once_it_is_recorded(office: Office) -> None:
    await raised(office)
    await office.settle()
    assert (await told(office))["due_not_recorded", "limit"] == 0
    office.time = builders.civil("2027-03-02 19:00")
    found = await told(office)
    assert found["due_not_recorded", "limit"] == 1
    assert found["due_not_recorded_oldest_age_seconds", "limit"] == 7_200
    assert found["limit_recorded_lateness_seconds_count", ""] == 0
    await office.until("2027-03-02 19:00")
    found = await told(office)
    assert found["due_not_recorded", "limit"] == 0
    assert found["limit_recorded_lateness_seconds_count", ""] == 1
    assert found["limit_recorded_lateness_seconds_sum", ""] == 7_200
    assert [found["limit_recorded_lateness_seconds_bucket", bound] for bound in ("3600.0", "14400.0")] == [0, 1]
    # A web that has just started says the same.
    async with office.new_browser(office.make_app()) as browser:
        again = read((await browser.get("/metrics")).text)
    assert {name: value for name, value in again.items() if "lateness" in name[0]} == {
        name: value for name, value in found.items() if "lateness" in name[0]
    }


async def test_what_is_paused_is_not_due(office: Office) -> None:
    reference = await raised(office)
    await office.settle()
    page = await teamwork.does(office, reference, "pause", reason="court", pause_text="Until the order is made.")
    assert "Paused by the partnership team" in page.text
    await office.until("2027-03-01 09:30")
    office.time = builders.civil("2027-03-02 19:00")
    found = await told(office)
    assert (found["due_not_recorded", "limit"], found["cases", "open"]) == (0, 1)


async def test_it_says_which_part_was_seen_and_what_was_counted(office: Office) -> None:
    async with office.database.write() as tx:
        await heartbeats.beat(tx, [Part.WORKER], host="canary-machine", started_at=office.time, at=office.time)
        await tallies.add(tx, Tally.DISPATCHER_ROUNDS, by=41)
        for number, state in enumerate((MailState.HELD, MailState.FILED, MailState.HELD)):
            at, envelope = office.time - timedelta(minutes=number), Envelope("", (), over_loopback=False)
            known = Known("person", None, (), "nobody", None, None, str(number), None)
            await mails.receive(tx, office.vault, b"", envelope, known, mail_id=str(number), received_at=at)
            await mails.settle(tx, str(number), state=state, code="", at=at)
    found = await told(office)
    assert (found["part_up", "worker"], found["part_seen_age_seconds", "worker"]) == (1, 0)
    assert found["part_up", "dispatcher"] == 0
    assert ("part_seen_age_seconds", "dispatcher") not in found, "never seen, it has no age"
    assert found["dispatcher_rounds_total", ""] == 41
    assert (found["mail_in", "held"], found["mail_in", "filed"], found["mail_in", "received"]) == (2, 1, 0)
    assert found["mail_in_oldest_age_seconds", "held"] == 120
    office.time += timedelta(minutes=2)
    found = await told(office)
    assert (found["part_up", "worker"], found["part_seen_age_seconds", "worker"]) == (0, 120)


async def test_with_the_database_away_that_is_what_it_says(office: Office) -> None:
    office.database.away, office.timers = True, False
    answer = await office.browser.get("/metrics")
    assert answer.status_code == 200
    assert read(answer.text) == {("database_up", ""): 0, ("temporal_up", ""): 0}


async def test_nothing_in_it_is_about_anybody_or_about_the_process(office: Office) -> None:
    reference = await raised(office)
    await office.settle()
    await office.until("2027-03-05 10:00")
    async with office.database.write() as tx:
        await heartbeats.beat(tx, [Part.WEB], host="canary-machine", started_at=office.time, at=office.time)
    text = (await office.browser.get("/metrics")).text
    for canary in (CHILD, *CHILD.split(), "Ottoline", "Perpetua", "canary-machine", "@"):
        assert canary.casefold() not in text.casefold()
    for code in (reference, builders.SOCIAL_CARE, builders.SCHOOL, *Concern, str(office.settings.folder)):
        assert code not in text
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert [line for line in lines if not line.startswith("escalations_")] == []
    words = {value for status in (Status, NoticeState, Part, Due, MailState) for value in status}
    bounds = {bound for bound, _ in Histogram().cumulative()}
    labels = {
        value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        for value in sample.labels.values()
    }
    assert labels <= words | bounds | {"queued", "in_flight"}, "a label is a word of a closed vocabulary"


async def ask(office: Office, *, client: str, token: str | None = None, **headers: str) -> httpx.Response:
    given = [(name.encode(), value.encode()) for name, value in headers.items()]
    given += [(b"authorization", f"Bearer {token}".encode())] if token else []
    async with office.new_browser(office.make_app(), client=client) as browser:
        return await browser.get("/metrics", headers=given)


async def test_this_machine_may_read_it_and_nobody_else_is_told_that_it_is_there(office: Office) -> None:
    async with office.new_browser() as browser:
        nowhere = await browser.get("/nowhere")
    assert (await ask(office, client="127.0.0.1")).status_code == 200
    for refused in (
        await ask(office, client="192.0.2.7"),
        await ask(office, client="192.0.2.7", token=TOKEN),
        await ask(office, client="127.0.0.1", **{"x-forwarded-for": "192.0.2.7"}),
    ):
        assert (refused.status_code, refused.text) == (404, nowhere.text)


async def test_whoever_shows_the_token_may_read_it_from_elsewhere(office: Office) -> None:
    office.settings = office.settings.model_validate({**office.settings.model_dump(), "metrics_token": TOKEN})
    assert (await ask(office, client="192.0.2.7", token=TOKEN)).status_code == 200
    assert (await ask(office, client="192.0.2.7", token=TOKEN, **{"x-forwarded-for": "1.2.3.4"})).status_code == 200
    for wrong in ("", TOKEN[:-1], TOKEN + "x", "ünlesbar"):
        assert (await ask(office, client="192.0.2.7", token=wrong or None)).status_code == 404


@pytest.mark.parametrize("path", ["/metrics", "/metrics?token=x"])
async def test_asking_changes_nothing(office: Office, path: str) -> None:
    before = await told(office)
    await office.browser.get(path)
    after = await told(office)
    assert {**after, ("metrics_seconds", ""): 0} == {**before, ("metrics_seconds", ""): 0}
