"""Does the float file, with its post-process, find what the trained network finds, class by class?

Operators can be wrong too: one release of LiteRT loses classes in TFLite_Detection_PostProcess when it has threads,
in float and int8 alike, so that comparing the two files shows nothing.
"""

from collections.abc import Sequence

import numpy as np

from edge.contracts.types import Detections
from trainer.gate.agreement import shared
from trainer.gate.verdict import Check, Question, failed, passed, unknown

SURE = 0.3  # a score from which a box counts
FEWEST = 5  # boxes of a class, to say anything of it
LEAST_SHARE = 0.7  # refused where even the upper end of the 95 % interval is below: suppression differs a little


def finds_as_network(network: Sequence[Detections], file: Sequence[Detections], labels: Sequence[str]) -> Check:
    """Compare detections on the same pictures.

    Args:
        network: what the trained network finds.
        file: what the float32 file finds, on as many threads as it is judged with.
        labels: by class index.
    """
    said, wrong = [], []
    for label, name in enumerate(labels):
        cut = np.full(len(labels), np.inf)
        cut[label] = SURE
        found, back = shared(network, file, cut), shared(file, network, cut)
        if found.sure >= FEWEST or back.sure >= FEWEST:
            said.append(f"{name} {found.shared} of {found.sure} (and {back.sure - back.shared} others)")
            if found.at_most < LEAST_SHARE or back.at_most < LEAST_SHARE:
                wrong.append(name)
    if not said:
        return unknown(Question.POST_PROCESS, "the network is sure of too few boxes to tell; train longer, or on more")
    words = f"of the network's boxes the float file finds: {', '.join(said)}"
    if wrong:
        return failed(
            Question.POST_PROCESS, f"{words}; its post-process loses or invents {', '.join(wrong)}: report this defect"
        )
    return passed(Question.POST_PROCESS, words)
