"""Detections of one camera, frame by frame, into tracks with identities, velocities and uncertainty."""

from edge.tracking.settings import TrackingSettings
from edge.tracking.tracker import Tracker

__all__ = ["Tracker", "TrackingSettings"]
