"""Tracked objects called by what people have taught, as a second stage, and the lessons over MQTT."""
