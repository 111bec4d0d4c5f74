"""Every act tried by everybody: nothing that the wrong side does is accepted.

Source: the rules of practice, "Who sees what, and when", and the design's one place that decides who may do what. The
table below is written by hand and asks nothing of the code that it checks.
"""

from __future__ import annotations

import functools
import itertools

import pytest

from escalations.policy import Track
from escalations.rules import acts, decider
from escalations.rules.case import Case, Done
from escalations.rules.linked import LinkReason
from tests.builders import POLICE, SCHOOL, SOCIAL_CARE, TEAM, Story
from tests.deeds import ACTORS, KINDS, deed

RAISING = {"raiser", "raiser's manager", "the school's contact", "whoever raised it for the school"}
RESPONDING = {"practitioner", "police practitioner"}
MAY: dict[type[acts.ActModel], set[str]] = {
    # Anybody raises for their own agency; whoever is not known is held for the team.
    acts.Raise: {
        "raiser",
        "raiser's manager",
        "the school's contact",
        "another school",
        "responding agency, as if raising",
        "team",
        "nobody in particular",
        "whoever sent it",
        "whoever raised it for the school",
    },
    acts.Complete: RAISING | {"team"},
    acts.PassOn: {"team"},
    acts.AwaitAgency: {"team"},
    # Whoever raised it does not vouch for themselves.
    acts.VouchForSender: {"the school's contact", "team"},
    acts.NotePhoneCall: {"team"},
    acts.Pause: {"team"},
    acts.Resume: {"team"},
    acts.Extend: {"team"},
    acts.SetSooner: RAISING | {"team"},
    acts.SetPriority: RAISING | {"team"},
    # The level above is told of a delay as well, and speaks for its agency.
    acts.Account: RAISING | RESPONDING | {"manager", "team"},
    acts.Redate: {"team"},
    acts.ChangeTrack: RAISING | {"team"},  # To the urgent one; back, the team alone.
    acts.SayNotUrgent: RAISING | {"team"},
    acts.LookBack: RAISING | RESPONDING | {"manager", "team"},
    acts.ProposePlan: RAISING | RESPONDING | {"manager", "team"},
    acts.AnswerPlan: RAISING | RESPONDING | {"manager", "team"},
    acts.ReportAction: RAISING | RESPONDING | {"manager", "team"},
    # What an agency says of its own action, the other side confirms: here the school, and of its own the others.
    acts.CheckAction: RAISING | RESPONDING | {"manager", "team"},
    acts.RecordDissent: RAISING | RESPONDING | {"manager", "team"},
    acts.AnswerFollowUp: RAISING | RESPONDING | {"manager", "team"},
    acts.InviteAdviser: {"team"},
    # Whoever was asked advises, and nobody else for them but the team, from a phone call.
    acts.GiveAdvice: {"the adviser", "team"},
    acts.EndAdvice: {"team"},
    acts.Link: {"team"},
    acts.Unlink: {"team"},
    acts.ConfirmCause: {"team"},
    acts.Close: {"team"},
    # What was made there is the practitioner's: each side corrects its own entries, the team any.
    acts.Correct: {"practitioner", "team"},
    acts.Transfer: {"team"},
    acts.Reopen: RAISING | {"team"},
    acts.AskToReopen: RAISING | RESPONDING,
    acts.Acknowledge: RESPONDING,
    acts.Respond: RESPONDING,
    acts.ReachedByPerson: RAISING | RESPONDING | {"team"},
    acts.SayDone: RAISING | RESPONDING,
    acts.ConfirmDone: RAISING | {"team"},
    acts.DenyDone: RAISING | {"team"},
    acts.Agree: RAISING,
    acts.MoveUp: RAISING,
    acts.Stay: RAISING,
    acts.NoteFile: RAISING | RESPONDING,
    acts.Withdraw: RAISING,
    acts.Redirect: RAISING,
    acts.Object: RAISING | RESPONDING,
    acts.Misdirected: RESPONDING | {"team"},
    acts.FindTheirs: {"team"},
    acts.ChangeParties: RAISING | {"team"},
    acts.ChangeContact: RAISING | {"team"},
    # Whoever raises it with others leaves by themselves; here nobody does (``test_raised_together``).
    acts.ChangeRaisers: {"team"},
    acts.AnswerAgreement: {"team"},
    acts.Erase: {"team"},
    acts.Decide: set(),
    acts.AddWords: RAISING | RESPONDING | {"team"},
    acts.ReportDelivery: {"system"},
    acts.ReportMessage: {"system"},
}
"""Who may do what at stage 1 of a case raised with children's services and the police, in which children's services
said that something was done. Positions of higher stages answer once the case has reached them."""

OF_ACCESS = {"not_your_side", "not_your_stage", "not_at_final_stage", "not_the_decider"}


@functools.cache
def at_stage_one() -> Case:
    story = Story().raised(track=Track.URGENT, responding_agencies=(SOCIAL_CARE, POLICE))
    story.later(hours=3)
    story.says_done("2027-03-01 10:00", done=Done.SPOKE)
    story.proposes((SCHOOL, "2027-03-10"), (SOCIAL_CARE, "2027-03-11"), (POLICE, "2027-03-12"), by=TEAM)
    story.act(acts.InviteAdviser(**story.by_team(), role="adviser"))
    story.act(acts.Link(**story.by_team(), other="PD-27-0009-T", because=LinkReason.OTHER))
    return story.case


@functools.cache
def at_the_final_stage() -> Case:
    story = Story().raised(track=Track.URGENT, responding_agencies=(SOCIAL_CARE, POLICE))
    while story.case.stage < 4:
        story.later(minutes=10)
        story.moves_up()
    return story.case


def code_of(case: Case, kind: type[acts.ActModel], who: str) -> str:
    now = case.stage_starts[-1].replace(hour=17, minute=30)
    if kind is acts.Raise:
        case = Story().case
    decided = decider.decide(case, deed(kind, ACTORS[who], case, now), now)
    return decided.code if isinstance(decided, decider.Refused) else "accepted"


def test_the_table_names_every_act() -> None:
    assert set(MAY) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_who_may_do_what_at_the_first_stage(kind: type[acts.ActModel]) -> None:
    may = {who for who in ACTORS if code_of(at_stage_one(), kind, who) not in OF_ACCESS}
    assert may == MAY[kind]


def test_at_the_final_stage_its_holder_decides_and_every_position_may_answer() -> None:
    case = at_the_final_stage()
    assert {who for who in ACTORS if code_of(case, acts.Decide, who) == "accepted"} == {"chair"}
    assert {who for who in ACTORS if code_of(case, acts.Respond, who) == "accepted"} == {
        "practitioner",
        "manager",
        "senior manager",
        "head",
        "police practitioner",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_while_a_case_is_held_the_raising_side_only_adds_words_or_says_that_it_is_urgent(
    kind: type[acts.ActModel],
) -> None:
    story = Story().raised(responding_agencies=())
    accepted = {
        who
        for who, by in ACTORS.items()
        if not isinstance(decider.decide(story.case, deed(kind, by, story.case, story.now), story.now), decider.Refused)
    }
    # That it is urgent does not wait for the team either.
    its_own = {acts.AddWords, acts.ChangeTrack, acts.Withdraw, acts.Redirect}
    raising = RAISING if kind in its_own else set()
    assert accepted <= {"team", "system", *raising}


def test_a_responding_agency_says_only_what_it_did_itself() -> None:
    story = Story().raised(track=Track.URGENT, responding_agencies=(SOCIAL_CARE, POLICE)).later(hours=1)
    for act in (
        acts.ReachedByPerson(**story.by_responder(agency=POLICE), agency_id=SOCIAL_CARE, position="practitioner"),
        acts.SayDone(
            **story.by_responder(agency=POLICE, happened_at="2027-03-01 10:00"), done=Done.MET, agency_id=SOCIAL_CARE
        ),
    ):
        assert story.refused(act).code == "not_your_side"


def test_nobody_confirms_what_their_own_side_said() -> None:
    story = Story().raised().later(hours=1)
    claim = story.says_done("2027-03-01 10:00")
    for kind in (acts.ConfirmDone, acts.DenyDone):
        assert story.refused(kind(**story.by_responder(), claim_id=claim)).code == "not_your_side"
    story.act(acts.SayDone(**story.by_raiser(happened_at="2027-03-01 10:10"), done=Done.MET, agency_id=SOCIAL_CARE))
    for kind in (acts.ConfirmDone, acts.DenyDone):
        assert story.refused(kind(**story.by_raiser(), claim_id="c2")).code == "not_your_side"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not acts.Raise])
def test_nothing_can_be_done_to_a_case_that_was_never_raised(kind: type[acts.ActModel]) -> None:
    story = Story()
    decided = decider.decide(story.case, deed(kind, TEAM, story.case, story.now), story.now)
    assert isinstance(decided, decider.Refused)
    assert decided.code == "not_raised"


def test_a_case_is_raised_once() -> None:
    story = Story().raised()
    act = deed(acts.Raise, ACTORS["raiser"], story.case, story.now)
    assert story.refused(act).code == "already_raised"


@pytest.mark.parametrize("kind", KINDS)
def test_after_it_has_closed_only_the_record_is_put_right(kind: type[acts.ActModel]) -> None:
    story = Story().raised().later(hours=1)
    story.says_done("2027-03-01 10:00", done=Done.SPOKE)
    story.proposes((SOCIAL_CARE, "2027-03-10"))
    story.agrees()
    accepted = set()
    for who, by in ACTORS.items():
        decided = decider.decide(story.case, deed(kind, by, story.case, story.now, choice=1), story.now)
        if not isinstance(decided, decider.Refused):
            accepted.add(who)
    puts_right = kind in {
        acts.ConfirmDone,
        acts.DenyDone,
        acts.Link,
        acts.AddWords,
        acts.LookBack,
        acts.ProposePlan,
        acts.AnswerPlan,
        acts.ReportAction,
        acts.RecordDissent,
        acts.Erase,
        acts.VouchForSender,
        acts.Correct,
        acts.Reopen,
        acts.AskToReopen,
        acts.ReportDelivery,
        acts.ReportMessage,
    }
    assert bool(accepted) == puts_right


NEVER = ("breach", "silent", "owed by", "fault", "against", "failed", "culprit", "invalid", "error", "!")
"""Source: the rules of practice, "Words"."""


def test_every_refusal_is_a_sentence_in_plain_words() -> None:
    said: dict[str, str] = {}
    cases = [Story().case, Story().raised(responding_agencies=()).case, at_stage_one(), at_the_final_stage()]
    for case, kind, by in itertools.product(cases, KINDS, ACTORS.values()):
        now = (case.stage_starts[-1] if case.stage_starts else Story().now).replace(hour=17, minute=30)
        decided = decider.decide(case, deed(kind, by, case, now), now)
        if isinstance(decided, decider.Refused):
            said[decided.code] = decided.sentence
    assert len(said) >= 12
    for sentence in said.values():
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert not [word for word in NEVER if word in sentence.casefold()], sentence
