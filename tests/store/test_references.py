"""A reference can be said on the phone: what is misheard or mistyped is noticed, what is only untidy is read."""

from __future__ import annotations

import asyncio
import string
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalations.store import references
from escalations.store.engine import Database
from escalations.store.references import Problem, Reference

REFERENCES = st.builds(
    Reference,
    prefix=st.text(string.ascii_uppercase, min_size=2, max_size=6),
    year=st.integers(20, 99),
    number=st.one_of(st.integers(1, 9999), st.integers(1, 999_999_999)),
)


@given(REFERENCES)
def test_what_is_written_can_be_read(reference: Reference) -> None:
    assert references.parse(str(reference)) == reference


@given(REFERENCES, st.data())
def test_any_single_wrong_character_is_noticed(reference: Reference, data: st.DataObject) -> None:
    right = str(reference)
    place = data.draw(st.sampled_from([at for at, character in enumerate(right) if character != "-"]))
    wrong = data.draw(st.sampled_from(string.ascii_uppercase + string.digits))
    read = references.parse(right[:place] + wrong + right[place + 1 :])
    # O for 0 and I or L for 1 in the number are read as what was meant.
    assert isinstance(read, Problem) or read == reference


@given(REFERENCES, st.data())
def test_two_neighbours_in_the_wrong_order_are_noticed(reference: Reference, data: st.DataObject) -> None:
    right = str(reference).replace("-", "")
    place = data.draw(st.integers(0, len(right) - 2))
    read = references.parse(right[:place] + right[place + 1] + right[place] + right[place + 2 :])
    assert isinstance(read, Problem) or read == reference


def test_every_single_error_in_one_reference_is_noticed() -> None:
    right = str(Reference("PD", 26, 42)).replace("-", "")
    wrong = {
        right[:at] + other + right[at + 1 :]
        for at in range(len(right))
        for other in string.ascii_uppercase + string.digits
    }
    wrong |= {right[:at] + right[at + 1] + right[at] + right[at + 2 :] for at in range(len(right) - 1)}
    same = {text for text in wrong if references.parse(text) == Reference("PD", 26, 42)}
    assert {text.translate(str.maketrans("OIL", "011", "")) for text in same} == {right}
    assert all(isinstance(references.parse(text), Problem) for text in wrong - same)


@pytest.mark.parametrize(
    "typed",
    [
        "PD-26-0042-@",
        "pd-26-0042-@",
        "PD26 0042 @",
        " pd 26 0042 @ ",
        "PD–26–0042–@",
        "P D 2 6 0 0 4 2 @",
        "PD/26/0042/@",
        "ＰＤ-２６-００４２-@",
        "PD-26-OO42-@",
    ],
)
def test_untidy_typing_is_read(typed: str) -> None:
    right = str(Reference("PD", 26, 42))
    assert references.parse(typed.replace("@", right[-1])) == Reference("PD", 26, 42)
    assert references.parse(typed.replace("@", right[-1].lower())) == Reference("PD", 26, 42)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "PD",
        "0042",
        "PD-26-42-K",
        "Élan-26-0042-K",
        "PD-26-0042",
        "x" * 10_000,
        "PD-26-0000-2",
        "PD-19-0042-K",
        "PD-26-0042-K'; DROP TABLE register",
        "PD-26-00042-K",
        "PD-26-٠٠٤٢-K",
    ],
)
def test_what_is_no_reference_is_answered_with_a_sentence(typed: str) -> None:
    read = references.parse(typed)
    assert isinstance(read, Problem)
    assert read.sentence.endswith(".")


def test_a_wrong_check_character_is_said_to_be_one() -> None:
    right = str(Reference("PD", 26, 42))
    other = next(character for character in references.CHECK_CHARACTERS if character != right[-1])
    read = references.parse(right[:-1] + other)
    assert isinstance(read, Problem)
    assert "wrong" in read.sentence


@given(REFERENCES)
def test_a_check_character_has_no_look_alike(reference: Reference) -> None:
    assert str(reference)[-1] not in "01OIL"


async def test_numbers_of_a_year_follow_each_other_without_gaps(database: Database) -> None:
    async def take() -> str:
        async with database.write() as tx:
            return await references.allocate(tx, "PD", 26)

    with pytest.raises(RuntimeError):  # noqa: PT012  the transaction is what is tested
        async with database.write() as tx:
            await references.allocate(tx, "PD", 26)
            raise RuntimeError
    taken = await asyncio.gather(*(take() for _ in range(30)))
    read = [references.parse(text) for text in taken]
    assert {one.number for one in read if isinstance(one, Reference)} == set(range(1, 31))
    async with database.write() as tx:
        assert await references.allocate(tx, "PD", 27) == str(Reference("PD", 27, 1))
        assert await references.allocate(tx, "AB", 26) == str(Reference("AB", 26, 1))


async def test_a_number_beyond_four_digits_goes_on(database: Database) -> None:
    assert str(Reference("PD", 26, 12345)).startswith("PD-26-12345-")


@pytest.mark.parametrize(("prefix", "year"), [("pd", 26), ("P", 26), ("PD1", 26), ("PD", 19), ("PD", 2026)])
async def test_a_prefix_or_year_of_another_shape_is_refused(database: Database, prefix: str, year: int) -> None:
    with pytest.raises(ValueError, match="prefix"):
        async with database.write() as tx:
            await references.allocate(tx, prefix, year)


def test_the_year_is_that_of_a_calendar_in_london() -> None:
    assert references.civil_year(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == 26
    assert references.civil_year(datetime(2027, 1, 1, 0, 0, tzinfo=UTC)) == 27
    assert references.civil_year(datetime.fromisoformat("2027-01-01T00:30:00+01:00")) == 26
