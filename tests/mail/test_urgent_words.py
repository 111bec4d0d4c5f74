"""Words that can mean urgent or danger are seen, in whatever phrasing; and nobody is asked for no reason."""

from __future__ import annotations

import pytest

from escalations.mail import pleas, urgency

ASKED = [
    "This is urgent.",
    "URGENT: please read",
    "urgnt - please help",
    "This is an urgent safeguarding matter",
    "I need someone to respond urgently",
    "as a matter of urgency",
    "Please treat this as an emergency.",
    "He is in immediate danger tonight.",
    "She is in danger.",
    "I believe the baby is in grave danger",
    "The children are in serious danger at home",
    "There is an immediate risk of harm",
    "an imminent risk to the younger child",
    "There is a risk to life here",
    "Her life is at risk",
    "I fear for his safety",
    "We are worried for her life",
    "He is scared to go home",
    "She's too frightened to go back. They laugh about it.",
    "The child isn't safe tonight.",
    "The child isn’t safe tonight.",
    "He is not safe",
    "They are no longer safe there",
    "It is unsafe for her at the flat",
    "I don't feel that she is safe with him",
    "Nobody knows where he is.",
    "No one knows where she is since Friday",
    "We do not know where the family are",
    "Her whereabouts are unknown",
    "whereabouts currently not known",
    "Missing since Tuesday evening",
    "He has been missing since 4pm",
    "He's missing",
    "The girl has gone missing again",
    "They went missing from care",
    "Jaidan is missing.",
    "She cannot be found",
    "Nobody has seen her since lunch",
    "He has not been seen since Sunday",
    "He didn't come home last night",
    "She ran away from the placement",
    "The boy absconded on Monday",
    "She says she wants to die",
    "He is suicidal",
    "talking about killing herself; she tried to kill herself before",
    "She took an overdose this morning",
    "Self-harming again tonight",
    "He threatened to kill her",
    "Dad is threatening to hurt the baby",
    "He has a knife",
    "He strangled her",
    "She could die",
    "The toddler was hit again last night",
    "The little ones are left alone all night",
    "They are home alone",
    "She is being taken out of the country tomorrow",
    "We think this is a forced marriage.",
    "We have called 999 twice",
    "This cannot wait until Monday",
    "It can't wait",
    "The child must be seen. Somebody has to visit tonight",
    "This needs an immediate response",
    "Immediate action is required",
    "It is not only urgent, it is dangerous",
    "Why is this not urgent to anybody?",
    "Is there an emergency number?",
    "Not urgent last week, but he is in danger now",
    "I am not sure whether he is in danger",
    "If he is in danger tonight, whom do I call?",
    "My neighbours kid is being hit",
    "The children are getting beaten",
    "A lad told us his dad punches him most nights",
    "She says that her step-mother hits her",
    "His uncle hit him yesterday",
    "Mum is frightened of stepdad and he is due back friday",
    "She is terrified of her father",
    "Her ex-partner is released on Friday",
    "Dad is moving back in this weekend",
    "She came in with a new bruise on Monday",
    "There are unexplained injuries",
    "He has a black eye",
    "She disclosed that he touches her",
    "he isnt safe",
    "she didnt come home last night",
]
NOT_ASKED = [
    "This is not urgent.",
    "It's not an urgent matter",
    "non-urgent: a question about thresholds",
    "Non urgent",
    "I do not think this is urgent",
    "nothing urgent, just for your records",
    "There is no urgency",
    "Das ist nicht urgent",
    "This isn't urgent but needs settling",
    "He is not in immediate danger",
    "There is no immediate risk",
    "no emergency",
    "She is not missing",
    "She is no longer missing",
    "For urgent matters call 01632 960111.",
    "In an emergency dial 999",
    "In an emergency, please ring the duty team",
    "If it is urgent please phone the office",
    "If a child is in immediate danger call 999.",
    "If your enquiry is urgent, contact the Emergency Duty Team",
    "Call 999 in an emergency",
    "The Emergency Duty Team was informed on Monday",
    "Attended the Emergency Department in May",
    "Matron, Urgent Care Centre",
    "Please ask for the non-emergency line",
    "The report is missing",
    "The chronology is missing.",
    "He is missing education",
    "She is missing out on support",
    "Page 3 is missing from the minutes",
    "It is not safe to tell the family",
    "We are insurgents.",
    "Nobody came on Tuesday.",
    "The plan says weekly visits, and nobody came.",
    "The child is at risk of significant harm in our view",
    "Please say whether it is urgent",
    "Re: PD-27-0001-A: is it urgent?",
    "Please find attached the risk assessment.",
    "He has a history of self-harm.",
    "She is safe with her grandmother.",
    "The current safety plan keeps them safe",
    "We want a strategy discussion without further argument",
    "There are no new bruises",
    "She is not being hit",
    "Nobody was hurt",
    "She is on leave and due back on Monday",
    "The report is due back tomorrow",
    "He is scared of dogs",
    "He hits other pupils at times",
    "The plan hits delays",
    "He was hit by a car in 2019",
    "",
]


@pytest.mark.parametrize("said", ASKED)
def test_words_that_can_mean_urgent_are_seen_in_text_and_subject(said: str) -> None:
    assert urgency.found("A difference", f"Dear all,\n\nWe wrote on Monday. {said}\n\nThe school")
    assert urgency.found(said, "Nobody came.")


@pytest.mark.parametrize("said", NOT_ASKED)
def test_what_is_denied_or_only_says_whom_to_ring_asks_nothing(said: str) -> None:
    assert urgency.found("A difference", f"Dear all,\n\nWe wrote on Monday.\n\n{said}\n\nThe school") == ()
    assert urgency.found(said, "Nobody came.") == ()


@pytest.mark.parametrize("signed", ["Kind regards,", "-- ", "Many thanks", "Yours sincerely", "Sent from my phone"])
def test_a_signature_asks_nothing_and_an_afterthought_below_it_does(signed: str) -> None:
    footer = "Noor\nHead of Urgent Response\nUrgent enquiries to the office"
    assert urgency.found("A difference", f"Nobody came.\n\n{signed}\n{footer}") == ()
    assert urgency.found("A difference", f"Nobody came.\n\n{signed}\n{footer}\n\nPS He is in danger now.") == (
        "PS He is in danger now.",
    )


def test_what_is_quoted_asks_nothing_and_what_is_forwarded_does() -> None:
    below = "He is in danger tonight."
    assert urgency.found("Re: A difference", "Thank you for calling.", below) == ()
    assert urgency.found("FW: A difference", "See below.", below) == (below,)
    assert urgency.found("A difference", "", below) == (below,)


def test_the_labelled_line_is_read_elsewhere() -> None:
    assert urgency.found("A difference", "Urgent: no\nNobody came.") == ()


def test_what_is_shown_is_the_sentence_and_no_more_than_a_few() -> None:
    text = "We wrote. She is in danger. We wrote again.\n" * 3 + "".join(
        f"He is missing, number {n}. " for n in range(9)
    )
    shown = urgency.found("", text)
    assert shown[0] == "She is in danger."
    assert len(shown) == urgency.MOST
    assert max(map(len, urgency.found("", "word " * 60 + "he is in danger " + "word " * 15))) < 180


PLEAS = [
    "Please do not tell the family.",
    "please don't tell the parents",
    "Do not tell the father that I wrote.",
    "He must not know that I wrote",
    "She mustn't know.",
    "They must not find out about this",
    "The father is not to know",
    "Mum should not be told",
    "Please do not inform his mother",
    "Do not let the parents know",
    "Please don't contact the parents",
    "Please do not ring the house",
    "Please do not phone me at home",
    "Please don't write to the family",
    "Do not discuss this with the father",
    "Nobody must know",
    "No one in the family should know about this",
    "The mother does not know that I am writing",
    "If he finds out he will take it out on her",
    "Please keep this confidential",
    "Please keep my name out of it",
    "I am telling you this in confidence",
    "I want to remain anonymous",
    "It is not safe to tell the family",
    "It isn't safe to contact her by phone",
    "Please do not share this with the other parent",
    "without his knowledge",
    "I would prefer you not to tell anybody",
    "Please do not use my name",
    "PLEASE DO NOT TELL HIM",
    "please dont tell the mother its me",
    "please dont let the family know its me who told you",
    "He mustnt know that i wrote",
    "You cannot tell anybody",
    "mum asked us not to share",
    "Please act without telling the father",
    "Please visit without informing the parents first",
]
NO_PLEAS = [
    "Please do not hesitate to contact the family or me",
    "The family has not been told",
    "We did not tell the parents at the time",
    "We told the parents",
    "Please do not close the case",
    "Please tell the family",
    "I do not know whether the parents agree",
    "If you received this in error, do not share it with anyone",
    "Private and confidential",
    "The plan was not followed",
    "Nobody came",
    "The children must not be moved",
    "The school excluded him without telling anyone",
    "The case was closed without informing the school",
    "Children's services never told us",
    "The school was never informed of it",
    "They decided not to tell the school",
    "The police say that they cannot share it with us",
    "The social worker chose not to share the report with us",
    "",
]


@pytest.mark.parametrize("said", PLEAS)
def test_a_plea_not_to_tell_somebody_is_seen(said: str) -> None:
    assert pleas.found("A difference", f"Dear team,\n\nWe wrote on Monday. {said}\n\nNoor")


@pytest.mark.parametrize("said", NO_PLEAS)
def test_what_is_no_plea_is_left_alone(said: str) -> None:
    assert pleas.found("A difference", f"Dear team,\n\nWe wrote on Monday.\n\n{said}\n\nNoor") == ()


def test_a_plea_in_what_is_forwarded_is_seen_and_one_in_what_is_quoted_is_not() -> None:
    below = "Please do not tell the father."
    assert pleas.found("FW: A difference", "See below.", below) == (below,)
    assert pleas.found("Re: A difference", "Thank you.", below) == ()


def test_a_disclaimer_below_the_signature_is_no_plea() -> None:
    assert (
        pleas.found("A difference", "Nobody came.\n\nKind regards\nNoor\nDo not disclose this email to others.") == ()
    )


@pytest.mark.parametrize(
    "text",
    [
        "in " * 9_999,
        "not " * 9_999,
        "a" * 99_999,
        "urgent " * 9_999,
        "is " * 9_999,
        "if he " * 9_999,
        " " * 99_999,
    ],
)
def test_a_hostile_text_takes_no_longer_than_an_honest_one(text: str) -> None:
    """Each pattern is bounded: were one not, this would not end before the test's own time is up."""
    assert urgency.found("FW: " + text, text, text) is not None
    assert pleas.found(text, text) is not None
