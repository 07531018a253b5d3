"""Labelled pictures: read in the formats that people have, checked, split, and fed to training."""
