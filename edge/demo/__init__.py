"""The demonstration: a rendered street when there is no clip, and a live view in the terminal."""
