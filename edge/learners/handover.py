"""The bounded way from the chains to the learner's process: never waits; what does not fit is dropped and counted."""

import socket


class HandOver:
    """Any thread may offer. The way leads somewhere while a process runs."""

    def __init__(self) -> None:
        self._channel: socket.socket | None = None
        self.dropped = 0  # because the process did not keep up; not those for which there was no process

    def connect(self, channel: socket.socket | None) -> None:
        """Lead to a process, or nowhere."""
        self._channel = channel

    def offer(self, message: bytes) -> bool:
        """Hand a look or a reading over; False where it did not fit, or nobody takes it."""
        channel = self._channel
        if channel is None:
            return False
        taken = self.send(message)
        self.dropped += not taken
        return taken

    def send(self, message: bytes) -> bool:
        """The same of what will be sent again where it is not taken."""
        channel = self._channel
        if channel is None:
            return False
        try:
            channel.send(message, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except OSError:  # full; or it has just died, which its keeper finds out by himself
            return False
        return True
