"""The MQTT broker as a bus: `link` keeps a connection, `session` is one connection, `backoff` paces the attempts."""
