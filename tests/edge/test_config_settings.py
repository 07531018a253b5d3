"""The real configuration: what a newcomer writes, what is cross-checked, and what editors read."""

import random
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from edge.check import EXIT_GOOD, EXIT_PROBLEMS, check, check_loaded
from edge.config.loader import load, parse_settings
from edge.config.problems import InvalidConfig
from edge.config.secrets import secrets_of
from edge.config.settings import Settings, schema
from edge.config.tree import plain
from edge.config.yaml_positions import parse
from tests.paths import REPOSITORY, data

EXAMPLE = REPOSITORY / "deploy" / "foresight.yaml"
SMALLEST = "cameras: {door: {source: rtsp://user:hunter2@10.0.0.5/stream}}"
TRIANGLE = "points: [[0, 0], [1, 1], [1, 0]]"


def told(text: str) -> list[str]:
    return [str(each) for each in check_loaded(parse_settings(text.encode(), "f.yaml", Settings, {})).problems]


def test_the_smallest_configuration_has_everything() -> None:
    settings = parse_settings(SMALLEST.encode(), "f.yaml", Settings, {}).settings
    assert (settings.mqtt.host, settings.mqtt.port) == ("localhost", 1883)
    assert settings.models == {}
    assert settings.cameras["door"].detection == settings.detection
    assert "hunter2" not in repr(settings)


def test_secrets_are_found_for_the_log_filter() -> None:
    text = SMALLEST + "\nmqtt: {password: s3cret}"
    assert secrets_of(parse_settings(text.encode(), "f.yaml", Settings, {}).settings) == {"s3cret", "hunter2"}
    assert secrets_of(load(EXAMPLE, Settings, {})) == frozenset()


def test_the_example_is_sound_and_so_is_the_short_one_in_its_head() -> None:
    assert check(EXAMPLE, {}).problems == ()
    settings = load(EXAMPLE, Settings, {})
    assert settings.activity.heartbeat_s == 5
    assert settings.cameras["door"].activity.heartbeat_s == 2
    first = EXAMPLE.read_text().split("\n\n")[0].splitlines()
    head = [line.removeprefix("#   ") for line in first if line.startswith("#   ")]
    short = parse_settings("\n".join(head).encode(), "head", Settings, {"FORESIGHT_DOOR_PASSWORD": "x"}).settings
    assert (len(head), list(short.cameras), list(short.models)) == (6, ["door"], ["model"])


def test_editors_read_the_schema() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    validator.check_schema(schema())
    for text in (EXAMPLE.read_text(), SMALLEST):
        assert validator.is_valid(yaml.safe_load(text))
    assert not validator.is_valid({"cameras": {"door": {"source": "x", "zoness": []}}})
    for name, model in schema()["$defs"].items():
        for key, field in model.get("properties", {}).items():
            assert field.get("title"), (name, key)
            assert field.get("description") or key == "kind", (name, key)


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (SMALLEST, []),
        ("cameras:\n  zone: {source: rtsp://h}", [
            "f.yaml:2:3: cameras.zone: is a word that the topics use themselves; choose another name",
        ]),
        (f"cameras:\n  a:\n    source: rtsp://h\n    zones: [{{name: a, {TRIANGLE}}}]", [
            "f.yaml:4:14: cameras.a.zones.0.name: the name a stands twice; it is taken by cameras.a on line 2; "
            "names must differ in all the file",
        ]),
        (f"cameras: {{a: {{source: rtsp://h, zones: [{{name: z, {TRIANGLE}, labels: [movin]}}]}}}}", [
            "f.yaml:1:94: cameras.a.zones.0.labels.0: no detector has the label movin; did you mean moving?",
        ]),
        ("events: {expected: {near_miss: {pairs: [[moving, movin]]}}}\ncameras: {a: {source: rtsp://h}}", [
            "f.yaml:1:50: events.expected.near_miss.pairs.0.1: no detector has the label movin; did you mean moving?",
        ]),
        ("events: {filters: {car: {}}}\ncameras: {a: {source: rtsp://h}}", [
            "f.yaml:1:25: events.filters.car: no detector has the label car; it has moving",
        ]),
        ("cameras: {a: {source: /no/such.mp4}}", [
            "f.yaml:1:23: cameras.a.source: there is no /no/such.mp4; check the name",
        ]),
        ("model: /no/such.tflite\nevents: {labels: [car]}\ncameras: {a: {source: rtsp://h}}", [
            "f.yaml:1:8: model: there is no file /no/such.tflite; check the name; it counts from the working folder",
        ]),
    ],
)  # fmt: skip
def test_cross_checks(text: str, problems: list[str]) -> None:
    assert told(text) == problems


def test_labels_are_checked_against_the_model() -> None:
    model = data("models", "ssd_mobilenet_v1_coco_quant.tflite")
    text = f"model: {model}\nevents: {{labels: [pearson, car]}}\n{SMALLEST}"
    assert told(text) == ["f.yaml:2:19: events.labels.0: no detector has the label pearson; did you mean person?"]


@pytest.mark.parametrize("content", [b"", b"no model", b"\0\0\0\0TFL3" + bytes(100)])
def test_a_damaged_model_is_told_at_its_place(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.tflite").write_bytes(content)
    problems = told(f"detectors:\n  small: {tmp_path}/m.tflite\n{SMALLEST}")
    assert [line[:57] for line in problems] == [
        "f.yaml:2:10: detectors.small: the model cannot be used: " + problems[0][56:57]
    ]


def test_check_says_what_would_run_without_a_password(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text(SMALLEST)
    report = check(path, {})
    assert report.exit_code == EXIT_GOOD
    assert report.rows[1:3] == (
        ("detector", "motion", "moving"),
        ("camera", "door", "network rtsp://***@10.0.0.5/stream"),
    )
    assert report.rows[3][:2] == ("forecast", "door")
    path.write_text("cameras: {}")
    assert (check(path, {}).exit_code, check(path, {}).rows) == (EXIT_PROBLEMS, ())


ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**18, 1e300, "", "x", "on", "\0", "a\nb", "${FORESIGHT_X}", "${FORESIGHT_GONE}", [], [[]],
    [1, 2], ["a"], {}, {"a": 1}, {"kind": "file"}, {"path": [1]}, "rtsp://", "/dev/video0", "\ud800",
)  # fmt: skip


def mutated_tree(tree: Any, dice: random.Random) -> Any:
    """The tree with one value, somewhere, of another type, gone, moved, renamed or nested."""
    holders: list[Any] = []

    def collect(value: Any) -> None:
        if isinstance(value, dict | list) and value:
            holders.append(value)
            for below in value.values() if isinstance(value, dict) else value:
                collect(below)

    collect(tree)
    holder = dice.choice(holders)
    key = dice.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    kind = dice.randrange(5)
    if kind == 0:
        holder[key] = dice.choice(ODD)
    elif kind == 1:
        del holder[key]
    elif kind == 2:
        holder[key], other = dice.choice(holders), holder[key]
        return yaml.safe_load(yaml.safe_dump({"cameras": other})) if dice.random() < 0.2 else tree
    elif kind == 3 and isinstance(holder, dict):
        holder[dice.choice(["", "x", key[::-1], key + "s", "a b", "\x7f"])] = holder.pop(key)
    else:
        for _ in range(dice.randrange(40)):
            holder[key] = [holder[key]] if dice.random() < 0.5 else {"a": holder[key]}
    return tree


def mutated(raw: bytes, dice: random.Random) -> bytes:
    if dice.random() < 0.5:
        try:
            tree: Any = plain(parse(raw, "f.yaml"))
            for _ in range(dice.randint(1, 3)):
                tree = mutated_tree(tree, dice)
            return yaml.dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass")
        except (IndexError, yaml.YAMLError, RecursionError):
            return b""
    changed = bytearray(raw)
    for _ in range(dice.randint(1, 8)):
        place = dice.randrange(len(changed))
        cut = [bytes([dice.randrange(256)]), b"", b"\n", b"&a ", b"*a", b": ", b"[", b"{", b"- ", b"\t", b"!!x "]
        changed[place : place + dice.randint(0, 3)] = dice.choice(cut)
    return bytes(changed)


def rich_example() -> bytes:
    """Every setting of the schema's defaults, written out, so that each can be mutated."""
    settings = load(EXAMPLE, Settings, {}).model_dump(mode="json")
    settings["mqtt"]["password"] = "hunter2"
    return yaml.safe_dump(settings).encode()


@pytest.mark.parametrize(
    ("raw", "count"), [(EXAMPLE.read_bytes(), 1600), (rich_example(), 500)], ids=["example", "every setting"]
)
def test_mutants_are_read_or_refused_and_nothing_else(raw: bytes, count: int) -> None:
    dice = random.Random(5)
    read = 0
    for _ in range(count):
        refused = outcome(mutated(raw, dice))
        read += refused is None
        assert refused is None or refused.problems
        assert "hunter2" not in str(refused)
        assert all(line.isprintable() for line in str(refused).splitlines())
    assert 5 < read < count - 10  # the mutants reach both sides


def outcome(raw: bytes) -> InvalidConfig | None:
    try:
        check_loaded(parse_settings(raw, "f.yaml", Settings, {"FORESIGHT_X": "x"}))
    except InvalidConfig as error:
        return error
    return None
