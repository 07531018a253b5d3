"""The rounds as Flower runs them, on the host. Loaded only where Flower is installed."""

from pathlib import Path

from flwr.app import Context
from flwr.serverapp import Grid

from edge.contracts.bundle import read_bundle
from edge.runtime.settings import RuntimeSettings
from edge.runtime.trainable import open_trainable
from trainer.federated.flower import FlowerFleet
from trainer.federated.plan import Plan, beginning
from trainer.federated.record import Record
from trainer.federated.rounds import conduct


def serve(grid: Grid, context: Context) -> None:
    """All rounds of the plan that the app's settings name.

    Raises:
        TrainError, ModelError, CheckpointError: too few devices came, or the model or the weights cannot be used.
    """
    plan = Plan.model_validate_json(Path(str(context.run_config["plan"])).read_text())
    with open_trainable(read_bundle(plan.model), RuntimeSettings(threads=1)) as trainee:
        bundle, trainable, first = trainee.bundle, trainee.trainable, trainee.weights().weights
    first = beginning(plan, bundle, first)
    record = Record(plan.out, bundle, trainable.state)
    conduct(FlowerFleet(grid), first, bundle.sha256, plan.course, plan.terms, record.told)
