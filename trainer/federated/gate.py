"""Who may ask what of Flower's server: devices take part and nothing else, this machine itself may do everything.

Flower serves three things on one port: what devices need, what its own programs on the host need, and the control of
runs, which has no password. So it is made to listen twice: for this machine on an address that no other can reach, and
for devices on theirs, where all but a list of paths is refused before any of Flower's code sees it.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

# As the Fleet API of Flower 1.41 has them; registering is not among them, for the host knows its devices beforehand.
OPEN = frozenset(
    f"/v1/fleet/{name}"
    for name in (
        "activate-node",
        "deactivate-node",
        "send-node-heartbeat",
        "pull-messages",
        "push-messages",
        "get-run",
        "get-fab",
        "push-object",
        "pull-object",
        "confirm-message-received",
    )
)
REGISTER = frozenset({"/v1/fleet/register-node", "/v1/fleet/unregister-node"})  # where no keys are asked for
MOST_BYTES = 16 << 20  # of one request; Flower sends arrays in pieces of 5 MiB
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
App = Callable[[Event, Receive, Send], Awaitable[None]]


class Gate:
    """An ASGI app around another one.

    Args:
        app: what is guarded.
        inside: address and port of this machine's own end; whatever comes in at another one is from outside.
        paths: that are open from outside.
    """

    def __init__(self, app: App, inside: tuple[str, int], paths: frozenset[str] = OPEN) -> None:
        self._app, self._inside, self._paths = app, inside, paths

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        """One connection or request."""
        if scope["type"] == "lifespan" or self._is_inside(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            status = refusal(scope, self._paths)
            await (_answer(send, status) if status else self._app(scope, receive, send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})

    def _is_inside(self, scope: Event) -> bool:
        """By the end of the connection that is here, which whoever calls cannot choose."""
        here = scope.get("server")
        return here is not None and tuple(here) == self._inside


def refusal(scope: Event, paths: frozenset[str]) -> int:
    """The HTTP status that a request from outside is answered with; 0 where it may go on."""
    if scope["method"] != "POST" or scope["path"] not in paths or scope.get("root_path"):
        return 404
    headers = [(name.lower(), value) for name, value in scope["headers"]]
    lengths = [value for name, value in headers if name == b"content-length"]
    if len(lengths) != 1 or not lengths[0].isdigit() or any(name == b"transfer-encoding" for name, _ in headers):
        return 411
    return 413 if int(lengths[0]) > MOST_BYTES else 0


async def _answer(send: Send, status: int) -> None:
    headers = [(b"content-length", b"0"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
