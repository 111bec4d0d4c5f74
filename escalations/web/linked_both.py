"""One press links two escalations, or links them no longer: an act for each, stored in one transaction or not at all.

The note stands with the escalation on whose page it was written, and is erased with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.intake import submissions
from escalations.rules import acts, decider, linking
from escalations.rules.access import Refused
from escalations.rules.case import Case
from escalations.web.made import Made
from escalations.web.parts import Parts, differs

Linking = acts.Link | acts.Unlink

_ALREADY_SO: Final = frozenset({linking.LINKED_ALREADY, linking.NOT_LINKED})
"""One of the two is already as it is wanted, and the other one is to follow."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a press came to."""

    receipt: submissions.Receipt
    differs: bool
    """Whether the same press said something else before; that alone is stored."""


@dataclass(frozen=True, slots=True)
class _Half:
    """What one of the two escalations is sent."""

    reference: str
    act: Linking
    sealed: dict[str, object]
    key: str


async def store(parts: Parts, case: Case, act: Linking, made: Made, key: str) -> Stored | Refused:
    """Store an act for each of the two, or say why neither is stored.

    Args:
        parts: where it is stored.
        case: the one on whose page the button was pressed.
        act: for that one.
        made: with what is sealed.
        key: of the press.
    """
    own = _Half(case.reference, act, made.sealed, key)
    async with parts.database.write() as tx:
        if await submissions.with_key(tx, key) is not None:
            receipt = await _receive(tx, parts, own)
            return Stored(receipt, receipt.reference == case.reference and await differs(tx, receipt, act))
        halves = await _halves(tx, parts, own)
        if isinstance(halves, Refused):
            return halves
        # Always in the same order, so that two people who link the same two never wait for each other.
        receipts = [await _receive(tx, parts, half) for half in sorted(halves, key=lambda half: half.reference)]
    return Stored(next((one for one in receipts if one.reference == case.reference), receipts[0]), differs=False)


async def _halves(tx: AsyncConnection, parts: Parts, own: _Half) -> tuple[_Half, ...] | Refused:
    """Those of the two that are to change, as they stand now."""
    case, other = await parts.cases.read(tx, own.reference), await parts.cases.read(tx, own.act.other)
    if case is None or other is None:
        return Refused(
            "unknown_reference",
            f"We have no escalation {own.act.other}, or it is not open yet. Please check the reference.",
        )
    submission_id = submissions.new_id(own.act.received_at)
    like = own.act.model_copy(update={"submission_id": submission_id, "other": own.reference})
    halves = (own, _Half(other.reference, like, {**own.sealed, "text": ""}, f"{own.key}:other"))
    found: list[_Half] = []
    already: list[Refused] = []
    for half, of in zip(halves, (case, other), strict=True):
        decided = decider.decide(of, half.act, half.act.received_at)
        if not isinstance(decided, Refused):
            found.append(half)
        elif decided.code in _ALREADY_SO:
            already.append(decided)
        else:
            return decided
    if not found:
        return already[0]
    return tuple(found) if len(found) > 1 else (replace(found[0], key=own.key),)


async def _receive(tx: AsyncConnection, parts: Parts, half: _Half) -> submissions.Receipt:
    return await submissions.receive(
        tx,
        parts.vault,
        act_kind=half.act.kind,
        act_json=acts.dumps(half.act),
        channel=half.act.channel,
        received_at=half.act.received_at,
        sealed=half.sealed,
        reference=half.reference,
        submission_id=half.act.submission_id,
        idempotency_key=half.key,
    )
