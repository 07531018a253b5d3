"""What runs on a device for each question of the host: our own answer, whatever app the host has sent along.

Flower sends the code of an app to the devices and runs it there. Here this code is never unpacked: the app is the one
that is installed. Loaded only where Flower is installed.
"""

import os
import time
from pathlib import Path
from typing import Any

from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.supernode.cli import flwr_clientapp
from flwr.supernode.runtime import run_clientapp

from edge.contracts.bundle import read_bundle
from edge.contracts.errors import MessageError
from edge.contracts.federated import heard_ask, told_answer
from edge.federated.settings import SETTINGS, FederatedSettings
from edge.federated.subjects import subjects
from edge.federated.turn import Manner, take_turn
from edge.learning.governor import Governor
from edge.runtime.settings import RuntimeSettings
from edge.runtime.trainable import open_trainable

LEFT_S = 5.0  # of the deadline, to send the answer


def answer(message: Message, _: Context) -> Message:
    """Answer one question of the host."""
    arrived_s = time.monotonic()
    settings = FederatedSettings.model_validate_json(Path(os.environ[SETTINGS]).read_text())
    try:
        arrays = {name: one.numpy() for name, one in message.content["arrays"].items()}
        ask = heard_ask(arrays, dict(message.content["fields"]))
    except (KeyError, AttributeError, ValueError, TypeError, EOFError) as error:
        raise MessageError(f"what the host asks cannot be read: {error}") from error
    governor = Governor(settings.cpu_percent)
    until_s = arrived_s + max(ask.deadline_s - LEFT_S, ask.deadline_s / 2)
    with open_trainable(read_bundle(settings.model), RuntimeSettings(threads=1)) as trainee:
        exported = trainee.weights().weights
        own = subjects(settings.learning, trainee.bundle, exported)
        how = Manner(settings.rate, settings.epochs, settings.margin)
        found = take_turn(
            trainee, exported, own, ask, how, lambda: governor.breathe(lambda: time.monotonic() < until_s)
        )
    changes, told = told_answer(found)
    content = RecordDict(
        {
            "arrays": ArrayRecord({name: Array(values) for name, values in changes.items()}),
            "fields": ConfigRecord(dict(told)),
        }
    )
    return Message(content, reply_to=message)


def run() -> None:
    """In the place of Flower's `flwr-clientapp`: the same, but the app is the one above, and nothing is installed."""
    for name, stand_in in (
        ("install_from_fab", _nothing),
        ("get_project_dir", _nothing),
        ("get_load_client_app_fn", _ours),
    ):
        if not hasattr(run_clientapp, name):
            raise SystemExit(f"this Flower does not run apps by {name}; install the version that pyproject.toml names")
        setattr(run_clientapp, name, stand_in)
    flwr_clientapp()


def _nothing(*_: Any, **__: Any) -> None:
    """Not done here."""


def _ours(*_: Any, **__: Any) -> Any:
    app = ClientApp()
    app.train()(answer)
    return lambda *_ids: app
