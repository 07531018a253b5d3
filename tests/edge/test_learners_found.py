"""Who learns on the device, and why the others do not: in the state, in the check, and by the doctor."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from edge.check import check
from edge.config.settings import Settings
from edge.contracts.windows import Scaling, SeriesWindow
from edge.doctor.findings import Level
from edge.doctor.learning import learning
from edge.learners.found import find
from tests.rigs.clips import walker
from tests.rigs.learning_model import learning_autoencoder, learning_series
from tests.rigs.learning_side import WINDOW, path_model
from tests.rigs.trajectories import write_rearranger

SERIES = SeriesWindow(("level",), 8, 1.0, Scaling.FIXED, (0.0,), (1.0,), (1, 2))


def told(folder: Path, *, enabled: bool = True) -> dict[str, Any]:
    """Cameras and sensors of every kind."""
    clip = folder / "clip.mp4"
    walker(clip)
    learns = {"model": str(path_model(folder)), "horizons_s": list(WINDOW.horizons_s)}
    plain = {"model": str(write_rearranger(folder / "plain.tflite"))}
    reading = {"topic": "a/b"}
    series = str(learning_series(folder / "s.tflite", SERIES))
    return {
        "device": {"state_dir": str(folder / "state")},
        "learning": {"enabled": enabled, "pause_c": 80, "pause_free_mb": 500},
        "cameras": {
            "yard": {"source": {"path": str(clip)}, "forecast": learns},
            "door": {"source": {"path": str(clip)}, "forecast": plain},
            "hall": {"source": {"path": str(clip)}, "forecast": {"model": "none"}},
        },
        "sensors": {
            "tank": {
                "source": reading,
                "channels": {"level": "$"},
                "model": series,
            },
            "shed": {"source": reading, "channels": {"level": "$"}},
        },
    }


def test_who_learns_and_why_the_others_do_not(tmp_path: Path) -> None:
    found = find(Settings.model_validate(told(tmp_path)))
    assert set(found.models) == {"yard", "tank"}
    assert "--trainable" in found.others["door"]
    assert "straight lines" in found.others["hall"]
    assert "no `model`" in found.others["shed"]


def test_scorers_learn_beside_forecasters_and_embedders_never(tmp_path: Path) -> None:
    settings = told(tmp_path)
    window = replace(SERIES, horizons=())
    good, bare = (learning_autoencoder(tmp_path / f"{limit}.tflite", window, limit) for limit in (1.0, 0.0))
    settings["sensors"]["tank"] |= {"scorer": str(good), "embedder": str(good)}
    settings["sensors"]["shed"] |= {"scorer": str(bare), "embedder": str(good)}
    found = find(Settings.model_validate(settings))
    assert set(found.models) == {"yard", "tank", "tank-scorer"}
    assert found.models["tank-scorer"].path == good
    assert "from which error" in found.others["shed-scorer"]


def test_a_model_that_cannot_be_read_is_no_subject(tmp_path: Path) -> None:
    settings = Settings.model_validate(told(tmp_path))
    (tmp_path / "s.tflite").write_bytes(b"nonsense")
    found = find(settings)
    assert set(found.models) == {"yard"}
    assert "s.tflite" in found.others["tank"]


def test_the_check_says_so(tmp_path: Path) -> None:
    path = tmp_path / "foresight.yaml"
    for enabled, names in ((True, {"yard", "door", "hall", "tank", "shed"}), (False, set[str]())):
        path.write_text(yaml.safe_dump(told(tmp_path, enabled=enabled)))
        report = check(path)
        assert report.problems == ()
        assert {name for what, name, _ in report.rows if what == "learning"} == names


def test_the_doctor_says_who_waits_for_what(tmp_path: Path) -> None:
    settings, root = Settings.model_validate(told(tmp_path)), tmp_path / "root"
    assert [one.level for one in learning(settings, root)] == [Level.OK]
    zone = root / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "temp").write_text("90000")
    (root / "proc").mkdir()
    (root / "proc/meminfo").write_text("MemAvailable: 100000 kB\n")
    battery = root / "sys/class/power_supply/BAT0"
    battery.mkdir(parents=True)
    (battery / "type").write_text("Battery")
    (battery / "status").write_text("Discharging")
    found = list(learning(settings, root))
    assert [one.level for one in found] == [Level.OK, *[Level.WARNING] * 3]
    assert all(one.todo for one in found[1:])


def test_the_doctor_says_nothing_where_nothing_is_to_be_learnt(tmp_path: Path) -> None:
    assert list(learning(Settings.model_validate(told(tmp_path, enabled=False)), tmp_path)) == []
    alone = {"learning": {"enabled": True}, "sensors": {"shed": {"source": {"topic": "a"}, "channels": {"x": "$"}}}}
    (found,) = learning(Settings.model_validate(alone), tmp_path)
    assert (found.level, "shed" in found.what) == (Level.WARNING, True)
