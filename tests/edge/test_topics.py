"""Topics as DESIGN.md names them."""

import pytest

from edge.contracts.topics import Command, Topics, slug

TOPICS = Topics("shed")


def test_every_topic_stands_under_the_device() -> None:
    assert TOPICS.available == "foresight/shed/available"
    assert TOPICS.tracks("door") == "foresight/shed/door/tracks"
    assert TOPICS.count("yard", "traffic light") == "foresight/shed/zone/yard/traffic_light"
    assert TOPICS.reading("tank") == "foresight/shed/sensor/tank/reading"
    assert TOPICS.teach_state == "foresight/shed/teach/state"
    assert Topics("a", root="test").events == "test/a/events"


@pytest.mark.parametrize(("label", "level"), [("", "_"), ("car", "car"), ("a/b+#\0é", "a_b_"), ("T-1_x", "T-1_x")])
def test_labels_as_one_level(label: str, level: str) -> None:
    slugged = slug(label)
    assert slugged.rstrip("_") == level.rstrip("_")
    assert not set("/+#\0") & set(slugged)


@pytest.mark.parametrize(
    ("topic", "command"),
    [
        ("", None),
        ("foresight/shed/door/detect/set", Command("door", "detect")),
        (TOPICS.set("door", "learn"), Command("door", "learn")),
        (TOPICS.state("door", "learn"), None),
        ("foresight/other/door/detect/set", None),
        ("foresight/shed/door/detect/x/set", None),
        ("foresight/shed/learn/set", None),
        ("foresight/shed/do r/detect/set", None),
        ("foresight/shed//detect/set", None),
        ("foresight/shed/door/detect\n/set", None),
    ],
)
def test_commands(topic: str, command: Command | None) -> None:
    assert TOPICS.command(topic) == command
