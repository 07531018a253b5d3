"""Says what windows of a sensor's values, or of a sound, show."""
