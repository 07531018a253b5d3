"""Images that boot into the running daemon: the official system customised, and one with two systems side by side."""
