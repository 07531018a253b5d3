"""Releases over HTTP from a server that does what it should not."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.contracts.errors import ConfigError
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updates.trust.source import MissingError, Pace, paced
from edge.updates.trust.web import WebSource
from tests.rigs.certificates import Authority
from tests.rigs.releases import CONTENT, NAME, DeviceRig, Workshop
from tests.rigs.web_server import web_server

Serve = Callable[[socket.socket], None]
BODY = bytes(range(256)) * 8


@contextmanager
def raw_server(serve: Serve) -> Iterator[str]:
    """The address of a server that reads what is asked and then does as it likes."""
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with line:
                try:
                    while b"\r\n\r\n" not in line.recv(4096):
                        pass
                    serve(line)
                except OSError:
                    continue

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            stop.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(30)


def body(url: str, offset: int = 0, most: int = 1 << 20, head_s: float = 20, grace_s: float = 20) -> bytes:
    source = WebSource(url, None, head_s=head_s, gap_s=20)
    pace = Pace(grace_s, slowest_bytes_s=1e9)
    with source.open("some/file", offset, most) as stream:
        return b"".join(paced(stream, pace, "it", most))


def answer(head: str, content: bytes = b"") -> Serve:
    def serve(line: socket.socket) -> None:
        line.sendall(f"HTTP/1.1 {head}\r\n\r\n".encode() + content)

    return serve


def refused(serve: Serve, **limits: float) -> Reason:
    with raw_server(serve) as url, pytest.raises(RefusedError) as caught:
        body(url, **limits)  # type: ignore[arg-type]
    return caught.value.reason


def test_a_device_updates_from_a_plain_web_server(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path / "workshop")
    workshop.release()
    with web_server(workshop.repository.public) as port:
        url = f"http://127.0.0.1:{port}"
        releases = DeviceRig(tmp_path / "rig", workshop).boot(WebSource(url, None), url=url)
        releases.refresh()
        assert releases.fetch(releases.find(NAME)).path.read_bytes() == CONTENT


@pytest.mark.parametrize("trusted", [True, False])
def test_only_the_named_authority_is_trusted(tmp_path: Path, trusted: bool) -> None:
    (tmp_path / "file").write_bytes(BODY)
    authority, other = Authority(tmp_path, "ca"), Authority(tmp_path, "other")
    pair = authority.sign("server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.cert, pair.key)
    with web_server(tmp_path, context) as port:
        source = WebSource(f"https://127.0.0.1:{port}", (authority if trusted else other).cert)
        if trusted:
            with source.open("file", 0, 1 << 20) as stream:
                assert b"".join(stream.chunks) == BODY
        else:
            with pytest.raises(RefusedError) as caught, source.open("file", 0, 1):
                pass
            assert caught.value.reason is Reason.UNREACHABLE


def test_an_authority_that_cannot_be_read_is_the_operators(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ca_file"):
        WebSource("https://localhost", tmp_path / "nothing")


def test_whole_and_from_a_byte_on() -> None:
    whole = answer(f"200 OK\r\nContent-Length: {len(BODY)}", BODY)
    rest = answer(f"206 Partial\r\nContent-Length: 48\r\nContent-Range: bytes 2000-2047/{len(BODY)}", BODY[2000:])
    with raw_server(whole) as url:
        assert body(url) == BODY
        with WebSource(url, None).open("x", 2000, 1) as stream:
            assert stream.offset == 0  # a server without ranges
    with raw_server(rest) as url:
        assert body(url, 2000) == BODY[2000:]


def test_missing() -> None:
    for code in (403, 404, 410):
        with raw_server(answer(f"{code} No\r\nContent-Length: 0")) as url, pytest.raises(MissingError):
            body(url)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("500 Broken\r\nContent-Length: 0", Reason.UNREACHABLE),
        ("302 There\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0", Reason.UNREACHABLE),
        ("416 Range\r\nContent-Length: 0", Reason.TRUNCATED),
        ("206 Partial\r\nContent-Length: 5\r\nContent-Range: bytes 7-11/12", Reason.UNREACHABLE),
        ("206 Partial\r\nContent-Length: 5", Reason.UNREACHABLE),
        ("200 OK", Reason.UNREACHABLE),  # no length
        ("200 OK\r\nTransfer-Encoding: chunked", Reason.UNREACHABLE),
        ("200 OK\r\nContent-Length: 5\r\nContent-Encoding: gzip", Reason.UNREACHABLE),
        ("200 OK\r\nContent-Length: -1", Reason.UNREACHABLE),
        ("200 OK\r\nContent-Length: 9" + "\r\nX: y" * 200, Reason.UNREACHABLE),
        ("200 OK\r\nContent-Length: 9\r\nX: " + "y" * 100000, Reason.UNREACHABLE),
        ("200 OK\r\nContent-Length: 100", Reason.TRUNCATED),
    ],
)
def test_answers_that_will_not_do(head: str, reason: Reason) -> None:
    assert refused(answer(head, b"12345")) is reason


def test_no_server() -> None:
    with raw_server(answer("")) as url:
        gone = url
    with pytest.raises(RefusedError) as caught:
        body(gone)
    assert caught.value.reason is Reason.UNREACHABLE


def test_endless_data() -> None:
    def serve(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")
        while True:
            line.sendall(BODY)

    assert refused(serve, most=100_000) is Reason.ENDLESS


def dripping(first: bytes, drop: bytes) -> Serve:
    """A drop now and then, for ever: each wait is short, and there is no end."""

    def serve(line: socket.socket) -> None:
        line.sendall(first)
        while True:
            line.sendall(drop)
            time.sleep(0.01)

    return serve


def test_slow_retrieval_of_the_body() -> None:
    drips = dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b".")
    assert refused(drips, grace_s=0.1) is Reason.TOO_SLOW


@pytest.mark.parametrize(
    ("first", "drop"),
    [(b"", b"H"), (b"HTTP/1.1 200 OK\r\nX: ", b"."), (b"", b"HTTP/1.1 100 Continue\r\n\r\n")],
    ids=["status", "header", "continue"],
)
def test_slow_retrieval_of_the_head(first: bytes, drop: bytes) -> None:
    assert refused(dripping(first, drop), head_s=0.2) in {Reason.UNREACHABLE, Reason.TOO_SLOW}


def silent(line: socket.socket) -> None:
    line.recv(1)  # until the device gives up


def test_silence() -> None:
    assert refused(silent, head_s=0.1) in {Reason.UNREACHABLE, Reason.TOO_SLOW}
