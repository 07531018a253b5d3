"""`foresight run`: the daemon, from reading its configuration to the last message."""

import logging
import secrets
import signal
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

import cv2

from edge.assembly import Models, build_camera
from edge.check import check_loaded
from edge.config.loader import load_with_places
from edge.config.problems import InvalidConfig
from edge.config.settings import Settings
from edge.contracts.errors import EdgeError
from edge.contracts.messages import encode_stats
from edge.contracts.redact import RedactingFilter
from edge.contracts.topics import Topics
from edge.contracts.types import CameraHealth, Event, Health
from edge.engine import Camera, Engine
from edge.health import StageClock, cpu_seconds, rss_bytes
from edge.mqtt.link import MqttLink
from edge.outbox.outbox import Outbox
from edge.outbox.sender import Sender
from edge.pipeline import Followed
from edge.publisher import Publisher

STATS_S = 60.0
_log = logging.getLogger(__name__)
