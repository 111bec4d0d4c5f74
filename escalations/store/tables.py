"""Every table, once. The migrations build them; a test holds the two together.

Personal data stands only in columns that are named ``sealed`` (see :mod:`escalations.store.vault`). Tables in
:data:`APPEND_ONLY` refuse UPDATE, DELETE, REPLACE and TRUNCATE by triggers, in both databases.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.engine import Dialect
from typing_extensions import override

SQLITE_GUARDS = ("no_update", "no_delete", "no_replace")
"""The triggers that every append-only table has on SQLite, each named ``<table>_<guard>``."""
POSTGRESQL_GUARDS = ("no_change", "no_truncate")
"""The same on PostgreSQL, where they are enabled ALWAYS."""

LATER: Final = {"later": True}
"""Marks a column of an append-only table that came after its first rows: where it is empty, no digest knows of it."""

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def instant_text(moment: datetime) -> str:
    """An instant as it is stored and hashed: ISO 8601, UTC, always six decimals.

    Raises:
        ValueError: it has no time zone, so nobody could say which instant it is.
    """
    if moment.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Instant(TypeDecorator[datetime]):
    """An aware instant, stored as text in both databases, so that the bytes which are hashed agree.

    The text has one length and sorts as time does.
    """

    impl = String(27)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else instant_text(value)

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


_SLUG = String(64)
_ID = String(64)
_REFERENCE = String(32)
_DIGEST = String(64)

# ---- The register and what it stands on -----------------------------------------------------------------------------

_LIMITS = text("kind = 'limit_passed'")

REGISTER = Table(
    "register",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("reference", _REFERENCE, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("kind", _SLUG, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    Column("previous_hash", _DIGEST, nullable=False),
    Column("hash", _DIGEST, nullable=False),
    UniqueConstraint("reference", "seq"),
    # What the figures of lateness read on from where they were; a whole index of kinds would mislead other questions.
    Index("ix_register_limits_passed", "position", sqlite_where=_LIMITS, postgresql_where=_LIMITS),
)

FROZEN = Table(
    "frozen",
    METADATA,
    Column("content_hash", _DIGEST, primary_key=True),
    Column("kind", _SLUG, nullable=False),
    Column("content", Text, nullable=False),
    Column("first_used_at", Instant, nullable=False),
)

DATA_KEYS = Table(
    "data_keys",
    METADATA,
    Column("key_id", _ID, primary_key=True),
    Column("wrapped", LargeBinary),
    Column("wrapped_with", _ID),
    Column("erased_at", Instant),
    Index(None, "wrapped_with"),
)

# ---- Submissions ----------------------------------------------------------------------------------------------------

SUBMISSIONS = Table(
    "submissions",
    METADATA,
    Column("submission_id", _ID, primary_key=True),
    Column("reference", _REFERENCE, nullable=False),
    Column("act_kind", _SLUG, nullable=False),
    Column("channel", _SLUG, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("act", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("key_id", _ID, nullable=False),
    Column("content_digest", _DIGEST, nullable=False),
    Column("keyed_digest", _DIGEST, nullable=False),
    Column("idempotency_key", String(128), unique=True),
    Column("row_digest", _DIGEST, nullable=False),
    Index(None, "reference"),
    Index(None, "keyed_digest", "received_at"),
)

_UNSETTLED = text("state IN ('queued', 'in_flight')")
_HELD = text("state = 'held'")

SUBMISSION_STATES = Table(
    "submission_states",
    METADATA,
    Column("submission_id", _ID, ForeignKey(SUBMISSIONS.c.submission_id), primary_key=True),
    Column("reference", _REFERENCE, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("arrival", Integer, nullable=False),
    Column("state", _SLUG, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", Instant),
    Column("leased_until", Instant),
    Column("outcome_code", _SLUG),
    Column("outcome_sentence", Text),
    Column("settled_at", Instant),
    Column("first_position", BigInteger),
    UniqueConstraint("reference", "arrival"),
    # What the dispatcher asks many times a minute must not slow down as settled rows gather.
    Index(
        "ix_submission_states_unsettled",
        "reference",
        "received_at",
        "arrival",
        sqlite_where=_UNSETTLED,
        postgresql_where=_UNSETTLED,
    ),
    Index("ix_submission_states_unsettled_oldest", "received_at", sqlite_where=_UNSETTLED, postgresql_where=_UNSETTLED),
    Index("ix_submission_states_held", "received_at", sqlite_where=_HELD, postgresql_where=_HELD),
)

LANES = Table(
    "submission_lanes",
    METADATA,
    Column("reference", _REFERENCE, primary_key=True),
    Column("arrivals", Integer, nullable=False),
    Column("submission_id", _ID),
    Column("leased_until", Instant),
    Column("owner", String(128)),
)
"""One row per case: what gives each submission its number, and what a dispatcher locks and leases."""

COUNTERS = Table(
    "reference_counters",
    METADATA,
    Column("prefix", String(8), primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)

# ---- The directory --------------------------------------------------------------------------------------------------

AGENCIES = Table(
    "agencies",
    METADATA,
    Column("agency_id", _SLUG, primary_key=True),
    Column("name", Text, nullable=False),
    Column("agency_type", _SLUG, nullable=False),
    Column("town", Text, nullable=False),
    Column("parent", _SLUG, ForeignKey("agencies.agency_id")),
    Column("successor", _SLUG, ForeignKey("agencies.agency_id")),
    Column("notices", _SLUG, nullable=False),
    Column("active_from", Date, nullable=False),
    Column("active_to", Date),
    Column("sample", Boolean, nullable=False),
)

POSITIONS = Table(
    "positions",
    METADATA,
    Column("holding_id", _ID, primary_key=True),
    Column("agency_id", _SLUG, ForeignKey(AGENCIES.c.agency_id), nullable=False),
    Column("position", _SLUG, nullable=False),
    Column("title", Text, nullable=False),
    Column("kind", _SLUG, nullable=False),
    Column("working_days", String(32), nullable=False),
    Column("since", Date, nullable=False),
    Column("until", Date),
    Column("sealed_holder", LargeBinary),
    Column("sealed_deputy", LargeBinary),
    Column("key_id", _ID),
    Column("holder_digest", _DIGEST),
    Column("deputy_digest", _DIGEST),
    Column("replaced_at", Instant),
    Index(None, "agency_id", "position"),
    Index(None, "holder_digest"),
    Index(None, "deputy_digest"),
)
"""Who holds a position, from when to when. A vacancy is a row without a holder, or none.

The digests are keyed, of the addresses: by them whoever writes is found. What was entered wrongly and put right from
the same day is kept with the moment at which it was replaced, and no longer looked at.
"""

AGENCY_DOMAINS = Table(
    "agency_domains",
    METADATA,
    Column("domain", String(253), primary_key=True),
    Column("agency_id", _SLUG, ForeignKey(AGENCIES.c.agency_id), primary_key=True),
)
"""The mail domains that are an agency's own."""

CLOSED_DAYS = Table(
    "closed_days",
    METADATA,
    Column("day_id", _ID, primary_key=True),
    Column("owner", _SLUG, nullable=False),
    Column("types", Text),
    Column("first", Date, nullable=False),
    Column("last", Date, nullable=False),
    Column("why", Text, nullable=False),
    Column("opens", Boolean, nullable=False),
    Column("entered_at", Instant, nullable=False),
    Column("replaced_at", Instant),
    Index(None, "last"),
)
"""Days on which an agency is closed (``types`` is null), or all agencies of some types that follow a council's dates.

``opens``: a school's own word that it is open then. What a later import took the place of is kept with the moment.
"""

DIRECTORY_CHANGES = Table(
    "directory_changes",
    METADATA,
    Column("change_id", _ID, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("agency_id", _SLUG, nullable=False),
    Column("holding_id", _ID),
    Column("what", _SLUG, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("key_id", _ID, nullable=False),
    Index(None, "agency_id", "at"),
)
"""Who changed what in the directory, and when. What concerns a person is sealed under that holding's own key, and so
erased with it."""

# ---- What goes out, and what is asked by link -----------------------------------------------------------------------

NOTICES = Table(
    "notices",
    METADATA,
    Column("notice_id", _ID, primary_key=True),
    Column("reference", _REFERENCE, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("kind", _SLUG, nullable=False),
    Column("side", _SLUG, nullable=False),
    Column("agency_id", _SLUG),
    Column("position", _SLUG),
    Column("asks", _SLUG),
    Column("stage", Integer),
    Column("due_at", Instant),
    Column("about", _ID),
    Column("state", _SLUG, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("last_code", _SLUG),
    Column("message_id", Text),
    Column("starts_clocks", Boolean, nullable=False),
    Column("return_path", Boolean),
    Column("told_instead", Text),
    Index(None, "reference"),
    Index(None, "state", "next_attempt_at"),
    Index(None, "state", "sent_at", "created_at"),
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("notice_id", _ID),
    Column("made_at", Instant, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("to_hint", Text, nullable=False),
    Index(None, "made_at"),
)

LINKS = Table(
    "links",
    METADATA,
    Column("link_id", _ID, primary_key=True),
    Column("token_hash", _DIGEST, nullable=False, unique=True),
    Column("notice_id", _ID),
    Column("reference", _REFERENCE, nullable=False),
    Column("agency_id", _SLUG),
    Column("position", _SLUG),
    Column("side", _SLUG, nullable=False),
    Column("asks", _SLUG),
    Column("stage", Integer, nullable=False),
    Column("about", _ID),
    Column("created_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Index(None, "reference"),
)

LINK_CODES = Table(
    "link_codes",
    METADATA,
    Column("code_id", _ID, primary_key=True),
    Column("link_id", _ID, ForeignKey(LINKS.c.link_id), nullable=False),
    Column("code_hash", _DIGEST, nullable=False),
    Column("address_digest", _DIGEST, nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("used_at", Instant),
    Index(None, "link_id"),
)

LINK_SESSIONS = Table(
    "link_sessions",
    METADATA,
    Column("session_hash", _DIGEST, primary_key=True),
    Column("link_id", _ID, ForeignKey(LINKS.c.link_id), nullable=False),
    Column("sealed", LargeBinary),
    Column("key_id", _ID),
    Column("address_digest", _DIGEST, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index(None, "link_id"),
)

DRAFTS = Table(
    "drafts",
    METADATA,
    Column("draft_id", _DIGEST, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("key_id", _ID, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

ACCESS_LOG = Table(
    "access_log",
    METADATA,
    Column("access_id", _ID, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("role", _SLUG, nullable=False),
    Column("agency_id", _SLUG),
    Column("reference", _REFERENCE),
    Column("what", _SLUG, nullable=False),
    Column("person_id", _ID),
    Column("about_person", _ID),
    Index(None, "reference"),
    Index(None, "about_person"),
)

# ---- Who may sign in ------------------------------------------------------------------------------------------------

_NOT_ENDED = text("until IS NULL")

PEOPLE = Table(
    "people",
    METADATA,
    Column("person_id", _ID, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("key_id", _ID, nullable=False),
    Column("address_digest", _DIGEST, nullable=False),
    Column("roles", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    Column("sample", Boolean, nullable=False),
    # One at a time for an address; who left and came back is another row, and old sessions belong to the old one.
    Index("ix_people_current", "address_digest", unique=True, sqlite_where=_NOT_ENDED, postgresql_where=_NOT_ENDED),
)
"""Name and address are sealed; the address is found by its keyed digest."""

SIGN_IN_LINKS = Table(
    "sign_in_links",
    METADATA,
    Column("token_hash", _DIGEST, primary_key=True),
    Column("person_id", _ID, ForeignKey(PEOPLE.c.person_id), nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Index(None, "person_id"),
    Index(None, "sent_at"),
)

PERSON_SESSIONS = Table(
    "person_sessions",
    METADATA,
    Column("session_hash", _DIGEST, primary_key=True),
    Column("person_id", _ID, ForeignKey(PEOPLE.c.person_id), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index(None, "person_id"),
)

# ---- What the running parts say of themselves -----------------------------------------------------------------------

HEARTBEATS = Table(
    "heartbeats",
    METADATA,
    Column("part", _SLUG, primary_key=True),
    Column("host", String(128), primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
)
"""When each part was last seen, on each machine that ran one. A part that is gone leaves an old row."""

TALLIES = Table(
    "tallies",
    METADATA,
    Column("what", _SLUG, primary_key=True),
    Column("outcome", _SLUG, primary_key=True),
    Column("count", BigInteger, nullable=False),
)
"""Counts of what leaves no row of its own behind, kept so that they survive a restart."""

# ---- Mail that came in ----------------------------------------------------------------------------------------------

MAILS = Table(
    "mails",
    METADATA,
    Column("mail_id", _ID, primary_key=True),
    Column("received_at", Instant, nullable=False),
    Column("kind", _SLUG, nullable=False),
    Column("arrival", _SLUG),
    Column("markers", Text, nullable=False),
    Column("vouched", _SLUG, nullable=False),
    Column("notice_id", _ID),
    Column("message_key", _DIGEST, unique=True),
    Column("words_key", _DIGEST, nullable=False),
    Column("sender_key", _DIGEST),
    Column("size", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("key_id", _ID, nullable=False),
    Column("content_digest", _DIGEST),
    Column("row_digest", _DIGEST),
    Index(None, "words_key", "received_at"),
    Index(None, "sender_key", "received_at"),
    Index(None, "received_at"),
)

_RECEIVED = text("state = 'received'")
_WAITING = text("state = 'held'")
_AGAIN = text("repeated_at IS NOT NULL")
_OWED = text("aside_owed_at IS NOT NULL")
_QUIET = text("quiet_until IS NOT NULL")

MAIL_STATES = Table(
    "mail_states",
    METADATA,
    Column("mail_id", _ID, ForeignKey(MAILS.c.mail_id), primary_key=True),
    Column("state", _SLUG, nullable=False),
    Column("reference", _REFERENCE),
    Column("code", _SLUG),
    Column("notice_id", _ID),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", Instant),
    Column("answered_at", Instant),
    Column("urgent", Boolean),
    Column("due_at", Instant),
    Column("looked_at", Instant),
    Column("late_told_at", Instant),
    Column("changed_at", Instant, nullable=False),
    Column("not_answered", _SLUG),
    Column("repeats", Integer, nullable=False, server_default="0"),
    Column("repeated_at", Instant),
    Column("aside_owed_at", Instant),
    Index(None, "state"),
    Index(None, "reference"),
    Index(None, "answered_at"),
    Index("ix_mail_states_waiting", "due_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
    Index("ix_mail_states_aside_owed", "aside_owed_at", sqlite_where=_OWED, postgresql_where=_OWED),
    Index("ix_mail_states_repeated", "repeated_at", sqlite_where=_AGAIN, postgresql_where=_AGAIN),
    Index("ix_mail_states_received", "next_attempt_at", sqlite_where=_RECEIVED, postgresql_where=_RECEIVED),
)

MAIL_ACTS = Table(
    "mail_acts",
    METADATA,
    Column("act_id", _ID, primary_key=True),
    Column("mail_id", _ID, nullable=False),
    Column("at", Instant, nullable=False),
    Column("what", _SLUG, nullable=False),
    Column("reference", _REFERENCE),
    Column("sealed", LargeBinary, nullable=False),
    Column("key_id", _ID, nullable=False),
    Column("idempotency_key", String(128), nullable=False, unique=True),
    Column("content_digest", _DIGEST),
    Column("row_digest", _DIGEST),
    Column("why", _SLUG, info=LATER),
    Column("route", _SLUG, info=LATER),
    Column("elsewhere", Text, info=LATER),
    Column("sent_there", Boolean, info=LATER),
    Index(None, "mail_id"),
)
"""What the team did with a message that was held for it; of one that it put aside also why, and where that goes.

``elsewhere`` are the words of the policy for where something goes that it is not for: nobody's who wrote.
"""

MAIL_ANSWERS = Table(
    "mail_answers",
    METADATA,
    Column("answer_id", _ID, primary_key=True),
    Column("mail_id", _ID, nullable=False),
    Column("at", Instant, nullable=False),
    Column("address_key", _DIGEST, nullable=False),
    Column("what", _SLUG, nullable=False),
    Column("proven", Boolean, nullable=False),
    Column("of_party", Boolean, nullable=False),
    Column("to_writer", Boolean, nullable=False),
    Column("quiet_until", Instant),
    Index(None, "address_key", "at"),
    Index(None, "at"),
    Index("ix_mail_answers_quiet", "quiet_until", sqlite_where=_QUIET, postgresql_where=_QUIET),
)
"""What was answered to whom, by the keyed digest of the address: the budget of each is counted from it."""

# ---- Read models: derived from the register, rebuilt from it at any time --------------------------------------------

CASES = Table(
    "cases",
    METADATA,
    Column("reference", _REFERENCE, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("status", _SLUG, nullable=False),
    Column("track", _SLUG, nullable=False),
    Column("stage", Integer, nullable=False),
    Column("raising_agency", _SLUG),
    Column("sender_known", _SLUG),
    Column("sender_checked", _SLUG),
    Column("raiser_at", _SLUG),
    Column("asked_if_urgent", Boolean, nullable=False, server_default=false()),
    Column("co_raisers", Text, nullable=False, server_default="[]"),
    Column("responding_agencies", Text, nullable=False),
    Column("concern", _SLUG),
    Column("reason", _SLUG),
    Column("level_of_need", Integer),
    Column("legal_status", _SLUG),
    Column("policy_hash", _DIGEST),
    Column("calendar_hash", _DIGEST),
    Column("edition", Integer, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("stage_started_at", Instant),
    Column("partnership_told_at", Instant),
    Column("word_due_at", Instant),
    Column("next_due_at", Instant),
    Column("move_to_stage", Integer),
    Column("move_takes_effect_at", Instant),
    Column("closed_at", Instant),
    Column("outcome", _SLUG),
    Column("on_word_of", _SLUG),
    Column("route", _SLUG),
    Column("paused_since", Instant),
    Column("pause_reason", _SLUG),
    Column("paused_until", Instant),
    Column("pauses", Integer, nullable=False, server_default="0"),
    Column("paused_minutes", Integer, nullable=False, server_default="0"),
    Column("changed_at", Instant, nullable=False),
    Index(None, "status", "next_due_at"),
    Index(None, "received_at"),
)

CLOCKS = Table(
    "clocks",
    METADATA,
    Column("reference", _REFERENCE, primary_key=True),
    Column("clock_id", _ID, primary_key=True),
    Column("rule_id", _SLUG, nullable=False),
    Column("awaits", _SLUG, nullable=False),
    Column("waits_for", _SLUG, nullable=False),
    Column("agency_id", _SLUG),
    Column("position", _SLUG),
    Column("stage", Integer),
    Column("started_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("kept_dates", Text, nullable=False),
    Column("reminders", Text, nullable=False),
    Column("reminded", Integer, nullable=False),
    Column("amount", Text),
    Column("receipt_hash", _DIGEST, nullable=False),
    Column("state", _SLUG, nullable=False),
    Column("cause", _SLUG),
    Column("evidence_cause", _SLUG),
    Column("cause_confirmed_at", Instant),
    Column("accounts_until", Instant),
    Column("limit_passed_at", Instant),
    Column("limit_withdrawn", Boolean, nullable=False),
    Column("ended_at", Instant),
    Column("paused_since", Instant),
    Column("extensions", Integer, nullable=False, server_default="0"),
    Column("accounts", Text, nullable=False, server_default="[]"),
    Index(None, "state", "due_at"),
)

PROMISES = Table(
    "promises",
    METADATA,
    Column("reference", _REFERENCE, primary_key=True),
    Column("item_id", _ID, primary_key=True),
    Column("kind", _SLUG, nullable=False),
    Column("side", _SLUG, nullable=False),
    Column("agency_id", _SLUG, nullable=False),
    Column("due_at", Instant),
    Column("state", _SLUG, nullable=False),
    Index(None, "due_at"),
)
"""What was agreed to be done by a date, what is proposed, and who is asked what came of it."""

APPEND_ONLY = (REGISTER, FROZEN, SUBMISSIONS, ACCESS_LOG, DIRECTORY_CHANGES, MAILS, MAIL_ACTS)
"""Nothing in these is ever changed or taken away; what must be erasable (a data key) stands outside them."""

READ_MODELS = (CASES, CLOCKS, PROMISES)
"""What may be emptied and filled again from the register."""
