"""What the notices say: every kind, for every reader, as the rules of practice ("Words") wants it."""

from __future__ import annotations

import functools
import html.parser
import itertools
import re
from collections.abc import Iterator
from email import policy as mail_policy
from email.message import EmailMessage

import pytest
from typing_extensions import override

from escalations.mail import outgoing, words
from escalations.mail.outgoing import Facts, House, Task
from escalations.policy import Awaits, Side, Track
from escalations.rules import acts, case, evolving, notices, workingtime
from escalations.rules.notices import LEAD, RAISER, TEAM_DEPUTY, Ask, Notice, NoticeKind, Recipient
from escalations.rules.onward import May
from escalations.settings import Settings
from escalations.store.directory import Rule
from tests import builders

REFERENCE = "PD-27-0042-K"
LINK = "https://escalations.partnership.example/l/abcdefghijklmnopqrstuvwxyz234567"
SENDER = "escalations@partnership.example"
REPLY_TO = "escalations+cw2aggrkbqatui7c6m4rtaiofnla@partnership.example"
NOW = builders.civil("2027-03-01 09:30")
BLAME = re.compile(r"\b(breach\w*|silent\w*|owed by|faults?|against|failed|culprits?)\b", re.IGNORECASE)
AT = builders.civil("2027-03-01 09:30")
DUE = builders.civil("2027-03-08 17:00")
HOUSE = House.of(Settings(), trial=True)

READERS: dict[str, Recipient] = {
    "raiser": Recipient(Side.RAISING, builders.SCHOOL, RAISER),
    "raising": Recipient(Side.RAISING, builders.SCHOOL, "manager"),
    "raising lead": Recipient(Side.RAISING, builders.SCHOOL, LEAD),
    "responding": Recipient(Side.RESPONDING, builders.SOCIAL_CARE, "manager"),
    "team": Recipient(Side.TEAM, None, "team"),
    "deputy": Recipient(Side.TEAM, None, TEAM_DEPUTY),
    "final body": Recipient(Side.FINAL_BODY, "partners-panel", "chair"),
}
ASKED_OF = {
    "raiser": (Ask.READ, Ask.CHOOSE, Ask.CONSIDER, Ask.CONFIRM, Ask.PLAN, Ask.ACTION, Ask.CHECK, Ask.FOLLOW_UP),
    "raising": (Ask.READ,),
    "raising lead": (Ask.READ,),
    "responding": (Ask.READ, Ask.RESPOND, Ask.CONFIRM, Ask.PLAN, Ask.ACTION, Ask.CHECK, Ask.FOLLOW_UP),
    "team": (Ask.TEAM,),
    "deputy": (Ask.TEAM,),
    "final body": (Ask.READ, Ask.DECIDE),
}
NEVER = ("breach", "silent", "owed by", "fault", "against", "failed", "culprit")
"""Source: rules of practice, "Words"."""
NOR = (
    "drift",
    "dear",
    "kindly",
    "utilise",
    "prior to",
    "in order to",
    "pursuant",
    "herein",
    "regarding",
    "workflow",
    "temporal",
    "none",
    "undefined",
    "{{",
    "{%",
    "sla",
    "overdue",
    "blame",
)
"""Words of analysis, of letters, and of what a broken template leaves behind."""


def facts(**more: object) -> Facts:
    fields: dict[str, object] = {
        "house": HOUSE,
        "reference": REFERENCE,
        "at": AT,
        "stage_title": "Managers",
        "link": LINK,
        "sample": True,
        "due_at": DUE,
        **more,
    }
    return Facts(**fields)  # type: ignore[arg-type]  # the fields that a test changes


def composed(notice: Notice, told: Facts) -> EmailMessage:
    return outgoing.compose(notice, told, message_id="<n-1@partnership.example>", sender=SENDER)


def every() -> Iterator[tuple[Notice, Facts]]:
    """Every kind for every reader, whatever it asks and whomever the clock waits for, at several stages."""
    tasks = (Task(Awaits.ACKNOWLEDGE, builders.civil("2027-03-02 17:00")), Task(Awaits.RESPOND, DUE))
    variants: list[dict[str, object]] = [
        {},
        {
            "urgent": True,
            "several": True,
            "came_to": Rule.LEAD,
            "alternate": True,
            "by_hand": True,
            "paused": True,
            "reply_to": REPLY_TO,
            "kept": (outgoing.Kept(Awaits.RESPOND, DUE), outgoing.Kept(Awaits.CHOOSE, None)),
            "over": "stages 1 to 3 together",
        },
        {"held": outgoing.Held.BOTH, "whole_limit": True, "reply_to": REPLY_TO, "urgent": True},
        {"link": None, "due_at": None, "came_to": Rule.DEPUTY, "stage_title": None, "sample": False},
    ]
    asked = [(READERS[reader], asks) for reader, all_asks in ASKED_OF.items() for asks in all_asks]
    for kind, (to, asks) in itertools.product(NoticeKind, asked):
        of_clocks = kind in {
            NoticeKind.REMINDER,
            NoticeKind.LIMIT_PASSED,
            NoticeKind.EXTENDED,
            NoticeKind.RESUMED,
            NoticeKind.NO_ACTION_NEEDED,
        }
        about: list[tuple[Awaits | None, Side | None]] = [(None, None)] * len(variants)
        if of_clocks:
            about = [*about, *zip(Awaits, itertools.cycle(Side), strict=False)]
        for (awaits, waits_for), variant, stage in zip(
            about, itertools.cycle(variants), itertools.cycle((1, 2, 4, 0)), strict=False
        ):
            yield (
                Notice(kind, to, asks, stage),
                facts(**{"awaits": awaits, "waits_for": waits_for, "tasks": tasks, **variant}),
            )


def plain(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


class _Text(html.parser.HTMLParser):
    """The text that a reader of the HTML sees, and where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.leads_to: list[str] = []
        self._in_head = False

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_head = self._in_head or tag == "head"
        self.leads_to += [value for name, value in attrs if name in {"href", "src"} and value]

    @override
    def handle_endtag(self, tag: str) -> None:
        self._in_head = self._in_head and tag != "head"

    @override
    def handle_data(self, data: str) -> None:
        if not self._in_head:
            self.said.append(data)


def seen_in_html(message: EmailMessage) -> _Text:
    part = message.get_body(("html",))
    assert part is not None
    reader = _Text()
    reader.feed(str(part.get_content()))
    return reader


def squeezed(text: str) -> str:
    return " ".join(text.replace("* ", " ").split())


@functools.cache
def everything() -> tuple[tuple[Notice, Facts, EmailMessage], ...]:
    own = ((notice, told, composed(notice, told)) for notice, told in every())
    return (*own, *in_the_place_of_an_agency())


def in_the_place_of_an_agency() -> Iterator[tuple[Notice, Facts, EmailMessage]]:
    """What the team gets of each notice to somebody else."""
    for notice, told in every():
        if notice.to.side is not Side.TEAM:
            yield (
                notice,
                told,
                outgoing.compose_for_team(notice, told, message_id="<n-1@partnership.example>", sender=SENDER),
            )


def test_every_kind_has_a_template_and_every_template_a_kind() -> None:
    shared = {"notice", "ending", "came_to", "code", "layout", "through_team", "sign_in", "account"}
    shared |= {
        "mail_standing",
        "mail_onward",
        "mail_looked_at",
        "mail_who_reads",
        "urgent_question",
        "receipt_who_reads",
    }
    shared |= {answer.value for answer in outgoing.Answer}
    found = {name.partition(".")[0] for name in outgoing._environment().list_templates()}
    assert found == {kind.value for kind in NoticeKind} | shared
    assert {notice.kind for notice, _, _ in everything()} == set(NoticeKind)


@pytest.mark.parametrize("answer", outgoing.Answer)
def test_an_answer_to_a_mail_says_what_became_of_it_and_repeats_nothing_of_it(answer: outgoing.Answer) -> None:
    facts = Facts(house=HOUSE, reference="PD-27-0001-V", at=NOW, link=LINK, reply_to=REPLY_TO)
    said = outgoing.Answered(received_at=NOW, until=NOW, status=case.Status.OPEN, may=May.SETTLE)
    made = outgoing.compose_answer(
        facts,
        answer,
        message_id="<answer-1@partnership.example>",
        sender=SENDER,
        said=said,
        answers="<m1@oaklane.example>",
    )
    text = made.get_body(("plain",)).get_content()  # type: ignore[union-attr]  # it has one
    assert "999" in text
    assert not BLAME.search(text)
    assert (made["Auto-Submitted"], made["In-Reply-To"]) == ("auto-replied", "<m1@oaklane.example>")
    odd = "<a b>\nBcc: x"
    bare = outgoing.compose_answer(facts, answer, message_id="<a@p.example>", sender=SENDER, said=said, answers=odd)
    assert (bare["Auto-Submitted"], bare["In-Reply-To"], bare["Bcc"]) == ("auto-generated", None, None)


def test_every_kind_has_words_for_whoever_is_to_tell_it() -> None:
    assert set(words.TOLD) == set(NoticeKind)


def test_the_team_is_told_whom_to_tell_and_that_nobody_there_has_been_told() -> None:
    for notice, _, message in in_the_place_of_an_agency():
        said = squeezed(plain(message))
        assert said.startswith("Please tell ")
        assert words.TOLD[notice.kind] in said
        assert "nobody there has been told" in said
        assert "code" not in said.partition("Trial:")[0]


def test_everything_awaited_has_its_words() -> None:
    assert set(words.TASK) == set(words.AWAITED) == set(Awaits)


def test_no_notice_has_a_word_that_blames_or_that_nobody_says() -> None:
    said = {
        line
        for _, _, message in everything()
        for line in (*plain(message).lower().splitlines(), str(message["Subject"]).lower())
    }
    for word in (*NEVER, *NOR):
        assert not [line for line in said if re.search(rf"(?<![a-z]){re.escape(word)}", line)], word


@pytest.mark.parametrize("word", NEVER)
def test_the_word_test_can_fail(word: str) -> None:
    assert re.search(rf"(?<![a-z]){re.escape(word)}", f"it {word}ed, they say")


def test_text_and_html_say_the_same() -> None:
    for _, _, message in everything():
        assert squeezed(plain(message)) == squeezed(" ".join(seen_in_html(message).said))


def test_every_notice_has_the_numbers_to_ring_and_says_trial() -> None:
    for _, _, message in everything():
        said = squeezed(plain(message))
        assert "In immediate danger: phone 999" in said
        for shown in (HOUSE.front_door_phone, HOUSE.front_door_hours, HOUSE.duty_team_phone, HOUSE.duty_team_hours):
            assert shown in said
        assert f"Phone {HOUSE.team_phone} or write to {HOUSE.team_email} ({HOUSE.team_hours})" in said
        assert "An escalation is not a referral" in said
        assert "Trial: do not enter real people" in said


def test_a_live_installation_does_not_say_trial() -> None:
    notice = Notice(NoticeKind.RECEIPT, READERS["raiser"], Ask.READ, 1)
    assert "Trial" not in plain(composed(notice, facts(house=House.of(Settings(), trial=False))))


def test_the_subject_begins_with_the_reference_and_is_short() -> None:
    for _, _, message in everything():
        subject = str(message["Subject"])
        assert subject.startswith(f"{REFERENCE}: "), subject
        assert len(subject) <= 140, subject
        assert not subject.endswith((".", ":", ",")), subject


FIRST = re.compile(r"(Please |If (you|a child) .*please|You do not have to do anything|No action is needed)", re.DOTALL)


def test_the_first_line_says_what_to_do_or_that_there_is_nothing_to_do() -> None:
    for _, _, message in everything():
        assert FIRST.match(plain(message)), plain(message)[:200]


def test_notices_are_short() -> None:
    for notice, _, message in everything():
        own = plain(message).partition("Trial:")[0]
        assert len(own.split()) <= 190, (notice.kind, len(own.split()))


def test_no_line_of_the_text_is_too_long_for_a_narrow_window_but_a_link() -> None:
    for _, _, message in everything():
        assert all(len(line) <= 76 or line == LINK for line in plain(message).splitlines())


def test_the_html_loads_nothing_and_leads_only_to_the_link() -> None:
    for _, told, message in everything():
        assert seen_in_html(message).leads_to == ([told.link] if told.link else [])


def test_html_is_escaped() -> None:
    notice = Notice(NoticeKind.ASKED, READERS["responding"], Ask.RESPOND, 2)
    message = composed(notice, facts(stage_title='Managers <script>alert("1")</script>'))
    part = message.get_body(("html",))
    assert part is not None
    assert "<script" not in str(part.get_content())
    assert squeezed(plain(message)) == squeezed(" ".join(seen_in_html(message).said))


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Rule.DEPUTY, "as the deputy"),
        (Rule.LEAD, "nobody is entered for the position"),
        (Rule.STAND_IN, "closed today"),
    ],
)
def test_whoever_stands_in_is_told_why_it_came_to_them(rule: Rule, said: str) -> None:
    notice = Notice(NoticeKind.ASKED, READERS["responding"], Ask.RESPOND, 2)
    assert said in squeezed(plain(composed(notice, facts(came_to=rule))))
    assert "come to you" not in squeezed(plain(composed(notice, facts())))


def test_a_line_break_in_a_title_makes_no_header_of_its_own() -> None:
    notice = Notice(NoticeKind.STAYING, READERS["responding"], Ask.RESPOND, 2)
    message = composed(notice, facts(reference="PD\r\nBcc: everybody@school.example"))
    assert "Bcc" not in message


def test_the_headers_keep_other_automata_quiet_and_reports_coming() -> None:
    """RFC 3834, section 5; and what Exchange reads instead of it."""
    notice = Notice(NoticeKind.ASKED, READERS["responding"], Ask.RESPOND, 2)
    message = composed(notice, facts())
    assert message["Auto-Submitted"] == "auto-generated"
    suppressed = {part.strip() for part in str(message["X-Auto-Response-Suppress"]).split(",")}
    assert suppressed == {"DR", "RN", "NRN", "AutoReply"}
    assert "NDR" not in suppressed
    assert "OOF" not in suppressed
    assert "Precedence" not in message
    assert message["Message-ID"] == "<n-1@partnership.example>"
    assert message["Date"] == "Mon, 01 Mar 2027 09:30:00 +0000"
    assert message["From"] == SENDER
    for header in ("To", "Cc", "Bcc", "Reply-To"):
        assert header not in message


def test_the_message_is_plain_ascii_on_the_wire() -> None:
    notice = Notice(NoticeKind.ASKED, READERS["responding"], Ask.RESPOND, 2)
    raw = composed(notice, facts(stage_title="Führung")).as_bytes(policy=mail_policy.SMTP)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_the_message_id_comes_from_the_notice_and_leads_back_to_it() -> None:
    made = outgoing.message_id("PD-27-0042-K-3-1", "Professional differences <escalations@partnership.example>")
    assert made == "<PD-27-0042-K-3-1@partnership.example>"
    assert outgoing.notice_id(made) == "PD-27-0042-K-3-1"
    assert outgoing.notice_id("no id at all") is None


def test_the_code_is_in_the_message_and_not_in_its_subject() -> None:
    message = outgoing.compose_code(
        facts(),
        "048213",
        expires_at=builders.civil("2027-03-02 00:00"),
        message_id="<c@partnership.example>",
        sender=SENDER,
    )
    assert plain(message).startswith("Your code is 048213.")
    assert "048213" not in str(message["Subject"])
    assert "00:00 on Tuesday 2 March 2027" in plain(message)
    assert squeezed(plain(message)) == squeezed(" ".join(seen_in_html(message).said))


def test_the_link_to_sign_in_stands_alone_and_the_message_says_what_it_is_good_for() -> None:
    message = outgoing.compose_sign_in(
        HOUSE,
        "https://escalations.partnership.example/s/abcdefghijklmnopqrstuvwxyz234567",
        at=AT,
        expires_at=builders.civil("2027-03-01 10:00"),
        message_id="<s@partnership.example>",
        sender=SENDER,
    )
    said = plain(message)
    assert "Sign in:\nhttps://escalations.partnership.example/s/abcdefghijklmnopqrstuvwxyz234567\n" in said
    assert squeezed("It works once, until 10:00 on Monday 1 March 2027.") in squeezed(said)
    assert squeezed(said) == squeezed(" ".join(seen_in_html(message).said))
    assert not [word for word in (*NEVER, *NOR) if re.search(rf"\b{re.escape(word)}\b", said.lower())]


# ---- What the story of a case makes of it ---------------------------------------------------------------------------


def told(story: builders.Story, kind: NoticeKind, reader: str | None = None, *, about: Awaits | None = None) -> str:
    """The text of the newest notice of a kind, as it would leave now; ``about`` is what its clock waits for."""
    state = case.new(builders.REFERENCE, story.frame)
    found = []
    for event in story.happened:
        state = evolving.evolve(state, event)
        found += [
            notice
            for notice in notices.notices_for(state, event)
            if notice.kind is kind and reader in {None, outgoing.reader_of(notice).value}
            if about is None or (notice.about and story.case.clock(notice.about).awaits is about)
        ]
    facts_now = outgoing.facts_of(story.case, found[-1], HOUSE, at=story.now, link=LINK)
    return plain(composed(found[-1], facts_now))


def test_the_notice_of_a_stage_says_by_when_each_thing_is_asked() -> None:
    """Its clocks start when it arrives; what it says is what they will say if it arrives at once."""
    story = builders.Story()
    story.delivers = False
    story.raised()
    said = told(story, NoticeKind.ASKED)
    assert "Please acknowledge it by: 17:00 on Tuesday 2 March 2027" in said
    assert "Please give your answer by: 17:00 on Monday 8 March 2027" in said
    story.delivered()
    assert told(story, NoticeKind.ASKED) == said


def test_an_urgent_notice_says_so_and_asks_for_a_conversation_within_hours() -> None:
    story = builders.Story().raised(track=Track.URGENT)
    said = squeezed(told(story, NoticeKind.ASKED))
    assert "Urgent: time limits run by day and by night" in said
    assert "speak to the person who raised it, and record the call by: 11:30 on Monday 1 March" in said


def test_an_answer_asks_the_raiser_by_the_time_that_its_clock_says() -> None:
    story = builders.Story().raised()
    story.responds()
    (clock,) = story.case.running(Awaits.CONSIDER)
    assert workingtime.say(clock.due_at) in squeezed(told(story, NoticeKind.ANSWERED))


def test_at_a_passed_limit_each_reader_hears_whose_turn_it_is() -> None:
    story = builders.Story().raised().at("2027-03-02 17:00")
    assert told(story, NoticeKind.LIMIT_PASSED, "responding").startswith("Please read this. A time limit passed")
    assert "waiting for an acknowledgement from your agency" in squeezed(
        told(story, NoticeKind.LIMIT_PASSED, "responding")
    )
    assert "an escalation that your agency raised" in squeezed(told(story, NoticeKind.LIMIT_PASSED, "raising"))
    assert "moves up to the next stage, by 17:00 on Wednesday 3 March 2027" in squeezed(
        told(story, NoticeKind.ASKED_TO_CHOOSE)
    )


def test_who_was_asked_whether_it_moves_up_is_not_told_that_they_said_so_in_time() -> None:
    """The question rested on a limit that had been kept, so nobody did anything at a time."""
    story = builders.Story().raised().at("2027-03-02 10:00")
    story.acknowledges()
    story.confirms(story.at("2027-03-10 10:00").says_done("2027-03-05 15:00"))
    kept = squeezed(told(story, NoticeKind.NO_ACTION_NEEDED, "responding", about=Awaits.RESPOND))
    assert "It was kept. What was awaited was done in time" in kept
    assert "whether this moves up" not in kept
    said = squeezed(told(story, NoticeKind.NO_ACTION_NEEDED, "raiser"))
    assert "The question whether this moves up does not count either." in said
    assert said.count("Done or received at") == 1


def test_limits_that_were_kept_in_truth_are_told_to_each_reader_in_one_message() -> None:
    story = builders.Story().raised().at("2027-03-09 10:00")
    story.confirms(story.says_done("2027-03-02 11:00"))
    undone = [notice for _, notice in story.notices() if notice.kind is NoticeKind.NO_ACTION_NEEDED]
    withdrawn = [event for event in story.happened if event.kind == "limit_withdrawn"]
    assert len(withdrawn) == 3
    assert len({notice.to for notice in undone}) == len(undone), "nobody gets two"
    said = squeezed(told(story, NoticeKind.NO_ACTION_NEEDED, "raiser"))
    assert "They were kept." in said
    assert "An acknowledgement, done or received at: 11:00 on Tuesday 2 March 2027" in said
    assert "An answer, done or received at: 11:00 on Tuesday 2 March 2027" in said
    assert "The question whether this moves up does not count either." in said


def test_a_limit_that_brings_no_question_is_told_to_the_raiser_by_itself() -> None:
    story = builders.Story().raised().at("2027-03-08 17:00")
    assert "waiting for an answer from the agency that it was raised with" in squeezed(
        told(story, NoticeKind.LIMIT_PASSED, "raiser")
    )


def test_an_answer_for_a_stage_left_is_there_to_read() -> None:
    story = builders.Story().raised()
    story.moves_up()
    story.at("2027-03-03 12:00")
    story.responds(position="practitioner")
    said = told(story, NoticeKind.ANSWERED)
    assert said.startswith("Please read the answer to your escalation.")
    assert "for a stage that your escalation has left" in squeezed(said)
    assert "dealt with" not in said


def test_a_reminder_says_what_is_asked_and_by_when_in_its_first_line() -> None:
    story = builders.Story().raised().at("2027-03-02 14:00")
    assert told(story, NoticeKind.REMINDER).startswith("Please acknowledge it by 17:00 on Tuesday 2 March 2027.")
    assert told(story, NoticeKind.PLEASE_PHONE).startswith("Please phone the agency before 17:00 on Tuesday 2 March")


@pytest.mark.parametrize(
    ("said", "because", "chooses"),
    [
        ({"raising_agency": builders.SCHOOL}, "the agency to raise it with was not named or not recognised", True),
        ({}, "we did not recognise which agency you write from, and the agency to raise it with was not named", True),
        ({"responding_agencies": (builders.SOCIAL_CARE,)}, "we did not recognise which agency you write from.", False),
    ],
)
def test_the_receipt_of_what_is_held_says_that_no_agency_has_been_told_and_why(
    said: dict[str, object], because: str, *, chooses: bool
) -> None:
    story = builders.Story().raised(**builders.plain_mail(**said))
    text = squeezed(told(story, NoticeKind.RECEIPT))
    assert f"No agency has been told yet, because {because}" in text
    assert "The partnership team is to look at it by 11:30 on Monday 1 March 2027." in text
    assert "The partnership team reads what you wrote, to pass it on." in text
    assert ("use the link to choose the agency" in text) is chooses
    assert "The time limits for an agency start only after it has been passed on." in text
    assert "runs from now" not in text
    assert len(text.partition("Trial:")[0].split()) <= 280
    whole = [clock for clock in story.case.clocks if clock.running and clock.waits_for is Side.BOTH]
    assert ("The time limit for the whole escalation counts from when we received it." in text) is bool(whole)


def test_the_receipt_of_what_went_out_does_not_say_that_nobody_was_told() -> None:
    text = squeezed(told(builders.Story().raised(), NoticeKind.RECEIPT))
    assert "No agency has been told" not in text
    assert "passed on." not in text


def test_what_is_passed_on_to_several_is_said_to_have_gone_to_each() -> None:
    raiser = Notice(NoticeKind.PASSED_ON, READERS["raiser"], Ask.READ, 1)
    each = "passed on to each agency that it was raised with. We will write again when it has arrived there, at each of"
    assert each in squeezed(plain(composed(raiser, facts(several=True))))
    assert "passed on to the agency that it was raised with." in squeezed(plain(composed(raiser, facts())))


def test_what_is_closed_needs_no_link_to_be_settled() -> None:
    closed = Notice(NoticeKind.CLOSED, READERS["raiser"], Ask.READ, 1)
    text = squeezed(plain(composed(closed, facts(reply_to=REPLY_TO))))
    assert "It stays closed by that." in text
    assert "What settles or moves" not in text


def test_what_was_counted_anew_is_told_with_both_dates_and_why() -> None:
    story = builders.Story().raised()
    frame = builders.closed(story.frame, "2027-03-05", "2027-03-05", "Zanzibar")
    story.frame = story.frame.offering(frame)
    story.case = case.offering(story.case, frame)
    story.act(
        acts.Redate(
            **story.by_team(),
            policy_hash=frame.policy.content_hash,
            calendar_hash=frame.calendar.content_hash,
            seen_seq=story.case.seq,
            because=case.RedateReason.CLOSURE,
        )
    )
    text = squeezed(told(story, NoticeKind.REDATED, "responding"))
    assert "because offices are closed on some days" in text
    assert "an answer: until 17:00 on Tuesday 9 March 2027. It was 17:00 on Monday 8 March 2027 before." in text
    assert "acknowledgement" not in text.partition("Reference:")[2], "its time limit is where it was"
    assert "Zanzibar" not in text


def test_nothing_of_a_case_reaches_a_notice_but_reference_stage_and_times() -> None:
    """There is no field for more: a name would have to be added to ``Facts`` first, and this list with it."""
    assert set(Facts.__slots__) == {
        "house",
        "together",
        "with_others",
        "above",
        "reference",
        "at",
        "stage_title",
        "urgent",
        "may_be_urgent",
        "asks_not_to_tell",
        "not_recognised",
        "look_by",
        "by_mail",
        "sample",
        "due_at",
        "tasks",
        "awaits",
        "waits_for",
        "paused",
        "several",
        "alternate",
        "came_to",
        "link",
        "by_hand",
        "position",
        "held",
        "whole_limit",
        "reply_to",
        "account_until",
        "redated",
        "redated_because",
        "kept",
        "instead",
        "over",
        "asks_at_the_end",
        "more_time",
        "not_theirs",
        "disowned",
        "route",
        "sent_there",
        "reopened",
        "planned",
        "asked_again_at",
        "adviser",
    }
    story = builders.Story().raised().at("2027-03-02 17:00")
    for kind in (NoticeKind.ASKED, NoticeKind.LIMIT_PASSED, NoticeKind.ASKED_TO_CHOOSE):
        assert builders.SCHOOL not in told(story, kind)
        assert builders.SOCIAL_CARE not in told(story, kind)
