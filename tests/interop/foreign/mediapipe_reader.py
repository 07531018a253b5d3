"""MediaPipe's tasks over the pictures of a request: `python mediapipe_reader.py request.json answer.json`."""

import json
import sys
from pathlib import Path
from typing import Any

import mediapipe
import numpy as np
from mediapipe.tasks import python as tasks
from mediapipe.tasks.python import vision

WHOLE = (0.0, 0.0, 1.0, 1.0)


def detected(request: dict[str, Any], pictures: list[Any]) -> list[Any]:
    options = vision.ObjectDetectorOptions(
        base_options=tasks.BaseOptions(model_asset_path=request["model"]),
        score_threshold=request["min_score"],
        max_results=request["most"],
    )
    with vision.ObjectDetector.create_from_options(options) as detector:
        every = [(image, detector.detect(image).detections) for image in pictures]
    return [[one for detection in several for one in found(detection, image)] for image, several in every]


def found(detection: Any, image: Any) -> list[dict[str, Any]]:
    """MediaPipe tells boxes that are the same once, with the categories of all of them."""
    box = detection.bounding_box
    x1, y1 = box.origin_x / image.width, box.origin_y / image.height
    edges = (x1, y1, x1 + box.width / image.width, y1 + box.height / image.height)
    return [{"label": one.category_name, "score": one.score, "box": edges} for one in detection.categories]


def classified(request: dict[str, Any], pictures: list[Any]) -> list[Any]:
    options = vision.ImageClassifierOptions(
        base_options=tasks.BaseOptions(model_asset_path=request["model"]), max_results=request["most"]
    )
    answer = []
    with vision.ImageClassifier.create_from_options(options) as classifier:
        for image in pictures:
            best = classifier.classify(image).classifications[0].categories
            answer.append([{"label": one.category_name, "score": one.score, "box": WHOLE} for one in best])
    return answer


def main() -> None:
    request = json.loads(Path(sys.argv[1]).read_text())
    pictures = [
        mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(pixels))
        for pixels in np.load(request["pictures"])
    ]
    answer = {"detector": detected, "classifier": classified}[request["task"]](request, pictures)
    Path(sys.argv[2]).write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
