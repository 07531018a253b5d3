"""What people may change while the daemon runs, over MQTT: switches and numbers of each camera."""
