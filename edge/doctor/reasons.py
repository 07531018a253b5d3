"""What to do about a camera that cannot be opened, by what was said of it; and the status of an HTTP camera."""

import base64
import http.client
import re
import ssl
from urllib.parse import SplitResult, unquote, urlsplit

DEADLINE_S = 5.0
_NOISE = re.compile(r"\[\w+ @ 0x[0-9a-f]+\]\s*")  # FFmpeg's names of its objects

# Words of FFmpeg, of the C library and of HTTP, the most telling first.
_TODO = (
    (r"\b401\b|unauthori[sz]ed", "the user or password is wrong; characters like @ : / in it are written %40 %3A %2F"),
    (r"\b403\b|forbidden", "the user may not see the stream; allow it in the camera's settings"),
    (r"\b404\b|not found", "the path of the address is wrong; the camera's page or manual tells it"),
    (r"\b45[0-9]\b|unsupported transport", "the camera does not serve it this way; try `transport: udp`"),
    (r"\b5\d\d\b", "the camera fails by itself; restart it, and close other viewers"),
    (r"resolve|name or service|nodename", "nobody knows the name; write the camera's IP address, or mend the DNS"),
    (r"refused", "something is at the address and serves no stream at this port; check the port, enable RTSP"),
    (r"no route|unreachable", "there is no way to the address; check cable, WLAN, VLAN and firewall"),
    (r"certificate", "its certificate is not trusted; use rtsp:// in your own network, or give it a good one"),
    (
        r"cannot be decoded|invalid data|codec",
        "set the camera to H.264 and a common resolution; H.265+ is not readable",
    ),
    (r"too large", "take the camera's sub-stream"),
    (r"in time|timed out", "the camera is off, asleep or too slow; ping it, restart it"),
    (r"busy|in use", "another program holds it; `fuser -v` on the device tells which"),
    (r"permission", "`usermod -aG video` for the daemon's user, then log in anew"),
    (r"there is no /dev", "plug it in; `v4l2-ctl --list-devices` shows those that are there"),
)


def cleaned(said: str) -> str:
    """The message without FFmpeg's addresses in memory."""
    return _NOISE.sub("", said)


def todo_for(said: str, otherwise: str) -> str:
    """What to do about a message; `otherwise` where it is none of the known ones."""
    return next((todo for words, todo in _TODO if re.search(words, said, re.IGNORECASE)), otherwise)


def http_refusal(url: str) -> str:
    """What an HTTP camera answers when it refuses, like "401 Unauthorized"; "" where it does not, or is not HTTP.

    FFmpeg keeps that to itself.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            return ""
        return _refusal(parts)
    except ssl.SSLCertVerificationError as error:
        return f"certificate: {error.verify_message}"
    except (OSError, http.client.HTTPException, ValueError) as error:
        return str(error)


def _refusal(parts: SplitResult) -> str:
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=DEADLINE_S)
    login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    headers = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"} if parts.username else {}
    try:
        connection.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), headers=headers)
        answer = connection.getresponse()
        return f"{answer.status} {answer.reason}" if answer.status >= 400 else ""
    finally:
        connection.close()
