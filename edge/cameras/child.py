"""Decodes one network camera; run as a script by `edge.cameras.network`, imports nothing of `edge`.

    python child.py CHANNEL MEMORY

CHANNEL is the number of an inherited SOCK_SEQPACKET socket, MEMORY that of an inherited memory file.

1. The parent sends `{"url": ...}` (not on the command line, which everybody can read).
2. The parent sends one byte whenever it wants a picture and is done with the one before.
3. We decode whatever comes; the first picture after such a byte is written to the memory and answered with
   `{"seq", "height", "width", "t_s", "utc_ns"}`. So no picture is torn, none is converted in vain, and a gap in
   `seq` says how many the parent left out.
4. Trouble is answered with `{"error": ...}`. When the channel closes, however the parent ended, we end.
"""

import itertools
import json
import mmap
import os
import socket
import sys
import threading
import time

import cv2
import numpy as np

READ_LIMIT_MS = 10_000  # the parent has its own, and kills; this one yields a better message


class Slot:
    """The memory that the parent reads one picture from."""

    def __init__(self, file: int) -> None:
        self._bytes = np.frombuffer(mmap.mmap(file, 0), np.uint8)
        self._shape = (0, 0, 3)

    def fill(self, capture: cv2.VideoCapture) -> tuple[int, int]:
        """Convert the picture just grabbed into the memory; its height and width.

        Raises:
            ValueError: it cannot be converted, or does not fit.
        """
        slot = self._bytes[: self._shape[0] * self._shape[1] * 3].reshape(self._shape)
        there, pixels = capture.retrieve(slot) if slot.size else capture.retrieve()
        if not there:
            raise ValueError("sends pictures that cannot be decoded")
        if pixels.size > self._bytes.size:
            raise ValueError(f"sends pictures too large to handle, {pixels.shape[1]}x{pixels.shape[0]}")
        self._shape = (pixels.shape[0], pixels.shape[1], 3)
        if not np.may_share_memory(pixels, self._bytes):  # the first, or of a new size
            self._bytes[: pixels.size] = pixels.ravel()
        return self._shape[:2]


def main() -> None:
    """Serve one parent."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    slot = Slot(int(sys.argv[2]))
    url = json.loads(channel.recv(1 << 16))["url"]
    wanted = threading.Event()
    threading.Thread(target=_listen, args=(channel, wanted), daemon=True).start()
    try:
        capture = _open(url)
        _serve(capture, slot, channel, wanted)
    except ValueError as error:
        channel.send(json.dumps({"error": str(error)}).encode())


def _listen(channel: socket.socket, wanted: threading.Event) -> None:
    """Note what the parent wants; end the process, even one that hangs in a read, when the parent is gone."""
    while channel.recv(1):
        wanted.set()
    os._exit(0)


def _open(url: str) -> cv2.VideoCapture:
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, READ_LIMIT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_LIMIT_MS]
    # One thread: every further one delays the pictures by one.
    capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, [*limits, cv2.CAP_PROP_N_THREADS, 1])
    if not capture.isOpened():
        raise ValueError("cannot be opened")
    return capture


def _serve(capture: cv2.VideoCapture, slot: Slot, channel: socket.socket, wanted: threading.Event) -> None:
    """Decode for ever, and hand over a picture whenever one is wanted."""
    for seq in itertools.count():
        if not capture.grab():
            raise ValueError("ended or broke off" if seq else "gives no pictures")
        if wanted.is_set():
            wanted.clear()
            stamp = {"seq": seq, "t_s": time.monotonic(), "utc_ns": time.time_ns()}
            height, width = slot.fill(capture)
            channel.send(json.dumps(stamp | {"height": height, "width": width}).encode())


if __name__ == "__main__":
    main()
