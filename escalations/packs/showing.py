"""A policy as its partnership would read it: the ladder, each clock in words, and where each rule comes from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.table import Table

from escalations.policy import OUR_CHOICE, Awaits, ClockRule, OnLimit, Policy, Side, StageRule, StartsFrom, Track

AWAITED: Final = {
    Awaits.ACKNOWLEDGE: "acknowledges",
    Awaits.BE_REACHED: "is reached by a person",
    Awaits.RESPOND: "answers",
    Awaits.CONSIDER: "says whether the answer deals with the worry",
    Awaits.CHOOSE: "says whether it moves up",
    Awaits.CONFIRM: "confirms or denies what was said to be done",
    Awaits.DECIDE: "decides",
    Awaits.LOOK: "looks at what is held and passes it on",
    Awaits.MEND_DELIVERY: "sees to a notice that did not arrive",
    Awaits.SETTLE_ALL: "settle the whole matter",
}
SIDES: Final = {
    Side.RAISING: "the raising side",
    Side.RESPONDING: "each responding agency",
    Side.BOTH: "both sides",
    Side.TEAM: "the partnership's team",
    Side.FINAL_BODY: "the final body",
}
FROM: Final = {
    StartsFrom.RECEIVED: "receipt of the escalation",
    StartsFrom.STAGE_STARTED: "the start of the stage",
    StartsFrom.DELIVERED: "arrival of the notice",
    StartsFrom.ANSWERED: "the answer",
    StartsFrom.PROPOSED: "the proposal to move up",
    StartsFrom.SAID_DONE: "when it was said to be done",
    StartsFrom.HELD: "when it was held",
    StartsFrom.DELIVERY_FAILED: "when the notice did not arrive",
}
THEN: Final = {
    OnLimit.TELL: "people are told",
    OnLimit.PROPOSE: "a move up is proposed",
    OnLimit.ESCALATE: "it moves up by itself",
}


def show(policy: Policy, console: Console) -> None:
    """Print a policy's ladder with its clocks, at the console's width."""
    adoption = policy.adoption
    console.print(f"[bold]{policy.title}[/bold], version {policy.version}")
    console.print(
        f"Adopted by {adoption.adopted_by} on {adoption.adopted_on}; put live by {adoption.put_live_by}; in force "
        f"from {adoption.in_force_from}; review due {adoption.review_due}."
    )
    if policy.sample:
        console.print("[bold]A sample: nobody's policy.[/bold] It assumes:")
        for assumption in policy.assumptions:
            console.print(f"  - {assumption}")
    for stage in policy.stages:
        _stage(policy, stage, console)
    for title, rules in (
        ("Over all stages", policy.process_clocks),
        ("What waits for the raising side, at any stage", policy.raiser_clocks),
        ("What waits for the partnership's team", policy.team_clocks),
    ):
        if rules:
            console.print(f"\n[bold]{title}[/bold]")
            console.print(_table(rules))
    console.print()
    for line in _conventions(policy):
        console.print(f"  - {line}")


def _stage(policy: Policy, stage: StageRule, console: Console) -> None:
    told = "; the partnership is told when it begins" if stage.partnership_told else ""
    formal = "" if stage.formal else ", informal"
    console.print(f"\n[bold]Stage {stage.number}: {stage.title}[/bold]{formal}{told}")
    console.print(
        f"  raising side: {_words(stage.raising_position)}   responding side: {_words(stage.responding_position)}"
    )
    if stage.decided_by_final_body:
        console.print(
            f"  decided by {_words(policy.final_body.position)} of {policy.final_body.agency}, or by its "
            f"{_words(policy.final_body.alternate_position)} where the first works for a party or decided before"
        )
    console.print(_table(stage.clocks))


def _table(rules: tuple[ClockRule, ...]) -> Table:
    table = Table(expand=False)
    for heading in ("Who does what", "Counted from", "Standard", "Urgent", "When the limit passes", "Source"):
        table.add_column(heading, overflow="fold")
    for rule in rules:
        table.add_row(
            f"{SIDES[rule.waits_for]} {AWAITED[rule.awaits]}",
            FROM[rule.starts_from],
            _limit(rule, Track.STANDARD),
            _limit(rule, Track.URGENT),
            THEN[rule.on_limit],
            "our choice" if rule.source == OUR_CHOICE else rule.source,
        )
    return table


def _limit(rule: ClockRule, track: Track) -> str:
    limit = rule.limits.get(track)
    if limit is None:
        return "-"
    if not limit.remind_before:
        return limit.within.words()
    reminders = ", ".join(amount.words() for amount in limit.remind_before)
    return f"{limit.within.words()}; reminded {reminders} before"


def _conventions(policy: Policy) -> Iterator[str]:
    yield (
        "Where a move up is proposed, both sides and their managers are told and the raising side is asked; time alone "
        "moves nothing."
    )
    yield f"Working days are those of {policy.region.words()}."
    yield (
        "The day of the start does not count."
        if policy.day_zero.value == "next"
        else "The day of the start counts where it came before close of business."
    )
    for track, amount in policy.told_before_move.items():
        told = "as it moves up" if amount is None else f"{amount.words()} before it moves up"
        yield f"The level passed over is told {told} ({track.value} track)."
    yield (
        "A notice that does not arrive starts no clock of the agency; the team's own clock to mend it runs."
        if policy.undelivered.value == "wait"
        else "A notice that does not arrive starts the agency's clocks all the same, and the case shows it."
    )
    yield (
        f"A case that is paused for {policy.longest_pause.words()} is put before the team again; what waits for a side "
        "can be paused and extended, where its rule does not say otherwise."
    )
    yield f"The raiser is never left more than {policy.word_to_raiser_every.words()} without word."
    yield (
        f"A cause of delay is provisional: both agencies have {policy.accounts_within.words()} to add their account "
        "before the team confirms it."
    )
    yield "No limit closes, withdraws, redirects or pauses anything."


def _words(position: str) -> str:
    return position.replace("_", " ")
