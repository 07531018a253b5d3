"""Sensors at work: from a source's messages to samples, forecasts, anomalies, and what is told of them."""
