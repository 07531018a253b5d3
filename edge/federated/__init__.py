"""Learning together with other devices: a process of its own beside the daemon, on Flower.

Nothing of what was seen leaves the device: it sends by how much its weights have changed, counts and errors.
"""
