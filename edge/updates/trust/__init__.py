"""Which released files this device may believe: trust comes from signed metadata (TUF) alone, never from the server."""
