"""The daemon between its configuration and its first picture."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from edge.config.settings import Settings
from edge.contracts.stored import StateError
from edge.delivery import Delivery
from edge.life.notify import Notifier
from edge.run import Daemon


def test_every_command_is_listened_for_before_there_is_a_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker hands over what it kept while nobody was there at once, and only once."""
    heard: list[str] = []

    def connect(self: Delivery, stack: ExitStack) -> None:
        heard.extend(topic for topic, _ in self.link._handlers)
        raise StateError("that is all this test wants to know")

    def never() -> Settings:
        raise AssertionError

    monkeypatch.setattr(Delivery, "_open", connect)
    settings = Settings.model_validate(
        {
            "device": {"state_dir": str(tmp_path)},
            "mqtt": {"host": "127.0.0.1", "device": "dev"},
            "cameras": {"yard": {"source": "street"}},
        }
    )
    with pytest.raises(StateError, match="all this test"):
        Daemon(settings, never, Notifier({})).run()
    for topic in ("foresight/dev/teach", "foresight/dev/learn/set", settings.homeassistant.birth_topic):
        assert topic in heard
    assert any(topic.endswith("/set") and "+" in topic for topic in heard)
