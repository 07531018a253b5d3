"""tflite-runtime over the pictures of a request: `python tflite_runtime_reader.py request.json answer.json`.

Reads as a plain user of the file would: outputs by their order (boxes, classes, scores, count), labels from the
archive at the end of the file.
"""

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from tflite_runtime.interpreter import Interpreter


def labels_of(model: str) -> list[str]:
    with zipfile.ZipFile(model) as archive:
        name = next(one for one in archive.namelist() if one.endswith(".txt"))
        return archive.read(name).decode().splitlines()


def given(pixels: Any, detail: dict[str, Any], request: dict[str, Any]) -> Any:
    """The input tensor (1, S, S, 3) of one picture."""
    real = (pixels.astype(np.float32) - np.float32(request["mean"])) / np.float32(request["std"])
    scale, zero = detail["quantization"]
    if detail["dtype"] == np.float32:
        return real[None]
    limits = np.iinfo(detail["dtype"])
    return np.clip(np.rint(real / scale + zero), limits.min, limits.max).astype(detail["dtype"])[None]


def taken(interpreter: Any, detail: dict[str, Any]) -> Any:
    """One output as real numbers."""
    value = interpreter.get_tensor(detail["index"])
    scale, zero = detail["quantization"]
    return (value.astype(np.float32) - zero) * scale if scale else value


def detected(outputs: list[Any], labels: list[str], request: dict[str, Any]) -> list[dict[str, Any]]:
    box, label, score, count = outputs
    rows = [row for row in range(int(count[0])) if score[0, row] >= request["min_score"]]
    return [
        {
            "label": labels[int(label[0, row])],
            "score": float(score[0, row]),
            "box": [float(edge) for edge in box[0, row][[1, 0, 3, 2]]],  # from y1, x1, y2, x2
        }
        for row in rows
    ]


def classified(outputs: list[Any], labels: list[str], request: dict[str, Any]) -> list[dict[str, Any]]:
    score = outputs[0].reshape(-1)
    best = np.argsort(-score, kind="stable")[: request["most"]]
    return [{"label": labels[row], "score": float(score[row]), "box": [0, 0, 1, 1]} for row in best]


def main() -> None:
    request = json.loads(Path(sys.argv[1]).read_text())
    labels, interpreter = labels_of(request["model"]), Interpreter(request["model"])
    interpreter.allocate_tensors()
    detail, read = interpreter.get_input_details()[0], {"detector": detected, "classifier": classified}[request["task"]]
    answer = []
    for pixels in np.load(request["pictures"]):
        interpreter.set_tensor(detail["index"], given(pixels, detail, request))
        interpreter.invoke()
        outputs = [taken(interpreter, one) for one in interpreter.get_output_details()]
        answer.append(read(outputs, labels, request))
    Path(sys.argv[2]).write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
