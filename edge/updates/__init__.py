"""Signed updates of models, configurations and the system: what a device does with what others have released."""
