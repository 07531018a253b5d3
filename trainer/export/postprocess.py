"""The attributes of TFLite_Detection_PostProcess, the one operator of detectors that is not built in.

It decodes the boxes and drops duplicates inside the model, so that Frigate, pycoral and MediaPipe need no code of ours.
"""

from dataclasses import dataclass

from trainer.detector.architecture import BASE

OPERATOR = "TFLite_Detection_PostProcess"
# Names that the TensorFlow detection API gives the outputs, which pycoral looks up, in the order of the operator:
# boxes (1, N, 4) ymin, xmin, ymax, xmax; classes (1, N); scores (1, N); count (1,).
OUTPUTS = ("output_3", "output_2", "output_1", "output_0")


@dataclass(frozen=True, slots=True)
class PostProcess:
    """What a model keeps of what it finds."""

    max_detections: int = 25  # readers such as Frigate look at the first 20
    min_score: float = 0.01  # low: the threshold of use is the reader's, and average precision needs the doubtful ones
    nms_iou: float = 0.6  # as `edge.detection`'s own
    per_class: int = 100  # most boxes of one class that are compared with each other

    def attributes(self, classes: int) -> str:
        """The operator's name and attributes, as the converter reads them from a function.

        Suppression is the fast one: a cell has one class, its best, and boxes of one class suppress another's that
        overlap them nearly whole. The regular one works within each class, but LiteRT 2.3 shares the classes out among
        threads and then loses some: of three classes with two threads, all of the last.
        """
        whole = {
            "max_detections": self.max_detections,
            "max_classes_per_detection": 1,
            "detections_per_class": self.per_class,
            "num_classes": classes,
        }
        real = {
            "y_scale": BASE,  # offsets are strides, and an anchor is BASE strides large
            "x_scale": BASE,
            "h_scale": 1.0,
            "w_scale": 1.0,
            "nms_score_threshold": self.min_score,
            "nms_iou_threshold": self.nms_iou,
        }
        rows = [f'attr {{ key: "{key}" value {{ i: {value} }} }}' for key, value in whole.items()]
        rows += [f'attr {{ key: "{key}" value {{ f: {value!r} }} }}' for key, value in real.items()]
        rows.append('attr { key: "use_regular_nms" value { b: false } }')
        return " ".join([f'name: "{OPERATOR}"', *rows])
