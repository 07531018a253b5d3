"""Serves what a GStreamer pipeline makes at rtsp://127.0.0.1:PORT/stream. Run by the system's Python.

python3 rtsp_server.py PORT PIPELINE    PIPELINE ends in a payloader with the name pay0
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402


def main() -> None:
    """Serve until killed; print "ready" when clients may come."""
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(sys.argv[1])
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(sys.argv[2])
    factory.set_shared(True)
    server.get_mount_points().add_factory("/stream", factory)
    if not server.attach(None):
        sys.exit("the port is taken")
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
