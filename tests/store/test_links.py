"""Links, codes and sessions: what a link serves for, for whom, and until when. On SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import datetime, timedelta
from email import message_from_bytes
from email import policy as mail_policy
from email.message import EmailMessage

import pytest
from sqlalchemy import Table, select, text
from typing_extensions import override

from escalations.mail import codes
from escalations.mail.codes import CodeSent, CodeState
from escalations.mail.outgoing import House
from escalations.mail.relay import OutboxRelay, Relay, Sent, SentCode
from escalations.policy import Side
from escalations.rules import accounts, acts, case, evolving, notices
from escalations.rules.actors import Actor
from escalations.rules.case import Outcome
from escalations.rules.notices import RAISER, Ask, Notice, NoticeKind, Recipient
from escalations.settings import Settings
from escalations.store import links, tables
from escalations.store.engine import Database
from escalations.store.links import Checked, Code, Link, LinkState, NotSent
from escalations.store.vault import Vault
from tests import builders

REFERENCE = builders.REFERENCE
NOW = builders.civil("2027-03-01 09:30")
DESK = "duty.desk@council.example"
TO_MANAGER = Recipient(Side.RESPONDING, builders.SOCIAL_CARE, "practitioner")
TO_RAISER = Recipient(Side.RAISING, builders.SCHOOL, RAISER)


def asked(asks: Ask = Ask.RESPOND, *, to: Recipient = TO_MANAGER, stage: int = 1, about: str | None = None) -> Notice:
    return Notice(NoticeKind.ASKED, to, asks, stage, about=about)


@pytest.fixture
async def issued(database: Database, keys: Vault) -> Link:
    """Give a link that asks the responding side to answer."""
    return await issue(database, keys)


async def issue(
    database: Database,
    keys: Vault,
    notice: Notice | None = None,
    *,
    notice_id: str = f"{REFERENCE}-3-1",
) -> Link:
    async with database.write() as tx:
        token = await links.issue(tx, keys, notice_id=notice_id, reference=REFERENCE, notice=notice or asked(), now=NOW)
        link = await links.find(tx, token)
    assert link is not None
    return link


async def sent_code(database: Database, keys: Vault, link: Link, *, at: datetime = NOW, to: str = DESK) -> Code:
    async with database.write() as tx:
        code = await links.new_code(tx, keys, link, address=to, now=at)
    assert isinstance(code, Code)
    return code


async def checked(
    database: Database,
    keys: Vault,
    link: Link,
    digits: str,
    *,
    at: datetime = NOW,
    to: str = DESK,
) -> Checked:
    async with database.write() as tx:
        return await links.check_code(tx, keys, link, digits, address=to, now=at)


def other_than(*digits: str) -> str:
    return next(guess for guess in ("000000", "111111", "222222", "333333") if guess not in digits)


async def everything_stored(database: Database) -> str:
    kept: list[str] = []
    async with database.read() as tx:
        for table in tables.METADATA.sorted_tables:
            kept += [repr(row) for row in (await tx.execute(select(table))).all()]
    return "\n".join(kept)


# ---- The link -------------------------------------------------------------------------------------------------------


async def test_a_token_finds_its_link_and_is_kept_nowhere(database: Database, keys: Vault) -> None:
    async with database.write() as tx:
        token = await links.issue(tx, keys, notice_id="n1", reference=REFERENCE, notice=asked(about="4-x"), now=NOW)
    async with database.read() as tx:
        link = await links.find(tx, token)
    assert link is not None
    assert (link.reference, link.to, link.asks) == (REFERENCE, TO_MANAGER, Ask.RESPOND)
    assert (link.stage, link.about) == (1, "4-x")
    assert link.state(NOW) is LinkState.OPEN
    assert token not in await everything_stored(database)


async def test_a_token_has_160_bits_in_one_case_of_letters(database: Database, keys: Vault) -> None:
    async with database.write() as tx:
        token = await links.issue(tx, keys, notice_id="n1", reference=REFERENCE, notice=asked(), now=NOW)
        again = await links.find(tx, f" {token.upper()} ")
    assert len(token) * 5 >= 160
    assert token.isalnum()
    assert token == token.lower()
    assert again is not None, "mail programs change the case of an address, and people copy a blank with it"


async def test_every_try_of_a_notice_carries_the_same_link(database: Database, keys: Vault) -> None:
    """A try whose outcome is unknown may have arrived: the next one must not make its link useless."""
    async with database.write() as tx:
        tokens = {
            await links.issue(tx, keys, notice_id="n1", reference=REFERENCE, notice=asked(), now=NOW) for _ in range(3)
        }
        rows = (await tx.execute(select(tables.LINKS))).all()
    assert len(tokens) == len(rows) == 1


async def test_another_notice_and_another_installation_have_another_link(database: Database, keys: Vault) -> None:
    async with database.write() as tx:
        tokens = {
            await links.issue(tx, vault, notice_id=notice_id, reference=REFERENCE, notice=asked(), now=NOW)
            for vault in (keys, Vault([bytes(32)]))
            for notice_id in ("n1", "n2")
        }
    assert len(tokens) == 4


@pytest.mark.parametrize("forged", ["", "a", "a" * 32, "../../etc/passwd", "é" * 32, "a" * 10_000, "\x00"])
async def test_a_forged_token_finds_nothing(database: Database, issued: Link, forged: str) -> None:
    async with database.read() as tx:
        assert await links.find(tx, forged) is None


async def test_looking_changes_and_sends_nothing(database: Database, keys: Vault) -> None:
    """Peers mended this: a mail scanner opens every link. ``read()`` cannot write, so it is shown by running in it."""
    async with database.write() as tx:
        token = await links.issue(tx, keys, notice_id="n1", reference=REFERENCE, notice=asked(), now=NOW)
    before = await everything_stored(database)
    async with database.read() as tx:
        for _ in range(20):
            link = await links.find(tx, token)
            assert link is not None
            assert await links.session(tx, keys, "no cookie", link=link, address=DESK, now=NOW) is None
    assert await everything_stored(database) == before


async def test_a_link_to_read_grows_old_and_a_link_to_act_does_not(database: Database, keys: Vault) -> None:
    later = NOW + links.READABLE_FOR + timedelta(seconds=1)
    assert (await issue(database, keys, asked(Ask.READ))).state(later) is LinkState.OLD
    assert (await issue(database, keys, notice_id="n2")).state(later) is LinkState.OPEN


# ---- Closed when what it asks is done -------------------------------------------------------------------------------


class Office:
    """A case in the rules, with the link of every notice that it brought."""

    def __init__(self, database: Database, keys: Vault) -> None:
        self.database = database
        self.keys = keys
        self.story = builders.Story()
        self._seen = 0
        self._state = self.story.case
        self.links: list[tuple[Notice, Link]] = []

    async def settle(self) -> None:
        """Close what is done and issue links for what was told since, as recording and delivering do."""
        fresh: list[tuple[str, Notice]] = []
        for event in self.story.happened[self._seen :]:
            self._state = evolving.evolve(self._state, event)
            fresh += [
                (f"{REFERENCE}-{self._state.seq}-{number}", notice)
                for number, notice in enumerate(notices.notices_for(self._state, event), 1)
            ]
        self._seen = len(self.story.happened)
        async with self.database.write() as tx:
            await links.close_done(tx, self.story.case, at=self.story.now)
        for notice_id, notice in fresh:
            self.links.append((notice, await issue(self.database, self.keys, notice, notice_id=notice_id)))

    async def state(self, kind: NoticeKind, side: Side | None = None) -> LinkState:
        """Give the state of the newest link of a kind."""
        link = next(
            link for notice, link in reversed(self.links) if notice.kind is kind and side in {None, notice.to.side}
        )
        async with self.database.read() as tx:
            now = await links.get(tx, link.link_id)
        assert now is not None
        return now.state(self.story.now)


@pytest.fixture
def office(database: Database, keys: Vault) -> Office:
    return Office(database, keys)


async def test_a_link_that_asks_for_an_answer_serves_until_the_answer(office: Office) -> None:
    office.story.raised()
    await office.settle()
    office.story.acknowledges()
    await office.settle()
    assert await office.state(NoticeKind.ASKED) is LinkState.OPEN, "an acknowledgement is not yet the answer"
    office.story.responds()
    await office.settle()
    assert await office.state(NoticeKind.ASKED) is LinkState.DONE
    assert await office.state(NoticeKind.ANSWERED) is LinkState.OPEN
    assert await office.state(NoticeKind.RECEIPT) is LinkState.OPEN, "reading is never done"


async def test_a_link_to_consider_an_answer_serves_until_agreed(office: Office) -> None:
    office.story.raised()
    office.story.responds()
    await office.settle()
    office.story.agrees()
    await office.settle()
    assert await office.state(NoticeKind.ANSWERED) is LinkState.DONE
    assert await office.state(NoticeKind.CLOSED, Side.RAISING) is LinkState.OPEN, "how it ended can be read"


async def test_a_link_to_choose_serves_until_somebody_chose_and_one_of_a_stage_left_still_takes_an_answer(
    office: Office,
) -> None:
    office.story.raised().at("2027-03-02 17:00")
    await office.settle()
    assert await office.state(NoticeKind.ASKED_TO_CHOOSE) is LinkState.OPEN
    office.story.moves_up()
    await office.settle()
    assert await office.state(NoticeKind.ASKED_TO_CHOOSE) is LinkState.DONE
    first = next(link for notice, link in office.links if notice.kind is NoticeKind.ASKED)
    office.story.at("2027-03-03 17:00")
    await office.settle()
    async with office.database.read() as tx:
        now = await links.get(tx, first.link_id)
    assert office.story.case.stage == 2
    assert now is not None
    assert now.closed_at is None


async def test_staying_closes_the_link_to_choose(office: Office) -> None:
    office.story.raised().at("2027-03-02 17:00")
    await office.settle()
    office.story.act(acts.Stay(**builders.origin(builders.raiser(), office.story.now)))
    await office.settle()
    assert await office.state(NoticeKind.ASKED_TO_CHOOSE) is LinkState.DONE


@pytest.mark.parametrize("answer", ["confirms", "denies"])
async def test_a_link_to_confirm_serves_until_it_was_confirmed_or_denied(office: Office, answer: str) -> None:
    office.story.raised().at("2027-03-01 15:00")
    claim = office.story.says_done("2027-03-01 11:00")
    await office.settle()
    assert await office.state(NoticeKind.ASKED_TO_CONFIRM) is LinkState.OPEN
    getattr(office.story, answer)(claim)
    await office.settle()
    assert await office.state(NoticeKind.ASKED_TO_CONFIRM) is LinkState.DONE


async def test_a_reminder_to_confirm_closes_with_its_claim(office: Office) -> None:
    """It is about the clock, and the clock is about the claim."""
    office.story.raised().at("2027-03-01 15:00")
    claim = office.story.says_done("2027-03-01 11:00")
    office.story.at("2027-03-02 16:00")
    await office.settle()
    reminder = next(
        link for notice, link in office.links if notice.kind is NoticeKind.REMINDER and notice.asks is Ask.CONFIRM
    )
    office.story.confirms(claim)
    await office.settle()
    async with office.database.read() as tx:
        now = await links.get(tx, reminder.link_id)
    assert now is not None
    assert now.state(office.story.now) is LinkState.DONE


async def test_the_link_of_one_agency_stays_open_when_another_answered(office: Office) -> None:
    office.story.raised(responding_agencies=(builders.SOCIAL_CARE, builders.POLICE))
    await office.settle()
    office.story.responds(agency=builders.POLICE)
    await office.settle()
    by_agency = {notice.to.agency_id: link for notice, link in office.links if notice.kind is NoticeKind.ASKED}
    async with office.database.read() as tx:
        police = await links.get(tx, by_agency[builders.POLICE].link_id)
        social_care = await links.get(tx, by_agency[builders.SOCIAL_CARE].link_id)
    assert police is not None
    assert social_care is not None
    assert (police.state(NOW), social_care.state(NOW)) == (LinkState.DONE, LinkState.OPEN)


async def test_the_final_body_decides_and_every_link_to_act_is_closed(office: Office) -> None:
    office.story.raised()
    for _ in range(3):
        office.story.moves_up()
        office.story.later(days=5)
    await office.settle()
    assert office.story.case.stage == 4
    assert await office.state(NoticeKind.ASKED_TO_DECIDE) is LinkState.OPEN
    body = Actor(
        side=Side.FINAL_BODY,
        agency_id=office.story.frame.policy.final_body.agency,
        position=office.story.case.decider_position,
    )
    office.story.act(acts.Decide(**builders.origin(body, office.story.now), outcome=Outcome.DECIDED_AS_ASKED))
    await office.settle()
    assert office.story.case.status is case.Status.CLOSED
    for notice, link in office.links:
        async with office.database.read() as tx:
            now = await links.get(tx, link.link_id)
        assert now is not None
        # Whoever was told of a delay is still asked for their account of it, and can do nothing else there.
        tells = accounts.asked_of(office.story.case, notice.about, notice.to.side, notice.to.agency_id)
        assert (now.closed_at is None) == (notice.asks in {Ask.READ, Ask.TEAM} or tells), notice


async def test_a_done_link_sends_no_code_and_takes_none(database: Database, keys: Vault, issued: Link) -> None:
    code = await sent_code(database, keys, issued)
    async with database.write() as tx:
        await tx.execute(tables.LINKS.update().values(closed_at=NOW))
        closed = await links.get(tx, issued.link_id)
        assert closed is not None
        assert await links.new_code(tx, keys, closed, address=DESK, now=NOW) is NotSent.NOT_OPEN
    assert await checked(database, keys, closed, code.digits) is Checked.ASK_ANEW


# ---- Codes ----------------------------------------------------------------------------------------------------------


async def test_the_code_that_was_sent_is_right(database: Database, keys: Vault, issued: Link) -> None:
    code = await sent_code(database, keys, issued)
    assert len(code.digits) == 6
    assert code.digits.isdigit()
    assert await checked(database, keys, issued, f" {code.digits[:3]}-{code.digits[3:]} ") is Checked.RIGHT


async def test_a_code_is_kept_for_the_day_and_serves_everyone_in_the_mailbox(
    database: Database,
    keys: Vault,
    issued: Link,
) -> None:
    code = await sent_code(database, keys, issued)
    assert code.expires_at == builders.civil("2027-03-02 00:00")
    for hour in ("09:31", "14:00", "23:59"):
        assert await checked(database, keys, issued, code.digits, at=builders.civil(f"2027-03-01 {hour}")) is (
            Checked.RIGHT
        )
    assert await checked(database, keys, issued, code.digits, at=builders.civil("2027-03-02 00:00")) is (
        Checked.ASK_ANEW
    )


@pytest.mark.parametrize(
    ("sent_at", "until"),
    [
        ("2027-03-01 23:50", "2027-03-02 00:50"),
        ("2027-03-27 12:00", "2027-03-28 00:00"),  # the clocks go forward in the night
        ("2027-10-31 00:30", "2027-11-01 00:00"),  # the day has 25 hours
    ],
)
def test_a_code_asked_for_late_at_night_is_kept_for_an_hour(sent_at: str, until: str) -> None:
    assert links.kept_until(builders.civil(sent_at)) == builders.civil(until)


async def test_after_five_wrong_tries_a_new_code_is_needed(database: Database, keys: Vault, issued: Link) -> None:
    code = await sent_code(database, keys, issued)
    wrong = other_than(code.digits)
    assert [await checked(database, keys, issued, wrong) for _ in range(5)] == [Checked.WRONG] * 4 + [Checked.ASK_ANEW]
    assert await checked(database, keys, issued, code.digits) is Checked.ASK_ANEW, "even the right one is spent now"
    new = await sent_code(database, keys, issued)
    assert await checked(database, keys, issued, new.digits) is Checked.RIGHT


async def test_a_wrong_try_counts_for_every_code_that_is_open(database: Database, keys: Vault, issued: Link) -> None:
    """Otherwise each code more would give a guesser five tries more at once."""
    first, second = await sent_code(database, keys, issued), await sent_code(database, keys, issued)
    for _ in range(5):
        await checked(database, keys, issued, other_than(first.digits, second.digits))
    assert await checked(database, keys, issued, first.digits) is Checked.ASK_ANEW
    assert await checked(database, keys, issued, second.digits) is Checked.ASK_ANEW


async def test_a_second_code_leaves_the_first_one_good(database: Database, keys: Vault, issued: Link) -> None:
    """Two colleagues at one mailbox, each with a page open."""
    codes_sent = [await sent_code(database, keys, issued) for _ in range(2)]
    assert [await checked(database, keys, issued, code.digits) for code in codes_sent] == [Checked.RIGHT] * 2


async def test_a_code_is_for_one_link_only(database: Database, keys: Vault, issued: Link) -> None:
    other = await issue(database, keys, notice_id="another")
    code = await sent_code(database, keys, issued)
    assert await checked(database, keys, other, code.digits) is Checked.ASK_ANEW


async def test_a_code_that_went_to_who_held_the_position_yesterday_is_no_longer_good(
    database: Database,
    keys: Vault,
    issued: Link,
) -> None:
    """Access follows the position held today, never an address once used."""
    code = await sent_code(database, keys, issued)
    assert await checked(database, keys, issued, code.digits, to="successor@council.example") is Checked.ASK_ANEW
    assert await checked(database, keys, issued, code.digits, to=DESK.upper()) is Checked.RIGHT


async def test_codes_are_limited_by_the_hour(database: Database, keys: Vault, issued: Link) -> None:
    for _ in range(links.CODES_AN_HOUR):
        await sent_code(database, keys, issued)
    async with database.write() as tx:
        assert await links.new_code(tx, keys, issued, address=DESK, now=NOW) is NotSent.TOO_MANY
    await sent_code(database, keys, issued, at=NOW + timedelta(hours=1))


@pytest.mark.parametrize("entered", ["", "12345", "1234567", "abcdef", "१२३४५६", "' OR 1=1 --"])
async def test_what_is_no_code_is_wrong(database: Database, keys: Vault, issued: Link, entered: str) -> None:
    await sent_code(database, keys, issued)
    assert await checked(database, keys, issued, entered) is Checked.WRONG


async def test_neither_code_nor_address_is_kept(database: Database, keys: Vault, issued: Link) -> None:
    code = await sent_code(database, keys, issued)
    async with database.read() as tx:
        (row,) = (await tx.execute(select(tables.LINK_CODES))).all()
    assert code.digits not in repr((row.code_hash, row.address_digest))
    assert "council" not in await everything_stored(database)


# ---- Sessions -------------------------------------------------------------------------------------------------------


async def started(database: Database, keys: Vault, link: Link) -> str:
    async with database.write() as tx:
        return await links.start_session(
            tx, keys, link, name="Zelda Quillfeather", role="Duty manager", address=DESK, now=NOW
        )


async def found(
    database: Database,
    keys: Vault,
    cookie: str,
    link: Link,
    *,
    at: datetime = NOW,
    to: str | None = DESK,
) -> links.Session | None:
    async with database.read() as tx:
        return await links.session(tx, keys, cookie, link=link, address=to, now=at)


async def test_a_session_says_who_it_is_and_ends_with_the_day(database: Database, keys: Vault, issued: Link) -> None:
    cookie = await started(database, keys, issued)
    here = await found(database, keys, cookie, issued)
    assert here is not None
    assert (here.name, here.role) == ("Zelda Quillfeather", "Duty manager")
    assert await found(database, keys, cookie, issued, at=builders.civil("2027-03-01 23:59")) is not None
    assert await found(database, keys, cookie, issued, at=builders.civil("2027-03-02 00:00")) is None


async def test_a_session_is_for_one_link_and_one_holder(database: Database, keys: Vault, issued: Link) -> None:
    other = await issue(database, keys, notice_id="another")
    cookie = await started(database, keys, issued)
    assert await found(database, keys, cookie, other) is None
    assert await found(database, keys, cookie, issued, to="successor@council.example") is None
    assert await found(database, keys, cookie, issued, to=None) is None
    assert await found(database, keys, cookie + "x", issued) is None


async def test_neither_cookie_nor_name_is_kept_as_it_is(database: Database, keys: Vault, issued: Link) -> None:
    cookie = await started(database, keys, issued)
    kept = await everything_stored(database)
    assert cookie not in kept
    assert "Quillfeather" not in kept
    assert "Duty" not in kept


# ---- The code on its way --------------------------------------------------------------------------------------------

HOUSE = House.of(Settings(), trial=True)


class Refusing(Relay):
    """A relay that is away."""

    @override
    async def send(self, message: EmailMessage, *, to: str) -> Sent:
        del message, to
        return Sent(SentCode.TRY_LATER)


async def asked_for(database: Database, keys: Vault, link: Link, post: Relay) -> CodeSent:
    return await codes.send_code(
        database, keys, post, link, address=DESK, house=HOUSE, sender="escalations@partnership.example", now=NOW
    )


async def test_the_code_in_the_message_is_the_one_that_is_right(
    database: Database,
    keys: Vault,
    issued: Link,
) -> None:
    went = await asked_for(database, keys, issued, OutboxRelay(database, lambda: NOW))
    assert went == CodeSent(CodeState.ON_ITS_WAY, "d...@council.example", builders.civil("2027-03-02 00:00"))
    async with database.read() as tx:
        raw = (await tx.execute(select(tables.OUTBOX.c.raw))).scalar_one()
    body = message_from_bytes(raw, policy=mail_policy.default).get_body(("plain",))
    assert body is not None
    digits = str(body.get_content()).removeprefix("Your code is ")[:6]
    assert await checked(database, keys, issued, digits) is Checked.RIGHT


async def test_a_relay_that_is_away_is_said(database: Database, keys: Vault, issued: Link) -> None:
    assert (await asked_for(database, keys, issued, Refusing())).state is CodeState.NOT_SENT


async def test_too_many_codes_and_a_done_link_are_said(database: Database, keys: Vault, issued: Link) -> None:
    for _ in range(links.CODES_AN_HOUR):
        await sent_code(database, keys, issued)
    assert (await asked_for(database, keys, issued, Refusing())).state is CodeState.TOO_MANY
    async with database.write() as tx:
        await tx.execute(text("UPDATE links SET closed_at = :at"), {"at": "2027-03-01T09:30:00.000000Z"})
        closed = await links.get(tx, issued.link_id)
    assert closed is not None
    assert (await asked_for(database, keys, closed, Refusing())).state is CodeState.NOT_OPEN


def test_every_secret_column_is_a_digest_or_sealed() -> None:
    """A column more in these tables has to be thought about here."""

    def columns(table: Table) -> set[str]:
        return {column.name for column in table.columns}

    assert columns(tables.LINKS) == {
        "link_id",
        "token_hash",
        "notice_id",
        "reference",
        "agency_id",
        "position",
        "side",
        "asks",
        "stage",
        "about",
        "created_at",
        "closed_at",
    }
    assert columns(tables.LINK_CODES) == {
        "code_id",
        "link_id",
        "code_hash",
        "address_digest",
        "sent_at",
        "expires_at",
        "tries",
        "used_at",
    }
    assert columns(tables.LINK_SESSIONS) == {
        "session_hash",
        "link_id",
        "sealed",
        "key_id",
        "address_digest",
        "created_at",
        "expires_at",
    }
