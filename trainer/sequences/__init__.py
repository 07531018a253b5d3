"""Sequence models (trajectories, series, classes of windows, auto-encoders): on disk, and on the way to a file."""
