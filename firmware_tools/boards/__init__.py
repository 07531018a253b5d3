"""The boards that the daemon runs on: facts as data."""
