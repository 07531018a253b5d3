"""Whether the kernel holds the machine's clock to be right: what `timedatectl` tells as synchronised."""

import ctypes

_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)
_TIMEX_BYTES = 512  # struct timex is smaller on every Linux


def is_synchronised() -> bool:
    """By adjtimex(2), which only reads where no mode is set; False where it is refused."""
    asked = ctypes.create_string_buffer(_TIMEX_BYTES)
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "adjtimex"):
        return False
    return 0 <= int(library.adjtimex(asked)) < _UNSYNCHRONISED
