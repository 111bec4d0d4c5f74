"""A reply address proves what was addressed; nobody can make one, and every mail program leaves it whole."""

from __future__ import annotations

import re

import hypothesis
import pytest
from hypothesis import strategies as st

from escalations.mail.address import LOCAL_OCTETS, Addresses, Replies, Signer
from escalations.mail.authentication import Trust, Vouched, vouched
from escalations.mail.parser import parse
from escalations.store.references import Reference

OURS = Addresses("escalations@partnership.example")
KEY = b"k" * 32
NOTICE = f"{Reference('PD', 27, 42)}-12-1"


def signed_by(key: bytes, *before: bytes) -> Signer:
    return Signer(lambda: key, before=before)


def test_an_address_names_its_notice_in_any_case_and_within_the_octets() -> None:
    signer = signed_by(KEY)
    address = OURS.of(signer.token(NOTICE))
    local = address.partition("@")[0]
    assert re.fullmatch(r"escalations\+[a-z2-7]+", local)
    assert len(local.encode()) <= LOCAL_OCTETS
    for written in (address, address.upper(), f" <{address.title()}> "):
        token = OURS.token(written)
        assert token is not None
        assert signer.notice_id(token) == NOTICE


@pytest.mark.parametrize("local", ["escalations", "differences"])
def test_the_longest_address_of_a_large_partnership_fits(local: str) -> None:
    where = Addresses(f"{local}@partnership.example")
    assert where.fits()
    token = signed_by(KEY).token(f"{Reference('ABCD', 27, 9999)}-999-12")
    assert len(where.of(token).partition("@")[0]) <= LOCAL_OCTETS
    assert not Addresses("a-mailbox-with-a-long-name@partnership.example").fits()


def test_a_domain_of_its_own_needs_no_separator() -> None:
    where = Addresses("escalations@partnership.example", domain="reply.partnership.example")
    token = signed_by(KEY).token(NOTICE)
    assert where.of(token) == f"{token}@reply.partnership.example"
    assert where.token(where.of(token).upper()) == token
    assert where.token(OURS.of(token)) is None
    assert where.is_ours("anything@reply.partnership.example")


def test_another_separator_is_a_setting() -> None:
    where = Addresses("escalations@partnership.example", separator="-")
    token = signed_by(KEY).token(NOTICE)
    assert where.of(token).startswith("escalations-")
    assert where.token(where.of(token)) == token


def test_what_is_ours_is_taken_also_where_its_token_is_no_good() -> None:
    assert OURS.is_ours("Escalations@Partnership.example")
    assert OURS.is_ours("escalations+old@partnership.example")
    assert not OURS.is_ours("escalation@partnership.example")
    assert not OURS.is_ours("escalations@partnership.example.org")
    assert not OURS.is_ours("somebody@elsewhere.example")


def test_each_changed_character_makes_it_nobodys() -> None:
    signer = signed_by(KEY)
    token = signer.token(NOTICE)
    for place, was in enumerate(token):
        for sign in "abq27":
            if sign != was:
                assert signer.notice_id(token[:place] + sign + token[place + 1 :]) is None
    assert signer.notice_id(token[:-1]) is None
    assert signer.notice_id(token + "a") is None
    assert signer.notice_id("") is None


def test_another_key_neither_makes_nor_reads_it_and_a_rotated_one_still_reads() -> None:
    token = signed_by(KEY).token(NOTICE)
    other = b"o" * 32
    assert signed_by(other).notice_id(token) is None
    assert signed_by(other).token(NOTICE) != token
    assert signed_by(other, KEY).notice_id(token) == NOTICE
    assert signed_by(other, KEY).notice_id(signed_by(other).token(NOTICE)) == NOTICE


def test_a_reference_with_another_check_character_is_read_back_too() -> None:
    signer = signed_by(KEY)
    assert signer.notice_id(signer.token("PD-27-0001-X-4-1")) == "PD-27-0001-X-4-1"
    with pytest.raises(ValueError, match="not the id of a notice"):
        signer.token("code-0123")


@hypothesis.given(
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=6),
    st.integers(20, 99),
    st.integers(1, 99_999),
    st.integers(1, 9_999),
    st.integers(1, 99),
)
def test_every_notice_has_one_token_and_is_read_back(prefix: str, year: int, number: int, seq: int, place: int) -> None:
    signer = signed_by(KEY)
    notice = f"{Reference(prefix, year, number)}-{seq}-{place}"
    assert signer.notice_id(signer.token(notice)) == notice
    assert signer.token(notice) == signer.token(notice)


@hypothesis.given(st.text("abcdefghijklmnopqrstuvwxyz234567", max_size=60))
def test_no_text_that_somebody_makes_up_is_a_token(text: str) -> None:
    assert signed_by(KEY).notice_id(text) is None


def test_a_token_is_found_again_in_the_last_lines_of_a_quoted_message() -> None:
    token = signed_by(KEY).token(NOTICE)
    text = f"We have this.\n> To answer by email, write to\n> {OURS.of(token).upper()}.\n> mail <a@b.example>"
    assert OURS.tokens_in(text) == (token,)


def test_an_address_for_reports_is_none_for_replies_and_names_the_same_notice() -> None:
    replies = Replies(OURS, signed_by(KEY))
    path = replies.return_path(replies.message_id(NOTICE, "escalations@partnership.example"))
    assert path is not None
    assert path != replies.address_of(NOTICE)
    assert len(path.partition("@")[0].encode()) <= LOCAL_OCTETS
    assert (replies.reported_at(path), replies.notice_at(path)) == (NOTICE, NOTICE)
    assert replies.reported_at(replies.address_of(NOTICE)) is None
    assert replies.return_path(f"<{NOTICE}@partnership.example>") is None, "what we did not sign has none"


# ---- Who wrote: what the trusted hop found, or nobody (defect 18) ---------------------------------------------------

HOP = Trust(hop="mx.partnership.example")


def _vouched(*results: str, sender: str = "tamsin@council.example", trust: Trust = HOP) -> Vouched:
    headers = "".join(f"Authentication-Results: {value}\r\n" for value in results)
    raw = f"{headers}From: Somebody <{sender}>\r\n\r\nx".encode()
    return vouched(parse(raw), trust, over_loopback=False)


@pytest.mark.parametrize(
    "value",
    [
        "mx.partnership.example; dmarc=pass (p=reject) header.from=council.example",
        "mx.partnership.example 1; spf=fail smtp.mailfrom=x.example; dkim=pass header.d=council.example",
        "MX.partnership.example; dkim=pass header.i=@council.example header.s=s1",
        "mx.partnership.example; spf=pass smtp.mailfrom=tamsin@council.example",
    ],
)
def test_a_sender_is_known_where_the_trusted_hop_found_that_its_domain_vouches(value: str) -> None:
    assert _vouched(value) is Vouched.BY_HOP


@pytest.mark.parametrize(
    "value",
    [
        "mx.elsewhere.example; dmarc=pass header.from=council.example",
        "mx.partnership.example.elsewhere.example; dmarc=pass header.from=council.example",
        "mx.partnership.example; dmarc=pass header.from=elsewhere.example",
        "mx.partnership.example; dkim=pass header.d=example",
        "mx.partnership.example; dkim=fail header.d=council.example",
        "mx.partnership.example; spf=pass smtp.mailfrom=sub.council.example",
        "mx.partnership.example; none",
        "mx.partnership.example; dkim=none (dmarc=pass header.from=council.example)",
        "",
    ],
)
def test_otherwise_a_sender_is_nobody(value: str) -> None:
    assert _vouched(value) in {Vouched.NOT, Vouched.NOT_CHECKED}


@pytest.mark.parametrize(
    "results",
    [
        'dkim=pass header.i="x header.d=council.example "@evil.example',
        'spf=pass smtp.mailfrom="a smtp.mailfrom=b@council.example "@evil.example',
        'spf=pass smtp.mailfrom="a; dmarc=pass header.from=council.example"@evil.example',
        r'spf=pass smtp.mailfrom="a\"; dmarc=pass header.from=council.example; \""@evil.example',
        'dkim=fail reason="x; dmarc=pass header.from=council.example"',
        'dkim=pass reason="header.d=council.example" header.d=evil.example',
        'spf=pass (domain of "x); dmarc=pass header.from=council.example; ("@evil.example is good)',
        'spf=pass smtp.mailfrom="a(b"@evil.example; dkim=fail header.d=council.example (no)',
        "spf=none (a (b) dmarc=pass; dmarc=pass header.from=council.example; (c) d)",
        r"spf=none (a \); dmarc=pass header.from=council.example)",
        "x-dkim=pass header.d=council.example",
        "dkim-atps=pass header.d=council.example",
        "arc=pass dkim=pass header.d=council.example",
        "dkim=pass spf=pass header.d=council.example",
        "dkim=pass x-header.d=council.example",
        "dkim=pass header.d=evil.example header.d=council.example",
        "dkim=pass header.d=council.example header.d=council.example",
        "dkim=pass header.d=council.example(x).evil.example",
        'dkim=pass header.d="council.example"',
        'spf=pass smtp.mailfrom="a"@council.example',
        "spf=pass smtp.mailfrom=a@b@council.example",
        r"spf=pass smtp.mailfrom=a\; dmarc=pass header.from=council.example",
        'dmarc="pass" header.from=council.example',
        "dmarc=passing header.from=council.example",
        'dmarc=pass header.from=council.example; spf=none smtp.mailfrom="a',
        "dmarc=pass header.from=council.example; spf=none (a",
        "dmarc=pass header.from=council.example; spf=none a)",
    ],
)
def test_no_sender_writes_a_result_into_what_the_hop_says(results: str) -> None:
    forged = f"mx.partnership.example; {results}"
    assert _vouched(forged) is Vouched.NOT
    genuine = "mx.partnership.example; dmarc=pass header.from=council.example"
    assert _vouched(forged, genuine) is Vouched.NOT, "the one below does not count instead"


@pytest.mark.parametrize(
    "results",
    [
        'spf=pass smtp.mailfrom="; dmarc=fail header.from=council.example"@a; dkim=pass header.d=council.example',
        "dmarc (a) = (b (c; d)) pass header.from = Council.Example",
        'dkim=pass (2048-bit key) reason="good; (really" header.d=council.example header.b="a=="',
        "dkim=pass header.d=evil.example; dkim=pass header.d=council.example",
        "dmarc=fail header.from=elsewhere.example; dkim=pass header.d=council.example",
        "DKIM=pass\r\n header.d=council.example;",
    ],
)
def test_what_the_hop_itself_found_is_read_through_quotes_and_comments(results: str) -> None:
    assert _vouched(f"mx.partnership.example (it; said); {results}") is Vouched.BY_HOP


def test_only_the_topmost_result_of_the_hop_counts() -> None:
    forged = "mx.partnership.example; dmarc=pass header.from=council.example"
    assert _vouched("mx.partnership.example; dmarc=none", forged) is Vouched.NOT
    assert _vouched(forged, trust=Trust()) is Vouched.NOT_CHECKED, "nobody is believed where no hop is named"


@pytest.mark.parametrize(
    "results",
    [
        "dmarc=fail header.from=council.example",
        "dmarc=fail",
        'dmarc=fail header.from="council.example"',
        "dmarc=fail header.from=council.example header.from=elsewhere.example",
        "dkim=pass header.d=council.example; dmarc=fail header.from=council.example",
        "dmarc=pass header.from=council.example; dmarc=fail header.from=council.example",
        "dkim=pass header.d=council.example;" + " dkim=none;" * 50 + " dmarc=fail header.from=council.example",
        'spf=pass smtp.mailfrom="a; dmarc=pass header.from=council.example"@a.example; dmarc=fail',
        """spf=pass smtp.mailfrom="a; dmarc=pass header.from=council.example"@a.example;
            dmarc=fail header.from=council.example""",
    ],
)
def test_a_domain_that_disowns_a_message_refutes_it_whatever_else_passed(results: str) -> None:
    assert _vouched(f"mx.partnership.example; {results}") is Vouched.REFUTED


def test_loopback_is_believed_only_where_the_installation_says_so() -> None:
    mail = parse(b"From: tamsin@council.example\r\n\r\nx")
    assert vouched(mail, Trust(loopback=True), over_loopback=True) is Vouched.BY_LOOPBACK
    assert vouched(mail, Trust(loopback=True), over_loopback=False) is Vouched.NOT_CHECKED
    assert vouched(mail, Trust(), over_loopback=True) is Vouched.NOT_CHECKED
    nobody = parse(b"From: a@b.example, c@d.example\r\n\r\nx")
    assert vouched(nobody, Trust(loopback=True), over_loopback=True) is Vouched.NOT_CHECKED
