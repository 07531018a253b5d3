"""Readings of sensors: where they come from, what their payloads mean, and the regular grid that they are brought to."""
