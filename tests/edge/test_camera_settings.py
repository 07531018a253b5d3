import json

import pytest
from pydantic import ConfigDict, TypeAdapter, ValidationError

from edge.cameras.opening import SOURCES, open_source
from edge.cameras.settings import AnySettings, SourceSettings

ADAPTER: TypeAdapter[AnySettings] = TypeAdapter(SourceSettings, config=ConfigDict(hide_input_in_errors=True))


@pytest.mark.parametrize(
    ("written", "kind", "field", "value"),
    [
        ("rtsp://camera/stream", "network", "url", "rtsp://camera/stream"),
        ("https://camera/video", "network", "url", "https://camera/video"),
        ("/dev/video2", "v4l2", "device", "/dev/video2"),
        ("/dev/v4l/by-id/usb-cam", "v4l2", "device", "/dev/v4l/by-id/usb-cam"),
        ("clips/street.mp4", "file", "speed", 1.0),
        ("stills/", "images", "fps", 1.0),
        (".", "images", "loop", False),
        ("picamera", "picamera", "number", 0),
        ({"ffmpeg": ["-i", "clip.mp4"], "width": 64, "height": 48}, "ffmpeg", "command", ("ffmpeg", "-i", "clip.mp4")),
        ({"command": ["rpicam-vid", "-"]}, "ffmpeg", "command", ("rpicam-vid", "-")),
        ({"url": "http://camera/", "transport": "udp"}, "network", "transport", "udp"),
        ({"device": "/dev/video1", "fps": 5}, "v4l2", "fps", 5),
        ({"path": "street.mp4", "loop": True}, "file", "loop", True),
        ({"kind": "images", "path": "street.mp4"}, "images", "speed", 1.0),
    ],
)
def test_short_and_long_forms(written: object, kind: str, field: str, value: object) -> None:
    settings = ADAPTER.validate_python(written)
    assert settings.kind == kind
    assert getattr(settings, field) == value
    assert type(open_source("yard", settings)) is SOURCES[kind]


@pytest.mark.parametrize(
    "written",
    [
        {},
        7,
        None,
        [],
        {"kind": "telescope"},
        {"kind": "network", "url": "ftp://admin:s3cret@camera/"},
        {"url": "rtsp://admin:s3cret@camera/ stream"},
        {"path": "clip.mp4", "sped": 2},
        {"path": "clip.mp4", "speed": -1},
        {"path": "clip.mp4", "speed": "fast"},
        {"ffmpeg": "-i clip.mp4"},
        {"ffmpeg": []},
        {"device": "video0"},
        {"device": "/dev/video0", "fourcc": "MJPEG"},
    ],
)
def test_nonsense_is_refused_without_showing_passwords(written: object) -> None:
    with pytest.raises(ValidationError) as refused:
        ADAPTER.validate_python(written)
    assert "s3cret" not in str(refused.value)


def test_passwords_do_not_show_when_settings_are_printed() -> None:
    network = ADAPTER.validate_python("rtsp://admin:s3cret@camera/")
    command = ADAPTER.validate_python({"ffmpeg": ["-i", "rtsp://admin:s3cret@camera/"]})
    assert "s3cret" not in f"{network!r}{network}{command!r}{command}"


def test_the_schema_tells_editors_of_both_forms() -> None:
    schema = ADAPTER.json_schema()
    assert {"type": "string"} in schema["anyOf"]
    assert '"FfmpegSettings"' in json.dumps(schema["$defs"])


@pytest.mark.parametrize("source", ["", "  ", "foo://user:sekret@host/stream", "ftp://host/clip.mp4"])
def test_what_cannot_be_a_source_is_refused_without_showing_it(source: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(SourceSettings, config={"hide_input_in_errors": True}).validate_python(source)
    assert "sekret" not in str(refused.value)
