"""Signed addresses: a reply says by its address which notice it answers, and nobody else can make one.

``escalations+<token>@…``: key id, the notice, and 80 bits of HMAC-SHA-256 over both, in base32. It is the same in any
case, has at most 48 octets of local part, and stands in Reply-To, in the Message-ID and in the last lines of a message,
because each of them is sometimes lost on the way. It proves which side and recipient was *addressed*, not who wrote:
whoever was forwarded the message has it too. So it may acknowledge and add words, and never agree, close, confirm or
move up (the design, "Mail").

Reports that a notice did not arrive go to an address of another kind, where the relay allows it: it stands in the
envelope alone, so a reply never goes there and nobody who was only written to knows it by reading.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from escalations.settings import PREFIX, Settings, WrongSettings
from escalations.store import references
from escalations.store.vault import Vault

MAC_BYTES: Final = 10
LOCAL_OCTETS: Final = 48
"""The most that a local part of ours has. RFC 5321 allows 64, and some gateways cut before that."""
_LEAST_TOKEN: Final = 24
_MOST_TOKEN: Final = 44
_TOKEN = re.compile(rf"[a-z2-7]{{{_LEAST_TOKEN},{_MOST_TOKEN}}}")
_NOTICE = re.compile(r"([A-Z]{2,6})-(\d{2})-(\d{4,9})-([0-9A-Z])-(\d{1,5})-(\d{1,3})")
_ANY_ADDRESS = re.compile(r"[^\s<>()\"',;:]{1,80}@[^\s<>()\"',;:]{1,255}")
_LETTERS: Final = 26
_SIGNS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_KEY_IDS: Final = 32


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where mail for us comes to, and how a signed address is written."""

    mailbox: str
    """The mailbox, such as ``escalations@partnership.example``."""
    separator: str = "+"
    """Between its local part and the token."""
    domain: str = ""
    """A domain of its own for signed addresses: the token is then the whole local part."""

    def of(self, token: str) -> str:
        """The address with this token."""
        local, _, domain = self.mailbox.rpartition("@")
        return f"{token}@{self.domain}" if self.domain else f"{local}{self.separator}{token}@{domain}"

    def token(self, address: str) -> str | None:
        """The token in an address of this form, in lower case; none where it is another address."""
        local, _, domain = address.strip().strip("<>").lower().rpartition("@")
        if self.domain:
            return local if domain == self.domain.lower() and _TOKEN.fullmatch(local) else None
        own, _, ours = self.mailbox.lower().rpartition("@")
        if domain != ours or not local.startswith(own + self.separator):
            return None
        found = local.removeprefix(own + self.separator)
        return found if _TOKEN.fullmatch(found) else None

    def is_ours(self, address: str) -> bool:
        """Whether mail to this address is for us: the mailbox, or anything in the form of a signed address.

        A token that is not good is taken too: whoever answers an old message is held for the team, and not told that
        there is nobody.
        """
        found = address.strip().strip("<>").lower()
        if found == self.mailbox.lower():
            return True
        local, _, domain = found.rpartition("@")
        if self.domain:
            return domain == self.domain.lower() and bool(local)
        own, _, ours = self.mailbox.lower().rpartition("@")
        return domain == ours and local.startswith(own + self.separator)

    def fits(self) -> bool:
        """Whether the longest token still fits into a local part."""
        local = "" if self.domain else self.mailbox.rpartition("@")[0] + self.separator
        return len(local.encode()) + _TYPICAL_TOKEN <= LOCAL_OCTETS

    def tokens_in(self, text: str) -> tuple[str, ...]:
        """Every token in a text: in addresses of ours, in their order."""
        found = (self.token(address.strip(".")) for address in _ANY_ADDRESS.findall(text.lower()))
        return tuple(dict.fromkeys(token for token in found if token is not None))


_TYPICAL_TOKEN: Final = 32
"""Of the ten-thousandth escalation of a year, at its thousandth event, with a prefix of four letters."""


class For(Enum):
    """What an address is for. Each is signed as what it is, so that one cannot be made of the other."""

    REPLIES = b"reply address\n"
    REPORTS = b"return path\n"


class Signer:
    """Makes tokens of notices, and reads them."""

    def __init__(self, secret: Callable[[], bytes], *, before: Sequence[bytes] = ()) -> None:
        """Take what signs.

        Args:
            secret: gives the secret, which has to outlive each wrapping key. It is asked for at each use, because a
                part can start while the database that knows it is away.
            before: secrets that signed in earlier versions; what they signed is read, and nothing more is signed so.
        """
        self._secret = secret
        self._before = tuple(before)

    def token(self, notice_id: str, purpose: For = For.REPLIES) -> str:
        """The token of a notice: the same at every try.

        Raises:
            ValueError: this is not the id of a notice.
            store.vault.DigestsUnknown: the database has not been asked for the secret yet.
        """
        payload = _packed(notice_id)
        key = self._keys()[0]
        return _base32(bytes([_key_id(key)]) + payload + _mac(key, payload, purpose))

    def notice_id(self, token: str, purpose: For = For.REPLIES) -> str | None:
        """The notice that a token is for; none where no secret of ours signed it for this.

        Raises:
            store.vault.DigestsUnknown: the database has not been asked for the secret yet.
        """
        data = _unbase32(token)
        if data is None or len(data) <= MAC_BYTES + 1:
            return None
        payload, mac = data[1:-MAC_BYTES], data[-MAC_BYTES:]
        signed = [
            hmac.compare_digest(_mac(key, payload, purpose), mac) for key in self._keys() if _key_id(key) == data[0]
        ]
        # Written in one way only: what decodes to the same bytes is not another address of the same notice.
        return _unpacked(payload) if any(signed) and _base32(data) == token.lower() else None

    def _keys(self) -> tuple[bytes, ...]:
        secrets = (self._secret(), *self._before)
        return tuple(hmac.digest(secret, b"escalations reply addresses 1", "sha256") for secret in secrets)


_MESSAGE_ID = re.compile(r"<([^<>@\s.]+)\.([a-z2-7]+)@[^<>@\s]+>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Replies:
    """How the notices of an installation are answered by mail."""

    addresses: Addresses
    signer: Signer

    @classmethod
    def of(cls, settings: Settings, vault: Vault) -> Replies | None:
        """What the settings say; none where no mail comes in.

        Addresses are signed with a secret of the vault's, as links are, so they go on working when a wrapping key
        leaves the list. Until that was so, the wrapping keys themselves signed them.

        Raises:
            WrongSettings: a key cannot be read, or a signed address would be too long.
        """
        if not settings.takes_mail:
            return None
        addresses = Addresses(settings.mailbox, settings.mail_reply_separator, settings.mail_reply_domain or "")
        if not addresses.fits():
            raise WrongSettings(
                f"{PREFIX}MAIL_IN_ADDRESS: the part before the @ may have {LOCAL_OCTETS - _TYPICAL_TOKEN - 1} "
                f"characters at most, because a token follows it. {PREFIX}MAIL_REPLY_DOMAIN is the other way."
            )
        return cls(addresses, Signer(lambda: vault.secret(b"reply addresses 2"), before=settings.wrapping_keys()))

    def address_of(self, notice_id: str) -> str:
        """The address that a notice is answered at."""
        return self.addresses.of(self.signer.token(notice_id))

    def message_id(self, notice_id: str, sender: str) -> str:
        """The Message-ID of a notice, signed like its address: the same at every try."""
        domain = sender.rpartition("@")[2].strip(" >") or "localhost"
        return f"<{notice_id}.{self.signer.token(notice_id)}@{domain}>"

    def notice_at(self, address: str) -> str | None:
        """The notice that a message to an address is about: one that is answered there, or whose reports go there."""
        token = self.addresses.token(address)
        if token is None:
            return None
        return self.signer.notice_id(token) or self.signer.notice_id(token, For.REPORTS)

    def reported_at(self, address: str) -> str | None:
        """The notice whose reports go to an address, by which it is known that a relay sent them."""
        token = self.addresses.token(address)
        return None if token is None else self.signer.notice_id(token, For.REPORTS)

    def return_path(self, message_id: str) -> str | None:
        """Where reports on the notice of this Message-ID go; none where it is no notice that can be answered."""
        notice_id = self.notice_with(message_id)
        return None if notice_id is None else self.addresses.of(self.signer.token(notice_id, For.REPORTS))

    def notice_with(self, message_id: str) -> str | None:
        """The notice that went under a Message-ID; none where we did not sign it."""
        found = _MESSAGE_ID.fullmatch(message_id.strip())
        if found is None:
            return None
        notice_id = self.signer.notice_id(found[2].lower())
        return notice_id if notice_id is not None and notice_id.lower() == found[1].lower() else None

    def notice_in(self, text: str) -> str | None:
        """The notice whose address stands first in a text; what somebody quotes has it in its last lines."""
        found = (self.signer.notice_id(token) for token in self.addresses.tokens_in(text))
        return next((notice_id for notice_id in found if notice_id is not None), None)


def _mac(key: bytes, payload: bytes, purpose: For) -> bytes:
    return hmac.digest(key, purpose.value + payload, "sha256")[:MAC_BYTES]


def _key_id(key: bytes) -> int:
    return hmac.digest(key, b"key id", "sha256")[0] % _KEY_IDS


def _packed(notice_id: str) -> bytes:
    """A notice's id in as few bytes as it needs; the reference's check character follows from the rest."""
    found = _NOTICE.fullmatch(notice_id)
    if found is None:
        raise ValueError("this is not the id of a notice")
    prefix, year, number, check, seq, place = found.groups()
    letters = 0
    for letter in prefix:
        letters = letters * (_LETTERS + 1) + ord(letter) - ord("A") + 1
    values = [letters, int(year), int(number), int(seq), int(place)]
    if str(references.Reference(prefix, int(year), int(number)))[-1] != check:
        values.append(int(check, 36))  # Not one that we gave; but what it is, it stays.
    return b"".join(_varint(value) for value in values)


def _unpacked(payload: bytes) -> str | None:
    values = _varints(payload)
    if values is None or len(values) not in {5, 6}:
        return None
    letters, year, number, seq, place, *check = values
    prefix = ""
    while letters:
        letters, letter = divmod(letters, _LETTERS + 1)
        prefix = chr(ord("A") + letter - 1) + prefix
    reference = str(references.Reference(prefix, year, number))
    return f"{reference[:-1] + _SIGNS[check[0]] if check else reference}-{seq}-{place}"


def _varint(value: int) -> bytes:
    out = bytearray()
    while True:
        value, low = divmod(value, 128)
        out.append(low | (128 if value else 0))
        if not value:
            return bytes(out)


def _varints(data: bytes) -> list[int] | None:
    values: list[int] = []
    value, shift = 0, 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if not byte & 128:
            values.append(value)
            value, shift = 0, 0
    return None if shift else values


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()


def _unbase32(token: str) -> bytes | None:
    try:
        return base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except (binascii.Error, ValueError):
        return None
