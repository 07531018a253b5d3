"""How long tests wait: where everything is slow, as on an emulated processor, deadlines are so many times longer.

Only deadlines that a sound run never reaches are stretched by it, never what a test asserts.
"""

import os

VARIABLE = "FORESIGHT_TEST_PATIENCE"


def patient(seconds: float) -> float:
    """This many seconds, times the patience that the environment asks for (1 where it asks for none)."""
    return seconds * float(os.environ.get(VARIABLE, "1"))
