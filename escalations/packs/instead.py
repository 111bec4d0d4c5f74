"""What is wrong with a part of a policy file, and what to write instead: in the words of whoever writes a policy."""

from __future__ import annotations

import difflib

from pydantic_core import ErrorDetails

from escalations import policy
from escalations.policy import (
    Adoption,
    ClockRule,
    FinalBody,
    Limit,
    OutOfScope,
    Policy,
    PositionRule,
    PriorityRule,
    RaisedTogether,
    Skipping,
    StageRule,
    Thematic,
)
from escalations.rules import codelists
from escalations.rules.civiltime import Amount
from escalations.rules.codelists import CodeEntry, CodeLists


def sentence(details: ErrorDetails) -> str:
    """What is wrong with one part."""
    known, limits, kind = details.get("ctx", {}).get("expected"), details.get("ctx", {}), details["type"]
    match kind:
        case "extra_forbidden":
            near = difflib.get_close_matches(str(details["loc"][-1]), _names(), n=1)
            return f"is not a part of a policy; did you mean {near[0]}?" if near else "is not a part of a policy"
        case "missing":
            example = WRITE.get(str(details["loc"][-1]))
            said = f"is missing; write such as {example}" if example else "is missing"
        case "enum" | "literal_error":
            said = f"has to be {known}, and is {details['input']!r}"
        case "string_type":
            said = f"has to be text; write it in quotes: {str(details['input'])[:40]!r}"
        case "dict_type" | "model_type" | "model_attributes_type":
            instead = f"; write such as {{within: {details['input']}}}" if _is_amount(details["input"]) else ""
            said = f"has to have parts of its own, each on a line such as 'name: value'{instead}"
        case "string_pattern_mismatch":
            said = f"{str(details['input'])[:40]!r} has a form that is not allowed here ({_form(details)})"
        case "string_too_long" | "too_long":
            more = " characters; make it shorter" if kind == "string_too_long" else ", which no policy has"
            said = f"has more than {limits['max_length']}{more}"
        case _ if kind.startswith("date_"):
            said = f"has to be a date such as 2026-02-28, and is {str(details['input'])[:40]!r}"
        case _:
            said = _PLAIN.get(kind) or details["msg"].removeprefix("Value error, ")
    return said


_PLAIN = {
    "tuple_type": "has to be a list; begin each line of it with '- '",
    "list_type": "has to be a list; begin each line of it with '- '",
    "bool_type": "has to be true or false",
    "bool_parsing": "has to be true or false",
    "string_too_short": "is empty; write at least 1 character",
    "too_short": "has to have at least one; begin each with '- '",
}


def of_yaml(said: str) -> str:
    """What is wrong with a line that is no YAML, by what its reader says of it."""
    for sign, what in _INSTEAD.items():
        if sign in said:
            return f"is not YAML that can be read: {what}"
    reason = f": {said}" if said else ""
    return f"is not YAML that can be read{reason}; check the spaces at the start of the line"


_INSTEAD = {
    "mapping values are not allowed": (
        "a text with a colon in it has to stand in quotes, and a line begins with as many spaces as those beside it"
    ),
    "cannot start any token": (
        "write spaces, and no tab, at the start of a line; and a text that begins with a sign in quotes"
    ),
    "expected <block end>": "the line begins with more or fewer spaces than those beside it",
    "another document": "a line of three dashes begins a second policy; keep one, each policy has a file of its own",
    "undefined alias": "it names with * what no line above calls so with &; write it out",
}
"""What to write instead of what the reader trips over; by a part of what it says."""


def _is_amount(value: object) -> bool:
    """Whether somebody wrote a time where a limit belongs, with which more can be said."""
    try:
        return isinstance(value, str) and Amount.parse(value) is not None
    except ValueError:
        return False


WRITE = {
    "id": "id: short-name",
    "title": 'title: "Our policy"',
    "version": 'version: "2026-1"',
    "sample": "sample: true, and sample: false once it is adopted",
    "adoption": (
        'adoption: {adopted_by: "The board", adopted_on: "2026-01-12", put_live_by: "The business manager", '
        'in_force_from: "2026-02-01", review_due: "2028-02-01"}'
    ),
    "adopted_by": 'adopted_by: "The board"',
    "put_live_by": 'put_live_by: "The business manager", which is a second person',
    "adopted_on": 'adopted_on: "2026-01-12"',
    "in_force_from": 'in_force_from: "2026-02-01"',
    "review_due": 'review_due: "2028-02-01"',
    "stages": "stages:, and below it a list, of which each begins with '- number: 1'",
    "final_body": "final_body: {agency: partners-panel}, with an agency's id in the directory",
    "number": "number: 1",
    "raising_position": "raising_position: manager",
    "responding_position": "responding_position: manager",
    "clocks": "clocks: and a list below it, or clocks: [] where the stage has no time limit of its own",
    "awaits": "awaits: respond",
    "waits_for": "waits_for: responding",
    "starts_from": "starts_from: delivered",
    "limits": "limits: {standard: {within: 5 working days}, urgent: {within: 24 elapsed hours}}",
    "within": "within: 5 working days",
    "after": "after: 60 working days",
    "agency": "agency: partners-panel",
    "code": "code: high",
    "words": 'words: "What people read"',
    "definition": 'definition: "When it is meant"',
    "what": 'what: "A complaint"',
    "where": 'where: "the agency\'s complaints procedure"',
    "because": "because: [risk]",
}
"""What is missing, as somebody would write it."""


def _form(details: ErrorDetails) -> str:
    pattern = str(details.get("ctx", {}).get("pattern"))
    return _FORMS.get(pattern, pattern)


_FORMS = {
    policy.SLUG_FORM: "small letters, digits and dashes, beginning with a letter",
    policy.POSITION_FORM: "small letters and underscores, beginning with a letter",
    policy.PREFIX_FORM: "two to four capital letters",
    codelists.CODE_FORM: "small letters, digits and underscores",
}


def _names() -> list[str]:
    """Every name that a part of a policy can have."""
    of_ladder = (Policy, Adoption, FinalBody, StageRule, ClockRule, Limit)
    parts = (
        *of_ladder,
        PriorityRule,
        PositionRule,
        Skipping,
        Thematic,
        RaisedTogether,
        OutOfScope,
        CodeLists,
        CodeEntry,
    )
    return list(dict.fromkeys(name for part in parts for name in part.model_fields))
