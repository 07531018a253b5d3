"""Whether a candidate brings along by what a device can see that it answers there as it does here."""

from edge.contracts.errors import ModelError
from edge.contracts.golden_file import read_golden
from edge.contracts.types import ModelBundle


def golden_words(bundle: ModelBundle) -> str:
    """For the answer to whether it runs."""
    try:
        golden = read_golden(bundle.path)
    except ModelError as error:
        return f"its golden sample is of no use: {error}"
    if golden is None:
        return "without a golden sample"
    compared = "rows of detections" if golden.rows else f"{sum(len(one.values) for one in golden.outputs)} values"
    return f"with a golden sample of {compared}, by which a device proves it before it serves"
