"""Where pictures come from, as the configuration says it. Light: no capture library is imported here.

Every kind of source has its own small model, told apart by `kind`. Short forms are understood everywhere:
`source: rtsp://camera/stream`, `source: /dev/video0`, `source: clip.mp4`, `source: picamera`,
`source: {ffmpeg: [-i, rtsp://camera/stream], width: 640, height: 360}`.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

NETWORK_SCHEMES = ("rtsp://", "rtsps://", "http://", "https://")
KIND_OF_KEY = {"url": "network", "device": "v4l2", "ffmpeg": "ffmpeg", "command": "ffmpeg"}


class _Settings(BaseModel, extra="forbid", frozen=True, hide_input_in_errors=True):
    """URLs hold passwords, so errors must not show values.

    pydantic asks only the outermost model about that: a model that holds these sets `hide_input_in_errors` too.
    """


class FileSettings(_Settings):
    """A video file."""

    kind: Literal["file"] = "file"
    path: Path = Field(description="Video file")
    speed: float = Field(1.0, ge=0, le=100, description="Clip seconds per second; 0 = as fast as the chain can take it")
    loop: bool = Field(False, description="Start again at the end")
    blocking: bool = Field(False, description="Wait for the chain and never drop a picture, also when paced")


class ImagesSettings(_Settings):
    """A folder of images, in the order of their names."""

    kind: Literal["images"] = "images"
    path: Path = Field(description="Folder of images")
    fps: float = Field(1.0, ge=0.1, le=240, description="Images per second of clip time")
    speed: float = Field(1.0, ge=0, le=100, description="Clip seconds per second; 0 = as fast as the chain can take it")
    loop: bool = Field(False, description="Start again at the end")
    blocking: bool = Field(True, description="Wait for the chain and never drop a picture, also when paced")


class V4l2Settings(_Settings):
    """A USB or other V4L2 camera."""

    kind: Literal["v4l2"] = "v4l2"
    device: str = Field("/dev/video0", pattern=r"^/\S+$", description="Device file; /dev/v4l/by-id/... keeps its name")
    width: int = Field(1280, ge=16, le=16384, description="Pixels; the camera takes the nearest that it has")
    height: int = Field(720, ge=16, le=16384, description="Pixels; the camera takes the nearest that it has")
    fps: float = Field(15.0, ge=0.1, le=240, description="Pictures per second asked of the camera")
    fourcc: str = Field("MJPG", pattern=r"^[ -~]{4}$", description="Pixel format asked of the camera: MJPG, YUYV, ...")


class NetworkSettings(_Settings):
    """An RTSP or HTTP (MJPEG and others) camera."""

    kind: Literal["network"] = "network"
    url: str = Field(
        pattern=r"^(rtsps?|https?)://\S+$", repr=False, description="rtsp://, rtsps://, http:// or https:// address"
    )
    transport: Literal["tcp", "udp"] = Field("tcp", description="What RTSP sends the pictures over")


class FfmpegSettings(_Settings):
    """A command, `ffmpeg` or another, that writes raw BGR pictures to its standard output."""

    kind: Literal["ffmpeg"] = "ffmpeg"
    command: tuple[str, ...] = Field(
        min_length=2,
        repr=False,
        description="Program and arguments. ffmpeg needs no output arguments: raw BGR to a pipe is added",
    )
    width: int = Field(0, ge=0, le=16384, description="Pixels of the pictures it writes; 0 = ask ffprobe")
    height: int = Field(0, ge=0, le=16384, description="Pixels of the pictures it writes; 0 = ask ffprobe")
    clip_fps: float = Field(
        0.0, ge=0, le=240, description="For a clip: its pictures per second, and none is dropped; 0 = a live camera"
    )


class PicameraSettings(_Settings):
    """A Raspberry Pi camera on the CSI connector, through picamera2."""

    kind: Literal["picamera"] = "picamera"
    number: int = Field(0, ge=0, le=9, description="Camera number, as `rpicam-hello --list-cameras` shows it")
    width: int = Field(1280, ge=16, le=16384, description="Pixels")
    height: int = Field(720, ge=16, le=16384, description="Pixels")
    fps: float = Field(15.0, ge=0.1, le=240, description="Pictures per second")


class StreetSettings(_Settings):
    """The rendered street, for trying things without a camera."""

    kind: Literal["street"] = "street"
    seed: int = Field(1, ge=0, le=2**31, description="Decides houses and traffic")
    width: int = Field(1280, ge=160, le=3840, description="Pixels")
    height: int = Field(720, ge=90, le=2160, description="Pixels")
    fps: float = Field(10.0, ge=0.1, le=60, description="Pictures per second")


def expand(value: object) -> object:
    """The long form of a short one: a mapping with its `kind`. Anything else is left for pydantic to refuse."""
    if isinstance(value, (str, Path)):
        return _from_text(str(value))
    if not isinstance(value, dict) or "kind" in value:
        return value
    kind = next((KIND_OF_KEY[key] for key in value if key in KIND_OF_KEY), "")
    if not kind and "path" in value:
        kind = _kind_of_path(str(value["path"]))
    if "ffmpeg" in value and isinstance(value["ffmpeg"], (list, tuple)):
        value = {key: entry for key, entry in value.items() if key != "ffmpeg"} | {
            "command": ("ffmpeg", *value["ffmpeg"])
        }
    return value | {"kind": kind} if kind else value


def _from_text(text: str) -> dict[str, str]:
    if not text.strip():
        raise ValueError("is empty; give an address, a device, a file or a folder")
    if text.lower().startswith(NETWORK_SCHEMES):
        return {"kind": "network", "url": text}
    if "://" in text:
        raise ValueError(f"is an address of an unknown kind; known are {', '.join(NETWORK_SCHEMES)}")
    if text.startswith(("/dev/video", "/dev/v4l/")):
        return {"kind": "v4l2", "device": text}
    if text == "picamera":
        return {"kind": "picamera"}
    if text == "street":
        return {"kind": "street"}
    try:
        return {"kind": _kind_of_path(text), "path": text}
    except OSError as error:  # a name too long, a folder that may not be looked into
        raise ValueError(f"cannot be a file or folder: {error.strerror}; correct the name or its rights") from error


def _kind_of_path(text: str) -> str:
    return "images" if text.endswith("/") or Path(text).is_dir() else "file"


AnySettings = (
    FileSettings | ImagesSettings | V4l2Settings | NetworkSettings | FfmpegSettings | PicameraSettings | StreetSettings
)

SourceSettings = Annotated[
    AnySettings,
    Field(discriminator="kind", description="Camera or clip: an address, device, file or folder, or a mapping"),
    BeforeValidator(expand, json_schema_input_type=str | AnySettings),
]
