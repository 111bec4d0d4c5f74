"""Words in a mail that ask that somebody is not told of it: the family, a parent, or whoever it is about.

Nothing is withheld or passed on by them: they are shown first to whoever may read the text, before they read it (rules
of practice, "not safe to tell the family"). That none were found means nothing.
"""

from __future__ import annotations

import re
from typing import Final

from escalations.mail import sentences

MOST: Final = 5
"""How many of the sentences that were found are shown."""

_FAMILY = (
    r"(?:(?:the|his|her|their|any|my|our|either|both|that|this) )?(?:\w+ )?(?:family|families|parents?|mother|mum|mam"
    r"|father|dad|carers?|guardians?|grand\w+|step\w+|foster\w*|partner|boyfriend|girlfriend|husband|wife|uncle|aunt"
    r"|brother|sister|relatives?|child|children|boy|girl|pupil|young person|home|house|him|her|them|me|anyone|anybody"
    r"|people|others)\b"
)
_ASKED = (
    r"\b(?:please (?:do )?not|do not|don't|never(?! (?:told|informed|notified|shared|given|shown)\b)|must not|mustn't"
    r"|must never|should not|shouldn't|may not|nobody (?:is to|must|should)|no one (?:is to|must|should)"
    r"|no-one (?:is to|must|should)|(?<!decided )(?<!chose )(?<!chosen )(?<!opted )not to|avoid"
    r"|you (?:cannot|can't)|please\b.{0,60}?\bwithout|rather (?:you )?(?:did not|didn't|not)"
    r"|prefer (?:you )?not to|would rather)"
)
"""Words that ask for something not to be done. What was not done is no plea: "closed without telling us"."""
_PLEAS: Final = tuple(
    re.compile(words, re.IGNORECASE)
    for words in (
        # Do not tell, whoever it is.
        (
            rf"{_ASKED}(?: (?:be|ever|yet|please|you|that you|under any circumstances|for now|at this stage)){{0,2}} "
            r"(?:tell(?:ing)?|told|inform(?:ing|ed)?|notif(?:y|ying|ied)|alert(?:ing|ed)?|disclos(?:e|ing|ed)"
            r"|reveal(?:ing|ed)?|mention(?:ing|ed)?|let(?:ting)? (?:on|\w+ (?:\w+ )?know)|tip(?:ping)? off)\b"
        ),
        # Do not get in touch with, or share with, the family.
        (
            rf"{_ASKED}(?: (?:ever|yet|please|be|under any circumstances)){{0,2}} (?:contact(?:ing)?|ring(?:ing)?"
            r"|phon(?:e|ing)|call(?:ing)?|writ(?:e|ing) to|text(?:ing)?|email(?:ing)?|speak(?:ing)? (?:to|with)"
            r"|talk(?:ing)? to|approach(?:ing)?|discuss(?:ing)? (?:\w+ )?(?:this )?with"
            r"|visit(?:ing)?|copy(?:ing)?(?: in)?) "
            rf"{_FAMILY}"
        ),
        (
            rf"{_ASKED}(?: (?:ever|please|be))?? (?:shar(?:e|ing|ed)|forward(?:ing|ed)?"
            r"|pass(?:ing|ed)?(?: (?:this|it))? on|show(?:ing|n)?|giv(?:e|ing|en)|us(?:e|ing|ed)) .{0,40}"
            r"\b(?:with|to|my name|this email|this message|who i am)\b"
        ),
        # Somebody asked us not to.
        (
            r"\b(?:asked|asks|asking|begged|begs|wants?|wanted)(?: \w+){0,3} not to"
            r" (?:tell|share|say|pass|report|repeat|contact|inform|mention|write)\b"
        ),
        # They must not know.
        (
            r"\b(?:(?:must|should|can)(?: ?not|n't| never)|(?:is|are|ought) (?:not|never) to)"
            r" (?:know|find out|hear|learn|be told|be informed|be made aware|become aware|see this|discover)\b"
        ),
        r"\b(?:nobody|no one|no-one)(?: \w+){0,3} (?:must|should|may|can|is to) (?:know|find out|hear|be told)\b",
        (
            r"\b(?:does|do)(?: not|n't) know(?: that)? (?:i|we)(?: am|'m| have|'ve| are|'re)? "
            r"(?:writ\w*|contact\w*|rais\w*|email\w*|wrote|telling|told)\b"
        ),
        (
            r"\b(?:if|when|once|should) (?:he|she|they|the \w+|mum|dad)\b.{0,20}"
            r"\b(?:find|finds|found|know|knows|hear|hears|learn|learns)\b.{0,20}"
            r"\b(?:out|this|that|about|of it|i (?:wrote|told|contacted))\b"
        ),
        r"\bwithout (?:the|his|her|their) (?:\w+'s? )?(?:knowledge|knowing|consent being sought)\b",
        # It is not safe to tell them; keep it to yourselves.
        (
            r"\b(?:not|isn't|un|un-)\s?safe (?:for \w+ )?(?:\w+ )?to (?:tell|share|contact|inform|write|phone|ring|call"
            r"|speak|discuss|disclose|email|text|use)\b"
        ),
        (
            r"\bkeep (?:this|it|that|my (?:name|details|identity)|me|what i (?:say|wrote)|everything)\b.{0,20}"
            r"\b(?:confidential|private|secret|anonymous|between us|to yoursel\w+|quiet|out of it)\b"
        ),
        r"\bin (?:the )?(?:strict(?:est)? )?confidence\b|\b(?:stay|remain|be kept|kept) anonymous\b|\banonymously\b",
    )
)
_NOT_A_PLEA = re.compile(
    r"\bhesitat\w+|\b(?:do not|don't) (?:tell|show) (?:me|us)\b|\bintended (?:only )?(?:for|recipient)\b"
    r"|\b(?:in|by) error\b|\bunauthorised\b|\bdisclaimer\b",
    re.IGNORECASE,
)


def found(subject: str, text: str, history: str = "") -> tuple[str, ...]:
    """The sentences that ask so, as they were written; none where there are none. Signatures are left out.

    Args:
        subject: of the mail.
        text: what was written now, without what is quoted.
        history: what stands below it; read only where the mail forwards it, for then it is what is said.
    """
    shown = []
    said_below = sentences.of(history) if sentences.forwards(subject, text) else ()
    every = (
        sentences.line(subject),
        *(one.text for one in (*sentences.of(text), *said_below) if not one.below),
    )
    for said in every:
        if not said or _NOT_A_PLEA.search(said):
            continue
        read = sentences.spelt(said)
        match = next((match for plea in _PLEAS if (match := plea.search(read))), None)
        if match is not None:
            shown.append(sentences.excerpt(said, match.start()))
    return tuple(dict.fromkeys(shown))[:MOST]
