"""Flashing: an image onto a card, to no other disk, and proven by reading all of it back."""
