"""Releases from any static web server, over HTTP(S), with ranges.

Every wait has an end, whatever the server does: connecting, the handshake and the head of the answer together have a
deadline at which the connection is cut; the body comes packet by packet, and `Pace` ends what comes too slowly. Bodies
without a length are refused, for their framing could be dripped for ever.
"""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, urlsplit

from edge.contracts.errors import ConfigError
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updates.trust.source import MissingError, Stream

HEAD_S = 30.0  # until the body begins
GAP_S = 10.0  # between two packets
CHUNK_BYTES = 1 << 16
MISSING = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
PORTS = {"http": 80, "https": 443}


class WebSource:
    """Asks anew for each file; redirections are not followed, proxies not used.

    Args:
        url: of the folder.
        ca_file: authority that signed the server's certificate; None: those of the system.
        head_s: until the body begins.
        gap_s: between two packets.
    """

    def __init__(self, url: str, ca_file: Path | None, head_s: float = HEAD_S, gap_s: float = GAP_S) -> None:
        self._url, parts = url.rstrip("/"), urlsplit(url)
        self._host, self._path = parts.hostname or "", parts.path.rstrip("/")
        self._port = parts.port or PORTS[parts.scheme]
        self._tls = _context(ca_file) if parts.scheme == "https" else None
        self._head_s, self._gap_s = head_s, gap_s

    @contextmanager
    def open(self, path: str, offset: int, limit: int) -> Iterator[Stream]:
        """See `Source`."""
        url = f"{self._url}/{quote(path)}"
        with closing(http.client.HTTPConnection(self._host, self._port, timeout=self._gap_s)) as connection:
            try:
                response = self._response(connection, path, offset)
            except (OSError, http.client.HTTPException) as error:
                raise self._refused(url, error) from error
            with response:
                yield Stream(_start(response, url, offset), self._chunks(response, url))

    def _response(self, connection: http.client.HTTPConnection, path: str, offset: int) -> http.client.HTTPResponse:
        headers = {"Accept-Encoding": "identity", "User-Agent": "foresight", "Connection": "close"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
        connection.sock = socket.create_connection((self._host, self._port), self._gap_s)
        if self._tls is not None:  # the handshake comes later, when it can be cut
            connection.sock = self._tls.wrap_socket(
                connection.sock, server_hostname=self._host, do_handshake_on_connect=False
            )
        cut = threading.Timer(self._head_s, _shut, [connection.sock])
        cut.daemon = True
        cut.start()
        try:
            if isinstance(connection.sock, ssl.SSLSocket):
                connection.sock.do_handshake()
            connection.request("GET", f"{self._path}/{quote(path)}", headers=headers)
            return connection.getresponse()
        finally:
            cut.cancel()

    def _chunks(self, response: http.client.HTTPResponse, url: str) -> Iterator[bytes]:
        left = response.length or 0
        while left:
            try:
                chunk = response.read1(CHUNK_BYTES)  # what is there: a slow server is seen packet by packet
            except (OSError, http.client.HTTPException) as error:
                raise self._refused(url, error) from error
            if not chunk:
                raise RefusedError(Reason.TRUNCATED, f"{url} breaks off {left} bytes before its end")
            left -= len(chunk)
            yield chunk

    def _refused(self, url: str, error: Exception) -> RefusedError:
        if isinstance(error, TimeoutError):
            return RefusedError(Reason.TOO_SLOW, f"{url}: nothing came for {self._gap_s:g} s")
        said = str(error) or type(error).__name__
        return RefusedError(Reason.UNREACHABLE, f"{url} cannot be fetched: {said}; tried again later")


def _start(response: http.client.HTTPResponse, url: str, offset: int) -> int:
    """The byte at which the body begins. Raises MissingError, RefusedError."""
    status = response.status
    if status in MISSING:
        raise MissingError(f"{url} is not there (HTTP {status})")
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        raise RefusedError(Reason.TRUNCATED, f"{url} ends before byte {offset} (HTTP {status})")
    if status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        raise RefusedError(
            Reason.UNREACHABLE, f"{url} is answered with HTTP {status}; look at the server, or correct url"
        )
    if response.length is None or response.headers.get("Content-Encoding", "identity") != "identity":
        raise RefusedError(
            Reason.UNREACHABLE, f"{url} comes without a length, or packed; have the server send it as it is"
        )
    if status == HTTPStatus.OK:
        return 0
    if not (response.headers.get("Content-Range") or "").startswith(f"bytes {offset}-"):
        raise RefusedError(Reason.UNREACHABLE, f"{url} comes from another byte than {offset}; look at the server")
    return offset


def _shut(sock: socket.socket) -> None:
    """End every wait of another thread on it."""
    try:
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        return  # it has ended by itself


def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ConfigError(f"{ca_file} cannot be used: {error}; correct ca_file of the updates") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
