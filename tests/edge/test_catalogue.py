"""Fetching models from a server that breaks off, forgets, lies; and the commands around it."""

import hashlib
import io
import re
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from edge import modelling
from edge.catalogue import fetch as fetching
from edge.catalogue.entries import CATALOGUE, find
from edge.catalogue.fetch import FetchError, copy, fetch, over_https
from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ConfigError, ModelError
from edge.modelling import pull, show_list, show_model
from tests.paths import data

CONTENT = bytes(range(256)) * 2000
HASH = hashlib.sha256(CONTENT).hexdigest()


class Server:
    """Serves one file, in the way that it is told to."""

    def __init__(self) -> None:
        self.length = ""  # another Content-Length than the true one
        self.content, self.ranges, self.cut, self.status = CONTENT, True, [0], 200
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/model.tflite"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        wanted = handler.headers.get("Range", "")
        self.asked.append(wanted)
        begin = int(wanted[6:-1]) if wanted and self.ranges else 0
        if self.status != 200 or begin > len(self.content):
            handler.send_error(self.status if self.status != 200 else 416)
            return
        body = self.content[begin:]
        handler.send_response(206 if begin else 200)
        handler.send_header("Content-Length", self.length or str(len(body)))
        handler.end_headers()
        cut = self.cut.pop(0) if self.cut else 0
        handler.wfile.write(body[:cut] if cut else body)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(fetching, "PAUSE_S", 0.01)
    made = Server()
    yield made
    made.close()


def plain(request: urllib.request.Request) -> Any:
    """For this machine only."""
    return urllib.request.urlopen(request, timeout=60)


def fetched(server: Server, path: Path, sha256: str = HASH) -> list[tuple[int, int]]:
    told: list[tuple[int, int]] = []
    fetch(server.url, sha256, path, lambda done, whole: told.append((done, whole)), plain)
    return told


def test_a_file_is_fetched_whole_and_once(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "new" / "m.tflite"
    told = fetched(server, path)
    assert path.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    fetched(server, path)
    assert server.asked == [""]
    assert [one.name for one in path.parent.iterdir()] == ["m.tflite"]


@pytest.mark.parametrize("ranges", [True, False])
def test_it_goes_on_where_it_broke_off(server: Server, tmp_path: Path, ranges: bool) -> None:
    server.cut, server.ranges = [100_000, 50_000, 0], ranges
    fetched(server, tmp_path / "m.tflite")
    assert (tmp_path / "m.tflite").read_bytes() == CONTENT
    assert len(server.asked) == 3
    assert re.fullmatch(r"bytes=\d+-", server.asked[1])


@pytest.mark.parametrize("length", ["nonsense", "-5", "1e9"])
def test_lengths_that_are_none_are_not_believed(server: Server, tmp_path: Path, length: str) -> None:
    server.length = length
    fetched(server, tmp_path / "m.tflite")
    assert (tmp_path / "m.tflite").read_bytes() == CONTENT


def test_a_server_that_takes_for_ever_is_left(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "LIMIT_S", -1.0)
    with pytest.raises(FetchError, match="takes too long"):
        fetched(server, tmp_path / "m.tflite")
    monkeypatch.setattr(fetching, "LIMIT_S", 60.0)
    fetched(server, tmp_path / "m.tflite")
    assert server.asked[1].startswith("bytes=")


def test_encryption_that_breaks_is_no_trouble_of_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "PAUSE_S", 0.0)

    def broken(_request: urllib.request.Request) -> Any:
        raise ssl.SSLError(1, "bad record mac")

    with pytest.raises(FetchError, match="bad record mac; check the network"):
        fetch("https://host/x", HASH, tmp_path / "m", lambda *_: None, broken)


def test_redirects_stay_encrypted() -> None:
    request = urllib.request.Request("https://host/x")
    with pytest.raises(FetchError, match="leads to http://else/x, which is not encrypted"):
        fetching._OnlyHttps().redirect_request(request, io.BytesIO(), 302, "Found", {}, "http://else/x")


def test_what_was_fetched_stays_for_the_next_time(server: Server, tmp_path: Path) -> None:
    server.cut, server.ranges = [1000] * fetching.ATTEMPTS, True
    with pytest.raises(FetchError, match=r"broke off.*go on with the same command"):
        fetched(server, tmp_path / "m.tflite")
    assert not (tmp_path / "m.tflite").exists()
    assert (tmp_path / "m.tflite.part").stat().st_size > 1000
    fetched(server, tmp_path / "m.tflite")
    assert (tmp_path / "m.tflite").read_bytes() == CONTENT


def test_another_file_is_not_kept_and_the_old_one_is(server: Server, tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(b"old")
    server.content = CONTENT[::-1]
    with pytest.raises(ModelError, match="another file than was expected"):
        fetched(server, tmp_path / "m.tflite")
    assert [one.name for one in tmp_path.iterdir()] == ["m.tflite"]
    assert (tmp_path / "m.tflite").read_bytes() == b"old"


def test_a_part_that_is_longer_than_the_file_is_begun_anew(server: Server, tmp_path: Path) -> None:
    (tmp_path / "m.tflite.part").write_bytes(b"x" * (len(CONTENT) + 5))
    fetched(server, tmp_path / "m.tflite")
    assert (tmp_path / "m.tflite").read_bytes() == CONTENT


@pytest.mark.parametrize(("status", "tries", "told"), [(404, 1, "says 404"), (503, fetching.ATTEMPTS, "says 503")])
def test_what_the_server_says_is_told(server: Server, tmp_path: Path, status: int, tries: int, told: str) -> None:
    server.status = status
    with pytest.raises(FetchError, match=told):
        fetched(server, tmp_path / "m.tflite")
    assert len(server.asked) == tries


def test_more_than_any_model_has_is_refused(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "LIMIT_BYTES", 100_000)
    with pytest.raises(FetchError, match="more than"):
        fetched(server, tmp_path / "m.tflite")


def test_a_folder_that_cannot_be_written_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FetchError, match=r"cannot be written.*--to"):
        fetched(server, tmp_path / "file" / "m.tflite")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "ftp://127.0.0.1/x", "file:///etc/passwd"])
def test_only_encrypted_addresses_are_opened(url: str) -> None:
    with pytest.raises(FetchError, match="not encrypted"):
        over_https(urllib.request.Request(url))


def test_nothing_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "PAUSE_S", 0.01)
    with pytest.raises(FetchError, match="check the network"):
        fetch("https://127.0.0.1:1/x", HASH, tmp_path / "m", lambda *_: None)


# the catalogue


def test_every_entry_is_one_that_can_be_checked() -> None:
    assert len({entry.name for entry in CATALOGUE}) == len(CATALOGUE) >= 3
    for entry in CATALOGUE:
        assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256)
        assert entry.urls
        assert all(url.startswith("https://") for url in entry.urls)
        assert entry.licence == "Apache-2.0"


@pytest.mark.parametrize(
    ("name", "file"),
    [("ssd-mobilenet-v1", "ssd_mobilenet_v1_coco_quant"), ("mobilenet-v1-025", "mobilenet_v1_0.25_224_quant")],
)
def test_entries_are_the_files_that_we_test_with(name: str, file: str) -> None:
    entry = find(name)
    assert entry is not None
    assert entry.sha256 == hashlib.sha256(data("models", f"{file}.tflite").read_bytes()).hexdigest()


def test_a_file_of_this_machine_is_taken_too(tmp_path: Path) -> None:
    source, console = data("models", "ssd_mobilenet_v1_coco_quant.tflite"), Console(record=True, width=200)
    path = pull(str(source), tmp_path, console)
    assert path.read_bytes() == source.read_bytes()
    assert "61d598093ed0" in console.export_text()


def test_a_bad_file_does_not_take_the_place_of_a_good_one(tmp_path: Path) -> None:
    good = data("models", "ssd_mobilenet_v1_coco_quant.tflite")
    pull(str(good), tmp_path / "to", Console(quiet=True))
    bad = tmp_path / good.name
    bad.write_text("no model")
    with pytest.raises(ModelError):
        pull(str(bad), tmp_path / "to", Console(quiet=True))
    assert [one.name for one in (tmp_path / "to").iterdir()] == [good.name]
    assert (tmp_path / "to" / good.name).read_bytes() == good.read_bytes()


def test_the_next_address_is_tried(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def only_the_second(url: str, sha256: str, path: Path, progress: fetching.Progress) -> None:
        asked.append(url)
        if len(asked) == 1:
            raise FetchError("404")
        fetch(server.url, HASH, path, progress, plain)

    monkeypatch.setattr(modelling, "fetch", only_the_second)
    entry = CATALOGUE[0]._replace(sha256=HASH)
    modelling._fetch_first(entry, tmp_path / "m", lambda *_: None)
    assert asked == list(entry.urls)
    assert (tmp_path / "m").read_bytes() == CONTENT


@pytest.mark.parametrize("width", [50, 80])
def test_the_list_can_be_read_on_narrow_screens(width: int) -> None:
    console = Console(record=True, width=width)
    show_list(console)
    shown = console.export_text()
    assert "…" not in shown
    assert all(entry.name in shown for entry in CATALOGUE)


def test_names_that_nobody_knows_and_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="known are ssd-mobilenet-v1"):
        pull("yolo", tmp_path, Console(quiet=True))
    (tmp_path / "text.tflite").write_text("no model")
    with pytest.raises(ModelError):
        pull(str(tmp_path / "text.tflite"), tmp_path / "to", Console(quiet=True))
    with pytest.raises(FetchError, match="cannot be copied"):
        copy(tmp_path / "absent", tmp_path / "m", read_bundle)


def test_what_people_are_shown(tmp_path: Path) -> None:
    console = Console(record=True, width=160)
    show_list(console)
    show_model(data("models", "ssd_mobilenet_v1_coco_quant.tflite"), None, console)
    shown = console.export_text()
    for word in ("efficientdet-lite0", "1 x 300 x 300 x 3 uint8", "person, bicycle, car", "any CPU"):
        assert word in shown
    show_model(data("models", "mobilenet_v1_0.25_128_quant_edgetpu.tflite"), None, console)
    assert "an Edge TPU" in console.export_text()
