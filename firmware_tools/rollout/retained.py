"""What the broker retains of what is wanted of devices, and what is on its way there."""

from collections.abc import Mapping

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.update_state import parse_desired

AGAIN_S = 30.0  # after so long without an echo it is said again
LONGEST = 1 << 16  # bytes of something that is brought back later


class Retained:
    """Since the connection was made. A device of which nothing was told has nothing retained."""

    def __init__(self) -> None:
        self._there: dict[str, str] = {}
        self._said: dict[str, tuple[str, float]] = {}  # what, and when

    def there(self, device: str) -> str:
        """The payload; "" where nothing is wanted, or what cannot be brought back later."""
        payload = self._there.get(device, "")
        try:
            parse_desired(payload.encode())
        except MalformedError:
            return ""
        return payload if len(payload.encode()) <= LONGEST else ""

    def came(self, device: str, payload: str) -> bool:
        """The broker says that this is retained now. Whether it is what we said, or will be overwritten by that."""
        said = self._said.get(device)
        if said is not None and payload != said[0]:
            return True
        self._there[device] = payload
        return self._said.pop(device, None) is not None

    def missing(self, wanted: Mapping[str, str]) -> list[str]:
        """The devices for which something else is retained than is wanted."""
        return [device for device, payload in wanted.items() if self._there.get(device, "") != payload]

    def due(self, wanted: Mapping[str, str], now_s: float) -> list[str]:
        """Those of them to which it is to be said now; they count as said."""
        said = [device for device in self.missing(wanted) if self._is_due(device, wanted[device], now_s)]
        self._said.update({device: (wanted[device], now_s) for device in said})
        return said

    def _is_due(self, device: str, payload: str, now_s: float) -> bool:
        said = self._said.get(device)
        return said is None or said[0] != payload or now_s - said[1] >= AGAIN_S


def of_others(payload: str, ours: str, before: str, live: bool) -> bool:
    """Whether what is retained for a device that was asked is the will of somebody else.

    Args:
        payload: what is retained instead of what is wanted.
        ours: what the roll-out asks.
        before: what was wanted before.
        live: it was said just now; else it was there when we came, and a broker that lost its memory has nothing there.
    """
    return live or payload not in ("", ours, before)
