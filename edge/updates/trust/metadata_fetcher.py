"""Carries metadata from a `Source` to the TUF client, each file within its limits."""

from collections.abc import Callable, Iterator

from tuf.api.exceptions import DownloadError, DownloadHTTPError
from tuf.ngclient import FetcherInterface

from edge.updates.trust.refusal import RefusedError
from edge.updates.trust.settings import TrustSettings
from edge.updates.trust.source import MissingError, Pace, Source, paced

BASE = "metadata/"  # below the folder of releases; the client puts it before each name
NOT_THERE = 404


class MetadataFetcher(FetcherInterface):
    """Remembers what came last, and what a download broke off with: the client tells neither."""

    def __init__(self, source: Source, settings: TrustSettings, stopped: Callable[[], bool]) -> None:
        self._source, self._settings, self._stopped = source, settings, stopped
        self.last = b""
        self.refused: RefusedError | None = None

    def _fetch(self, url: str) -> Iterator[bytes]:
        most, self.last = self._settings.most_metadata_bytes, b""
        pace = Pace(self._settings.grace_s, self._settings.slowest_bytes_s, self._stopped)
        try:
            pace.came(0, url)
            with self._source.open(url, 0, most) as stream:
                for chunk in paced(stream, pace, url, most):
                    self.last += chunk
                    yield chunk
        except MissingError as error:
            raise DownloadHTTPError(str(error), NOT_THERE) from error
        except RefusedError as error:
            self.refused = error
            raise DownloadError(str(error)) from error
