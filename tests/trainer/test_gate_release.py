import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from edge.contracts.bundle import read_bundle, read_manifest
from edge.contracts.manifest import Calibration, Manifest, PictureInput, Task, encode_manifest, parse_manifest
from edge.contracts.types import ColourOrder, Head, Resize
from tests.paths import data
from tests.rigs.coco128 import coco128
from tests.rigs.spoiled import unpacked, with_files
from trainer.errors import TrainError
from trainer.gate.judge import judge, look_inside
from trainer.gate.release import release
from trainer.gate.report import blamed, gate_report
from trainer.gate.show import show_verdict
from trainer.gate.verdict import Answer, Check, Question, Verdict, failed, passed, unknown

RAW = (128.0, 128.0, 128.0)
MANIFEST = Manifest(
    task=Task.DETECTOR,
    head=Head.SSD,
    name="made",
    version="1",
    labels="labelmap.txt",
    input=PictureInput(Resize.STRETCH, ColourOrder.RGB, RAW, RAW),
    metrics={"held_out": {"older": 1.0}, "train": {"loss": 0.5}},
    quantisation="int8",
    calibration=Calibration("coco128", 40),
    recipe="none",
    revision="abc",
)
LOST, LEAKED = failed(Question.ACCURACY, "-3 points of mAP"), failed(Question.TRAINING, "a.jpg was trained on")
FIGURES = {"map": 0.31, "map_drop_points": 0.4, "shared": float("nan"), "boxes": 898.0}


def exported(tmp_path: Path) -> Path:
    """A file as our exporter leaves it: a real model, with a manifest."""
    source = data("models", "ssd_mobilenet_v1_coco_quant.tflite")
    return with_files(
        source, tmp_path / "candidate.tflite", lambda files: {**files, "foresight.json": encode_manifest(MANIFEST)}
    )


def verdict(candidate: Path, *checks: Check) -> Verdict:
    digest = read_bundle(candidate).sha256
    return Verdict(Path("float.tflite"), candidate, digest, checks, FIGURES, (), ())


def told(path: Path) -> Manifest:
    manifest = read_manifest(path)
    assert manifest is not None
    return manifest


def test_reads_manifests_with_and_without_an_accepted_loss() -> None:
    assert parse_manifest(encode_manifest(MANIFEST)) == MANIFEST
    older = encode_manifest(MANIFEST).replace(b' "accepted_loss": ""', b' "unknown": ""')
    assert parse_manifest(older).accepted_loss == ""
    lost = replace(MANIFEST, accepted_loss="only parked cars")
    assert parse_manifest(encode_manifest(lost)) == lost


def test_lets_out_what_passed_with_its_figures_inside(tmp_path: Path) -> None:
    candidate, out = exported(tmp_path), tmp_path / "models" / "final.tflite"
    accepted = verdict(candidate, passed(Question.HEAD, ""), unknown(Question.ACCURACY, "too few"))
    written = release(accepted, out, report=tmp_path / "report.html", accept_loss="not needed")
    assert told(out) == written
    assert written.metrics == {
        "held_out": {"older": 1.0, "map": 0.31, "boxes": 898.0},
        "train": {"loss": 0.5},
        "gate": {"map_drop_points": 0.4},
    }
    assert written.accepted_loss == ""
    before, after = unpacked(candidate.read_bytes()), unpacked(out.read_bytes())
    assert after[0] == before[0]
    assert after[1]["labelmap.txt"] == before[1]["labelmap.txt"]
    assert read_bundle(out).labels == read_bundle(candidate).labels
    assert [path.name for path in out.parent.iterdir()] == ["final.tflite"]


@pytest.mark.parametrize(
    ("checks", "reason", "said"),
    [
        ((LOST,), "", "-3 points of mAP.*report.html; --accept-loss REASON writes it nevertheless"),
        ((LOST,), "  ", "--accept-loss REASON"),
        ((LEAKED,), "", "a.jpg was trained on.*correct that and export again"),
        ((LEAKED, LOST), "never mind", "forgives a loss of accuracy, not apart from training$"),
        ((failed(Question.LABELS, ""),), "never mind", "not labels"),
        ((failed(Question.OUTPUTS, ""),), "never mind", "not outputs"),
        ((failed(Question.FINDS, ""),), "never mind", "not finds something"),
        ((failed(Question.PICTURES, ""),), "never mind", "not held-out pictures"),
    ],
)
def test_keeps_in_what_failed(tmp_path: Path, checks: tuple[Check, ...], reason: str, said: str) -> None:
    candidate, out = exported(tmp_path), tmp_path / "out" / "final.tflite"
    with pytest.raises(TrainError, match=said):
        release(verdict(candidate, *checks), out, report=tmp_path / "report.html", accept_loss=reason)
    assert not out.parent.exists()
    out.parent.mkdir()
    out.write_bytes(b"the old one")
    with pytest.raises(TrainError):
        release(verdict(candidate, *checks), out, report=tmp_path / "report.html", accept_loss=reason)
    assert [path.read_bytes() for path in out.parent.iterdir()] == [b"the old one"]


def test_lets_a_loss_out_for_a_reason(tmp_path: Path) -> None:
    candidate, out = exported(tmp_path), tmp_path / "final.tflite"
    lost = verdict(candidate, LOST, failed(Question.AGREEMENT, "60 %"))
    release(lost, out, report=tmp_path / "report.html", accept_loss=" only parked cars ")
    assert told(out).accepted_loss == "only parked cars"


def test_lets_out_only_what_was_judged(tmp_path: Path) -> None:
    candidate, out = exported(tmp_path), tmp_path / "final.tflite"
    good = verdict(candidate, passed(Question.HEAD, ""))
    candidate.write_bytes(candidate.read_bytes() + b" ")
    with pytest.raises(TrainError, match="not the file that was judged"):
        release(good, out, report=tmp_path / "report.html")
    stranger = data("models", "ssd_mobilenet_v1_coco_quant.tflite")
    with pytest.raises(TrainError, match=r"carries no foresight\.json"):
        release(verdict(stranger), out, report=tmp_path / "report.html")
    with pytest.raises(TrainError, match="cannot be written"):
        release(verdict(exported(tmp_path)), Path("/proc/none/final.tflite"), report=tmp_path / "report.html")
    assert not out.exists()


def test_shows_the_verdict_and_the_layers(tmp_path: Path) -> None:
    candidate, few = exported(tmp_path), coco128(most=3)
    seen = few.pictures[0].path
    judged = judge(candidate, candidate, few, calibration=(), training=(seen,))
    judged = look_inside(judged, few)
    console = Console(record=True, width=150)
    show_verdict(judged, console)
    shown = console.export_text()
    files = gate_report(judged, tmp_path / "report.html", "coco <128>")
    page = files[0].read_text()
    for text in (shown, page):
        assert seen.name in text
        assert "refused: candidate.tflite; failed: apart from training" in text
        assert "too few boxes to tell" in text
        assert "no one layer loses it" in text
    assert page.count('<td class="bad">failed</td>') == 1
    assert page.count('<td class="soft">cannot tell</td>') == sum(
        check.answer is Answer.UNKNOWN for check in judged.checks
    )
    assert "coco &lt;128&gt;" in page
    assert tmp_path / "report_plots" / "layers.png" in files
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_reports_what_could_not_be_run(tmp_path: Path) -> None:
    absent = Verdict(Path("float.tflite"), Path("b.tflite"), "", (failed(Question.RUNS, "<gone>"),), {}, (), ())
    assert gate_report(absent, tmp_path / "report.html", "nothing") == (tmp_path / "report.html",)
    page = (tmp_path / "report.html").read_text()
    assert "refused: b.tflite; failed: loads and runs" in page
    assert "&lt;gone&gt;" in page
    assert blamed(()) == ()
