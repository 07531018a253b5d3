"""From a trained network to a model file that the daemon, MediaPipe, Frigate and a Coral can read."""
