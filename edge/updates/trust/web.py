"""Releases from any static web server, over HTTP(S), with ranges."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import urllib3
from urllib3.exceptions import HTTPError, IncompleteRead, ProtocolError
from urllib3.exceptions import TimeoutError as WaitedError

from edge.updates.trust.refusal import Reason, Refused
from edge.updates.trust.source import MissingError, Stream

CONNECT_S, GAP_S = 10.0, 10.0  # between two packets; what comes in small ones all the time, `Pace` ends
CHUNK_BYTES = 1 << 16
MISSING = frozenset({403, 404, 410})
WHOLE, PART, NO_SUCH_RANGE = 200, 206, 416


class WebSource:
    """Asks anew for each file; redirections are not followed, proxies not used.

    Args:
        url: of the folder.
        ca_file: authority that signed the server's certificate; None: those of the system.
    """

    def __init__(self, url: str, ca_file: Path | None) -> None:
        self._url = url.rstrip("/")
        self._pool = urllib3.PoolManager(num_pools=1, maxsize=1, ssl_context=_context(ca_file))

    def open(self, path: str, offset: int, limit: int) -> Stream:
        """See `Source`."""
        url = f"{self._url}/{quote(path)}"
        headers = {"Accept-Encoding": "identity", "User-Agent": "foresight"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
        try:
            response = self._pool.request(
                "GET",
                url,
                headers=headers,
                preload_content=False,
                decode_content=False,
                redirect=False,
                retries=False,
                timeout=urllib3.Timeout(connect=CONNECT_S, read=GAP_S),
            )
        except (HTTPError, OSError, ValueError) as error:
            raise _refused(url, error) from error
        return self._answered(response, url, offset)

    def _answered(self, response: urllib3.BaseHTTPResponse, url: str, offset: int) -> Stream:
        status = response.status
        if status == WHOLE:
            return Stream(0, _chunks(response, url))
        if status == PART and response.headers.get("Content-Range", "").startswith(f"bytes {offset}-"):
            return Stream(offset, _chunks(response, url))
        response.close()
        if status in MISSING:
            raise MissingError(f"{url} is not there (HTTP {status})")
        if status == NO_SUCH_RANGE:
            raise Refused(Reason.TRUNCATED, f"{url} ends before byte {offset} (HTTP {status})")
        raise Refused(Reason.UNREACHABLE, f"{url} is answered with HTTP {status}; look at the server, or correct url")


def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise Refused(Reason.UNREACHABLE, f"{ca_file} cannot be read: {error}; correct ca_file") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _chunks(response: urllib3.BaseHTTPResponse, url: str) -> Iterator[bytes]:
    try:
        while chunk := response.read1(CHUNK_BYTES):  # what is there: a slow server is seen byte by byte
            yield chunk
    except IncompleteRead as error:
        raise Refused(Reason.TRUNCATED, f"{url} breaks off before its end") from error
    except (HTTPError, OSError) as error:
        raise _refused(url, error) from error
    finally:
        response.close()


def _refused(url: str, error: Exception) -> Refused:
    if isinstance(error, WaitedError):
        return Refused(Reason.TOO_SLOW, f"{url}: nothing came for {GAP_S:g} s")
    if isinstance(error, ProtocolError) and isinstance(error.args[-1], IncompleteRead):
        return Refused(Reason.TRUNCATED, f"{url} breaks off before its end")
    return Refused(Reason.UNREACHABLE, f"{url} cannot be fetched: {error}; tried again later")
