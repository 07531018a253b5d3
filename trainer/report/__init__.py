"""What an evaluation found, for people: one self-contained page and its plots as pictures."""
