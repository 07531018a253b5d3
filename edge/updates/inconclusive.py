"""What was on trial when the broker or cameras went away: not tried again before they are back.

A model cannot be why, and is tried as often as it takes. A configuration or a system may be: one that loses them twice,
and had them back in between, when it did not serve, is held to be why.
"""

from edge.contracts.release import Kind
from edge.updates.context import UpdateContext
from edge.updates.state import Artifact, Trial
from edge.updates.trust.refusal import Reason, RefusedError

BLAMELESS = frozenset({Kind.MODEL})
FORGET_NS = 24 * 3600 * 10**9  # a camera may have been taken away for good


def is_blamed(context: UpdateContext, artifact: Artifact) -> bool:
    """Whether it is held to be why something went away during its trial, which ends now."""
    return artifact.purpose.kind not in BLAMELESS and _inconclusive(context, artifact.sha256) is not None


def check(context: UpdateContext, name: str, sha256: str) -> None:
    """Raises RefusedError where a file lost something in its trial that is not back yet."""
    trial = _inconclusive(context, sha256)
    if trial is None:
        return
    sample, now_s = context.probe.sample(), context.now_s()
    if trial.baseline.broker and not sample.broker:
        raise RefusedError(Reason.AWAY, f"{name}: the broker went away while it was on trial; tried again with it")
    frames_s = context.recorder.baseline(sample, now_s).frames_s
    if frames_s < context.settings.gate.least_rate * trial.baseline.frames_s:
        raise RefusedError(
            Reason.AWAY,
            f"{name}: cameras went away while it was on trial; tried again when they are back, or after a day "
            f"({frames_s:.2g} frames a second come, and {trial.baseline.frames_s:.2g} did)",
        )


def _inconclusive(context: UpdateContext, sha256: str) -> Trial | None:
    for trial in context.state.inconclusive.values():
        if trial.artifact.sha256 == sha256 and abs(context.clock.utc_ns() - trial.artifact.utc_ns) < FORGET_NS:
            return trial
    return None
