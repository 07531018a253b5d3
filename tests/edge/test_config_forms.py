"""Old configuration files: read as if they were new, rewritten with every comment, never half; new ones refused."""

import errno
import logging
import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

from edge.check import show_migrated
from edge.config.forms import CURRENT_FORM, Rename, upgraded
from edge.config.loader import load, parse_settings
from edge.config.problems import WHOLE_FILE, InvalidConfig, Problem, problem
from edge.config.rewrite import read_rewritten, rewrite_file, rewritten
from edge.config.settings import Settings
from edge.config.tree import Item, plain
from edge.config.yaml_positions import parse
from tests.paths import REPOSITORY

CAMERAS = "cameras:\n  door:\n    source: rtsp://camera.lan/stream\n"
OLD = f"""# The shed.
#   Written by hand.

# who is told
mqtt:
  host: broker.lan   # beside the door

detectors:           # all of them
  birds: /m/birds.tflite
  # the quick one
  cats: {{path: /m/cats.tflite}}
{CAMERAS}"""
NEW = f"""# The shed.
#   Written by hand.

version: 2
# who is told
mqtt:
  host: broker.lan   # beside the door

more_models:           # all of them
  birds: /m/birds.tflite
  # the quick one
  cats: {{path: /m/cats.tflite}}
{CAMERAS}"""


def settings(text: str) -> Settings:
    return parse_settings(text.encode(), "f.yaml", Settings, {}).settings


def told(text: str) -> str:
    with pytest.raises(InvalidConfig) as error:
        settings(text)
    return str(error.value)


def test_an_old_file_means_what_its_new_text_means(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        old = settings(OLD)
    assert set(old.more_models) == {"birds", "cats"}
    (said,) = caplog.messages
    assert "form 1" in said
    assert "`detectors` is `more_models` now" in said
    assert "foresight check f.yaml --migrate" in said
    caplog.clear()
    assert settings(NEW) == old
    assert caplog.messages == []


def test_what_has_nothing_old_is_not_remarked_upon(caplog: pytest.LogCaptureFixture) -> None:
    assert settings(CAMERAS) == settings(f"version: 1\n{CAMERAS}") == settings(f"version: 2\n{CAMERAS}")
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (OLD, NEW),
        (NEW, NEW),
        (CAMERAS, f"version: 2\n{CAMERAS}"),
        (f"version: 1   # mine\n{CAMERAS}", f"version: 2   # mine\n{CAMERAS}"),
        (f"{CAMERAS}version: 0x1", f"{CAMERAS}version: 2"),
        ("---\n# c\n\ndetectors: {}\n" + CAMERAS, "---\n# c\n\nversion: 2\nmore_models: {}\n" + CAMERAS),
        ("'detectors': {}\r\na: 1\r\n", "version: 2\r\n'more_models': {}\r\na: 1\r\n"),
        ('{"detectors": {}, "a": [1]} # x', '{version: 2, "more_models": {}, "a": [1]} # x'),
        ("{}", "{version: 2}"),
        ("  a: 1\n  detectors: &d {x: y}\n  b: *d\n", "  version: 2\n  a: 1\n  more_models: &d {x: y}\n  b: *d\n"),
        ("é: 'ü'\ndetectors: {}\n", "version: 2\né: 'ü'\nmore_models: {}\n"),
        ("detectors: 1\nmore_models: 2\n", "version: 2\ndetectors: 1\nmore_models: 2\n"),  # refused later, in words
    ],
)
def test_the_text_keeps_all_but_what_is_renamed(old: str, new: str) -> None:
    assert rewritten(old.encode(), "f.yaml").decode() == new
    assert rewritten(new.encode(), "f.yaml").decode() == new


def test_a_key_in_another_writing_is_found_too() -> None:
    assert rewritten(b"!!map {detectors: {}}\n", "f.yaml") == b"!!map {version: 2, more_models: {}}\n"


def test_what_cannot_be_rewritten_surely_is_said_not_guessed() -> None:
    with pytest.raises(InvalidConfig, match="by hand: `detectors` is `more_models` now; and `version: 2` at the top"):
        rewritten(b'"det\\x65ctors": {}\n', "f.yaml")


@pytest.mark.parametrize("value", ["0", "-1", "true", "0.14-0", "'2'", "1.0", "", "[2]", "{a: 1}"])
def test_a_version_that_is_none(value: str) -> None:
    assert told(f"{CAMERAS}version: {value}\n").startswith(
        f"f.yaml:4:{10 if value else 9}: version: must be a whole number from 1 to 2; "
    )


def test_a_newer_file_is_refused_in_words() -> None:
    assert told(f"version: 3\nnew_thing: 1\n{CAMERAS}") == (
        "f.yaml:1:10: version: a newer Foresight wrote this file (form 3, known here: 2); install that one again, or "
        "use the copy that was kept beside the file when it was migrated"
    )


def test_problems_of_an_old_file_name_its_own_keys_and_a_new_file_has_no_old_ones() -> None:
    assert told(f"detectors:\n  birds: 1\n{CAMERAS}").startswith("f.yaml:2:10: detectors.birds: ")
    for both in ("version: 2\ndetectors: {}\n", "more_models: {}\ndetectors: {}\n"):
        said = told(both + CAMERAS)
        assert said.startswith("f.yaml:2:1: detectors: is not a setting")


def test_steps_follow_each_other_below_keys_and_lists() -> None:
    def first(tree: Item) -> tuple[Rename, ...]:
        return (Rename(("a", 1, "b"), "c"),)

    def second(tree: Item) -> tuple[Rename, ...]:
        return (Rename(("a",), "z"),) if plain(tree) == {"a": [{}, {"c": 1, "d": 2}]} else ()

    tree = parse(b"a:\n- {}\n- {b: 1, d: 2}\n", "f.yaml")
    done = upgraded(tree, "f.yaml", (first, second))
    assert plain(done.tree) == {"z": [{}, {"c": 1, "d": 2}]}
    assert [str(one) for one in done.renames] == ["`a.1.b` is `a.1.c` now", "`a` is `z` now"]
    assert rewritten(b"a:\n- {}\n- {b: 1, d: 2}\n", "f.yaml", (first,)) == b"version: 2\na:\n- {}\n- {c: 1, d: 2}\n"


def test_a_model_without_a_version_is_read_too() -> None:
    class Small(BaseModel, extra="forbid"):
        a: int

    assert parse_settings(b"version: 2\na: 1\n", "f.yaml", Small, {}).settings == Small(a=1)


def test_the_file_is_rewritten_with_a_copy_and_its_rights_kept(tmp_path: Path) -> None:
    file, link = tmp_path / "f.yaml", tmp_path / "link.yaml"
    file.write_text(OLD)
    file.chmod(0o640)
    link.symlink_to(file)
    (tmp_path / "f.yaml.before-v2").write_text("another one")
    assert rewrite_file(link) == tmp_path / "f.yaml.before-v2.1"
    assert link.is_symlink()
    assert {path.name: path.read_text() for path in tmp_path.iterdir() if not path.is_symlink()} == {
        "f.yaml": NEW,
        "f.yaml.before-v2": "another one",
        "f.yaml.before-v2.1": OLD,
    }
    assert {path.stat().st_mode & 0o777 for path in (file, tmp_path / "f.yaml.before-v2.1")} == {0o640}
    assert rewrite_file(file) is None


@pytest.mark.parametrize("failing", [1, 2])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EBUSY])
def test_a_disk_that_takes_nothing_leaves_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int, code: int
) -> None:
    file = tmp_path / "f.yaml"
    file.write_text(OLD)
    real, calls = os.fsync, []

    def fsync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2 * failing - 1:  # each file is followed by its folder
            raise OSError(code, os.strerror(code))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(InvalidConfig, match="the file is as it was"):
        rewrite_file(file)
    assert file.read_text() == OLD
    assert {path.name for path in tmp_path.iterdir()} <= {"f.yaml", "f.yaml.before-v2"}


def test_a_file_that_cannot_be_written_is_read_and_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "f.yaml"
    file.write_text(OLD)
    file.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        assert set(load(file, Settings).more_models) == {"birds", "cats"}
        show_migrated(file, False, None)  # type: ignore[arg-type]
        assert capsys.readouterr() == (NEW, "")
    finally:
        tmp_path.chmod(0o755)
    with pytest.raises(InvalidConfig, match="cannot be read: No such file"):
        read_rewritten(tmp_path / "none.yaml")


KILLED = """
import os, sys
from pathlib import Path
from edge.config.rewrite import rewrite_file
at, count = int(sys.argv[2]), 0
def trace(event, _):
    global count
    if event in {"open", "os.rename", "os.chmod", "os.chown", "os.remove", "tempfile.mkstemp"} and armed:
        count += 1
        if count == at:
            os.kill(os.getpid(), 9)
armed = False
sys.addaudithook(trace)
armed = True
rewrite_file(Path(sys.argv[1]))
armed = False
print(count)
"""


def test_killed_at_each_step_the_file_is_old_or_new_and_the_copy_whole(tmp_path: Path) -> None:
    seen = set()
    for at in range(1, 40):
        folder = tmp_path / str(at)
        folder.mkdir()
        file = folder / "f.yaml"
        file.write_text(OLD)
        ended = subprocess.run([sys.executable, "-c", KILLED, file, str(at)], cwd=REPOSITORY, timeout=300, check=False)
        assert ended.returncode in {0, -signal.SIGKILL}
        text = file.read_text()
        assert text in {OLD, NEW}
        copies = [path.read_text() for path in folder.glob("f.yaml.before-*")]
        assert copies in ([], [OLD])
        assert text == OLD or copies == [OLD]
        seen.add((text == NEW, bool(copies)))
        if ended.returncode == 0:
            break
    else:
        pytest.fail("never ended")
    assert seen == {(False, False), (False, True), (True, True)}


def test_the_command_prints_yaml_alone_to_standard_output(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text(OLD)

    def command(*options: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "edge", "check", str(file), *options]
        return subprocess.run(line, cwd=REPOSITORY, timeout=300, check=False, capture_output=True, text=True)

    printed = command("--migrate")
    assert (printed.returncode, printed.stdout, printed.stderr) == (0, NEW, "")
    written = command("--migrate", "--write")
    assert (written.returncode, written.stdout) == (0, "")
    assert "f.yaml.before-v2" in written.stderr
    assert file.read_text() == NEW
    file.write_text(f"version: 9\n{CAMERAS}")
    refused = command("--migrate")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"a newer Foresight wrote this file (form 9, known here: {CURRENT_FORM})" in refused.stderr


EXAMPLE = """mqtt: {host: localhost}
tracking:
  coast_s: 1.0
forecast:
  horizons_s: [0.5, 1]
cameras:
  door:
    source: rtsp://camera.lan/stream  # said
    zones:
      - name: porch
        points: [[0.3, 0.5], [0.7, 0.5], [0.8, 1.0]]
    activity:
      heartbeat_s: 2
"""
PIECES: tuple[str, ...] = (
    "",
    " ",
    "  ",
    "\n",
    ":",
    "- ",
    "#",
    "[",
    "]",
    "{",
    "}",
    "&a ",
    "*a",
    "<<: *a",
    "!!int ",
    "'",
    '"',
    "\t",
    "%",
)
PIECES += ("null", "true", "-1", "1e999", ".nan", "9" * 30, "0x", "é", "\x00", "|", ">", "? ", "---\n", "...", "\x85")
PIECES += ("version: 7\n", "version: 1\n", "detectors: {x: 1}\n", "cameras:", "${FORESIGHT_NO}", "zones: 3", "\u2028")


def mutated(rng: random.Random) -> bytes:
    text = EXAMPLE
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text))
        end = at + rng.choice([0, 0, 1, 2, 5, 20])
        text = text[:at] + rng.choice(PIECES) + text[end:]
    if rng.random() < 0.5:  # a value or a key of one line is another's
        lines = text.split("\n")
        one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        left, right = lines[one].partition(":"), lines[other].partition(":")
        lines[one] = left[0] + ":" + right[2] if rng.random() < 0.5 else right[0] + ":" + left[2]
        text = "\n".join(lines)
    raw = bytearray(text.encode())
    if rng.random() < 0.1:
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    return bytes(raw)


def problems_of(raw: bytes) -> tuple[Problem, ...]:
    try:
        parse_settings(raw, "f.yaml", Settings, {})
    except InvalidConfig as error:
        return error.problems or (problem("f.yaml", WHOLE_FILE, (), "refused without a problem"),)
    return ()


def rewritten_or_not(raw: bytes) -> bytes:
    try:
        return rewritten(raw, "f.yaml")
    except InvalidConfig:
        return raw


WHOLE = ("holds no settings", "is not a list of `key: value` settings", "is a list, not `key: value` settings",
         "is missing", "must be a mapping", "begins with a byte order mark")  # fmt: skip
KEYLESS = (
    "not valid YAML",
    "a character that YAML forbids",
    "is not UTF-8",
    "a key must be text",
    "`<<` takes",
    "tags such",
)


def test_2000_spoilt_files_are_told_of_at_their_line_and_key() -> None:
    rng, refused = random.Random(3), 0
    for _ in range(2000):
        raw = mutated(rng)
        told_of = problems_of(raw)
        refused += bool(told_of)
        lines = len(re.findall(b"\n|\r|\x85|\xe2\x80[\xa8\xa9]", raw)) + 1
        for one in told_of:
            assert 1 <= one.line <= lines or one.message in WHOLE, (one, raw)
            assert one.key or one.message.startswith(KEYLESS) or one.message in WHOLE, (one, raw)
        new = rewritten_or_not(raw)
        assert rewritten_or_not(new) == new
    assert 500 < refused < 1950
