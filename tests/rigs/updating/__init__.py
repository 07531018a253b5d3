"""Devices that update themselves, and what goes wrong with that."""
