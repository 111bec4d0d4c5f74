"""Whatever bytes come: they are understood, or it is said what was not (issue 4, "bad input and faults")."""

from __future__ import annotations

import dataclasses
import tracemalloc
from datetime import UTC, date, datetime

import hypothesis
import pytest
from hypothesis import strategies as st

from escalations.mail import labels, mime, parser, quoting
from escalations.mail.labels import Label
from escalations.mail.locked import FileKind, Locked
from escalations.mail.mime import Oddity
from escalations.mail.parser import Mail, parse
from escalations.rules.acts import LegalStatus, Reason
from escalations.rules.codelists import USUAL, ListKind
from tests.mail import messages

DAY = date(2027, 3, 1)


def read(name: str) -> Mail:
    return parse(messages.raw(name))


def test_labelled_lines_become_fields_and_the_text_keeps_everything() -> None:
    mail = read("raise_labelled")
    said = mail.labelled
    assert said.first(Label.TO_AGENCY) == "Wyeford Council children's services"
    assert said.first(Label.ABOUT) == "Persephone Canarybird"
    assert USUAL[ListKind.REASONS].named(said.first(Label.REASON), DAY) == Reason.PLAN
    assert labels.level_of_need(USUAL[ListKind.LEVELS_OF_NEED], said.first(Label.LEVEL_OF_NEED), DAY) == 3
    assert USUAL[ListKind.LEGAL_STATUSES].named(said.first(Label.LEGAL_STATUS), DAY) == LegalStatus.CHILD_IN_NEED
    assert labels.yes(said.first(Label.URGENT)) is False
    assert said.first(Label.PROBLEM).startswith("The plan says weekly visits.\nNobody has come since January.\n\nThe")
    assert said.first(Label.WANTED) == "A visit this week."
    assert said.rest.startswith("Dear team,")
    assert "Class teacher, Oak Lane Primary School" in said.rest, "the signature is kept"
    assert mail.text.startswith("Dear team,")
    assert mail.sender == "noor.haverstock@oaklane.example"
    assert mail.sender_name == "Noor Haverstock"
    assert mail.sent_at == datetime(2027, 3, 1, 9, 30, tzinfo=UTC)
    assert mail.odd == ()


def test_a_table_in_html_is_read_like_labelled_lines_and_no_script_is_read_at_all() -> None:
    mail = read("raise_html_table")
    assert mail.labelled.first(Label.TO_AGENCY) == "Wyeford Council children’s services"
    assert mail.labelled.first(Label.ABOUT) == "Persephone Canarybird"
    assert USUAL[ListKind.REASONS].named(mail.labelled.first(Label.REASON), DAY) == Reason.STRATEGY_DISCUSSION
    assert labels.yes(mail.labelled.first(Label.URGENT)) is True
    assert "Second line." in mail.labelled.first(Label.PROBLEM)
    assert "alert" not in mail.text
    assert "margin" not in mail.text


@pytest.mark.parametrize("signed", ["Thanks", "Kind regards,", "Sent from my iPhone", "-- "])
def test_a_signature_is_no_part_of_an_account(signed: str) -> None:
    said = labels.read(
        f"Tried: Rang twice.\nThanks for calling on Monday, they said.\n\n{signed}\nNoor\nTel: 01632 960211"
    )
    assert said.first(Label.TRIED) == "Rang twice.\nThanks for calling on Monday, they said."
    assert said.first(Label.PHONE) == "01632 960211"
    assert "Noor" in said.rest


def test_what_a_phone_writes_above_what_it_forwards_is_no_part_of_what_was_written() -> None:
    own, below = quoting.split("See below.\n\nBegin forwarded message:\n\nFrom: A\nDate: B\nSubject: C\n\nNobody came.")
    assert own == "See below."
    assert below.endswith("Nobody came.")


def test_flowed_text_becomes_paragraphs_again() -> None:
    mail = read("raise_flowed")
    assert "nobody has come since January, although we have written." in mail.text
    assert mail.labelled.first(Label.TO_AGENCY) == "Wyeford Council children's services"


@pytest.mark.parametrize(
    ("name", "subject", "text"),
    [
        ("raise_windows_charset", "Renée’s plan", "Renée’s plan isn’t followed."),
        ("raise_no_charset_utf8", "Renée’s plan", "Renée’s plan isn’t followed."),
        ("raise_base64_utf16", "odd", "Renée’s plan."),
    ],
)
def test_odd_wrong_and_missing_charsets_are_read_as_they_were_meant(name: str, subject: str, text: str) -> None:
    mail = read(name)
    assert (mail.subject, mail.text) == (subject, text)


def test_a_forwarded_chain_is_history_and_its_labels_are_not_ours() -> None:
    mail = read("raise_forwarded")
    assert mail.labelled.values[Label.TO_AGENCY] == ("Wyeford Council children's services",)
    assert "We will not convene a strategy discussion." in mail.history
    assert "strategy discussion" not in mail.text


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("reply_outlook", "We have this and will look today.\n\nTamsin Okoro\nSocial worker"),
        ("reply_gmail", "We have this.\n\nTamsin"),
        ("reply_below", "We have this and will look today.\n\nTamsin"),
        ("reply_empty", ""),
        ("reply_signed_smime", "We have this."),
    ],
)
def test_of_a_reply_what_was_written_now_is_told_from_what_it_quotes(name: str, own: str) -> None:
    mail = read(name)
    assert mail.text == own
    assert "Please open the link" not in mail.text


def test_a_form_with_from_and_to_lines_is_not_taken_for_history() -> None:
    body = "From agency: Oak Lane\nFrom: Oak Lane Primary School\nTo: Wyeford Police\nSubject: a worry\nProblem: it"
    assert parse(b"From: a@b.example\r\n\r\n" + body.encode()).text == body


def test_a_line_that_a_program_marked_because_it_begins_with_from_is_no_quotation() -> None:
    text = "To agency: The council\n>From agency: Oak Lane Primary School\nUrgent: yes\nProblem: Nobody came."
    mail = parse(f"From: a@mail.example\nSubject: x\n\n{text}".encode())
    assert mail.labelled.first(Label.FROM_AGENCY) == "Oak Lane Primary School"
    assert labels.yes(mail.labelled.first(Label.URGENT))
    assert mail.history == ""
    quoted = parse(b"From: a@mail.example\nSubject: x\n\nWe agree.\n\n> Please answer.\n>From us\n> Thanks")
    assert (quoted.text, "Thanks" in quoted.history) == ("We agree.", True)


def test_attachments_have_kinds_and_sizes_and_names_without_folders() -> None:
    mail = read("reply_with_pdf")
    assert [(found.name, found.kind, found.locked) for found in mail.attachments] == [
        ("Persephone Canarybird chronology.pdf", FileKind.PDF, None),
        ("image001.png", FileKind.IMAGE, None),
    ]
    assert mail.attachments[0].size == len(b"%PDF-1.4\nA page.\n%%EOF\n")
    assert mail.readable
    assert parse(b'Content-Disposition: attachment; filename="..\\..\\a/b.txt"\r\n\r\nx').attachments[0].name == "b.txt"


@pytest.mark.parametrize(
    ("name", "why", "words_can_be_read"),
    [
        ("reply_locked_pdf", Locked.PASSWORD, True),
        ("reply_locked_zip", Locked.PASSWORD, True),
        ("reply_locked_office", Locked.PASSWORD, True),
        ("reply_pgp", Locked.PGP, False),
        ("reply_smime", Locked.SMIME, False),
        ("reply_winmail", Locked.WRAPPED_BY_OUTLOOK, False),
        ("reply_secure_wrapper", Locked.SECURE_MESSAGE, False),
        ("reply_rights_managed", Locked.RIGHTS_MANAGED, False),
    ],
)
def test_what_is_locked_or_wrapped_is_seen_to_be(name: str, why: Locked, *, words_can_be_read: bool) -> None:
    mail = read(name)
    assert mail.locked == (why,)
    assert mail.readable is words_can_be_read


def test_an_ordinary_archive_and_a_signature_are_not_locked() -> None:
    assert read("reply_signed_smime").locked == ()
    assert read("reply_signed_smime").attachments == ()
    zipped = messages.raw("reply_locked_zip").replace(b"UEsDBBQAAQ", b"UEsDBBQAAA")
    assert zipped != messages.raw("reply_locked_zip")


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        ("not_mail", Oddity.NOT_MAIL),
        ("empty", Oddity.EMPTY),
        ("no_header_at_all", Oddity.NOT_MAIL),
        ("two_senders", Oddity.SEVERAL_SENDERS),
        ("raise_windows_charset", Oddity.CHARSET_GUESSED),
        ("reply_empty", Oddity.EMPTY),
    ],
)
def test_what_is_odd_is_said(name: str, odd: Oddity) -> None:
    assert odd in read(name).odd


def test_a_message_that_was_cut_off_is_read_as_far_as_it_came() -> None:
    mail = read("cut_off")
    assert mail.text == "The beginning is here."
    assert [found.name for found in mail.attachments] == ["a.pdf"]


def test_an_address_in_a_name_is_not_the_sender_and_two_senders_are_none() -> None:
    assert read("name_like_address").sender == "somebody@elsewhere.example"
    assert read("two_senders").sender == ""
    twice = parse(b"From: a@b.example\r\nFrom: c@d.example\r\n\r\nx")
    assert (twice.sender, twice.odd) == ("", (Oddity.SEVERAL_SENDERS,))


def test_whoever_is_in_cc_is_not_even_kept() -> None:
    mail = parse(b"From: a@b.example\r\nTo: c@d.example\r\nCc: secret@e.example\r\n\r\nx")
    assert "secret@e.example" not in str(dataclasses.asdict(mail))


def test_a_mail_says_nothing_of_itself_where_it_is_logged() -> None:
    mail = read("reply_with_pdf")
    assert "Tamsin" not in repr(mail)
    assert "Canarybird" not in repr(mail.attachments)
    assert "Canarybird" not in repr(read("raise_labelled").labelled)


# ---- Bombs ----------------------------------------------------------------------------------------------------------

_LONG = 2_000_000
BOMBS = {
    "one header": b"X: " + b"a" * _LONG,
    "many headers": b"X: a\r\n" * (_LONG // 6),
    "one folded header": b"X: a\r\n" + b" b\r\n" * (_LONG // 4),
    "nested parts": b"From: a@b.example\r\n"
    + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3_000)),
    "the same boundary within itself": b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    + b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" * 20_000,
    "nested messages": b"Content-Type: message/rfc822\r\n\r\n" * 20_000,
    "many parts": b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\na\r\n" * 100_000,
    "encoded words": b"Subject: " + b"=?utf-8?q?a?=" * 100_000 + b"\r\n\r\nx",
    "parameters": b"Content-Type: text/plain; " + b"a*1*=b;" * 100_000 + b"\r\n\r\nx",
    "attributions": b"From: a@b.example\r\n\r\n" + (b"On " + b"a " * 190 + b"\r\n") * 45 + b"a wrote: b",
    "brackets": b"Content-Type: text/html\r\n\r\n" + b"<" * _LONG,
    "nested tags": b"Content-Type: text/html\r\n\r\n" + b"<div>" * 19_000,
    "cells": b"Content-Type: text/html\r\n\r\n<table><tr>" + b"<td>a</td>" * 9_000,
    "labels": b"From: a@b.example\r\n\r\n" + b"To agency: \n" * 50_000,
    "blank lines": b"From: a@b.example\r\n\r\n" + b"\r\n" * 500_000,
    "quotation marks": b'From: "' + b'"' * 8_000 + b"\r\n\r\nx",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_only_a_long_message(name: str) -> None:
    """Of memory: some times its length. Of time: this test would not end."""
    bomb = BOMBS[name]
    tracemalloc.start()
    try:
        mail = parse(bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 30_000_000 + 20 * len(bomb)
    assert Oddity.NOT_UNDERSTOOD not in mail.odd
    assert len(mail.text) <= parser.TEXT_CHARS


def test_thirty_megabytes_are_read_as_any_other() -> None:
    big = (
        b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nSee the scan.\r\n"
        b"--x\r\nContent-Type: application/pdf; name=scan.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + (b"QUJD" * 19 + b"\r\n") * 390_000
        + b"--x--\r\n"
    )
    mail = parse(big)
    assert mail.text == "See the scan."
    assert mail.attachments[0].size == 390_000 * 57


# ---- Anything at all ------------------------------------------------------------------------------------------------

_HEADER = st.sampled_from(
    ["From", "To", "Subject", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Date", "Message-ID"]
)
_VALUE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "multipart/mixed; boundary=x",
            "multipart/alternative; boundary=x",
            "multipart/report; report-type=delivery-status; boundary=x",
            "message/rfc822",
            "message/delivery-status",
            "text/html; charset=utf-7",
            "text/plain; charset=unicode_escape; format=flowed; delsp=yes",
            "attachment; filename*0*=utf-8''%ff; filename*1=\"",
            "base64",
            "quoted-printable",
            "a@b.example",
            "=?utf-16?b?/w==?=",
            "Thu, 99 Foo 99999 99:99:99 +9999",
        ]
    ),
)
_LINE = st.one_of(
    st.binary(max_size=80),
    st.sampled_from([b"--x", b"--x--", b"", b"> a", b"On a, b wrote:", b"To agency: c", b"<table><tr><td>a<td>b"]),
    st.builds(lambda name, value: f"{name}: {value}".encode("utf-8", "surrogatepass"), _HEADER, _VALUE),
)


def _is_bounded(raw: bytes) -> None:
    mail = parse(raw)
    assert Oddity.NOT_UNDERSTOOD not in mail.odd
    assert mail == parse(raw), "the same bytes are always the same mail"
    ids = (mail.message_id, *mail.in_reply_to, *mail.references, *mail.mentions)
    files = [file.name for file in mail.attachments]
    for text in (mail.text, mail.history, mail.subject, mail.sender, mail.sender_name, *ids, *files):
        assert "\x00" not in text
        text.encode("utf-8")
    assert not mail.sender or "@" in mail.sender


@hypothesis.given(st.binary(max_size=2_000))
def test_any_bytes_are_some_mail(raw: bytes) -> None:
    _is_bounded(raw)


@hypothesis.settings(max_examples=400)
@hypothesis.given(st.lists(_LINE, max_size=40), st.sampled_from([b"\r\n", b"\n", b"\r"]))
def test_anything_shaped_like_mail_is_some_mail(lines: list[bytes], end: bytes) -> None:
    _is_bounded(end.join(lines))


@pytest.mark.parametrize("name", messages.names())
def test_every_message_cut_anywhere_is_some_mail(name: str) -> None:
    whole = messages.raw(name)
    for length in range(0, len(whole), max(1, len(whole) // 12)):
        _is_bounded(whole[:length])


_HALF = "=?utf-7?q?+2AA-?="


@pytest.mark.parametrize(
    "raw",
    [
        f"From: {_HALF}@oaklane.example\n\nNobody came.\n",
        f"From: {_HALF} <noor@oaklane.example>\nSubject: {_HALF}\nMessage-ID: <{_HALF}@x.example>\n\nNobody came.\n",
        "From: noor@oaklane.example\nContent-Type: text/plain; charset=utf-7\n\nChild: +2AA- Canarybird\n",
        f'From: noor@oaklane.example\nContent-Type: application/pdf; name="{_HALF}.pdf"\n\nx\n',
        "From: noor@oaklane.example\nContent-Type: application/pdf; name*=utf-7''%2B2AA-.pdf\n\nx\n",
    ],
)
def test_half_a_character_is_in_no_text_for_it_cannot_be_stored(raw: str) -> None:
    _is_bounded(raw.encode())


def test_a_files_name_reads_in_one_direction() -> None:
    raw = 'From: noor@oaklane.example\nContent-Type: application/pdf; name="=?utf-8?q?report=E2=80=AEfdp.exe?="\n\nx\n'
    assert parse(raw.encode()).attachments[0].name == "reportfdp.exe"


def test_what_defeats_us_is_said_and_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> mime.Part:
        raise RuntimeError("Persephone Canarybird")

    monkeypatch.setattr(mime, "take_apart", broken)
    assert parse(b"From: a@b.example\r\n\r\nx").odd == (Oddity.NOT_UNDERSTOOD,)
