"""Quantisation-aware training, and the choice among what quantisation made of a network."""
