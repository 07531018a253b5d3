"""Training: the same loop for every network, with everything in one folder that is needed to go on or to repeat it."""
