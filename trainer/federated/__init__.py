"""Learning together: devices send what they have learnt, never what they have seen; the host makes one of it."""
