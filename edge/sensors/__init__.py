"""Readings of sensors: where they come from, what their payloads mean, and the grid that they are brought to."""
