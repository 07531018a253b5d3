"""`python -m tests.bench NAME [options]`: run one benchmark, print its table and, last, its figures as JSON."""

import importlib
import sys

import pytest

from tests.rigs.arm.places import ArmError

BENCHMARKS = {
    "arm": "the device's wheels under emulated Arm processors: answers of models, tests of the edge",
    "accelerator": "a stand-in for an accelerator that stalls, vanishes and aborts: how soon the CPU serves",
    "activity": "still and moving cost of the activity gate, what it misses, cameras per core",
    "boot": "an A/B image in QEMU: power to first forecast; good, changed and sick updates (long)",
    "cameras": "an RTSP camera killed and frozen again and again: how soon it is back, what it costs the others",
    "expected": "expectations of zones and near misses against the exact truth",
    "federated": "devices learn together: what it gains, what one poisoned device and one dead device do to it",
    "adapt": "learning on the device: ETH/UCY scene by scene, predict, then learn; what serves beside the frozen base",
    "flash-faults": "faults of cards that flashing sees, alarms that are none, its speed beside dd and cmp",
    "image-customise": "the official image (a stand-in of 3 GiB) made that of a device: seconds, beside a plain copy",
    "guard": "what a trajectory model costs a camera, and whether one that learns under attack ever makes it worse",
    "forecast": "ETH/UCY with Social-GAN's protocol: ADE, FDE and coverage of the trajectory network",
    "classify-series": "motions of an IMU, and spoken digits of speakers that were not learnt from",
    "doubts": "looks that the device is unsure of: what they cost the chain, and what is kept of an hour",
    "drift": "a series that changes: the exported forecaster frozen, adapted on-line, and the fixed network alone",
    "ett": "ETTh1: the series forecaster as exported and the on-line one, beside published figures",
    "heads": "what pre-processing and decoding cost around the model, and what crops find",
    "detectors": "detectors trained on public data sets by one command each: AP50, what int8 costs, minutes",
    "forecast-street": "learned paths against straight lines on the rendered street and MOT17",
    "hostile": "thousands of hostile MQTT payloads and packets: dead threads, changed states",
    "labels": "labels of a teacher before and after cleaning by tracks, against the truth of MOT17",
    "ondevice": "a training step on the device beside Keras: time, memory, growth, equality",
    "nab": "the Numenta Anomaly Benchmark with its own scoring: one pass, no labels, one configuration",
    "outbox": "durable events per second against paho alone, and what is lost when things are killed",
    "pipeline": "the whole chain against the bare loop decode + resize + invoke",
    "quantize": "size, latency and mAP of a detector as float32, float16, dynamic, int8 and trained for int8",
    "rollout": "1,000 simulated devices, some sick: where a roll-out stops, whom it harms, killed on the way",
    "savings": "how many detector calls forecasts save, and what that costs",
    "startup": "process start to first published detection, memory, growth",
    "teach": "new classes from five crops of each: beside the recipes of others, and what is unknown",
    "tracking": "MOT17 half-val by TrackEval, every frame and every 5th",
    "train": "the training loop against the bare step of the model",
    "update-faults": "the update machine, killed or its power cut at every step, and given bad releases",
}


def main() -> int:
    """Dispatch to `tests.bench.NAME.main(argv)`."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in BENCHMARKS:
        print("usage: python -m tests.bench NAME [options]   (NAME --help for its options)\n")
        for key, about in BENCHMARKS.items():
            print(f"  {key:15} {about}")
        return 2
    try:
        importlib.import_module(f"tests.bench.{name.replace('-', '_')}").main(sys.argv[2:])
    except (pytest.skip.Exception, pytest.fail.Exception, ArmError) as absent:  # said by a rig of the tests
        print(f"{name} cannot be measured here: {absent}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
