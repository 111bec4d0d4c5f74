"""Two policies compared: each clause that is different is said once, in words, with when a time limit would end."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from escalations import policies
from escalations.packs import comparing, reading
from escalations.packs.comparing import About, Change, What
from escalations.policy import Policy
from escalations.rules import workingtime
from tests.builders import civil
from tests.packs.calling import call
from tests.web.conftest import BANNED

SAMPLE = reading.sample_text()
MONDAY = civil("2026-05-11 10:00")


def changed(*pairs: tuple[str, str], count: int = 1) -> Policy:
    text = SAMPLE
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, count)
    return reading.read_text(text, "new.yaml")


def changes(new: Policy, *, received: datetime = MONDAY, old: Policy | None = None) -> list[Change]:
    return list(policies.compare(old or reading.sample(), new, received=received)[1])


def said(new: Policy) -> list[str]:
    return [str(change) for change in changes(new)]


def test_equal_policies_differ_in_nothing() -> None:
    assert said(reading.sample()) == []


def test_a_shorter_limit_says_when_a_case_would_be_due() -> None:
    (sentence,) = said(changed(("standard: {within: 40 working days", "standard: {within: 30 working days")))
    assert sentence == (
        "Over all stages, settle the whole matter, standard track: 40 working days becomes 30 working days; a case "
        "received at 10:00 on Monday 11 May 2026 would be due at 17:00 on Tuesday 23 June 2026 instead of 17:00 on "
        "Tuesday 7 July 2026."
    )


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        pytest.param(
            "standard: {within: 10 working days",
            "standard: {within: 8 working days",
            "Stage 4, decide, standard track: 10 working days becomes 8 working days; counted from the start of the "
            "stage at 10:00 on Monday 11 May 2026, it would be due at 17:00 on Thursday 21 May 2026 instead of 17:00 "
            "on Tuesday 26 May 2026.",
            id="a limit, over a bank holiday",
        ),
        pytest.param(
            "on_limit: tell\nraiser", "on_limit: propose\nraiser",
            "Over all stages, settle the whole matter: when the time limit passes: those concerned are told becomes "
            "both sides and their managers are told, and the raising side is asked whether it moves up.",
            id="what a passed limit does",
        ),
        pytest.param(
            "remind_before: [5 working days, 1 working day]", "remind_before: [1 working day]",
            "Stage 4, decide, standard track: reminders: 5 working days and 1 working day becomes 1 working day.",
            id="reminders",
        ),
        pytest.param(
            "    partnership_told: true\n    clocks: *ladder\n  - number: 3",
            "    clocks: *ladder\n  - number: 3",
            "Stage 2: whether the partnership is told when it begins: yes becomes no.",
            id="told",
        ),
        pytest.param(
            "responding_position: senior_manager", "responding_position: head_of_service",
            "Stage 3: who is asked of the responding side: senior manager becomes head of service.",
            id="position",
        ),
        pytest.param(
            "{standard: 1 working day, urgent: null}", "{standard: null, urgent: null}",
            "How long before a move up the level passed over is told: standard: 1 working day becomes not said.",
            id="told before a move",
        ),
        pytest.param(
            "undelivered: wait", "undelivered: start",
            "What a notice that does not arrive does: starts no clock of the agency becomes starts the agency's "
            "clocks all the same.",
            id="undelivered",
        ),
        pytest.param(
            "alternate_position: alternate_chair", "alternate_position: deputy_chair",
            "Final body: alternate position: alternate chair becomes deputy chair.",
            id="what has no words of its own",
        ),
        pytest.param(
            "accounts_within: 5 working days", "accounts_within: 5 working days\npause_at_most: 10 working days",
            "How long a pause lasts before the team is told: not said becomes 10 working days.",
            id="what was not said before",
        ),
    ],
)  # fmt: skip
def test_each_clause_is_said_in_words(old: str, new: str, sentence: str) -> None:
    assert said(changed((old, new))) == [sentence]


def test_a_limit_that_stays_and_is_counted_otherwise_is_said_with_both_dates() -> None:
    found = said(changed(("day_zero: next", "day_zero: same")))
    assert found[0].startswith("The day of the start: does not count becomes counts where")
    assert (
        "Stage 1, answer, standard track: 5 working days stays, and is counted otherwise; counted from the arrival of "
        "the notice at 10:00 on Monday 11 May 2026, it would be due at 17:00 on Friday 15 May 2026 instead of 17:00 "
        "on Monday 18 May 2026."
    ) in found
    assert not [sentence for sentence in found if "elapsed" in sentence], "the urgent track is the same"


def test_bank_holidays_of_another_region_are_counted() -> None:
    new = changed(("region: england-and-wales", "region: scotland"))
    found = [str(one) for one in changes(new, received=civil("2026-11-27 10:00"))]
    assert "instead of 17:00 on Monday 30 November 2026" in " ".join(found), "St Andrew's Day"


# ---- Stages and clocks that come and go -----------------------------------------------------------------------------

THREE = changed(
    (SAMPLE[SAMPLE.index("  - number: 3\n") : SAMPLE.index("  - number: 4\n")], ""),
    ("  - number: 4\n", "  - number: 3\n"),
)


def test_a_stage_that_is_dropped_and_one_that_is_new_are_said() -> None:
    dropped = [one for one in changes(THREE) if one.what is What.DROPPED]
    assert "Stage 4: is dropped: Final body, head with head." in [str(one) for one in dropped]
    added = [str(one) for one in changes(reading.sample(), old=THREE) if one.what is What.ADDED]
    assert "Stage 4: is new: Final body, head with head." in added
    assert "Stage 4, decide: is new: standard 10 working days, urgent 48 elapsed hours." in added


def test_a_clock_that_is_dropped_is_said_and_one_that_was_renamed_is_the_same() -> None:
    acknowledge = SAMPLE[SAMPLE.index("      - id: acknowledge\n") : SAMPLE.index("      - id: resolve\n")]
    assert "Stage 1, acknowledge: is dropped: standard 1 working day." in said(changed((acknowledge, "")))
    renamed = said(changed(("- id: decide", "- id: judgement")))
    assert renamed == ["Stage 4, decide: id: decide becomes judgement."]


def test_a_track_that_a_clock_loses_is_said() -> None:
    urgent = "          urgent: {within: 24 elapsed hours, remind_before: [4 elapsed hours]}\n"
    assert "Stage 1, answer, urgent track: the limit of 24 elapsed hours is dropped." in said(changed((urgent, "")))


def test_a_level_of_priority_is_compared_like_a_track() -> None:
    levels = "priorities: [{code: high, title: High, definition: At once.}]\nsample: true"
    limit = "standard: {within: 10 working days, by_priority: {high: {within: 2 working days}}"
    new = changed(("sample: true", levels), ("standard: {within: 10 working days", limit))
    found = said(new)
    assert "Stage 4, decide, standard track, priority high: there is now a limit of 2 working days." in found
    assert [one for one in found if one.startswith(("Priorities: high is new", "Priorities is new"))]


# ---- Sources and the document ---------------------------------------------------------------------------------------


def test_sources_and_the_document_are_told_apart_from_what_a_case_meets() -> None:
    new = changed(
        ('version: "2026-1"', 'version: "2027-1"'),
        ("    raising_position: manager\n", '    raising_position: manager\n    source: "section 4"\n'),
        ('review_due: "2027-12-31"', 'review_due: "2029-01-31"'),
        ("standard: {within: 10 working days", "standard: {within: 8 working days"),
    )
    found = changes(new)
    assert [one.about for one in found] == [About.CASE, About.SOURCE, About.DOCUMENT, About.DOCUMENT]
    assert str(found[1]) == ("Stage 2: the paragraph behind it: “not in the document: our choice” becomes “section 4”.")
    assert str(found[2]) == "Version: 2026-1 becomes 2027-1."
    assert str(found[3]) == "Adoption: review due: 2027-12-31 becomes 2029-01-31."


def test_a_new_assumption_and_a_dropped_one_are_said_each_by_itself() -> None:
    new = changed(('  - "Four stages:', '  - "Something else."\n  - "Three stages:'))
    assert [(one.what, one.about) for one in changes(new)] == [
        (What.DROPPED, About.DOCUMENT),
        (What.ADDED, About.DOCUMENT),
        (What.ADDED, About.DOCUMENT),
    ]


def test_every_field_that_differs_is_found_whatever_it_is() -> None:
    """Also one that came into the language after the comparison was written."""
    was, becomes = (
        {"a": {"new_thing": [{"code": "x", "words": "1"}]}},
        {"a": {"new_thing": [{"code": "x", "words": "2"}]}},
    )
    (found,) = comparing._parts(("codes",), was, becomes, About.CASE)
    assert str(found) == "Codes, a, new thing, x: words: 1 becomes 2."


# ---- The command ----------------------------------------------------------------------------------------------------


def files(tmp_path: Path, new: str) -> tuple[str, str]:
    paths = tmp_path / "old.yaml", tmp_path / "new.yaml"
    for path, text in zip(paths, (SAMPLE, new), strict=True):
        path.write_text(text, "utf-8")
    return str(paths[0]), str(paths[1])


def test_the_command_ends_like_diff(tmp_path: Path) -> None:
    old, new = files(tmp_path, SAMPLE.replace("within: 40 working days", "within: 30 working days"))
    assert call("policy", "diff", old, old) == (0, "Nothing is different.\n")
    code, text = call("policy", "diff", old, new, "--received", "2026-05-11T10:00")
    assert code == 1
    assert "What changes for a case\n- Over all stages, settle" in text
    assert "17:00 on Tuesday 23 June 2026" in " ".join(text.split())
    assert text.endswith("Escalations that are open keep the policy under which they were received.\n")
    assert max(len(line) for line in text.splitlines()) <= 80
    assert BANNED.findall(text) == []


def test_the_example_begins_on_the_first_working_morning_of_the_new_one(tmp_path: Path) -> None:
    at, _ = policies.compare(reading.sample(), reading.sample(), received=None)
    assert workingtime.say(at) == "10:00 on Monday 2 February 2026", "1 February is a Sunday"
    old, new = files(tmp_path, SAMPLE.replace("within: 40 working days", "within: 30 working days"))
    assert "received at 10:00 on Monday 2 February 2026" in " ".join(call("policy", "diff", old, new)[1].split())


def test_the_command_prints_for_a_machine_and_refuses_what_is_no_moment_or_no_policy(tmp_path: Path) -> None:
    old, new = files(tmp_path, SAMPLE.replace("within: 40 working days", "within: 30 working days"))
    code, text = call("policy", "diff", old, new, "--json", "--received", "2026-05-11T10:00")
    found = json.loads(text)
    assert code == 1
    assert found["new"]["hash"] != found["old"]["hash"]
    assert found["received"].startswith("2026-05-11T09:00")
    (change,) = found["changes"]
    assert (change["was"], change["becomes"], change["about"]) == ("40 working days", "30 working days", "case")
    assert call("policy", "diff", old, new, "--received", "yesterday")[0] == 2
    Path(new).write_text("id: x\n", "utf-8")
    code, text = call("policy", "diff", old, new)
    assert code == 1
    assert "`escalations policy check` lists everything" in text


# ---- Lists ----------------------------------------------------------------------------------------------------------


def test_a_renamed_code_is_said_with_what_it_is_counted_as() -> None:
    mapped = changed(
        ("code: resource_or_capacity", "code: capacity\n      was: [resource_or_capacity]"),
        ("There is not the resource or capacity", "There is nobody to do it"),
    )
    assert said(mapped) == [
        "Reasons, capacity: is new: “There is nobody to do it”, in place of “There is not the resource or capacity”.",
        (
            "Reasons, resource or capacity: “There is not the resource or capacity” is dropped; is counted as “There "
            "is nobody to do it”."
        ),
    ]


def test_a_code_that_nothing_takes_the_place_of_is_said_to_hurt(tmp_path: Path) -> None:
    (tmp_path / "older.yaml").write_text(SAMPLE, "utf-8")
    (tmp_path / "newer.yaml").write_text(SAMPLE.replace("code: no_response_or_drift", "code: drift", 1), "utf-8")
    _, text = call("policy", "diff", str(tmp_path / "older.yaml"), str(tmp_path / "newer.yaml"))
    assert "What will hurt" in text
    assert "nothing takes its place" in text


def test_a_policy_without_lists_differs_in_nothing_from_one_that_writes_the_usual_ones_out() -> None:
    without = reading.read_text(SAMPLE[: SAMPLE.index("# What people choose from")], "new.yaml")
    assert said(without) == []


def test_new_words_and_definitions_are_said() -> None:
    (sentence,) = said(changed(('words: "A referral was not accepted"', 'words: "A request was turned down"')))
    assert sentence.startswith("Reasons, referral not accepted: words: “A referral was not accepted” becomes")
