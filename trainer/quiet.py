"""What keeps TensorFlow's own log off the user's terminal; it must be said before TensorFlow is loaded."""

import os

QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "GLOG_minloglevel": "3"}


def quieten() -> None:
    """Say so in this process and those that it starts; what the user has set stays."""
    for name, level in QUIET.items():
        os.environ.setdefault(name, level)
