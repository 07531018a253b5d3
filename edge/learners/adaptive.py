"""A model that learns, as it serves: its weights are switched between two looks, and never in the middle of one."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from edge.contracts.errors import ModelError
from edge.contracts.flow_map import FlowMap
from edge.contracts.runtime import Accelerator
from edge.contracts.trainable import Trainee
from edge.contracts.types import F32, ModelBundle
from edge.learning.learnt import flow, set_learnt
from edge.learning.standing import EXPORTED

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, slots=True)
class Served:
    """What was learnt (see `edge.learning.learnt`), and the name of its checkpoint: EXPORTED for the model file's."""

    name: str
    weights: F32
    scores: Mapping[str, float] = field(default_factory=dict)  # that stand beside them; none in the model file


class AdaptiveModel:
    """A `Runtime`. `put` may be called on any thread; `turn` and `invoke` on the one that runs the chain.

    Args:
        trainee: is driven by nobody else.
    """

    def __init__(self, trainee: Trainee) -> None:
        self._trainee = trainee
        self._flow: FlowMap | None = None
        self.exported = Served(EXPORTED, trainee.weights().weights)
        self._wanted = self._now = self.exported
        self.refused = ""  # the name of weights that this model does not run with

    @property
    def bundle(self) -> ModelBundle:
        """The model that is loaded."""
        return self._trainee.bundle

    @property
    def name(self) -> str:
        """The library that runs it."""
        return self._trainee.name

    @property
    def delegate(self) -> str:
        """What really computes."""
        return self._trainee.delegate

    @property
    def accelerator(self) -> Accelerator:
        """How its accelerator fares."""
        return self._trainee.accelerator

    @property
    def served(self) -> str:
        """The name of the weights that serve now."""
        return self._now.name

    @property
    def flow(self) -> FlowMap | None:
        """What was learnt of how paths bend at each place; None where nothing was."""
        return self._flow

    @property
    def scores(self) -> Mapping[str, float]:
        """What stands beside the weights that serve now."""
        return self._now.scores

    @property
    def wanted(self) -> str:
        """The name of those that are to serve from the next look on."""
        return self._wanted.name

    def put(self, served: Served) -> None:
        """Let these serve from the next look on. Those that were refused once are not tried again."""
        if served.name == EXPORTED or served.name != self.refused:
            self._wanted = served

    def turn(self) -> None:
        """Between two looks: take up what was put."""
        wanted = self._wanted
        if wanted is not self._now:
            try:
                self._set(wanted)
            except ModelError as error:
                self._refuse(wanted, error)

    def invoke(self, tensor: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """Run once; where it fails with what was learnt, once more as it was exported. Raises ModelError."""
        try:
            return self._trainee.invoke(tensor)
        except ModelError as error:
            if self._now.name == EXPORTED:
                raise
            self._refuse(self._now, error)
            return self._trainee.invoke(tensor)

    def _set(self, served: Served) -> None:
        flow_map = flow(self.bundle, served.weights)
        set_learnt(self._trainee, served.weights)
        self._now, self._flow = served, flow_map

    def _refuse(self, served: Served, error: ModelError) -> None:
        _log.error("%s: what was learnt is not used: %s", self.bundle.path, error)
        self.refused, self._wanted = served.name, self.exported
        self._set(self.exported)
