"""What goes wrong in the trainer, in words for the person in front of it."""

from edge.contracts.errors import EdgeError


class TrainError(EdgeError):
    """Says what is wrong, where, and what to do."""
