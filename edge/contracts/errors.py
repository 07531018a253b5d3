"""The errors of `edge`, one class for each thing that a caller does next.

    EdgeError
    ├── ConfigError     the operator edits the configuration
    ├── ModelError      another model file is needed, or the old one goes on serving
    ├── SourceError     the camera is opened again later
    ├── BrokerError     the broker is tried again later
    └── MessageError    the message is counted and ignored

Every message says what is wrong, where (file, line, key, topic), and what to do about it. Errors of other
libraries are translated where they enter, with `from`.
"""


class EdgeError(Exception):
    """Root of everything that `edge` raises on purpose."""


class ConfigError(EdgeError):
    """The configuration cannot be used as it is; the operator must change it."""


class ModelError(EdgeError):
    """A model file is missing, refused, damaged, or of a kind that cannot be run here."""


class SourceError(EdgeError):
    """A camera, clip or stream cannot be opened or read (any more)."""


class BrokerError(EdgeError):
    """The MQTT broker refuses us or cannot be reached."""


class MessageError(EdgeError):
    """A message that reached us over MQTT is not what its topic carries."""
