"""Words in a mail that can mean that it is urgent, or that somebody is not safe now.

No program decides that: whoever wrote is asked, and the team is told at once that the words are there (rules of
practice, "Never by a timer, a parser or a score" and "A child must not wait in a queue of ours"). That none were found
means nothing. In doubt it is asked, for a question costs a line and a night costs more.

What is not meant so is left out as far as that is plain: what is denied ("not urgent"), what only says whom to ring
("for urgent matters call ..."), names of services ("Emergency Duty Team"), and what stands in a signature.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from escalations.mail import labels, sentences
from escalations.mail.sentences import Sentence

MOST: Final = 5
"""How many of the sentences that were found are shown."""


@dataclass(frozen=True, slots=True)
class _Sign:
    """Words that are looked for."""

    words: re.Pattern[str]
    denied: bool = True
    """Whether a word before them can deny them. What is itself a denial ("not safe") is not denied by one."""
    danger: bool = True
    """Whether they mean somebody's safety, and so count below a signature too."""


def _sign(words: str, *, denied: bool = True, danger: bool = True) -> _Sign:
    return _Sign(re.compile(words, re.IGNORECASE), denied=denied, danger=danger)


_SOMEBODY = (
    r"(?:he|she|they|him|her|them|it|who|(?:the|this|our|my|a|both|one of the) (?:\w+ ){0,2}?"
    r"(?:child|children|boys?|girls?|bab(?:y|ies)|son|daughter|pupils?|students?|teenagers?|siblings?|brothers?"
    r"|sisters?|young (?:person|people|man|woman)|adult|man|woman|mother|mum|resident|patient|client))"
)
_THEIR = r"(?:his|her|their|its|the child's|the baby's|my|\w+'s)"
_HOME = r"(?:home|school|care|placement|hospital|the (?:home|placement|unit|ward|school))"
_NOW = r"(?:now|tonight|today|this (?:morning|afternoon|evening|weekend|minute)|at this moment|as i write|currently)"
_DAY = rf"(?:{_NOW}|tomorrow|this week|(?:on )?(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
_ONE_AT_HOME = (
    r"(?:dad|daddy|father|mum|mam|mummy|mother|step-?\w+|(?:ex-?)?(?:partner|boyfriend|girlfriend|husband|wife)|ex|uncle"
    r"|aunt\w*|brother|sister|grand\w+|(?:foster )?carer|parents?|perpetrator|offender)"
)
_HURTS = r"(?:hits?|punch(?:es)?|kicks?|slaps?|beats?|hurts?|chokes?|whips?|burns?|bites?|strangles?|touch(?:es)?)"
_HURT = r"(?:hit|punched|kicked|slapped|beaten|beat|hurt|choked|whipped|burn(?:ed|t)|bitten|touched|assaulted|abused)"
_WHOM = r"(?:him|her|them|me|us|the (?:child(?:ren)?|kids?|baby|boys?|girls?|little (?:one|boy|girl)s?))"
_SIGNS: Final = (
    # Urgent, in so many words.
    _sign(r"(?<!non-)(?<!non )\burg(?:e|a)?nt(?:ly)?\b|\burgency\b|\bemerg[ea]ncy\b", danger=False),
    _sign(
        r"\b(?:cannot|can't|can not|must not|mustn't|won't|will not|should not|shouldn't) wait\b|\btime[- ]critical\b"
        r"|\bevery (?:hour|minute) counts\b|\bbefore it is too late\b|\bwithout (?:any )?delay\b"
        r"|\bright away\b|\bstraight ?away\b",
        denied=False,
        danger=False,
    ),
    _sign(
        r"\b(?:need|needs|needed|require|requires|requiring|demand|demands|want|wants|take|takes)\b.{0,40}"
        r"\b(?:immediate(?:ly)?|at once|tonight|within (?:the|an) hour|in the next (?:few |couple of )?hours?)\b"
        r"|\bimmediate (?:action|attention|response|help|protection|safeguarding)\b",
        danger=False,
    ),
    _sign(
        r"\b(?:act|acts|acted|somebody|someone|visit|seen|check(?:ed)?|help|response)\b.{0,30}\btonight\b",
        danger=False,
    ),
    # Danger.
    _sign(r"\bin (?:\w+ ){0,2}(?:danger|peril)\b|\bdanger to life\b|\bdangerous(?:ly)? (?:ill|unwell|situation)\b"),
    _sign(r"\b(?:immediate|imminent|acute|grave|life[- ]threatening)\b.{0,20}\b(?:danger|risk|harm|threat)\b"),
    _sign(rf"\brisk to life\b|\blife(?:[- ]| is |'s )(?:at risk|in danger|threatening)\b|\bat risk\b.{{0,40}}\b{_NOW}"),
    _sign(rf"\b(?:fear|fears|feared|afraid|frightened|scared|worried) for {_THEIR} (?:\w+ )?(?:life|safety)\b"),
    _sign(r"\b(?:afraid|frightened|scared|terrified) (?:to|of) (?:go|going|return|returning) (?:home|back)\b"),
    _sign(
        r"\b(?:not|isn't|aren't|never|no longer|neither|nor|cannot be|can't be|won't be|don't (?:feel|think|believe)"
        r"[^.?!]{0,20}|doesn't feel)(?: \w+){0,2} safe\b(?! to (?:tell|share|contact|inform|write|phone|ring|call"
        r"|speak|discuss|say|disclose|email|text|use))"
        r"|\bunsafe\b(?! to (?:tell|share|contact|inform|write|phone|ring))",
        denied=False,
    ),
    # Nobody knows where somebody is.
    _sign(
        rf"\b{_SOMEBODY}(?:'s| is| are| has| have| was| were)?(?: still| now| been| gone| went| reported)*"
        r" missing\b(?! (?:out|school|lessons|education|appointments|sessions|information|from (?:the (?!home|placement"
        r"|unit|ward|school)|this|our|your)))",
    ),
    _sign(rf"\b(?:gone|went|go|goes|going) missing\b|\bmissing (?:since|from {_HOME}|person|child|episode)\b"),
    _sign(
        r"(?-i:\b[A-Z][a-z]+) (?:is|has been|was) (?:still |now |reported )?missing\b"
        r"(?= (?:since|from home|again)|[.!?]|$)"
    ),
    _sign(
        r"\b(?:nobody|no one|no-one|none of us|(?:do|does|did) not|don't|doesn't|cannot|can't)\b.{0,25}"
        r"\b(?:know|say|tell|find out|idea)s?\b.{0,15}\bwhere (?:\w+ ){0,3}?"
        r"(?:is|are|went|has gone|have gone|might be)\b"
        r"|\bno idea where\b|\bwhereabouts\b.{0,25}\b(?:unknown|not known)\b|\b(?:unknown|no) whereabouts\b",
        denied=False,
    ),
    _sign(
        r"\b(?:cannot|can't|could not|couldn't|unable to|nobody can) (?:be found|find (?:him|her|them|the (?:child|boy"
        r"|girl|baby)))\b|\b(?:not|never|hasn't|haven't|nobody has)(?: been)? (?:seen|heard from)(?: \w+){0,3} since\b"
        r"|\b(?:nobody|no one|no-one) (?:has seen|can find|can reach) (?:him|her|them)\b"
        r"|\b(?:not|never|didn't|hasn't|haven't) (?:come|came|return(?:ed)?|got(?:ten)?)(?: back)?"
        r" (?:home|from school)\b",
        denied=False,
    ),
    _sign(r"\b(?:run|ran|running) (?:away|off)\b|\babscond(?:ed|ing|s)?\b|\babducted\b|\bkidnapp?ed\b"),
    # Harm, done or about to be.
    _sign(r"\bsuicid\w*|\b(?:kill|hang|drown) (?:himself|herself|themselves|themself|myself)\b|\bwants? to die\b"),
    _sign(r"\b(?:end|take|took|ending|taking) (?:his|her|their) (?:own )?li(?:fe|ves)\b|\boverdos\w*"),
    _sign(rf"\bself[- ]?harm\w*\b.{{0,40}}\b{_NOW}\b|\b{_NOW}\b.{{0,40}}\bself[- ]?harm"),
    _sign(
        r"\b(?:threat|threatens?|threatened|threatening|going|planning|plans?|trying|tried|will|about)(?: to)?"
        r" (?:kill|stab|strangle|hurt|harm|burn|attack|murder|beat)\b"
    ),
    _sign(r"\b(?:has|had|with|got|holding|pulled) a (?:knife|gun|weapon|machete)\b|\bstrangl(?:ed|ing|es)\b"),
    _sign(r"\b(?:could|might|may|will|going to|would) (?:die|be killed|be dead)\b|\bnot (?:be )?(?:alive|survive)\b"),
    _sign(r"\b(?:unconscious|not breathing|bleeding|badly (?:hurt|injured)|critically (?:ill|injured))\b"),
    _sign(
        rf"\b(?:being|been|was|were|is|got) (?:hit|beaten|hurt|assaulted|attacked|raped|burn(?:ed|t))\b.{{0,40}}\b"
        rf"(?:{_NOW}|again|last night|yesterday)\b"
    ),
    _sign(rf"\b(?:is|are|'s|keeps?|kept) (?:still )?(?:being|getting) (?:{_HURT}|attacked|raped|starved|locked)\b"),
    _sign(rf"\b(?:he|she|they|who|{_ONE_AT_HOME})(?: \w+)? {_HURTS} {_WHOM}\b"),
    _sign(rf"\b{_HURT} {_WHOM}\b.{{0,40}}\b(?:{_NOW}|again|last night|yesterday|(?:most|every) (?:night|day))\b"),
    _sign(rf"\bdisclos\w+\b.{{0,60}}\b(?:{_HURTS}|{_HURT}|abus\w+|rap(?:e|ed|es))\b"),
    _sign(
        r"\b(?:new|fresh|unexplained|further|more) (?:\w+ )?(?:bruis\w+|injur\w+|burns|bite marks?)\b|\bblack eyes?\b"
    ),
    # Fear of somebody, and who is about to come.
    _sign(
        rf"\b(?:frightened|scared|terrified|petrified|afraid) of"
        rf" (?:him|her|them|(?:(?:his|her|their|the|my) )?(?:\w+ )?{_ONE_AT_HOME})\b"
    ),
    _sign(
        rf"\b{_ONE_AT_HOME} (?:is|gets|will be|comes?) (?:\w+ )?(?:due|coming|moving|released|let|back|out|home)\b"
        rf".{{0,40}}\b{_DAY}\b"
    ),
    _sign(r"\b(?:left|at home|is) alone\b.{0,40}\b(?:now|tonight|with|again|all (?:day|night))\b|\bhome alone\b"),
    _sign(
        r"\b(?:taken|taking|flown|fly|flying|leav\w+|going)\b.{0,25}\b(?:abroad|out of the country|overseas)\b.{0,40}"
        r"\b(?:tonight|today|tomorrow|this week(?:end)?)\b|\bforced marriage\b"
    ),
    _sign(r"\b(?:called|rang|phoned|dialled|dialed|ringing|calling) 999\b|\b999 (?:has been|was|call)\b"),
)
_DENIES = re.compile(
    r"\b(?:not|no|non|isn't|wasn't|aren't|weren't|never|nothing|neither|nor|without|hardly|nicht|don't think|"
    r"doesn't seem|less)\b(?! (?:only|just|merely|sure|certain))(?:[ -](?!but\b|however\b|though\b)[\w']+){0,4}[ -]?$",
    re.IGNORECASE,
)
_SERVICE = re.compile(
    r"\b(?:non-?emergency|emergency (?:duty|department|dept|planning|medicine|care"
    r"|preparedness|response (?:team|unit)|admissions? unit|accommodation team)"
    r"|urgent (?:care|treatment) (?:cent(?:re|er)|team|service|board|clinic)|urgent care"
    r"|urgent response (?:team|service)"
    r"|urgent (?:matters|enquiries|queries) (?:line|desk|team))\b",
    re.IGNORECASE,
)
_WHOM_TO_RING = re.compile(
    r"\b(?:for|in|if|outside|when|during|should)\b.{0,60}\b(?:urg[ea]nt(?:ly)?|emergenc(?:y|ies)|danger|risk of harm"
    r"|unsafe|not safe|immediate(?:ly)?|suicid\w*)\b.{0,80}\b(?:call|ring|phone|telephone|tel|dial|contact|email|visit"
    r"|text|speak to|999|111|101)\b"
    r"|\b(?:call|ring|phone|telephone|dial|contact|999|111|101)\b.{0,60}\b(?:if|for|in)\b.{0,40}\b(?:urg[ea]nt"
    r"|emergenc(?:y|ies)|danger)\b"
    r"|\b(?:this|the) (?:inbox|mailbox|email|account|address)\b.{0,40}\bnot\b.{0,20}\bmonitored\b",
    re.IGNORECASE,
)
_SOMEBODY_IN_PARTICULAR = re.compile(r"\b(?:he|she|him|her|his|hers|they|them)\b", re.IGNORECASE)
_WHETHER = re.compile(
    r"\b(?:whether|if) (?:it|this|that) (?:is|was|becomes|were) urgent\b|^(?:re: .{0,80})?is (?:it|this) urgent ?\?",
    re.IGNORECASE,
)
_LABELLED = re.compile(r"\s*[-*•>]{0,2}\s*urg(?:ent|ency)\s*:(.*)", re.IGNORECASE)


def found(subject: str, text: str, history: str = "") -> tuple[str, ...]:
    """The sentences with such words, as they were written; none where there are none.

    Args:
        subject: of the mail.
        text: what was written now, without what is quoted.
        history: what stands below it; read only where the mail forwards it, for then it is what is said.
    """
    read = [Sentence(sentences.line(subject)), *sentences.of(text)]
    if history and sentences.forwards(subject, text):
        read += sentences.of(history)
    shown = (at for sentence in read if (at := _in(sentence)) is not None)
    return tuple(dict.fromkeys(shown))[:MOST]


def _in(sentence: Sentence) -> str | None:
    said = sentence.text
    labelled = _LABELLED.match(said)
    if not said or (labelled and labels.yes(labelled[1]) is not None):
        return None
    if _WHOM_TO_RING.search(said) and not _SOMEBODY_IN_PARTICULAR.search(said):
        return None
    said = sentences.spelt(_WHETHER.sub(" ", _SERVICE.sub(" ", said)))
    for sign in _SIGNS:
        if sentence.below and not sign.danger:
            continue
        for match in sign.words.finditer(said):
            if sign.denied and not said.endswith("?") and _DENIES.search(said[: match.start()]):
                continue
            return sentences.excerpt(sentence.text, min(match.start(), len(sentence.text)))
    return None
