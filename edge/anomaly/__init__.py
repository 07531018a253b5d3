"""How odd the newest reading of a sensor is, from the stream alone: no labels, no training, one pass."""

from edge.anomaly.anomaly import Anomaly
from edge.anomaly.residual import Residual
from edge.anomaly.settings import AnomalySettings
from edge.anomaly.state import AnomalyStateError

__all__ = ["Anomaly", "AnomalySettings", "AnomalyStateError", "Residual"]
