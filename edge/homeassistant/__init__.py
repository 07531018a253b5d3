"""Home Assistant finds the device by itself: its entities are announced over MQTT discovery, in the device form."""
