"""What was written with a case asks that somebody is not told of it: shown first to whoever may read the text.

Nothing is withheld by it, and nobody is judged: it is a warning, above the words (`mail/pleas`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from escalations.mail import pleas

_WRITTEN: Final = ("problem", "wanted", "tried", "advice", "risk", "safe_meanwhile", "family_views", "theme")


def of_case(raised: Mapping[str, Any] | None, wrote: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The sentences that ask so, in what was raised and in what was added to it; each once, as it was written."""
    words = raised or {}
    mail = words.get("mail") or {}
    found = [*_in(mail), *pleas.found("", "\n\n".join(str(words.get(name) or "") for name in _WRITTEN))]
    for one in wrote:
        found += [*_in(one.get("mail") or {}), *pleas.found("", str(one.get("text") or ""))]
    # A labelled line stands in the mail and, without its label, among what was raised: it is shown once.
    once = [said for said in dict.fromkeys(found) if not any(one != said and one in said for one in found)]
    return tuple(once)[: pleas.MOST]


def _in(mail: Mapping[str, Any]) -> tuple[str, ...]:
    return pleas.found(str(mail.get("subject") or ""), str(mail.get("text") or ""), str(mail.get("history") or ""))
