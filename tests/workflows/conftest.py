"""A client as the package makes it, for the session's server."""

from __future__ import annotations

import pytest
from temporalio import client as temporal

from escalations.temporal import client, devserver
from escalations.workflows import attributes


@pytest.fixture(scope="session")
async def escalations_client(temporal_server: devserver.DevServer) -> temporal.Client:
    """Give a client with the plugin, on a namespace that knows the search attributes."""
    connected = await client.connect(temporal_server.address, namespace=temporal_server.namespace)
    await devserver.ensure_search_attributes(connected, attributes.ALL)
    return connected
