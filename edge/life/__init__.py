"""What the service manager wants to know: that the daemon is up, alive, reloading, or about to go."""
