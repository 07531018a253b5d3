"""Recorded tracks: read from several formats into one type, divided, followed as the daemon does, cut into windows."""
