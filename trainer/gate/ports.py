"""The outputs of two files of one network: as many, of one shape each, in one order, and that the one readers expect.

Names settle the order for our decoder, but not for readers that go by place (Frigate, pycoral); and names can lie.
So the roles of a standard post-process are read three times: by name, by place, and from what comes out.
"""

from collections.abc import Sequence

from edge.contracts.decode_common import Outputs
from edge.contracts.decode_ssd import Order, by_name, by_shape
from edge.contracts.errors import ModelError
from edge.contracts.preprocess import Preprocess
from edge.contracts.types import U8, Head, ModelBundle
from edge.imaging import OpenCv
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from trainer.gate.verdict import Check, Question, failed, passed

EXPECTED = Order(boxes=0, classes=1, scores=2, count=3)  # of TFLite_Detection_PostProcess, as TensorFlow 1 gave it


def same_outputs(reference: ModelBundle, candidate: ModelBundle, pictures: Sequence[U8], threads: int) -> Check:
    """Whether both give the same outputs in the same places, over a few pictures (h, w, 3) BGR.

    Raises:
        ModelError: one of them cannot be run.
    """
    question = Question.OUTPUTS
    was, became = raw_outputs(reference, pictures, threads), raw_outputs(candidate, pictures, threads)
    shapes = [tuple(array.shape for array in one[0]) if one else () for one in (was, became)]
    if shapes[0] != shapes[1]:
        return failed(
            question,
            f"the candidate gives {_shapes(shapes[1])} and the reference {_shapes(shapes[0])}; "
            "convert both from one network, with the same post-process",
        )
    if candidate.head is not Head.SSD:
        return passed(question, f"the same {len(candidate.outputs)} of the same shapes")
    wrong = [words for words in (_named(candidate), _given(candidate, became)) if words]
    if wrong:
        return failed(question, f"{'; '.join(wrong)}; reorder the outputs of the graph to {_order(EXPECTED)}")
    return passed(question, f"{_order(EXPECTED)}: by name, by place and by what comes out")


def raw_outputs(bundle: ModelBundle, pictures: Sequence[U8], threads: int) -> list[Outputs]:
    """What the file gives for each picture, as it is stored.

    Raises:
        ModelError: it cannot be run.
    """
    with open_runtime(bundle, RuntimeSettings(threads=threads)) as runtime:
        prepare = Preprocess(bundle.input, OpenCv())
        return [runtime.invoke(prepare(pixels)[0]) for pixels in pictures]


def _named(bundle: ModelBundle) -> str:
    """What is wrong with the places of the names, "" where nothing is, or where the names say nothing."""
    order = by_name(bundle)
    if order is None or order == EXPECTED:
        return ""
    return f"its outputs are named {_order(order)}"


def _given(bundle: ModelBundle, given: Sequence[Outputs]) -> str:
    """What is wrong with what comes out, "" where nothing is."""
    for outputs in given:
        try:
            order = by_shape(outputs, bundle)
        except ModelError as error:
            return str(error)
        if order != EXPECTED:
            return f"what comes out is {_order(order)}"
    return ""


def _order(order: Order) -> str:
    places = sorted(("boxes", "classes", "scores", "count"), key=lambda name: int(getattr(order, name)))
    return ", ".join(places)


def _shapes(shapes: Sequence[tuple[int, ...]]) -> str:
    return " ".join(str(list(shape)) for shape in shapes)
