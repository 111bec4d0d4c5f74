"""The directory as a table: loaded in two steps, and downloaded.

A table is read and shown line by line first; only the press of a button carries it out, as a whole or not at all. Until
then it is kept sealed, under a random name that stands in the form and in no address.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from fastapi import HTTPException, Request
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.datastructures import UploadFile
from starlette.responses import Response

from escalations import errors
from escalations.agencies import plan, showing, table, types
from escalations.agencies.keeping import Refused
from escalations.agencies.plan import Kind, Plan
from escalations.store import tables
from escalations.store.vault import Erased, Sealed, Vault
from escalations.web.directory_acting import DirectoryForms, reads_cases
from escalations.web.forms import Problem, Reading

KEPT: Final = timedelta(hours=2)
"""How long a table waits for the second press."""
KINDS: Final = {Kind.NEW: "New", Kind.CHANGED: "Changed", Kind.ENDED: "Ends", Kind.SAME: "As it is"}
COLUMNS: Final = tuple(column.value for column in table.Column)
_DRAFTS: Final = tables.DRAFTS
_PLACE: Final = {"table": "drafts", "column": "sealed"}


class TablePages(DirectoryForms):
    """Loading and downloading."""

    async def download(self, request: Request) -> Response:
        """Give the directory as CSV, which a spreadsheet opens and which can be loaded again."""
        del request
        async with self._database.read() as tx:
            listed = await showing.listed(tx, self._parts.vault, self._parts.now())
        # With the mark by which Excel knows UTF-8.
        return Response(
            showing.as_csv(listed).encode("utf-8-sig"),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": 'attachment; filename="directory.csv"'},
        )

    async def ask(self, request: Request) -> Response:
        """The form that takes a table."""
        return self._form(request)

    async def take(self, request: Request) -> Response:
        """Read the table that was sent, or carry out the one that was read before."""
        if request.headers.get("sec-fetch-site") == "cross-site":
            raise HTTPException(403)
        async with request.form(max_files=1, max_fields=60) as form:
            token, name, digest = (str(form.get(field, "")) for field in ("token", "table", "digest"))
            new = frozenset(one for one in form.getlist("new-type") if isinstance(one, str))
            again = form.get("do") == "look"
            sent = form.get("file")
            content = await sent.read() if isinstance(sent, UploadFile) else b""
        if not self._parts.cookies.genuine(request, token):
            return self._form(request, (self._parts.stale(request),), status=403)
        try:
            if name and again:
                return await self._look_again(request, name, new)
            if name:
                return await self._carry_out_table(request, name, digest, new)
            if not content:
                return self._form(request, (Problem("file", "Choose a CSV file with something in it"),), status=422)
            return await self._read(request, content)
        except _RefusedError as refused:
            return self._form(request, (Problem("file", f"{refused} Nothing was changed."),), status=422)
        except errors.Retry:
            return self._form(
                request,
                (Problem("file", "Our system cannot be reached. Nothing was changed. Send the file again later."),),
                status=503,
            )

    def _form(self, request: Request, problems: tuple[Problem, ...] = (), *, status: int = 200) -> Response:
        return self._parts.show(
            request,
            "directory_import.html",
            status=status,
            f=self._parts.form(request, None, problems),
            columns=COLUMNS,
            back="/directory",
        )

    async def _read(self, request: Request, content: bytes) -> Response:
        now = self._parts.now()
        async with self._database.write() as tx:
            made = await self._plan(tx, content, now)
            waits = not made.wrong or made.only_new_types
            name = await _keep(tx, self._parts.vault, content, now) if waits else ""
        return self._preview(request, made, name)

    async def _look_again(self, request: Request, name: str, new_types: frozenset[str]) -> Response:
        """Show what the table comes to, now that somebody has said which types are new."""
        now = self._parts.now()
        async with self._database.read() as tx:
            content = await _kept(tx, self._parts.vault, name, now)
            made = None if content is None else await self._plan(tx, content, now, new_types)
        if made is None:
            return self._gone(request)
        return self._preview(request, made, name, new_types=new_types)

    async def _plan(
        self, tx: AsyncConnection, content: bytes, now: datetime, new_types: frozenset[str] = frozenset()
    ) -> Plan:
        read = table.read(content)
        return await plan.make(
            tx, self._parts.vault, read, now=now, positions=self._rungs, policy=self._parts.policy, new_types=new_types
        )

    def _gone(self, request: Request) -> Response:
        gone = Problem("file", "This table was loaded already, or waited too long. Send the file again.")
        return self._form(request, (gone,), status=410)

    def _preview(
        self,
        request: Request,
        made: Plan,
        name: str,
        problems: tuple[Problem, ...] = (),
        *,
        new_types: frozenset[str] = frozenset(),
    ) -> Response:
        return self._parts.show(
            request,
            "directory_preview.html",
            status=422 if made.wrong or problems else 200,
            f=self._parts.form(request, None, problems),
            made=made,
            table=name,
            new_types=sorted(new_types),
            to_say={code: types.said(code) for code in made.new_types} if made.only_new_types else {},
            kinds=KINDS,
            changed=[line for line in made.lines if line.kind is not Kind.SAME],
            same=made.count(Kind.SAME),
            reads_cases=reads_cases(request),
        )

    async def _carry_out_table(self, request: Request, name: str, digest: str, new_types: frozenset[str]) -> Response:
        reading = Reading({}, now=self._parts.now())
        async with self._database.write() as tx:
            content = await _kept(tx, self._parts.vault, name, reading.now)
            if content is None:
                return self._gone(request)
            keeper = self.keeper(request, tx, reading)
            await keeper.lock()
            made = await self._plan(tx, content, reading.now, new_types)
            if made.wrong or made.digest != digest:
                moved = Problem(
                    "main-content", "The directory was changed meanwhile. Look again at what this comes to."
                )
                return self._preview(request, made, name, (moved,), new_types=new_types)
            refused = await plan.carry_out(keeper, made)
            if isinstance(refused, Refused):
                # Raised, so that the transaction is given up: nothing is half loaded.
                raise _RefusedError(refused.sentence)
            await _forget(tx, self._parts.vault, name, reading.now)
        return self._parts.go(request, f"/directory?done={'loaded' if made.changes else 'same'}")


class _RefusedError(errors.FinalOurs):
    """A plan without a mistake could not be carried out."""

    code = "table_refused"


def _id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


async def _keep(tx: AsyncConnection, vault: Vault, content: bytes, now: datetime) -> str:
    name = secrets.token_urlsafe(24)
    sealed = await vault.seal(tx, content, row=_id(name), **_PLACE)
    await tx.execute(
        insert(_DRAFTS).values(
            draft_id=_id(name), sealed=sealed.data, key_id=sealed.key_id, updated_at=now, expires_at=now + KEPT
        )
    )
    return name


async def _kept(tx: AsyncConnection, vault: Vault, name: str, now: datetime) -> bytes | None:
    query = select(_DRAFTS).where(_DRAFTS.c.draft_id == _id(name), _DRAFTS.c.expires_at > now)
    row = (await tx.execute(query)).one_or_none()
    if row is None:
        return None
    try:
        return await vault.open(tx, Sealed(row.key_id, row.sealed), row=row.draft_id, **_PLACE)
    except Erased:
        return None


async def _forget(tx: AsyncConnection, vault: Vault, name: str, now: datetime) -> None:
    query = select(_DRAFTS.c.key_id).where(_DRAFTS.c.draft_id == _id(name))
    await vault.erase(tx, (await tx.execute(query)).scalar_one(), at=now)
    await tx.execute(delete(_DRAFTS).where(_DRAFTS.c.draft_id == _id(name)))
