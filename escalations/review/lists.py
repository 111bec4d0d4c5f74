"""The lists of a year's cases as one: each case counts under its own policy's list, in the words of the newest.

A newer list says which older codes an entry takes the place of. What nothing takes the place of stays a row of its own,
and is said: a comparison over both lists would be untrue. Source: the rules of practice, "Policy in force" ("code lists
are versioned with a mapping from old to new; what is unmapped breaks a comparison visibly").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from escalations.policy import Policy
from escalations.review.dataset import CaseRecord
from escalations.review.figures import Row, Table
from escalations.review.view import BOTH, NOTIFIED, View, dots
from escalations.rules.codelists import USUAL, CodeEntry, CodeList, ListKind


@dataclass(frozen=True, slots=True)
class Counted:
    """One list for all cases of a year."""

    newest: CodeList
    _policies: tuple[Policy, ...] = ()
    """Those of the cases, in the order in which they came into force."""
    _places: Mapping[str, int] = field(default_factory=dict)
    """Where each stands among them, by its hash."""

    def code(self, case: CaseRecord, recorded: object) -> str:
        """What a recorded code is in the newest list; the code as it was, where nothing takes its place."""
        code = str(recorded)
        for policy in self._policies[self._places.get(case.frame.policy.content_hash, 0) :]:
            code = policy.codes(self.newest.kind).present(code) or code
        return code

    def entry(self, code: str) -> CodeEntry | None:
        """The entry of a code, in the newest list that has it."""
        lists = (policy.codes(self.newest.kind) for policy in reversed(self._policies))
        return next((found for one in lists if (found := one.entry(code)) is not None), self.newest.entry(code))


def counted(view: View, kind: ListKind) -> Counted:
    """The list by which a year's cases are counted."""
    there = {case.frame.policy.content_hash: case.frame.policy for case in view.cases}
    policies = tuple(sorted(there.values(), key=lambda one: (one.adoption.in_force_from, one.version)))
    newest = policies[-1].codes(kind) if policies else USUAL[kind]
    return Counted(newest, policies, {policy.content_hash: place for place, policy in enumerate(policies)})


def table(
    view: View,
    kind: ListKind,
    code_of: Callable[[CaseRecord], object | None],
    *,
    none: tuple[str, str] | None = None,
    prefix: str = "",
) -> Table:
    """Count the cases of both groups by a list, with zeros; and those without a code, where that can be."""
    of = counted(view, kind)
    codes = [
        tuple(None if (code := code_of(case)) is None else of.code(case, code) for case in group)
        for group in view.groups
    ]
    every = {code for group in codes for code in group if code is not None}
    entries = [one for one in of.newest if one.no_longer_used_from is None or one.code in every]
    if of.newest.unsaid is not None and none is None:
        entries.append(of.newest.unsaid)
    known = {one.code for one in entries}
    left = sorted(every - known)

    def row(code: str | None, key: str, label: str, definition: str = "") -> Row:
        return Row(key, label, tuple(group.count(code) for group in codes), definition)

    rows = [row(one.code, f"{prefix}{one.code}", one.heading, one.definition or "") for one in entries]
    for code in left:
        entry = of.entry(code)
        said = entry.heading if entry is not None else code.replace("_", " ").capitalize()
        rows.append(
            row(code, f"{prefix}{code}", f"{said} (in an earlier list only)", (entry and entry.definition) or "")
        )
    if none is not None:
        rows.append(row(None, *none))
    says = (_UNMAPPED.format(kind.one),) if left else ()
    return Table(
        rests_on=len(view.notified),
        of=NOTIFIED,
        columns=BOTH,
        rows=tuple(rows),
        says=says,
        chart=dots((one.label, one) for one in rows),
    )


_UNMAPPED = (
    "The list changed, and nothing in the newer one takes the place of some {0} of the earlier: counts under both "
    "lists cannot be compared there."
)
