"""The threads: fair turns, ends, losses, errors."""

import math
import threading
import time
from dataclasses import replace
from functools import partial

from edge.contracts.errors import ModelError, SourceError
from edge.contracts.types import EventKind, Frame
from edge.engine import MENDS, Engine
from tests.rigs.host import wait_until
from tests.rigs.scenes import Reel, Scripted, Witness, camera, scene

MANY = 2000  # frames, a minute of them: no scheduler keeps a camera waiting for so long


def test_no_camera_ends_at_once() -> None:
    with Engine([], []) as engine:
        engine.run()


def test_of_a_clip_nothing_is_dropped_and_its_end_ends_what_was_there() -> None:
    detector, witness = Scripted(), Witness()
    one = camera(lambda: Reel([scene(k) for k in range(40)]), detector)
    with Engine([one], [witness]) as engine:
        engine.run()
        counts, dropped = engine.counts()["cam"]
    assert [followed.sensed.frame.seq for followed in witness.followed] == list(range(40))
    assert (counts.captured, dropped) == (40, 0)
    assert [events[-1].kind for events in witness.ends] == [EventKind.END]


def test_two_clips_take_turns() -> None:
    """They end only when both have been followed for a while: neither waits for the other's end."""
    witness = Witness()

    def followed(name: str) -> list[int]:
        return [one.sensed.frame.seq for one in witness.followed if one.sensed.frame.camera == name]

    class Clip(Reel):
        def __init__(self, name: str) -> None:
            super().__init__([])
            self._name, self._count = name, 0

        def read(self, deadline_s: float) -> Frame | None:
            if min(len(followed(name)) for name in "ab") >= 10 or self._count == MANY:
                return None
            self._count += 1
            time.sleep(0.03 if self._count > 100 else 0)
            return replace(scene(self._count % 70, self._name), seq=self._count - 1, t_s=self._count / 10)

    pair = [camera(partial(Clip, name), Scripted(), name=name) for name in "ab"]
    with Engine(pair, [witness]) as engine:
        engine.run()
    for name in "ab":
        assert 10 <= len(followed(name)) < MANY
        assert followed(name) == list(range(len(followed(name))))


def test_stop_ends_the_run_and_what_was_there() -> None:
    witness = Witness(after=lambda: engine.stop() if len(witness.followed) == 20 else None)
    with Engine([camera(lambda: Reel([scene(k) for k in range(70)]), Scripted())], [witness]) as engine:
        engine.run()
    assert len(witness.followed) == 20
    assert witness.ends[-1][-1].kind is EventKind.END
    assert wait_until(lambda: not any(thread.name == "camera-cam" for thread in threading.enumerate()))


def test_a_camera_that_cannot_be_opened_is_tried_again() -> None:
    tries = iter([True, True, False])
    witness = Witness()
    one = camera(lambda: Reel([scene(k) for k in range(5)], breaks=lambda: next(tries)), Scripted())
    with Engine([one], [witness]) as engine:
        engine.run()
    assert len(witness.followed) == 5
    assert next(tries, None) is None


def test_an_error_of_one_frame_reaches_the_observers_and_the_run_goes_on() -> None:
    witness = Witness()
    one = camera(lambda: Reel([scene(k) for k in range(10)]), Scripted(failing=[3]))
    with Engine([one], [witness]) as engine:
        engine.run()
    assert [followed.sensed.frame.seq for followed in witness.followed] == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert [type(error) for error in witness.errors] == [ModelError]


def test_leaving_ends_every_thread() -> None:
    one = camera(lambda: Reel([scene(k) for k in range(100)]), Scripted())
    with Engine([one], []) as engine:
        assert wait_until(lambda: engine.counts()["cam"][0].captured >= 1)
    assert wait_until(lambda: not any(thread.name.startswith("camera-") for thread in threading.enumerate()))


def test_a_camera_that_breaks_off_ends_what_was_there_and_goes_on() -> None:
    class Breaking(Reel):
        def read(self, deadline_s: float) -> Frame | None:
            frame = super().read(deadline_s)
            if frame is None:
                raise SourceError("camera cam: tcp @ 0x55c7 broke off")
            return frame

    witness = Witness(after=lambda: engine.stop() if len(witness.followed) == 60 else None)
    one = camera(lambda: Breaking([scene(k) for k in range(30)]), Scripted())
    with Engine([one], [witness]) as engine:
        engine.run()
    assert [followed.sensed.frame.seq for followed in witness.followed] == list(range(60))
    assert len(witness.ends) == 2
    assert witness.ends[0][-1].kind is EventKind.END


def test_a_fault_in_one_camera_leaves_the_other() -> None:
    class Faulty(Reel):
        def read(self, deadline_s: float) -> Frame | None:
            raise ZeroDivisionError

    class Late(Reel):
        def read(self, deadline_s: float) -> Frame | None:
            assert wait_until(lambda: "ZeroDivisionError" in engine.counts()["bad"][0].why)
            return super().read(deadline_s)

    witness = Witness(after=lambda: engine.stop() if len(witness.followed) == 30 else None)
    pair = [
        camera(lambda: Faulty([]), Scripted(), name="bad"),
        camera(lambda: Late([scene(k, "good") for k in range(30)]), Scripted(), name="good"),
    ]
    with Engine(pair, [witness]) as engine:
        engine.run()
    assert len(witness.followed) == 30


def test_a_camera_whose_thread_hangs_is_given_another_and_left_alone_in_the_end() -> None:
    asleep, hanging = threading.Semaphore(0), threading.Event()

    class Stuck(Reel):
        live = True

        def read(self, deadline_s: float) -> Frame | None:
            frame = super().read(deadline_s)
            if frame is None:
                asleep.release()
                hanging.wait(300)  # as in the kernel: no deadline holds
            return frame

    witness = Witness()
    pair = [
        camera(lambda: Stuck([scene(k) for k in range(10)]), Scripted(), live=True, name="bad"),
        camera(lambda: Reel([scene(k, "good") for k in range(10)]), Scripted(), name="good"),
    ]
    with Engine(pair, [witness]) as engine:
        runner = threading.Thread(target=engine.run)
        runner.start()
        for turn in range(MENDS + 1):
            assert asleep.acquire(timeout=60)  # from here on only we say by when it comes round
            assert engine.counts()["bad"][0].captured == 10 * (turn + 1)
            assert engine.due_s()["camera bad"] > time.monotonic()  # it may take its time
            engine.mend()
            engine.counts()["bad"][0].due_s = 0.0
            engine.mend()
        assert "left alone" in engine.counts()["bad"][0].why
        assert engine.due_s()["camera bad"] > time.monotonic() + 500  # the others need not be started anew for it
        engine.mend()
        hanging.set()
        assert wait_until(lambda: [one.sensed.frame.camera for one in witness.followed].count("good") == 10)
        engine.stop()
        runner.join(60)
    assert wait_until(lambda: not any(thread.name == "camera-bad" for thread in threading.enumerate()))


def test_every_thread_says_by_when_it_comes_round() -> None:
    with Engine([camera(lambda: Reel([scene(k) for k in range(5)]), Scripted())], []) as engine:
        engine.run()
        assert engine.due_s() == {"inference": math.inf, "camera cam": math.inf}  # all have ended
