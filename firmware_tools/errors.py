"""The errors of the firmware tools, one class for each thing that the person in front of them does next.

FirmwareError       something failed while it was done: look at what is named, and try again
└── MistakeError    a file, an option or a name must be mended first

Messages say what is wrong, where, and what to do; those of other libraries are translated where they enter.
"""

from edge.contracts.errors import EdgeError


class FirmwareError(EdgeError):
    """Says what failed, where, and what to do."""


class MistakeError(FirmwareError):
    """What was asked for cannot be done as it was asked."""
