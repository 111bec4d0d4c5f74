"""What a newer version of a policy's lists leaves behind: codes that it drops, and that nothing takes the place of.

A case keeps the code that it was recorded with. A review over both versions counts it in the newer list only where that
says, under ``was``, which entry it became; otherwise it stands apart, and the two years cannot be compared.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from escalations.policy import Policy, PolicyProblem
from escalations.rules.codelists import ListKind


def unmapped(old: Policy, new: Policy) -> Iterator[PolicyProblem]:
    """Each code of the older policy's lists that is in no place of the newer one's."""
    for kind in ListKind:
        listed = new.codes(kind)
        for entry in old.codes(kind):
            if listed.present(entry.code) is None:
                yield PolicyProblem(
                    ("lists", kind.value),
                    f"the {kind.one} {entry.code} (“{entry.words}”) of version {old.version} is gone, and nothing "
                    "takes its place, so a review over both counts it apart; name it under was at the entry that does, "
                    "or keep it with no_longer_used_from",
                )


def beside_older(policies: Iterable[Policy]) -> Iterator[tuple[Policy, PolicyProblem]]:
    """The same for several versions of one policy, each beside the one before it."""
    versions: dict[str, list[Policy]] = {}
    for one in policies:
        versions.setdefault(one.id, []).append(one)
    for of in versions.values():
        ordered = sorted(of, key=lambda one: (one.adoption.in_force_from, one.version))
        for old, new in itertools.pairwise(ordered):
            yield from ((new, problem) for problem in unmapped(old, new))
