"""What was on trial when the broker or cameras went away: not tried again before they are back.

A model cannot be why, and is tried as often as it takes. A configuration or a system may be: one that loses them twice,
and had them back in between, when it did not serve, is held to be why.
"""

from edge.contracts.release import Kind
from edge.updates.parts import Parts
from edge.updates.state import Content, Trial
from edge.updates.trust.refusal import Reason, RefusedError

BLAMELESS = frozenset({Kind.MODEL})
FORGET_NS = 24 * 3600 * 10**9  # a camera may have been taken away for good


def is_blamed(parts: Parts, content: Content) -> bool:
    """Whether it is held to be why something went away during its trial, which ends now."""
    return content.purpose.kind not in BLAMELESS and _doubted(parts, content.sha256) is not None


def check(parts: Parts, name: str, sha256: str) -> None:
    """Raises RefusedError where a file lost something in its trial that is not back yet."""
    trial = _doubted(parts, sha256)
    if trial is None:
        return
    vitals, now_s = parts.body.vitals(), parts.clock.now_s()
    if trial.before.broker and not vitals.broker:
        raise RefusedError(Reason.AWAY, f"{name}: the broker went away while it was on trial; tried again with it")
    frames_s = parts.before.pulse(vitals, now_s).frames_s
    if frames_s < parts.settings.gate.least_rate * trial.before.frames_s:
        raise RefusedError(
            Reason.AWAY,
            f"{name}: cameras went away while it was on trial; tried again when they are back, or after a day "
            f"({frames_s:.2g} frames a second come, and {trial.before.frames_s:.2g} did)",
        )


def _doubted(parts: Parts, sha256: str) -> Trial | None:
    for trial in parts.book.state.doubted.values():
        if trial.content.sha256 == sha256 and abs(parts.clock.utc_ns() - trial.content.utc_ns) < FORGET_NS:
            return trial
    return None
