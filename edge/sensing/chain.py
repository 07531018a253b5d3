"""One sensor: its front, its outlook, and how it stands. One thread at a time."""

import logging
import math
from collections.abc import Mapping

from edge.contracts.sensors import SensorHealth, SensorStatus
from edge.contracts.stored import Json
from edge.sensing.front import Front
from edge.sensing.outlook import Outlook, Sensed
from edge.sensing.settings import SensorSettings
from edge.sensing.steps import Makers
from edge.sensors.arrival import Raw
from edge.sensors.payload import Reader
from edge.sensors.score import LEARNT
from edge.sensors.windows import Sample

SILENT_STEPS, SILENT_S = 10.0, 60.0  # without a reading; the latter while the step is not known, and at least a sixth
_log = logging.getLogger(__name__)


class SensorChain:
    """From messages to all that is known of them.

    Args:
        name: of the sensor.
        settings: of it.
        reader: of its messages.
        makers: of the steps that learn.
    """

    def __init__(self, name: str, settings: SensorSettings, reader: Reader, makers: Makers) -> None:
        self.name, self.settings = name, settings
        self._makers = makers
        self._front = Front(name, settings, reader, makers.step_s)
        self._outlook: Outlook | None = None

    @property
    def step_s(self) -> float:
        """Between samples; 0 while it is not known."""
        return self._front.step_s

    @property
    def odd(self) -> bool:
        """Whether an anomaly was told of, and not yet its end."""
        return self._outlook is not None and self._outlook.odd

    def step(self, raw: Raw) -> list[Sensed]:
        """Take one message."""
        return self._follow(self._front.step(raw))

    def tick(self, now_s: float) -> list[Sensed]:
        """What is complete though nothing came; now and then, where readings arrive as they are made."""
        return self._follow(self._front.tick(now_s))

    def complain(self, text: str) -> None:
        """Say what is wrong, not too often."""
        self._front.complaints.say(text)

    def status(self, now_s: float, trouble: str) -> tuple[SensorStatus, str]:
        """How it stands, and why.

        Args:
            now_s: monotonic.
            trouble: of its source.
        """
        front = self._front
        if trouble:
            return SensorStatus.OFFLINE, trouble
        if not front.readings:
            return SensorStatus.OFFLINE, front.complaints.newest or "nothing has come yet"
        quiet_s = now_s - front.heard_s
        if quiet_s > self._patience_s():
            return SensorStatus.SILENT, f"nothing has come for {quiet_s:.0f} s; {front.complaints.newest}".rstrip("; ")
        if front.stuck:
            return SensorStatus.STUCK, "it says the same again and again"
        return SensorStatus.ONLINE, ""

    def health(self, now_s: float, trouble: str, dropped: int) -> SensorHealth:
        """The same with all that is counted."""
        front, outlook = self._front, self._outlook
        status, reason = self.status(now_s, trouble)
        plain, learnt = outlook.score.figures() if outlook else ((math.nan, math.nan), (math.nan, math.nan))
        serves = outlook is not None and outlook.score.serving == LEARNT
        return SensorHealth(
            sensor=self.name,
            status=status,
            reason=reason or (outlook.trouble or outlook.unscored if outlook else ""),
            readings=front.readings,
            refused=front.refused,
            dropped=dropped,
            late=front.late,
            gaps=front.gaps,
            samples=outlook.samples if outlook else 0,
            step_s=front.step_s or math.nan,
            serving="learnt" if serves else "plain",
            plain_error=plain[0],
            learnt_error=learnt[0],
            coverage=learnt[1] if serves else plain[1],
        )

    def state(self) -> dict[str, Json]:
        """What is to outlive a restart; empty where nothing is known yet."""
        return {"key": self._makers.key, **self._outlook.state()} if self._outlook else {}

    def restore(self, state: Json) -> None:
        """Go on from what was kept; that of other settings is not used."""
        if not isinstance(state, Mapping) or state.get("key") != self._makers.key:
            return
        try:
            outlook = Outlook(self.name, self.settings, _step(state.get("step_s")), self._makers)
            outlook.restore(state)
        except (ArithmeticError, TypeError, ValueError) as error:
            _log.warning("sensor %s: what was learnt is of no use (%s); it begins anew", self.name, error)
            return
        self._front.restore(outlook.step_s)
        self._outlook = outlook

    def _follow(self, samples: list[Sample]) -> list[Sensed]:
        return [self._one(sample) for sample in samples]

    def _one(self, sample: Sample) -> Sensed:
        step_s = self._front.step_s
        if self._outlook is None or self._outlook.step_s != step_s:
            self._outlook = Outlook(self.name, self.settings, step_s, self._makers)
        return self._outlook.step(sample, self._front.utc_ns(sample.t_s), stuck=self._front.stuck)

    def _patience_s(self) -> float:
        step_s = self._front.step_s
        given_s = self.settings.window.silent_s
        return given_s or (max(SILENT_STEPS * step_s, SILENT_S / 6) if step_s else SILENT_S)


def _step(kept: Json) -> float:
    if isinstance(kept, bool) or not isinstance(kept, int | float) or not 0 < kept < math.inf:
        raise ValueError("its grid has no step")
    return float(kept)
