"""Labels whose counts would share a topic."""

import pytest

from edge.config.crosscheck import check_counts
from edge.config.loader import parse_settings
from edge.config.settings import Settings

TEXT = "model: m.tflite\ncameras:\n  door: {source: rtsp://camera/1}\n"


def told(labels: list[str]) -> list[str]:
    return [str(one) for one in check_counts(parse_settings(TEXT.encode(), "f.yaml", Settings, {}), labels)]


@pytest.mark.parametrize("labels", [[], [""], ["person", "traffic light", "person"], ["a b", "a-b"], ["All"]])
def test_labels_that_differ_as_topics_are_fine(labels: list[str]) -> None:
    assert told(labels) == []


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["all"], "the label all is counted under the topic level all, as is the count of every label"),
        (["a_b", "a b"], "the label a_b is counted under the topic level a_b, as is the label a b"),
    ],
)
def test_labels_that_would_share_a_topic_are_told(labels: list[str], said: str) -> None:
    assert [said in one for one in told(labels)] == [True]
