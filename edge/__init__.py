"""The edge runtime: cameras and sensors in; detections, tracks, forecasts and events out."""

__version__ = "0.1.0"
