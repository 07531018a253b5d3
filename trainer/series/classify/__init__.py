"""Classifiers of windows: recordings with a class each in, a model that names what a sensor or microphone shows out."""
