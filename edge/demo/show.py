"""`foresight demo`: the chain at work, live in the terminal, with its messages and an annotated clip."""

import os
import secrets
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
from rich.console import Console

from edge.adhoc import CAMERA, STREET, adhoc_settings, with_clip
from edge.assembly import Models, build_camera
from edge.cameras.length import clip_length
from edge.config.settings import Settings
from edge.contracts.redact import redact
from edge.contracts.topics import Topics
from edge.demo.carrier import Carriage, choose_carrier
from edge.demo.clip import CLIP, MODEL, ClipTruth
from edge.demo.live import Live
from edge.demo.rendered import STREET_FPS, STREET_SEED
from edge.demo.source import StreetSource
from edge.demo.street import Street
from edge.demo.verdict import Judge, Truths
from edge.engine import Engine
from edge.health import StageClock
from edge.observer import Observer
from edge.once import Opener, Trouble, once, run_once
from edge.outbox.outbox import Outbox
from edge.outbox.sender import Sender
from edge.outputs import refuse_own_input, writable_folder
from edge.publisher import Publisher
from edge.recording import Annotator, Clip
from edge.scores import say_standing
from edge.stopping import stopped_by_signals

NONE, SHIPPED_CLIP = "none", "clip"
RENDERED = {STREET: "a rendered street", SHIPPED_CLIP: "a clip of a rendered street"}
REAL_CLIP, REAL_MODEL = "videos/plaza_walkers.avi", "models/ssd_mobilenet_v1_coco_quant.tflite"
# What happens in the demo's picture: a zone in its middle, a line across it.
MIDDLE = {"name": "middle", "points": [[0.3, 0.45], [0.7, 0.45], [0.8, 0.95], [0.2, 0.95]]}
# The shipped model was trained on whole pictures of 256 px: its closer looks magnify only as much as it has learnt.
CLOSER = {"max_crops": 6, "crop_zoom": 0.6, "min_score": 0.3, "trusted_score": 0.5}
ACROSS = {"name": "across", "points": [[0.0, 0.6], [1.0, 0.6]]}


@dataclass(frozen=True, slots=True)
class Show:
    """What is shown: source and model, and why just these. Without a model, whatever moves is found."""

    source: str
    model: Path | None
    why: str


def choose(source: str | None, model: Path | None) -> Show:
    """What the user names; else the real clip and model where the data folder is; else a rendered street.

    Streets, `street` and `clip`, come with a model of their own; the model `none` finds what moves instead.
    """
    if source in RENDERED:
        return _rendered(source, model)
    data = Path(os.environ.get("FORESIGHT_DATA", "../shared/data"))
    real_clip, real_model = data / REAL_CLIP, data / REAL_MODEL
    if source is not None:
        detector = real_model if model is None and real_model.is_file() else _named(model)
        return Show(source, detector, f"{redact(source)}, {_found_by(detector)}")
    if real_clip.is_file() and (model or real_model).is_file():
        detector = model or real_model
        return Show(str(real_clip), detector, f"a real clip, {_found_by(detector)}")
    return _rendered(STREET, model)


def _rendered(source: str, model: Path | None) -> Show:
    """The street, drawn now or as a clip, and the model that was trained on such streets."""
    detector = MODEL if model is None else _named(model)
    return Show(source, detector, f"{RENDERED[source]}, {_found_by(detector)}")


def _named(model: Path | None) -> Path | None:
    return None if model is None or str(model) == NONE else model


def _found_by(detector: Path | None) -> str:
    if detector is None:
        return "whatever moves is found (no neural model was used)"
    own = ", a small model trained on such streets" if detector == MODEL else ""
    return f"objects found by {detector.name}{own}"


def show(source: str | None, model: Path | None, broker: str | None, out: Path, seconds: float) -> None:
    """Run the demonstration until the clip or the time is over.

    Raises:
        EdgeError: what the user named cannot be used; says why.
    """
    cv2.setNumThreads(1)
    console = Console()
    chosen, trouble = choose(source, model), Trouble()
    writable_folder(out, "--out")
    refuse_own_input(chosen.source, [out / "annotated.mp4"])
    console.print(f"Foresight demo: {chosen.why}.", highlight=False, markup=False)
    with ExitStack() as stack:
        stop = stack.enter_context(stopped_by_signals())
        settings = _settings(chosen, Path(stack.enter_context(TemporaryDirectory(prefix="foresight-demo-"))))
        parts = settings.cameras[CAMERA]
        by_model = chosen.model is not None
        street = StreetSource(CAMERA, Street(STREET_SEED, parked=by_model), STREET_FPS, seconds, paced=False)
        rendered: Opener | None = (lambda _paint: street) if chosen.source == STREET else None
        fps = STREET_FPS if rendered else clip_length(parts.source)[1]
        models = stack.enter_context(Models(settings.runtime, settings.device.state_dir))
        camera = build_camera(settings, CAMERA, models, StageClock(), once(CAMERA, parts, trouble, rendered))
        carriage: Carriage = stack.enter_context(choose_carrier(broker, settings.mqtt))
        console.print(f"Messages go to {carriage.where}.", highlight=False, markup=False)
        annotator = Annotator({z.name: z.points for z in parts.zones}, {z.name: z.points for z in parts.lines})
        clip = stack.enter_context(Clip(annotator, out / "annotated.mp4", out / "contact.png", fps))
        truths: Truths | None = street if rendered else ClipTruth() if chosen.source == SHIPPED_CLIP else None
        judge = Judge(truths, model=by_model) if truths else None
        live = stack.enter_context(Live(console, chosen.why, seconds))
        observers: list[Observer] = [_publisher(settings, carriage, stack), clip, live, *([judge] if judge else [])]
        engine = Engine([camera], observers, stop)
        live.attach(engine)
        start_s = time.monotonic()
        with engine:
            run_once(engine, trouble)
    trouble.check()
    console.print(live.summary(time.monotonic() - start_s), highlight=False)
    console.print(say_standing(camera.chain.scores.standing), highlight=False, markup=False, soft_wrap=True)
    if judge:
        console.print(judge.verdict(), highlight=False)
    told = f"Look at {out / 'contact.png'} and {out / 'annotated.mp4'}."
    console.print(told, highlight=False, markup=False, soft_wrap=True)


def _publisher(settings: Settings, carriage: Carriage, stack: ExitStack) -> Publisher:
    """The daemon's own, with an outbox of its own."""
    topics = Topics(settings.mqtt.device, settings.mqtt.prefix)
    outbox = stack.enter_context(Outbox(settings.device.state_dir / "outbox.db", settings.outbox))
    stack.enter_context(Sender(outbox, carriage.carrier, topics.ack, settings.outbox))
    return Publisher(carriage.carrier, outbox, topics, secrets.token_hex(4), settings.publish)


def _settings(chosen: Show, state_dir: Path) -> Settings:
    """The configuration of the demo."""
    sections: dict[str, object] = {
        "device": {"state_dir": str(state_dir)},
        "mqtt": {"device": "demo"},
        "look": {"every_frame": True},
        "zones": [MIDDLE],
        "lines": [ACROSS],
    }
    if chosen.model == MODEL:
        sections["detection"] = CLOSER
    source = str(CLIP) if chosen.source == SHIPPED_CLIP else chosen.source
    settings = adhoc_settings(source, chosen.model, None, sections)
    return settings if source == STREET else with_clip(settings, source)
