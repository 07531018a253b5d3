"""Variables of a device: read, written for systemd and shells alike, and which of them are secrets."""

import subprocess
from pathlib import Path

import pytest

from firmware_tools.errors import MistakeError
from firmware_tools.identity.values import parse_values, refuse_ours, refuse_unused, render_values, secrets_in

NASTY = {
    "FORESIGHT_A": "",
    "FORESIGHT_B": 'a "quoted" one',
    "FORESIGHT_C": "$HOME `id` $(id) \\ \\n ' # ; %s",
    "FORESIGHT_D": "grüße = 100 %",
    "FORESIGHT_E": "#no comment",
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("\n# a comment\n; another\n", {}),
        ("FORESIGHT_A=b", {"FORESIGHT_A": "b"}),
        ("FORESIGHT_A= a=b \n", {"FORESIGHT_A": "a=b"}),
        ('FORESIGHT_A="a \\"b\\" \\$c"', {"FORESIGHT_A": 'a "b" $c'}),
        ("FORESIGHT_A=\nFORESIGHT_B=x", {"FORESIGHT_A": "", "FORESIGHT_B": "x"}),
    ],
)
def test_values_are_read(text: str, found: dict[str, str]) -> None:
    assert parse_values(text.encode(), "f") == found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"hunter2", "line 1: write FORESIGHT_NAME=value"),
        (b"\nPASSWORD=hunter2", "line 2"),
        (b"export FORESIGHT_A=hunter2", "line 1"),
        (b"FORESIGHT_a=hunter2", "capital"),
        (b"FORESIGHT_A=1\nFORESIGHT_A=hunter2", "twice"),
        (b'FORESIGHT_A="hunter2', "does not end"),
        (b'FORESIGHT_A="hun"ter2"', "missing"),
        (b'FORESIGHT_A="hunter2\\"', "missing"),
        (b"FORESIGHT_A=hunter2\x07", "cannot be printed"),
        (b"FORESIGHT_A=" + b"hunter2" * 1000, "4096"),
        (b"FORESIGHT_A=hunter2\xff", "UTF-8"),
    ],
)
def test_what_is_no_value_is_refused_without_telling_it(text: bytes, why: str) -> None:
    with pytest.raises(MistakeError) as refused:
        parse_values(text, "f")
    assert why in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_what_is_written_is_read_back() -> None:
    assert parse_values(render_values(NASTY), "f") == NASTY
    assert render_values({}) == b""


@pytest.mark.parametrize("name", NASTY)
def test_a_shell_reads_what_was_meant(tmp_path: Path, name: str) -> None:
    (tmp_path / "environment").write_bytes(render_values(NASTY))
    script = f'. {tmp_path}/environment; printf %s "${name}"'
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == NASTY[name]


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("FORESIGHT_ADDRESS", "10.0.0.5", []),
        ("FORESIGHT_KEYBOARD", "ab", []),
        ("FORESIGHT_DOOR_PASSWORD", "hunter2", ["hunter2"]),
        ("FORESIGHT_API_TOKEN", "hunter2", ["hunter2"]),
        ("FORESIGHT_DOOR", "rtsp://user:hunter2@door/1", ["hunter2"]),
        ("FORESIGHT_DOOR", "rtsp://door/1", []),
    ],
)
def test_secrets_are_known_by_name_or_form(name: str, value: str, found: list[str]) -> None:
    assert [secret for _, secret in secrets_in({name: value})] == found


def test_values_that_are_not_the_operators_or_are_not_used() -> None:
    refuse_ours({})
    refuse_unused({}, "", "t")
    refuse_unused({"FORESIGHT_A": ""}, "x: ${FORESIGHT_A}", "t")
    with pytest.raises(MistakeError, match="FORESIGHT_DEVICE is set by provisioning"):
        refuse_ours({"FORESIGHT_DEVICE": "shed"})
    with pytest.raises(MistakeError, match="did you mean FORESIGHT_DOOR_PASSWORD"):
        refuse_unused({"FORESIGHT_DOR_PASSWORD": "x"}, "x: ${FORESIGHT_DOOR_PASSWORD}", "t")
