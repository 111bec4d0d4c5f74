"""Whether a message is a person's, by the markers that machines leave, each with its weight.

No single vendor's header decides (defect 16): every marker that is known is looked for, they are added up, and what was
found is kept with the message. The checks come in one order, and all of them before anything is answered or anybody is
known (defect 19): what is not a person's is never answered, never opens a case and never counts as an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from escalations.mail import reports
from escalations.mail.parser import Mail
from escalations.mail.reports import Arrival, ReportKind

ENOUGH: Final = 10
"""From which sum on a message is taken for what its markers say."""


class Kind(StrEnum):
    """What a message is."""

    PERSON = "person"
    OWN = "own"
    """One of ours that has come back: by a Cc to ourselves, a rule that forwards, or a list (defect 15)."""
    BOUNCE = "bounce"
    """A report on one of ours: that it did not arrive, or not yet."""
    READ_RECEIPT = "read_receipt"
    AUTOMATIC_REPLY = "automatic_reply"
    LIST = "list"
    """To many, from a list or a program."""


class Marker(StrEnum):
    """What was found. Each says what it saw, and nothing of the message."""

    OWN_MESSAGE_ID = "own_message_id"
    OWN_SENDER = "own_sender"
    OWN_LOOP = "own_loop"
    DELIVERY_REPORT = "delivery_report"
    FAILED_RECIPIENTS = "failed_recipients"
    FROM_DAEMON = "from_daemon"
    NO_RETURN_PATH = "no_return_path"
    SUBJECT_OF_BOUNCE = "subject_of_bounce"
    STATUS_IN_TEXT = "status_in_text"
    DISPOSITION = "disposition"
    RECEIPT_SUBJECT = "receipt_subject"
    AUTO_SUBMITTED = "auto_submitted"
    AUTOREPLY_HEADER = "autoreply_header"
    PRECEDENCE_AUTO = "precedence_auto"
    PRECEDENCE_BULK = "precedence_bulk"
    SUPPRESSES_REPLIES = "suppresses_replies"
    INBOX_RULE = "inbox_rule"
    OUT_OF_OFFICE_AGENT = "out_of_office_agent"
    SUBJECT_SAYS_SO = "subject_says_so"
    SUBJECT_SOUNDS_SO = "subject_sounds_so"
    LIST_HEADER = "list_header"
    FEEDBACK_ID = "feedback_id"
    NO_REPLY_SENDER = "no_reply_sender"
    PROGRAM = "program"


_WEIGHTS: Final[dict[Marker, int]] = {
    Marker.OWN_MESSAGE_ID: 10,
    Marker.OWN_SENDER: 10,
    Marker.OWN_LOOP: 10,
    Marker.DELIVERY_REPORT: 10,
    Marker.FAILED_RECIPIENTS: 10,
    Marker.FROM_DAEMON: 6,
    Marker.NO_RETURN_PATH: 4,
    Marker.SUBJECT_OF_BOUNCE: 6,
    Marker.STATUS_IN_TEXT: 2,
    Marker.DISPOSITION: 10,
    Marker.RECEIPT_SUBJECT: 6,
    Marker.AUTO_SUBMITTED: 10,
    Marker.AUTOREPLY_HEADER: 10,
    Marker.PRECEDENCE_AUTO: 10,
    Marker.PRECEDENCE_BULK: 10,
    # Exchange's people set it too, where their server is told to; alone it proves nothing.
    Marker.SUPPRESSES_REPLIES: 4,
    Marker.INBOX_RULE: 6,
    Marker.OUT_OF_OFFICE_AGENT: 10,
    Marker.SUBJECT_SAYS_SO: 10,
    # A person may write so too: "Out of office cover does not answer".
    Marker.SUBJECT_SOUNDS_SO: 6,
    Marker.LIST_HEADER: 10,
    Marker.FEEDBACK_ID: 10,
    Marker.NO_REPLY_SENDER: 6,
    Marker.PROGRAM: 6,
}

LOOP_HEADER: Final = "X-Loop"
"""Stands in every message of ours, with our address; whoever sends one back is recognised by it."""


@dataclass(frozen=True, slots=True)
class Classified:
    """What a message is, and why."""

    kind: Kind
    arrival: Arrival | None = None
    """For a bounce: what it says of the message's arrival."""
    because: tuple[Marker, ...] = ()

    @property
    def score(self) -> int:
        """The weight of what was found."""
        return sum(_WEIGHTS[marker] for marker in self.because)


@dataclass(frozen=True, slots=True)
class _Seen:
    mail: Mail
    return_path: str | None
    own: Collection[str]
    ours: Callable[[str], bool]


Check = Callable[[_Seen], Classified | None]


def classify(
    mail: Mail,
    *,
    return_path: str | None,
    own_addresses: Collection[str],
    is_our_id: Callable[[str], bool],
) -> Classified:
    """Say what a message is.

    Args:
        mail: as it was parsed.
        return_path: the envelope's sender; nothing (an empty one) is a machine's; None where there was no envelope.
        own_addresses: in lower case: whatever comes from one of these is our own.
        is_our_id: whether a Message-ID is one that we gave.
    """
    if return_path is None and mail.headers.get("return-path"):
        return_path = mail.header("return-path").strip().strip("<>")
    seen = _Seen(mail, return_path, own_addresses, is_our_id)
    return next((found for check in CHECKS.values() if (found := check(seen)) is not None), Classified(Kind.PERSON))


def _summed(kind: Kind, *found: tuple[Marker, bool], enough: int = ENOUGH) -> Classified | None:
    because = tuple(marker for marker, there in found if there)
    classified = Classified(kind, None, because)
    return classified if classified.score >= enough else None


# ---- Ours -----------------------------------------------------------------------------------------------------------


def _own(seen: _Seen) -> Classified | None:
    mail = seen.mail
    looped = any(address in seen.own for value in mail.headers.get("x-loop", ()) for address in [value.strip().lower()])
    return _summed(
        Kind.OWN,
        (Marker.OWN_MESSAGE_ID, bool(mail.message_id) and seen.ours(mail.message_id)),
        (Marker.OWN_SENDER, bool(mail.sender) and mail.sender in seen.own),
        (Marker.OWN_LOOP, looped and mail.report is None),
    )


# ---- What did not arrive --------------------------------------------------------------------------------------------

_DAEMON = re.compile(
    r"(?:mailer-daemon|postmaster|mail-daemon|mdaemon|microsoftexchange[0-9a-f]{10,40})@", re.IGNORECASE
)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver(?:able|ed)|delivery (?:status notification|failure|has failed|report|problem|delayed|incomplete)"
    r"|returned mail|failure notice|mail (?:delivery|system) (?:failed|error|failure)|message (?:not delivered|bounced)"
    r"|could not be delivered|delivery to .{1,80} (?:failed|delayed)|warning: (?:message|could not send)"
    r"|address not found",
    re.IGNORECASE,
)
_DELAYED = re.compile(r"delay|warning|still (?:being retried|trying)|not yet been delivered", re.IGNORECASE)
_FAILED = re.compile(
    r"undeliver|failure notice|failed|could not be delivered|returned mail|permanent|address not found|no such user"
    r"|user unknown|mailbox unavailable|does not exist",
    re.IGNORECASE,
)


def _bounce(seen: _Seen) -> Classified | None:
    mail = seen.mail
    if mail.report is not None and mail.report.kind is ReportKind.DELIVERY:
        return Classified(Kind.BOUNCE, mail.report.arrival, (Marker.DELIVERY_REPORT,))
    status = reports.status_in(mail.text) or reports.status_in(mail.history)
    found = _summed(
        Kind.BOUNCE,
        (Marker.FAILED_RECIPIENTS, "x-failed-recipients" in mail.headers),
        (Marker.FROM_DAEMON, _DAEMON.match(f"{mail.sender}") is not None),
        (Marker.NO_RETURN_PATH, seen.return_path == ""),
        (Marker.SUBJECT_OF_BOUNCE, _BOUNCE_SUBJECT.search(mail.subject) is not None),
        (Marker.STATUS_IN_TEXT, status is not None),
    )
    if found is None or not {Marker.FAILED_RECIPIENTS, Marker.FROM_DAEMON, Marker.SUBJECT_OF_BOUNCE} & {*found.because}:
        return None
    return Classified(Kind.BOUNCE, _arrival_in_words(mail, status), found.because)


def _arrival_in_words(mail: Mail, status: Arrival | None) -> Arrival:
    if _DELAYED.search(mail.subject):
        return Arrival.DELAYED
    if status is not None:
        return status
    said = f"{mail.subject}\n{mail.text[:4_000]}"
    return Arrival.FAILED if "x-failed-recipients" in mail.headers or _FAILED.search(said) else Arrival.UNKNOWN


# ---- What was only shown --------------------------------------------------------------------------------------------

_RECEIPT_SUBJECT = re.compile(r"(?:read|gelesen|not read|delivered|receipt)\s*:|read receipt", re.IGNORECASE)


def _receipt(seen: _Seen) -> Classified | None:
    mail = seen.mail
    if mail.report is not None and mail.report.kind is ReportKind.DISPOSITION:
        return Classified(Kind.READ_RECEIPT, None, (Marker.DISPOSITION,))
    return _summed(
        Kind.READ_RECEIPT,
        (Marker.RECEIPT_SUBJECT, _RECEIPT_SUBJECT.match(mail.subject) is not None),
        (Marker.NO_RETURN_PATH, seen.return_path == ""),
    )


# ---- What answered by itself ----------------------------------------------------------------------------------------

_AUTO_HEADERS: Final = (
    "x-autoreply",
    "x-autorespond",
    "x-autogenerated",
    "x-mail-autoreply",
    "x-autoreply-from",
    "x-auto-reply-from",
    "x-mdn",
)
_NOT_AUTO: Final = frozenset({"", "no", "false", "0"})
_AUTO_PRECEDENCE: Final = frozenset({"auto_reply", "auto-reply", "autoreply"})
_BULK: Final = frozenset({"bulk", "junk", "list"})
_SAYS_AUTO = re.compile(
    r"\s*(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response)|out[- ]of[- ](?:the[- ])?office)"
    r"(?: auto-?reply| reply| message)?\s*:",
    re.IGNORECASE,
)
_SOUNDS_AUTO = re.compile(
    r"\s*(?:auto(?:matic)?[- ]?respon|out[- ]of[- ](?:the[- ])?office|ooo\b|away from (?:my|the) (?:office|desk|mail)"
    r"|on (?:annual |maternity )?leave|i am (?:away|out of)|thank you for (?:your e-?mail|contacting))",
    re.IGNORECASE,
)
_AGENTS: Final = frozenset({"mailbox rules agent", "oof", "inbox rules agent"})


def _automatic(seen: _Seen) -> Classified | None:
    mail = seen.mail
    auto = mail.header("auto-submitted").partition(";")[0].strip().lower()
    precedence = {
        value.strip().lower() for name in ("precedence", "x-precedence") for value in mail.headers.get(name, ())
    }
    return _summed(
        Kind.AUTOMATIC_REPLY,
        (Marker.AUTO_SUBMITTED, auto not in _NOT_AUTO),
        (
            Marker.AUTOREPLY_HEADER,
            any(
                value.strip().lower() not in _NOT_AUTO for name in _AUTO_HEADERS for value in mail.headers.get(name, ())
            ),
        ),
        (Marker.PRECEDENCE_AUTO, bool(precedence & _AUTO_PRECEDENCE)),
        (
            Marker.SUPPRESSES_REPLIES,
            bool(re.search(r"\b(?:all|oof|autoreply)\b", mail.header("x-auto-response-suppress"), re.IGNORECASE)),
        ),
        (Marker.INBOX_RULE, bool(mail.header("x-ms-exchange-inbox-rules-loop"))),
        (
            Marker.OUT_OF_OFFICE_AGENT,
            mail.header("x-ms-exchange-generated-message-source").strip().lower() in _AGENTS,
        ),
        (Marker.SUBJECT_SAYS_SO, _SAYS_AUTO.match(mail.subject) is not None),
        (Marker.SUBJECT_SOUNDS_SO, _SOUNDS_AUTO.match(mail.subject) is not None),
        (Marker.NO_RETURN_PATH, seen.return_path == ""),
        (Marker.NO_REPLY_SENDER, re.match(r"(?:no|do[-_.]?not)[-_.]?reply", mail.sender) is not None),
    )


# ---- To many --------------------------------------------------------------------------------------------------------


def _to_many(seen: _Seen) -> Classified | None:
    mail = seen.mail
    precedence = {
        value.strip().lower() for name in ("precedence", "x-precedence") for value in mail.headers.get(name, ())
    }
    return _summed(
        Kind.LIST,
        (Marker.LIST_HEADER, any(name in mail.headers for name in ("list-id", "list-unsubscribe", "list-post"))),
        (Marker.FEEDBACK_ID, "feedback-id" in mail.headers),
        (Marker.PRECEDENCE_BULK, bool(precedence & _BULK)),
        (Marker.NO_REPLY_SENDER, re.match(r"(?:no|do[-_.]?not)[-_.]?reply", mail.sender) is not None),
        (Marker.PROGRAM, "x-cron-env" in mail.headers),
        (Marker.NO_RETURN_PATH, seen.return_path == ""),
    )


CHECKS: Final[dict[Kind, Check]] = {
    Kind.OWN: _own,
    Kind.BOUNCE: _bounce,
    Kind.READ_RECEIPT: _receipt,
    Kind.AUTOMATIC_REPLY: _automatic,
    Kind.LIST: _to_many,
}
"""In this order: our own before anything, what did not arrive before what answered by itself (a bounce says that it is
automatic too), and only what none of them is, is a person's."""
