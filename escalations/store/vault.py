"""What is personal, sealed: AES-256-GCM under a data key of its own, which can be erased.

A *data key* seals the text of one submission (or one holder of a position). It is kept in the table ``data_keys``,
wrapped by a *wrapping key* from the settings. Table, column and row are bound in, so sealed bytes that were moved to
another place do not open. Erasing the data key makes the text unreadable for ever, while the sealed bytes, and every
hash over them, stay as they were.

Rotation: put a new wrapping key first in the settings, call :meth:`Vault.rotate`, then take the old one out. Digests,
and with them the tokens of links and the addresses that notices are answered at, come from a key of their own, which
must outlive that: it is derived from the *last* wrapping key until the first rotation keeps it among the data keys,
wrapped like any of them.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations import errors
from escalations.store import engine, tables

_KEY_BYTES = 32
_NONCE_BYTES = 12
_DIGESTS = "digests"
"""The name, among the data keys, of the one that digests come from. Their own names are 32 hexadecimal digits."""
_KEYS = tables.DATA_KEYS
_ADD = insert(_KEYS)
_KEY = select(_KEYS).where(_KEYS.c.key_id == bindparam("key"))


@dataclass(frozen=True, slots=True)
class Sealed:
    """Sealed bytes, and the name of the key that opens them."""

    key_id: str
    data: bytes
    """Nonce and ciphertext."""

    @property
    def digest(self) -> str:
        """SHA-256 of the sealed bytes, in hex: what the register vouches for."""
        return hashlib.sha256(self.data).hexdigest()


class Erased(errors.FinalOurs):
    """The key was erased, so the text is gone for good. This is what erasing is for, not a fault."""

    code = "erased"


class CannotOpen(errors.FinalOurs):
    """The sealed bytes were changed or moved, or the settings lack the wrapping key."""

    code = "cannot_open"


class BadKey(errors.FinalOurs):
    """A key in the settings is not 32 bytes long, or there is none."""

    code = "bad_key"


class WrongKeys(errors.FinalOurs):
    """The wrapping keys at hand do not open what this database holds, or the file with them is gone."""

    code = "wrong_keys"


class DigestsUnknown(errors.RetryOurs):
    """The database has not said yet which key digests come from. It was away when this part started."""

    code = "digests_unknown"


class Vault:
    """Seals and opens. Holds the wrapping keys, the key that digests come from, and nothing else."""

    def __init__(self, wrapping_keys: Sequence[bytes], *, asks: bool = False) -> None:
        """Take the wrapping keys, newest first.

        Args:
            wrapping_keys: as the settings have them.
            asks: no digest is made before :meth:`check` has asked the database for the key of digests. Without it they
                come from the last wrapping key until then, which is right where keys were never rotated.

        Raises:
            BadKey: there is none, or one is not 32 bytes long.
        """
        if not wrapping_keys or any(len(key) != _KEY_BYTES for key in wrapping_keys):
            raise BadKey("at least one wrapping key is needed, and each must be 32 bytes long")
        self._wrapping = {_key_name(key): AESGCM(key) for key in wrapping_keys}
        self._newest = _key_name(wrapping_keys[0])
        self._derived_digest_key = hmac.digest(wrapping_keys[-1], b"escalations digests 1", "sha256")
        self._digest_key = None if asks else self._derived_digest_key

    @property
    def knows_digests(self) -> bool:
        """Whether digests can be made."""
        return self._digest_key is not None

    def digest(self, data: bytes) -> str:
        """A keyed digest (HMAC-SHA256, hex): equal for equal bytes, and no use to anyone without the key.

        Raises:
            DigestsUnknown: the database was to be asked for their key first. A digest of another key would be taken for
                that of something else.
        """
        if self._digest_key is None:
            raise DigestsUnknown("the database has not been asked yet for the key of digests")
        return hmac.new(self._digest_key, data, "sha256").hexdigest()

    def secret(self, purpose: bytes) -> bytes:
        """A secret of 32 bytes for one purpose. It outlives every wrapping key, like digests.

        Raises:
            DigestsUnknown: the database was to be asked for the key first that it comes from.
        """
        return bytes.fromhex(self.digest(b"secret 1\n" + purpose))

    async def seal(
        self,
        tx: AsyncConnection,
        plaintext: bytes,
        *,
        table: str,
        column: str,
        row: str,
        key_id: str | None = None,
    ) -> Sealed:
        """Seal bytes for one place.

        Args:
            tx: a transaction that may write; the data key is committed or lost together with what it seals.
            plaintext: what to seal.
            table: where the sealed bytes will stand;
            column: the column;
            row: and the row's key.
            key_id: a data key that exists, to be erased together with what it sealed before; otherwise a new one.

        Raises:
            Erased: ``key_id`` was erased.
            CannotOpen: ``key_id`` does not exist, or its wrapping key is not in the settings.
        """
        if key_id is None:
            key_id, key = secrets.token_hex(16), secrets.token_bytes(_KEY_BYTES)
            await tx.execute(_ADD, {"key_id": key_id, "wrapped": self._wrap(key_id, key), "wrapped_with": self._newest})
        else:
            key = await self._data_key(tx, key_id)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return Sealed(key_id, nonce + AESGCM(key).encrypt(nonce, plaintext, _bound("place", table, column, row)))

    async def open(self, tx: AsyncConnection, sealed: Sealed, *, table: str, column: str, row: str) -> bytes:
        """What was sealed.

        Raises:
            Erased: its key was erased.
            CannotOpen: the bytes were changed or stood elsewhere, or the settings lack the wrapping key.
        """
        key = await self._data_key(tx, sealed.key_id)
        return _decrypt(AESGCM(key), sealed.data, _bound("place", table, column, row))

    async def erase(self, tx: AsyncConnection, key_id: str, *, at: datetime) -> bool:
        """Erase a data key. What it sealed is unreadable from the commit on; the sealed bytes stay.

        Returns:
            Whether there was a key to erase.
        """
        done = await tx.execute(
            update(_KEYS)
            .where(_KEYS.c.key_id == key_id, _KEYS.c.erased_at.is_(None))
            .values(wrapped=None, wrapped_with=None, erased_at=at)
        )
        return done.rowcount == 1

    async def rotate(self, tx: AsyncConnection, *, limit: int = 1000) -> int:
        """Wrap data keys anew under the newest wrapping key, and give how many; call until it gives 0.

        The key of digests is kept among them from then on, so that no wrapping key has to stay for its sake.

        Raises:
            CannotOpen: a data key is wrapped by a key that the settings no longer hold.
        """
        await self._learn_digests(tx)
        assert self._digest_key is not None  # noqa: S101  it has just been learnt
        digests = {
            "key_id": _DIGESTS,
            "wrapped": self._wrap(_DIGESTS, self._digest_key),
            "wrapped_with": self._newest,
        }
        await tx.execute(engine.insert_unless_there(tx, _KEYS), digests)
        rows = (
            await tx.execute(
                select(_KEYS)
                .where(_KEYS.c.wrapped_with != self._newest)
                .order_by(_KEYS.c.key_id)
                .limit(limit)
                .with_for_update()
            )
        ).all()
        for row in rows:
            wrapped = self._wrap(row.key_id, self._unwrap(row.key_id, row.wrapped, row.wrapped_with))
            await tx.execute(
                update(_KEYS).where(_KEYS.c.key_id == row.key_id).values(wrapped=wrapped, wrapped_with=self._newest)
            )
        return len(rows)

    async def check(self, tx: AsyncConnection) -> None:
        """Open one data key of each wrapping key that the database knows of: a look-up or two, however many there are.

        The key of digests is learnt with it.

        Raises:
            WrongKeys: one cannot be opened. Nothing may be served then: what is there could not be read, and what came
                in would be sealed with a key that is not kept.
        """
        after = ""
        while True:
            row = (
                await tx.execute(
                    select(_KEYS).where(_KEYS.c.wrapped_with > after).order_by(_KEYS.c.wrapped_with).limit(1)
                )
            ).one_or_none()
            if row is None:
                break
            try:
                self._unwrap(row.key_id, row.wrapped, row.wrapped_with)
            except (CannotOpen, TypeError):
                raise WrongKeys(
                    f"The wrapping keys at hand do not open what this database holds: it was sealed with the key "
                    f"{row.wrapped_with}. Put that key back from where keys are kept; nothing was changed."
                ) from None
            after = row.wrapped_with
        await self._learn_digests(tx)

    async def wraps(self, tx: AsyncConnection) -> dict[str, int]:
        """How many data keys each wrapping key wraps: those of the settings by name, in their order, then any other."""
        rows = await tx.execute(
            select(_KEYS.c.wrapped_with, func.count().label("wrapped_count"))
            .where(_KEYS.c.wrapped_with.is_not(None))
            .group_by(_KEYS.c.wrapped_with)
        )
        return dict.fromkeys(self._wrapping, 0) | {row.wrapped_with: row.wrapped_count for row in rows}

    async def _learn_digests(self, tx: AsyncConnection) -> None:
        row = (await tx.execute(_KEY, {"key": _DIGESTS})).one_or_none()
        self._digest_key = (
            self._derived_digest_key if row is None else self._unwrap(_DIGESTS, row.wrapped, row.wrapped_with)
        )

    async def _data_key(self, tx: AsyncConnection, key_id: str) -> bytes:
        row = (await tx.execute(_KEY, {"key": key_id})).one_or_none()
        if row is None:
            raise CannotOpen("there is no such data key")
        if row.wrapped is None:
            raise Erased("the key was erased")
        return self._unwrap(row.key_id, row.wrapped, row.wrapped_with)

    def _wrap(self, key_id: str, key: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._wrapping[self._newest].encrypt(nonce, key, _bound("data key", key_id))

    def _unwrap(self, key_id: str, wrapped: bytes, wrapped_with: str) -> bytes:
        wrapping = self._wrapping.get(wrapped_with)
        if wrapping is None:
            raise CannotOpen(f"the settings lack the wrapping key {wrapped_with}")
        return _decrypt(wrapping, wrapped, _bound("data key", key_id))


def holds_data_keys(file: Path) -> bool:
    """Whether an SQLite file holds data keys, or cannot be read so that nobody knows. It is only looked at."""
    if not file.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
            there = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'data_keys'"
            return (
                database.execute(there).fetchone() is not None
                and database.execute("SELECT 1 FROM data_keys LIMIT 1").fetchone() is not None
            )
    except sqlite3.Error:
        return True


def _key_name(key: bytes) -> str:
    return hashlib.sha256(b"escalations wrapping key 1\n" + key).hexdigest()[:12]


def _bound(*parts: str) -> bytes:
    # Lengths first: ("ab", "c") and ("a", "bc") are different places.
    return "".join(f"{len(part)}:{part}," for part in parts).encode()


def _decrypt(cipher: AESGCM, data: bytes, bound: bytes) -> bytes:
    try:
        return cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], bound)
    except (InvalidTag, ValueError):
        raise CannotOpen("the sealed bytes were changed, or stood elsewhere") from None
