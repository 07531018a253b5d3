"""Learns on the device: samples from what was seen, rounds of training, and who may serve.

It knows no broker, no camera and no thread of the chain; whoever composes it gives it looks and readings, a `Trainee`
and the time.
"""
