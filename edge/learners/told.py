"""How a subject in the learner's process stands, as the daemon is told."""

from edge.contracts.learning_state import NO_ERRORS, Errors, Offers, SubjectState
from edge.learning.promotion import Score
from edge.learning.round import Judgement
from edge.learning.subject import State


def state_of(name: str, state: State, offers: Offers, trouble: str) -> SubjectState:
    """Of one that is open.

    Args:
        name: of the camera or sensor.
        state: its own.
        offers: what others have learnt.
        trouble: of this process with it; "" where there is none.
    """
    standing, live = state.standing, state.live
    return SubjectState(
        name=name,
        phase=standing.phase.value,
        serving=standing.serving,
        previous=standing.previous,
        candidate=standing.candidate,
        samples=state.seen,
        learnt_from=state.learnt_from,
        held_out=state.held_out,
        rounds=standing.rounds,
        promoted=standing.promoted,
        returned=standing.returned,
        held=NO_ERRORS if state.judgement is None else judged(state.judgement),
        live=_scored(live.newest),
        shadow=_scored(live.shadow),
        offers=offers,
        trouble=trouble or state.trouble,
    )


def judged(judgement: Judgement) -> Errors:
    """What was found on what was held out."""
    return Errors(judgement.over_base.samples, judgement.base, judgement.serving, judgement.candidate)


def _scored(score: Score) -> Errors:
    if not score.count:
        return NO_ERRORS
    return Errors(score.count, score.exported, score.serving, score.candidate)
