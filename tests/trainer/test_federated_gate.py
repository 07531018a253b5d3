"""What a stranger, a device and this machine itself may ask of Flower's server."""

import asyncio
from typing import Any

import pytest

from trainer.federated.gate import MOST_BYTES, OPEN, REGISTER, Event, Gate, Receive, Send

INSIDE, OUTSIDE = ("127.0.0.1", 4001), ("192.0.2.7", 9443)
PULL = "/v1/fleet/pull-messages"
SHORT = [(b"Content-Length", b"10")]


async def flower(scope: Event, receive: Receive, send: Send) -> None:
    """Answers everything, as Flower's server does for whoever reaches it."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})


def status(path: str, server: tuple[str, int] | None = OUTSIDE, **more: Any) -> int:
    """Of the answer to one request."""
    said: list[Event] = []

    async def send(event: Event) -> None:
        said.append(event)

    async def receive() -> Event:
        return {"type": "http.request", "body": b""}

    scope = {"type": "http", "method": "POST", "path": path, "headers": SHORT, "server": server, **more}
    asyncio.run(Gate(flower, INSIDE)(scope, receive, send))
    return int(said[0].get("status") or said[0]["code"])


@pytest.mark.parametrize("path", sorted(OPEN))
def test_devices_may_take_part(path: str) -> None:
    assert status(path) == 200


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/health",
        "/docs",
        "/openapi.json",
        "/v1/control/start-run",
        "/v1/control/stop-run",
        "/v1/control/register-node",
        "/v1/runtime/acquire-task",
        "/v1/fleet",
        "/v1/fleet/",
        f"{PULL}/",
        f"/{PULL}",
        "/v1/fleet/../control/start-run",
        "/v1/fleet/pull-messages/../../control/start-run",
        "/V1/FLEET/PULL-MESSAGES",
        *sorted(REGISTER),
    ],
)
def test_nothing_else_is_open_from_outside(path: str) -> None:
    assert status(path) == 404
    assert status(path, INSIDE) == 200


@pytest.mark.parametrize("server", [None, OUTSIDE, ("127.0.0.1", 9443), ("192.0.2.7", 4001), ("0.0.0.0", 4001)])
def test_only_the_own_end_is_inside(server: tuple[str, int] | None) -> None:
    assert status("/v1/control/start-run", server) == 404
    assert status("/v1/control/start-run", server, headers=[(b"host", b"127.0.0.1:4001"), *SHORT]) == 404


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"method": "GET"}, 404),
        ({"root_path": "/v1"}, 404),
        ({"headers": []}, 411),
        ({"headers": [(b"content-length", b"-1")]}, 411),
        ({"headers": [*SHORT, *SHORT]}, 411),
        ({"headers": [*SHORT, (b"Transfer-Encoding", b"chunked")]}, 411),
        ({"headers": [(b"content-length", str(MOST_BYTES).encode())]}, 200),
        ({"headers": [(b"content-length", str(MOST_BYTES + 1).encode())]}, 413),
        ({"type": "websocket"}, 1008),
    ],
)
def test_a_request_from_outside_is_bounded(more: dict[str, Any], expected: int) -> None:
    assert status(PULL, **more) == expected
