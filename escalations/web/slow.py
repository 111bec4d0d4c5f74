"""Requests whose first lines never come: the server closes their connections, so that they keep nobody else out.

A body that does not come is the business of `security.Guarded`; before the last line of the headers there is no request
that it could see.
"""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from typing import Final

import h11
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_SECONDS: Final = 20.0
"""How long a connection may be without a whole request, or the headers of the next one may take."""


class Bounded(H11Protocol):
    """Uvicorn's protocol, with an end to waiting for headers."""

    headers_seconds = HEADERS_SECONDS
    _waits: TimerHandle | None = None

    @override
    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._look()

    @override
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)

    def _look(self) -> None:
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._end()
        elif self._waits is None:
            self._waits = self.loop.call_later(self.headers_seconds, self._close)

    def _close(self) -> None:
        self._waits = None
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self.transport.close()

    def _end(self) -> None:
        if self._waits is not None:
            self._waits.cancel()
            self._waits = None
