"""Forecasts what a sensor reads next, and learns to while it runs."""
