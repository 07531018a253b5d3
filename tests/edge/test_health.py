"""What the machine and the stages say of themselves."""

import math

import pytest

from edge.attention import LookSettings
from edge.engine import Engine
from edge.health import StageClock, cpu_seconds, rss_bytes
from edge.monitor import Monitor
from edge.mqtt.link import LinkStats
from edge.outbox.outbox import OutboxStats
from tests.rigs.scenes import Reel, Scripted, camera, chain, intake, scene


def test_a_clock_without_samples_says_nothing() -> None:
    assert StageClock().times() == {}


def test_percentiles_are_of_the_newest_samples_and_the_count_is_of_all() -> None:
    clock = StageClock()
    for _ in range(1000):
        clock.add("old", 1.0)
    for k in range(512):
        clock.add("old", k / 511 / 1000)
    times = clock.times()["old"]
    assert times.count == 1512
    assert times.p50_ms == pytest.approx(0.5, abs=0.01)
    assert times.p95_ms == pytest.approx(0.95, abs=0.01)


def test_a_stage_is_timed_also_when_it_fails() -> None:
    clock = StageClock()
    with pytest.raises(ZeroDivisionError), clock.stage("broken"):
        _ = 1 / 0
    assert clock.times()["broken"].count == 1


def test_memory_and_processor_time_are_of_this_process() -> None:
    before_s, before_bytes = cpu_seconds(), rss_bytes()
    block = bytearray(64 * 2**20)
    assert rss_bytes() - before_bytes > 48 * 2**20
    assert block
    while cpu_seconds() - before_s < 0.02:
        math.factorial(300)


def test_the_report_counts_frames_once() -> None:
    clock = StageClock()
    made = chain(Scripted(), LookSettings(), clock)
    one = camera(lambda: Reel([scene(k) for k in range(30)]), Scripted())
    monitor, sense = Monitor({"cam": clock}), intake()
    looked = 0
    for k in range(30):
        followed = made.step(sense.step(scene(k)))
        looked += followed.looked
        monitor.seen(one, followed)
    engine = Engine([one], [])
    alone = LinkStats(False, 0, 0, 0, True, "5")
    nothing = OutboxStats("stream", 3, 2, 0, "")
    first = monitor.report(engine.counts(), [], nothing, alone)
    second = monitor.report(engine.counts(), [], nothing, alone)
    assert (first.outbox_rows, first.outbox_dropped, first.delegate) == (3, 2, "none")
    assert first.cameras[0].skipped == 30 - looked
    assert second.cameras[0].skipped == 30 - looked  # counted since the start
    assert second.cameras[0].detected_fps == 0
    assert math.isnan(second.cameras[0].latency_ms)
    assert first.cameras[0].latency_ms >= 0
