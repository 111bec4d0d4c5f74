"""The words that can mean that a case is urgent, for whoever may read the text and is asked what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from escalations.intake import mail_raising
from escalations.mail import urgency
from escalations.rules.case import Case


def words(case: Case, raised: Mapping[str, Any] | None, wrote: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The sentences, as they were written: in the mail that raised it, and in what was added by mail since.

    None where nobody is asked. Where it is asked and none is given, the words were taken for such then and not now.
    """
    if not case.asked_if_urgent:
        return ()
    found = [str(one) for one in ((raised or {}).get("mail") or {}).get("urgent_words") or ()]
    for one in wrote:
        if mail := one.get("mail"):
            text = str(one.get("text") or "")
            below = mail_raising.said_below(str(mail.get("subject") or ""), text, str(mail.get("history") or ""))
            found += [*urgency.found("", text), *urgency.found("", below)]
    return tuple(dict.fromkeys(found))[: urgency.MOST]
