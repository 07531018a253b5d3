"""Classifiers of windows at work: microphones on threads of their own, sensors' values as they are sampled."""
