"""Fetches a file over HTTPS: resumed where it broke off, checked by its hash, in its place only when it is whole."""

import contextlib
import http.client
import os
import shutil
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import IO, Any, Protocol

from edge.contracts.errors import EdgeError, ModelError
from edge.contracts.files import sha256_of

LIMIT_BYTES = 256 << 20
CHUNK_BYTES = 1 << 16
TIMEOUT_S = 20.0  # without a byte
LIMIT_S = 1800.0  # for all attempts together: 256 MiB at 150 kB/s; a server that drips must not hold us for ever
ATTEMPTS = 5
PAUSE_S = 1.0
PART = ".part"
HTTP_OK, HTTP_PARTIAL, HTTP_RANGE = 200, 206, 416

Progress = Callable[[int, int], None]  # bytes so far, and in all (0: not known)


class FetchError(EdgeError):
    """A file could not be fetched; says why, and what to do."""


class Response(Protocol):
    """An answer, opened."""

    status: int
    headers: Message

    def read1(self, size: int) -> bytes:
        """The next bytes, as they come; b"" at the end."""

    def close(self) -> None:
        """Let go."""


Opener = Callable[[urllib.request.Request], Any]


class _OnlyHttps(urllib.request.HTTPRedirectHandler):
    """A redirect must not lead out of the encryption."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if not newurl.startswith("https://"):
            raise FetchError(f"{req.full_url} leads to {newurl}, which is not encrypted; nothing was fetched")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def over_https(request: urllib.request.Request) -> Any:
    """Open an address that must be encrypted."""
    if not request.full_url.startswith("https://"):
        raise FetchError(f"{request.full_url} is not encrypted; give an https:// address or a file")
    return urllib.request.build_opener(_OnlyHttps).open(request, timeout=TIMEOUT_S)


def fetch(url: str, sha256: str, path: Path, progress: Progress, opener: Opener = over_https) -> None:
    """Bring a file to `path`; returns at once where it is there already.

    Args:
        url: https.
        sha256: of the whole file, hexadecimal.
        path: where to; beside it lies `<name>.part` while it is not whole.
        progress: told of each piece.
        opener: how addresses are opened.

    Raises:
        FetchError: the network, the server or the disk fails. What was fetched stays, to go on from.
        ModelError: it is another file than was expected; nothing is kept of it.
    """
    if path.is_file() and sha256_of(path) == sha256:
        return
    part = path.with_name(path.name + PART)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _download(url, part, progress, opener)
        found = sha256_of(part)
        if found != sha256:
            part.unlink()
            raise ModelError(f"{url} is another file than was expected: SHA-256 {found}, not {sha256}; not kept")
        _settle(part, path)
    except OSError as error:
        raise FetchError(
            f"{path} cannot be written: {error.strerror or error}; free some space or choose --to"
        ) from error


def copy(source: Path, path: Path, check: Callable[[Path], object]) -> str:
    """Bring a file of this machine to `path`; its hash.

    Args:
        source: the file.
        path: where to; what is there stays unless the whole of the new file is good.
        check: looks at the copy before it takes its place; raises what is wrong with it.

    Raises:
        FetchError: it is not there, is too large, or the disk fails.
    """
    part = path.with_name(path.name + PART)
    try:
        if source.stat().st_size > LIMIT_BYTES:
            raise FetchError(f"{source} has more than {LIMIT_BYTES >> 20} MiB, which no model for a device has")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(source, part)
            check(part)
            _settle(part, path)
        finally:
            part.unlink(missing_ok=True)
        return sha256_of(path)
    except OSError as error:
        raise FetchError(f"{source} cannot be copied to {path}: {error.strerror or error}") from error


def _download(url: str, part: Path, progress: Progress, opener: Opener) -> None:
    trouble, deadline_s = "", time.monotonic() + LIMIT_S
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE_S * attempt)
        try:
            _attempt(url, part, progress, opener, deadline_s)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == HTTP_RANGE:  # what is there is not a part of it
                part.unlink(missing_ok=True)
            elif error.code < 500:
                raise FetchError(f"{url}: the server says {error.code} {error.reason}") from error
            trouble = f"the server says {error.code}"
        except (urllib.error.URLError, http.client.HTTPException, ssl.SSLError, TimeoutError, ConnectionError) as error:
            trouble = " ".join(str(getattr(error, "reason", "") or error or type(error).__name__).split())
        else:
            return
    raise FetchError(f"{url} cannot be fetched: {trouble}; check the network, then go on with the same command")


def _attempt(url: str, part: Path, progress: Progress, opener: Opener, deadline_s: float) -> None:
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310 - checked
    with contextlib.closing(opener(request)) as response:
        if have and response.status != HTTP_PARTIAL:  # this server sends everything, from the beginning
            have = 0
        left = _length(response)
        with part.open("r+b" if have else "wb") as file:
            file.seek(have)
            _pour(response, file, have, have + left if left else 0, _before(deadline_s, progress))


def _length(response: Response) -> int:
    """How many bytes are to come; 0 where it is not said, or nonsense is."""
    said = response.headers.get("Content-Length") or ""
    return int(said) if said.isascii() and said.isdecimal() else 0


def _before(deadline_s: float, progress: Progress) -> Progress:
    """The same progress, which ends the fetching at the deadline."""

    def told(have: int, whole: int) -> None:
        if time.monotonic() > deadline_s:
            raise FetchError(f"it takes too long: {have} bytes so far; go on with the same command")
        progress(have, whole)

    return told


def _pour(response: Response, file: IO[bytes], have: int, whole: int, progress: Progress) -> None:
    while data := response.read1(CHUNK_BYTES):
        have += len(data)
        if have > LIMIT_BYTES:
            raise FetchError(f"the server sends more than {LIMIT_BYTES >> 20} MiB, which no model for a device has")
        file.write(data)
        progress(have, whole)
    if have < whole:
        raise ConnectionError(f"it broke off after {have} of {whole} bytes")


def _settle(part: Path, path: Path) -> None:
    """Whole or not there, whenever the power fails."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)
