"""Cameras to test with: known pictures, clips, an RTSP and an HTTP MJPEG server that can be hung and killed."""

import base64
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import psutil

from edge.contracts.types import U8
from tests.programs import absent, program
from tests.rigs.ports import held_port, port_of

SYSTEM_PYTHON = "/usr/bin/python3"
QUADRANTS = ((0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255))  # BGR: red, green, blue, white
BOUNDARY = b"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"


def known_picture(width: int = 320, height: int = 240) -> U8:
    """A picture whose quadrants are red, green, blue and white."""
    pixels = np.zeros((height, width, 3), np.uint8)
    for number, colour in enumerate(QUADRANTS):
        rows, columns = _quadrant(number, height, width)
        pixels[rows, columns] = colour
    return pixels


def quadrant_colours(pixels: U8) -> list[tuple[int, int, int]]:
    """The BGR colours in the middle of the quadrants, black or full, as codecs are not exact."""
    height, width = pixels.shape[:2]
    spots = [(height * (1 + 2 * (n // 2)) // 4, width * (1 + 2 * (n % 2)) // 4) for n in range(4)]
    return [tuple(255 if value > 127 else 0 for value in pixels[spot]) for spot in spots]  # type: ignore[misc]


def needs(*programs: str) -> None:
    """Skip the test where a program is absent; on CI, fail."""
    for name in programs:
        program(name)


def write_clip(path: Path, pictures: int = 10, fps: float = 10.0, size: tuple[int, int] = (320, 240)) -> Path:
    """A Motion JPEG clip (.avi) of the known picture."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, size)
    assert writer.isOpened()
    for _ in range(pictures):
        writer.write(known_picture(*size))
    writer.release()
    return path


def jpeg(pixels: U8) -> bytes:
    """The picture as a JPEG file."""
    return cv2.imencode(".jpg", pixels)[1].tobytes()


class RtspServer:
    """An RTSP camera in H.264, in a process of its own. It shows the known picture, or a white ball that moves."""

    def __init__(self, folder: Path, fps: int = 15, *, ball: bool = False) -> None:
        picture = folder / "known.png"
        cv2.imwrite(str(picture), known_picture())
        still = f"filesrc location={picture} ! pngdec ! imagefreeze is-live=true ! video/x-raw,framerate={fps}/1"
        moving = f"videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate={fps}/1"
        self._pipeline = (
            f"( {moving if ball else still} ! videoconvert ! video/x-raw,format=I420 ! x264enc tune=zerolatency "
            "speed-preset=ultrafast key-int-max=15 ! rtph264pay name=pay0 pt=96 config-interval=1 )"
        )

    def __enter__(self) -> "RtspServer":
        with ExitStack() as stack:
            self.port = port_of(stack.enter_context(held_port()))  # ours also while it is killed
            self.url = f"rtsp://127.0.0.1:{self.port}/stream"
            self.start()
            stack.callback(self.kill)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self) -> None:
        """Start, also again after `kill`, on the same port; skips the test where GStreamer is absent."""
        imports = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
        needs(SYSTEM_PYTHON)
        if subprocess.run([SYSTEM_PYTHON, "-c", imports], capture_output=True, check=False, timeout=300).returncode:
            absent("the system's Python has no GstRtspServer (python3-gi, gir1.2-gst-rtsp-server-1.0)")
        script = Path(__file__).with_name("rtsp_server.py")
        argv = [SYSTEM_PYTHON, str(script), str(self.port), self._pipeline]
        self._popen = subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
        )
        assert self._popen.stdout is not None
        assert self._popen.stdout.readline() == "ready\n"

    def hang(self) -> None:
        """Stop answering, with every connection left open."""
        self._popen.send_signal(signal.SIGSTOP)
        assert comes_true(lambda: psutil.Process(self._popen.pid).status() == psutil.STATUS_STOPPED)

    def resume(self) -> None:
        """Go on after `hang`."""
        self._popen.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End at once."""
        self._popen.kill()
        self._popen.wait(60)
        assert self._popen.stdout is not None
        self._popen.stdout.close()


class MjpegServer:
    """An HTTP camera that sends JPEG files in turn, in a thread of this process."""

    def __init__(self, pictures: Sequence[bytes], fps: float = 25.0, login: str = "") -> None:
        """`login` is "user:password", which clients must send, or empty."""
        self.hung = threading.Event()  # set: connections stay open and nothing is sent
        self.sent = 0
        self._ended = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(pictures, 1 / fps, login))
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}/stream"

    def __enter__(self) -> "MjpegServer":
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(60)

    def _handler(self, pictures: Sequence[bytes], step_s: float, login: str) -> type[BaseHTTPRequestHandler]:
        rig, expected = self, f"Basic {base64.b64encode(login.encode()).decode()}"

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if login and self.headers.get("Authorization") != expected:
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                    self.end_headers()
                    return
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
                self.end_headers()
                while not rig._ended.wait(step_s):
                    if not rig.hung.is_set() and not self._send(pictures[rig.sent % len(pictures)]):
                        return

            def _send(self, picture: bytes) -> bool:
                try:
                    self.wfile.write(BOUNDARY % len(picture) + picture + b"\r\n")
                except OSError:
                    return False  # the client has gone
                rig.sent += 1
                return True

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        return Handler


def shared_memory() -> set[str]:
    """The segments in /dev/shm (semaphores of other programs come and go there, too)."""
    return {path.name for path in Path("/dev/shm").iterdir() if not path.name.startswith("sem.")}


def comes_true(condition: Callable[[], bool], limit_s: float = 60.0) -> bool:
    """Wait until the condition holds; False if it does not within the limit."""
    deadline_s = soon(limit_s)
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.005)
    return True


def soon(limit_s: float = 60.0) -> float:
    """A deadline on the clock of `time.monotonic()`, `limit_s` from now."""
    return time.monotonic() + limit_s


def _quadrant(number: int, height: int, width: int) -> tuple[slice, slice]:
    top, left = number // 2 * height // 2, number % 2 * width // 2
    return slice(top, top + height // 2), slice(left, left + width // 2)
