"""Whose own an address is: by the agency's own domain, or by the people named in its positions."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy import select

from escalations.store import directory, directory_file, domains, tables
from escalations.store.directory_file import AgencyEntry, DirectoryFile, NotADirectory
from escalations.store.engine import Database
from escalations.store.vault import Vault
from tests.store.test_directory import ASHA, BRYN, MONDAY, THURSDAY, agency, held, load


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("council.example", "council.example"),
        (" @Council.Example. ", "council.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("oak-lane.wyeford.sch.uk", "oak-lane.wyeford.sch.uk"),
        ("wyeford.gov.uk", "wyeford.gov.uk"),
        ("vale.nhs.uk", "vale.nhs.uk"),
    ],
)
def test_a_domain_is_kept_in_one_spelling(written: str, kept: str) -> None:
    assert domains.own_domain(written) == kept


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "after the @"),
        ("council", "after the @"),
        ("asha@council.example", "after the @"),
        ("a b.example", "after the @"),
        ("council..example", "after the @"),
        ("-council.example", "after the @"),
        (f"{'a' * 64}.example", "after the @"),
        ("192.0.2.1", "after the @"),
        ("gmail.com", "Anybody can have an address at gmail.com"),
        ("@GoogleMail.com", "Anybody"),
        ("hotmail.co.uk", "Anybody"),
        ("yahoo.fr", "Anybody"),
        ("btinternet.com", "Anybody"),
        ("nhs.net", "Many organisations use nhs.net"),
        ("sch.uk", "Many organisations"),
        ("gov.uk", "Many organisations"),
    ],
)
def test_what_cannot_be_an_agencys_own_is_refused_with_what_to_do(written: str, says: str) -> None:
    with pytest.raises(domains.NotADomain, match=says):
        domains.own_domain(written)


def text_of(*agencies: str) -> str:
    lines = "".join(f"- {{{one}, name: N, type: t, town: T, active_from: 2020-01-01}}\n" for one in agencies)
    return f"sample: false\nagencies:\n{lines}"


@pytest.mark.parametrize(
    ("agencies", "says"),
    [
        (["id: a, domains: [gmail.com]"], "Anybody can have"),
        (["id: a, domains: [x.example]", "id: b, domains: [X.example]"], "a and b both claim x.example"),
        (
            ["id: p", "id: a, parent: p, domains: [x.example]", "id: b, parent: p, domains: [x.example]"],
            "only an agency and its parent",
        ),
    ],
)
def test_a_file_in_which_a_domain_is_not_an_agencys_own_is_refused(agencies: list[str], says: str) -> None:
    with pytest.raises(NotADirectory, match=says):
        directory_file.read_text(text_of(*agencies))


def test_parent_and_child_may_share_a_domain_and_so_may_an_agency_and_what_follows_it() -> None:
    DirectoryFile(
        sample=False,
        agencies=(
            agency(id="trust", domains=["trust.example"]),
            agency(id="school", parent="trust", domains=["trust.example"], active_to=date(2026, 3, 2)),
            agency(id="school-2", parent="trust", domains=["trust.example"], active_from=date(2026, 3, 3)),
        ),
    )


def test_a_sample_has_invented_domains_only() -> None:
    with pytest.raises(NotADirectory, match=r"under \.example only"):
        directory_file.read_text(text_of("id: a, domains: [wyeford.gov.uk]").replace("sample: false", "sample: true"))


async def whose(database: Database, keys: Vault, address: str, on: datetime = MONDAY) -> str | None:
    async with database.read() as tx:
        return await directory.agency_of_address(tx, keys, address, on)


async def test_an_address_at_an_agencys_own_domain_is_the_agencys(database: Database, keys: Vault) -> None:
    await load(database, keys, agency(domains=["council.example"]), agency(id="police", domains=["police.example"]))
    assert await whose(database, keys, "new.starter@Council.example") == "council"
    assert await whose(database, keys, "anybody@police.example") == "police"
    # Neither what stands below a domain nor what only ends like one is the agency's own.
    assert await whose(database, keys, "x@children.council.example") is None
    assert await whose(database, keys, "x@notcouncil.example") is None
    for nobody in ("", "council.example", "x@", "@council", "x@council.example@elsewhere.example"):
        assert await whose(database, keys, nobody) is None


def shared_by_parent_and_child() -> tuple[AgencyEntry, AgencyEntry]:
    return (
        agency(id="trust", domains=["trust.example"]),
        agency(id="school", parent="trust", domains=["trust.example", "school.example"]),
    )


async def test_a_domain_of_parent_and_child_gives_neither(database: Database, keys: Vault) -> None:
    await load(database, keys, *shared_by_parent_and_child())
    assert await whose(database, keys, "x@trust.example") is None
    assert await whose(database, keys, "x@school.example") == "school"


async def test_the_address_of_a_holder_or_a_deputy_is_known_without_a_domain(database: Database, keys: Vault) -> None:
    await load(database, keys, agency(held(holder=ASHA, deputy=BRYN), id="surgery"), agency(id="other"))
    assert await whose(database, keys, "Asha@Council.example ") == "surgery"
    assert await whose(database, keys, "bryn@council.example") == "surgery"
    assert await whose(database, keys, "ceri@council.example") is None


async def test_somebody_known_at_two_agencies_gives_neither(database: Database, keys: Vault) -> None:
    await load(database, keys, agency(held(holder=ASHA), id="trust"), agency(held(holder=ASHA), id="school"))
    assert await whose(database, keys, "asha@council.example") is None


async def test_a_holder_whose_address_is_at_another_agencys_domain_gives_neither(
    database: Database,
    keys: Vault,
) -> None:
    await load(database, keys, agency(held(holder=ASHA), id="school"), agency(id="trust", domains=["council.example"]))
    assert await whose(database, keys, "asha@council.example") is None


async def test_whoever_left_or_was_erased_is_known_no_more(database: Database, keys: Vault, now: datetime) -> None:
    await load(
        database,
        keys,
        agency(held(holder=ASHA, until=date(2026, 3, 3)), id="surgery"),
        agency(held(holder=BRYN), id="school"),
    )
    assert await whose(database, keys, "asha@council.example", MONDAY) == "surgery"
    assert await whose(database, keys, "asha@council.example", THURSDAY) is None
    assert await whose(database, keys, "bryn@council.example") == "school"
    async with database.write() as tx:
        of_bryn = select(tables.POSITIONS.c.key_id).where(tables.POSITIONS.c.agency_id == "school")
        await keys.erase(tx, (await tx.execute(of_bryn)).scalar_one(), at=now)
    assert await whose(database, keys, "bryn@council.example") is None


async def test_an_agency_that_ended_has_no_addresses_and_its_successor_takes_the_domain(
    database: Database,
    keys: Vault,
) -> None:
    await load(
        database,
        keys,
        agency(id="old", domains=["x.example"], active_to=date(2026, 3, 3), successor="new"),
        agency(id="new", domains=["x.example"], active_from=date(2026, 3, 4)),
    )
    assert await whose(database, keys, "a@x.example", MONDAY) == "old"
    assert await whose(database, keys, "a@x.example", THURSDAY) == "new"


async def test_every_address_of_the_sample_directory_is_its_agencys_or_nobodys(database: Database, keys: Vault) -> None:
    sample = directory_file.sample()
    async with database.write() as tx:
        await directory.load(tx, keys, sample)
        for one in sample.agencies:
            assert await directory.domains_of(tx, one.id) == one.domains
    known: dict[str, set[str]] = {}
    for one in sample.agencies:
        for holding in one.positions:
            for person in (holding.holder, holding.deputy):
                if person is not None:
                    known.setdefault(person.email, set()).add(one.id)
    for address, at in known.items():
        assert await whose(database, keys, address) == (at.pop() if len(at) == 1 else None)
