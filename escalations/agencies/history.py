"""What people changed in the directory: when, who, and what. Rows are only ever added.

What concerns a person is sealed under the key of that holding, so that erasing somebody's details erases them here too.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.store import tables
from escalations.store.vault import Erased, Sealed, Vault

_CHANGES = tables.DIRECTORY_CHANGES


class What(StrEnum):
    """What somebody did."""

    AGENCY_ADDED = "agency_added"
    AGENCY_CHANGED = "agency_changed"
    AGENCY_ENDED = "agency_ended"
    NOTICES_SET = "notices_set"
    APPOINTED = "appointed"
    """Somebody was entered for a position from a day on, or a vacancy was."""
    COVER_CHANGED = "cover_changed"
    """The same holder; deputy, title, kind or working days are others from a day on."""
    HOLDING_ENDED = "holding_ended"


@dataclass(frozen=True, slots=True)
class Change:
    """One change, opened."""

    at: datetime
    agency_id: str
    holding_id: str | None
    what: What
    by: str
    """Who did it: a name, or the place that it came from. Empty where it was erased."""
    before: Mapping[str, object]
    after: Mapping[str, object]
    erased: bool = False


async def write(
    tx: AsyncConnection,
    keys: Vault,
    *,
    at: datetime,
    by: str,
    agency_id: str,
    what: What,
    before: Mapping[str, object],
    after: Mapping[str, object],
    holding_id: str | None = None,
    key_id: str | None = None,
) -> None:
    """Write down a change, in the transaction that makes it."""
    change_id = secrets.token_hex(16)
    plain = json.dumps({"by": by, "before": before, "after": after}, ensure_ascii=False, default=str).encode()
    place = {"table": _CHANGES.name, "column": "sealed", "row": change_id}
    try:
        sealed = await keys.seal(tx, plain, key_id=key_id, **place)
    except Erased:
        sealed = await keys.seal(tx, plain, **place)  # what is written of a holding that was erased names nobody
    await tx.execute(
        insert(_CHANGES).values(
            change_id=change_id,
            at=at,
            agency_id=agency_id,
            holding_id=holding_id,
            what=what.value,
            sealed=sealed.data,
            key_id=sealed.key_id,
        )
    )


async def read(tx: AsyncConnection, keys: Vault, agency_id: str, *, limit: int = 50) -> list[Change]:
    """The changes of an agency, the newest first.

    Raises:
        vault.CannotOpen: what is stored was changed, or the settings lack the key.
    """
    rows = await tx.execute(
        select(_CHANGES).where(_CHANGES.c.agency_id == agency_id).order_by(_CHANGES.c.at.desc()).limit(limit)
    )
    found = []
    for row in rows.all():
        place = {"table": _CHANGES.name, "column": "sealed", "row": row.change_id}
        try:
            said = json.loads(await keys.open(tx, Sealed(row.key_id, row.sealed), **place))
        except Erased:
            said = {"by": "", "before": {}, "after": {}, "erased": True}
        found.append(Change(row.at, row.agency_id, row.holding_id, What(row.what), **said))
    return found
