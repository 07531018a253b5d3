"""`${FORESIGHT_...}` and nothing else."""

import pytest

from edge.config.environment import substitute
from edge.config.problems import InvalidConfig
from edge.config.tree import plain
from edge.config.yaml_positions import parse

ENVIRONMENT = {"FORESIGHT_PASSWORD": "hunter2", "FORESIGHT_HOST": "broker", "HOME": "/root", "FORESIGHT_EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", ""),
        ("plain", "plain"),
        ("${FORESIGHT_HOST}", "broker"),
        ("${FORESIGHT_EMPTY}", ""),
        ("rtsp://u:${FORESIGHT_PASSWORD}@${FORESIGHT_HOST}/1", "rtsp://u:hunter2@broker/1"),
        ("${HOME} $HOME $FORESIGHT_HOST {FORESIGHT_HOST}", "${HOME} $HOME $FORESIGHT_HOST {FORESIGHT_HOST}"),
        ("${XFORESIGHT_HOST}", "${XFORESIGHT_HOST}"),
        ("$${FORESIGHT_HOST}", "${FORESIGHT_HOST}"),
    ],
)
def test_replaces_only_prefixed_names(text: str, value: str) -> None:
    tree = substitute(parse(f'a: ["{text}"]'.encode(), "f.yaml"), ENVIRONMENT, "f.yaml")
    assert plain(tree) == {"a": [value]}


def test_values_are_data_not_yaml() -> None:
    tree = substitute(parse(b"a: ${FORESIGHT_X}", "f.yaml"), {"FORESIGHT_X": "{b: [1]}\n${FORESIGHT_X}"}, "f.yaml")
    assert plain(tree) == {"a": "{b: [1]}\n${FORESIGHT_X}"}


def test_unset_names_are_told_with_place_and_neighbour() -> None:
    tree = parse(b"a: 1\nb:\n  c: ${FORESIGHT_HOSTS}\n  d: ${FORESIGHT_4711}\n", "f.yaml")
    with pytest.raises(InvalidConfig) as refused:
        substitute(tree, ENVIRONMENT, "f.yaml")
    assert str(refused.value).splitlines() == [
        "f.yaml:3:6: b.c: the environment has no FORESIGHT_HOSTS; did you mean FORESIGHT_HOST?",
        "f.yaml:4:6: b.d: the environment has no FORESIGHT_4711; set FORESIGHT_4711, or write the value here",
    ]
