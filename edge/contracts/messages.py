"""What goes out over MQTT, as bytes. `schema.json` beside this file describes every payload; numbers are rounded here.

JSON objects carry `"v": 1`. Texts that home automation reads as they are (availability, switches, counts) are bare.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

import numpy as np

from edge.contracts.forecast_scores import ForecasterScore, ForecastStanding
from edge.contracts.learning_state import Errors, LearningState, ServedSubject
from edge.contracts.scores import ExpectationScore
from edge.contracts.sensors import SensorEvent
from edge.contracts.taught import TaughtReport
from edge.contracts.types import F64, Event, Forecasts, Health, PathPoint, Reading, SeriesForecast, Tracks

VERSION = 1
DECIMALS = 5  # of frame fractions, scores and seconds: 0.02 px on a 1080p picture
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode
_string = json.dumps  # of one string, quoted and escaped
_BOX = "[%.5f,%.5f,%.5f,%.5f]"


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which picture a message is about. `run` names one start of the daemon."""

    camera: str
    run: str
    seq: int
    utc_ns: int


def wire_schema() -> dict[str, Any]:
    """The JSON Schema of all payloads, one definition each."""
    loaded: dict[str, Any] = json.loads(files("edge.contracts").joinpath("schema.json").read_text("utf-8"))
    return loaded


def encode_tracks(
    stamp: Stamp, tracks: Tracks, forecasts: Forecasts, labels: Sequence[str], sub_labels: Mapping[int, str]
) -> bytes:
    """The tracks of one picture with their forecasts.

    Args:
        stamp: which picture.
        tracks: T rows. A row with a number that is not finite is left out: JSON cannot say it.
        forecasts: the same T rows; with K = 0 horizons every `forecast` is empty.
        labels: by class index.
        sub_labels: of the second-stage classifier, by track id; absent ones are "".
    """
    head = (
        f'{{"v":{VERSION},"camera":{_string(stamp.camera)},"run":{_string(stamp.run)},'
        f'"seq":{stamp.seq},"utc_ns":{stamp.utc_ns},"tracks":['
    )
    columns = _columns(tracks, forecasts)
    whole = np.flatnonzero(np.isfinite(columns).all(axis=1))
    form = _form(forecasts.horizon_s.tolist())
    named = zip(tracks.id[whole].tolist(), tracks.label[whole].tolist(), columns[whole].tolist(), strict=True)
    rows = [
        form % (track, _string(_label(labels, label)), _string(sub_labels.get(track, "")), *numbers)
        for track, label, numbers in named
    ]
    return f"{head}{','.join(rows)}]}}".encode()


def _columns(tracks: Tracks, forecasts: Forecasts) -> F64:
    """All numbers of a track in the order in which `_form` writes them, (T, 11 + 5 K)."""
    if len(forecasts) != len(tracks):
        raise ValueError(f"forecasts of {len(forecasts)} tracks do not match {len(tracks)} tracks")
    path = np.concatenate([forecasts.box, forecasts.sigma[..., None]], axis=-1)
    path = path.reshape(len(tracks), 5 * len(forecasts.horizon_s))
    single = np.stack([tracks.score, tracks.seen_s, tracks.lost_s], axis=1)
    return np.concatenate([single, tracks.box, tracks.velocity, path], axis=1, dtype=np.float64)


def _form(horizons_s: list[float]) -> str:
    steps = ",".join(f"[{horizon:g},%.5f,%.5f,%.5f,%.5f,%.5f]" for horizon in horizons_s)
    return (
        '{"id":%d,"label":%s,"sub_label":%s,"score":%.5f,"seen_s":%.3f,"lost_s":%.3f,'
        f'"box":{_BOX},"velocity":{_BOX},"forecast":[{steps}]}}'
    )


def _label(labels: Sequence[str], index: int) -> str:
    return labels[index] if 0 <= index < len(labels) else str(index)


def encode_event(event: Event, device: str, run: str) -> bytes:
    """An event as the outbox takes it, which puts `stream`, `seq` and `prev` in front (`event` in the schema).

    Args:
        event: what happened.
        device: on which device.
        run: in which start of the daemon.
    """
    body = {
        "v": VERSION,
        "device": device,
        "utc_ns": event.utc_ns,
        "kind": event.kind.value,
        "camera": event.camera,
        "run": run,
        "track": event.track,
        "label": event.label,
        "sub_label": event.sub_label,
        "score": _round(event.score),
        "box": _rounded(event.box),
        "zone": event.zone,
        "direction": event.direction,
        "forecast": [_path_point(point) for point in event.forecast],
        "expectation": _expectation(event),
        "near": _near(event),
    }
    return _encode(body).encode()


def _path_point(point: PathPoint) -> list[float]:
    return [_round(point.horizon_s), *_rounded(point.box), _round(point.sigma)]


def _expectation(event: Event) -> dict[str, object] | None:
    expected = event.expectation
    if expected is None:
        return None
    return {
        "number": expected.number,
        "probability": _round(expected.probability),
        "eta_s": _round(expected.eta_s),
        "outcome": expected.outcome.value,
    }


def _near(event: Event) -> dict[str, object] | None:
    near = event.near
    return None if near is None else {"track": near.track, "label": near.label, "distance": _round(near.distance)}


def encode_score(score: ExpectationScore) -> bytes:
    """How good the expectations of a place have been so far."""
    told = asdict(score)
    told["reliability"] = [[each.stated, each.true, each.asked] for each in score.reliability]
    return _encode(_tidy({"v": VERSION, **told}, DECIMALS)).encode()


def encode_stats(health: Health, device: str, utc_ns: int) -> bytes:
    """One minute of the daemon's life."""
    told = _tidy({"v": VERSION, "device": device, "utc_ns": utc_ns, **asdict(health)})
    return _encode(told).encode()


def encode_standing(standing: ForecastStanding, camera: str, utc_ns: int) -> bytes:
    """How good the forecasts on a camera have turned out to be, and whose are told."""
    body = {
        "v": VERSION,
        "camera": camera,
        "utc_ns": utc_ns,
        "serving": standing.serving.value,
        "model": standing.model,
        "sha256": standing.sha256,
        "trouble": standing.trouble,
        "straight": _scored(standing.straight),
        "learned": _scored(standing.learned),
    }
    return _encode(_tidy(body)).encode()


def _scored(score: ForecasterScore) -> dict[str, object]:
    rows = [(one.horizon_s, one.error, one.coverage, round(one.samples)) for one in score.horizons]
    return {"ade": score.ade, "fde": score.fde, "horizons": rows}


def encode_taught(report: TaughtReport, said: str) -> bytes:
    """What was taught, and what that is worth.

    Args:
        report: of the examples.
        said: what became of the latest lesson.
    """
    return _encode(_tidy({"v": VERSION, **asdict(report), "said": said})).encode()


def encode_learning(state: LearningState, device: str, utc_ns: int) -> bytes:
    """What the learner does, and how everybody stands who learns."""
    body = {
        "v": VERSION,
        "device": device,
        "utc_ns": utc_ns,
        "enabled": state.enabled,
        "doing": state.doing,
        "learning": state.learning,
        "reason": state.reason,
        "dropped": state.dropped,
        "restarts": state.restarts,
        "subjects": [_subject(one) for one in state.subjects],
        "others": [{"name": name, "reason": reason} for name, reason in state.others.items()],
    }
    return _encode(_tidy(body, DECIMALS)).encode()


def _subject(subject: ServedSubject) -> dict[str, object]:
    state = subject.state
    return {
        "name": state.name,
        "model": subject.model,
        "phase": state.phase,
        "serving": "learnt" if subject.weights else "base",
        "weights": subject.weights,
        "since_utc_ns": subject.since_utc_ns or None,
        "candidate": state.candidate,
        "samples": state.samples,
        "learnt_from": state.learnt_from,
        "held_out": state.held_out,
        "rounds": state.rounds,
        "promoted": state.promoted,
        "returned": state.returned,
        "held": _compared(state.held),
        "live": _compared(state.live),
        "shadow": _compared(state.shadow),
        "offers": {
            "judged": state.offers.judged,
            "taken": state.offers.taken,
            "errors": _compared(state.offers.errors),
        },
        "trouble": state.trouble,
    }


def _compared(errors: Errors) -> dict[str, object]:
    return {"count": errors.count, "base": errors.base, "serving": errors.serving, "candidate": errors.candidate}


def encode_reading(reading: Reading) -> bytes:
    """One sample of a sensor. Values keep their precision: their units are not ours."""
    told = {"v": VERSION, "sensor": reading.sensor, "utc_ns": reading.utc_ns, "values": reading.values}
    return _encode(told).encode()


def encode_series_forecast(forecast: SeriesForecast) -> bytes:
    """What a sensor will read; its anomaly goes out by `encode_anomaly`."""
    told = {
        "v": VERSION,
        "sensor": forecast.sensor,
        "utc_ns": forecast.utc_ns,
        "horizon_s": forecast.horizon_s,
        "values": forecast.values,
        "sigma": forecast.sigma,
    }
    return _encode(told).encode()


def encode_anomaly(forecast: SeriesForecast) -> bytes:
    """How odd a sensor's newest reading was, 0..1."""
    told = {"v": VERSION, "sensor": forecast.sensor, "utc_ns": forecast.utc_ns, "anomaly": _round(forecast.anomaly)}
    return _encode(told).encode()


def encode_sensor_event(event: SensorEvent, device: str, run: str) -> bytes:
    """A sensor's event as the outbox takes it (`sensor_event` in the schema)."""
    told = {"v": VERSION, "device": device, "run": run, **asdict(event)}
    return _encode({**told, "anomaly": _round(event.anomaly), "duration_s": _round(event.duration_s)}).encode()


def encode_ack(stream: str, upto: int) -> bytes:
    """What a host says when it has stored all events of a stream up to a number."""
    return _encode({"v": VERSION, "stream": stream, "upto": upto}).encode()


def encode_online(online: bool) -> bytes:
    """`online` or `offline`, bare text: a camera's status."""
    return b"online" if online else b"offline"


def encode_switch(on: bool) -> bytes:
    """`ON` or `OFF`, bare text: the state of something that can be switched."""
    return b"ON" if on else b"OFF"


def encode_fraction(value: float) -> bytes:
    """A number 0..1, bare text: the state of something that can be turned."""
    return b"%g" % _round(value)


def encode_count(count: int) -> bytes:
    """How many objects are in a zone, bare digits."""
    return b"%d" % count


def _tidy(value: object, decimals: int = 3) -> object:
    """The same with floats rounded, and NaN (no sample in this minute) as null."""
    if isinstance(value, dict):
        return {key: _tidy(below, decimals) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [_tidy(below, decimals) for below in value]
    if isinstance(value, float):
        return round(value, decimals) if np.isfinite(value) else None
    return value


def _round(value: float) -> float:
    return round(float(value), DECIMALS)


def _rounded(box: Sequence[float]) -> list[float]:
    return [_round(edge) for edge in box]
