"""The year that ``docs/review.md`` works out by hand: its tables read, its cases lived through, its figures found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from escalations.parts import Parts
from escalations.policy import Awaits, Side
from escalations.review.figures import Cell, Review, Share
from escalations.rules import acts
from escalations.rules.actors import Actor, Channel
from escalations.rules.acts import Act
from escalations.rules.case import Cause, Changed, Done, Felt, Outcome, Says
from escalations.rules.plan import PlanSays
from escalations.rules.workingtime import Amount
from escalations.simulation.direct import Direct
from escalations.store import directory_file
from escalations.store.directory_file import AgencyEntry, DirectoryFile
from tests.builders import TEAM, civil, origin

PAGE = Path(__file__).parents[2] / "docs" / "review.md"
NOW = "2026-05-29 12:00"
AGENCIES = {
    "school A": "school-a",
    "school B": "school-b",
    "school C": "school-c",
    "children's services": "childrens-services",
    "health": "community-health",
    "police": "police",
    "housing": "homes",
}
AGREED: dict[str, Literal[Outcome.AGREED_AS_ASKED, Outcome.AGREED_IN_PART, Outcome.AGREED_ANOTHER_WAY]] = {
    "as asked": Outcome.AGREED_AS_ASKED,
    "in part": Outcome.AGREED_IN_PART,
    "another way": Outcome.AGREED_ANOTHER_WAY,
}


def table(text: str, heading: str) -> Iterator[list[str]]:
    """Give the cells of the rows of a table that begins with a heading."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(heading):
            next(lines)
            for row in lines:
                if not row.startswith("|"):
                    return
                yield [cell.strip() for cell in row.strip().strip("|").split("|")]
    return


def its_directory() -> DirectoryFile:
    """Give the agencies that the page says there are. Nobody holds a position: no message is written here."""
    sample = {entry.id: entry for entry in directory_file.sample().agencies}

    def entry(agency_id: str, like: str, agency_type: str) -> AgencyEntry:
        return sample[like].model_copy(
            update={"id": agency_id, "type": agency_type, "parent": None, "positions": (), "domains": ()}
        )

    return DirectoryFile(
        sample=True,
        agencies=(
            entry("school-a", "oak-school", "school"),
            entry("school-b", "oak-school", "school"),
            entry("school-c", "oak-school", "school"),
            entry("childrens-services", "childrens-services", "childrens-services"),
            entry("community-health", "community-health", "health"),
            entry("police", "police", "police"),
            entry("homes", "police", "housing"),
            entry("partnership-team", "partnership-team", "partnership"),
            entry("partners-panel", "partners-panel", "partnership"),
        ),
    )


class Case:
    """One case of the page."""

    def __init__(self, cells: list[str]) -> None:
        self.number, track, raising, responding, about, why, level, legal = cells
        self.raising = AGENCIES[raising]
        self.responding = tuple(AGENCIES[name.strip()] for name in responding.split(","))
        self.stage = 1
        self.facts: dict[str, Any] = {
            "track": track,
            "raising_agency": self.raising,
            "concern": about,
            "reason": why,
            "level_of_need": int(level) if level else None,
            "legal_status": legal,
        }

    def act(self, at: datetime, said: str) -> Act:  # noqa: C901, PLR0911  one line a kind of row
        """Give the act that a row tells of."""
        raiser = origin(Actor(side=Side.RAISING, agency_id=self.raising, position=self._rung), at)
        team = origin(TEAM, at, channel=Channel.TEAM)
        if said == "raised":
            return acts.Raise(**{**raiser, "channel": Channel.FORM}, responding_agencies=self.responding, **self.facts)
        if said == "phoned in, and held for the team":
            return acts.Raise(**team, hold=True, **self.facts)
        if said == "passed on by the team":
            return acts.PassOn(**team, responding_agencies=self.responding)
        if said == "taken up by the raising side":
            self.stage += 1
            return acts.MoveUp(**raiser)
        if said == "stays at this stage":
            return acts.Stay(**raiser)
        if said == "a person reached":
            return acts.ReachedByPerson(**raiser, agency_id=self.responding[0], position=self._rung)
        if said == "confirmed by the raising side":
            return acts.ConfirmDone(**raiser, claim_id="c1")
        if said == "decided another way by the final body":
            body = Actor(side=Side.FINAL_BODY, agency_id="partners-panel", position="chair")
            return acts.Decide(**origin(body, at), outcome=Outcome.DECIDED_ANOTHER_WAY)
        if said == "cause of the limit to acknowledge at stage 1 confirmed by the team":
            return acts.ConfirmCause(**team, clock_id="2-acknowledge", cause=Cause.SILENT)
        if found := re.fullmatch(
            r"account of the limit to acknowledge at stage 1 by the (raising|responding) side: (\w+)", said
        ):
            return self._account(at, Side(found[1]), Says(found[2]))
        if found := re.fullmatch(r"looked back by the (raising|responding) side: ([a-z_, ]+)(?:; (\w+))?", said):
            side = Side(found[1])
            by = origin(Actor(side=side, agency_id=self._agency(side), position=self._rung), at)
            changed = tuple(Changed(code) for code in found[2].split(", "))
            felt = Felt(found[3]) if found[3] else None
            return acts.LookBack(**by, agency_id=self._agency(side), changed=changed, felt=felt)
        if (act := self._planned(at, said)) is not None:
            return act
        if found := re.fullmatch(r"agreed (as asked|in part|another way)", said):
            return acts.Agree(**raiser, outcome=AGREED[found[1]])
        return self._responding(at, said)

    def _planned(self, at: datetime, said: str) -> Act | None:
        """What a row tells of a plan, of dissent, and of what is said some time after the end."""
        raiser = origin(Actor(side=Side.RAISING, agency_id=self.raising, position=self._rung), at)
        responding = origin(Actor(side=Side.RESPONDING, agency_id=self.responding[0], position=self._rung), at)
        if found := re.fullmatch(r"plan by the responding side: an action of its own by (\S+)", said):
            action = acts.ProposedAction(agency_id=self.responding[0], due_on=date.fromisoformat(found[1]))
            return acts.ProposePlan(**responding, actions=(action,))
        if said == "plan agreed by the raising side":
            return acts.AnswerPlan(**raiser, plan_id="p1", agency_id=self.raising, says=PlanSays.AGREED)
        if said == "action done, by the responding side":
            return acts.ReportAction(**responding, action_id="a1", done=True)
        if said == "action confirmed by the raising side":
            return acts.CheckAction(**raiser, action_id="a1", so=True)
        if said == "formal dissent by the responding side":
            return acts.RecordDissent(**responding, agency_id=self.responding[0], formal=True)
        if found := re.fullmatch(
            r"followed up by the (raising|responding) side: (\w+); ([a-z_, ]+); ([a-z_, ]+)", said
        ):
            side = Side(found[1])
            by = origin(Actor(side=side, agency_id=self._agency(side), position=self._rung), at)
            return acts.AnswerFollowUp.model_validate(
                {
                    **by,
                    "agency_id": self._agency(side),
                    "kept": found[2],
                    "changed": found[3].split(", "),
                    "learning": found[4].split(", "),
                }
            )
        return None

    @property
    def _rung(self) -> str:
        return ("practitioner", "manager", "senior_manager", "head")[self.stage - 1]

    def _agency(self, side: Side) -> str:
        return self.raising if side is Side.RAISING else self.responding[0]

    def _account(self, at: datetime, side: Side, says: Says) -> Act:
        agency = self._agency(side)
        by = origin(Actor(side=side, agency_id=agency, position=self._rung), at)
        return acts.Account(**by, clock_id="2-acknowledge", agency_id=agency, says=says)

    def _responding(self, at: datetime, said: str) -> Act:
        found = re.fullmatch(
            r"(acknowledged|answered|said) by the (practitioner|manager|senior manager)"
            r"(?: of ([a-z' ]+))?(?: to have been answered on (\S+ \S+))?",
            said,
        )
        assert found is not None, f"the test does not know: {said}"
        verb, position, of, happened = found.groups()
        agency = AGENCIES[of] if of else self.responding[0]
        by = origin(Actor(side=Side.RESPONDING, agency_id=agency, position=position.replace(" ", "_")), at)
        match verb:
            case "acknowledged":
                return acts.Acknowledge(**by)
            case "answered":
                return acts.Respond(**by, offers=Outcome.AGREED_IN_PART)
            case _:
                return acts.SayDone(**{**by, "happened_at": civil(happened)}, done=Done.ANSWERED, agency_id=agency)


async def extension(life: Direct, at: datetime, said: str) -> Act | None:
    """Give the act by which a time limit is extended, where a row tells of one."""
    found = re.fullmatch(r"limit to answer extended by the team by (\d+ working days)", said)
    if found is None:
        return None
    clock = (await life.case()).running(Awaits.RESPOND)[0]
    team = origin(TEAM, at, channel=Channel.TEAM)
    return acts.Extend(**team, clock_id=clock.clock_id, by_amount=Amount.parse(found[1]))


async def live_through(parts: Parts, text: str) -> None:
    """Let everything happen that the page tells of, and time pass until the page's now."""
    cases = {cells[0]: Case(cells) for cells in table(text, "| Case | Track |")}
    lives = {number: Direct(parts, posts=False) for number in cases}
    for number, when, said in table(text, "| Case | When |"):
        at = civil(when)
        act = await extension(lives[number], at, said) or cases[number].act(at, said)
        if isinstance(act, acts.Raise):
            await lives[number].raises(act, words={})
        else:
            await lives[number].act(act)
    for life in lives.values():
        await life.until(civil(NOW))


def figures(text: str) -> dict[str, tuple[list[str], dict[str, list[str]]]]:
    """Give of each figure that the page works out the heads of its columns, and its rows by their labels."""
    found = {}
    for part in re.split(r"^### Worked: ", text, flags=re.MULTILINE)[1:]:
        name = re.match(r"`(\w+)`", part)
        assert name is not None
        heads, _, *rows = [
            [cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("|")
        ]
        found[name[1]] = (heads[1:], {cells[0]: cells[1:] for cells in rows})
    return found


def as_figures(review: Review) -> dict[str, tuple[list[str], dict[str, list[str]]]]:
    """Give the same of a review, but for the register's position, which grows with every event that is added."""
    return {
        figure.id: (
            [plain(column.label) for column in figure.table.columns],
            {
                plain(row.label): [_cell(cell) for cell in row.cells]
                for row in figure.table.rows
                if row.key != "position"
            },
        )
        for figure in review.figures
        if figure.table.rows
    }


def plain(text: str) -> str:
    """Give a text with the apostrophes of the page."""
    return text.replace("’", "'")


def _cell(cell: Cell) -> str:
    if isinstance(cell, Share):
        return cell.words()
    return "" if cell is None else f"{cell:g}" if isinstance(cell, float) else plain(str(cell))
