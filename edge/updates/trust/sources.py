"""The source of releases that the settings name."""

from edge.contracts.bus import Bus
from edge.contracts.topics import Topics
from edge.updates.trust.asking import AskingSource
from edge.updates.trust.settings import BROKER, TrustSettings
from edge.updates.trust.source import Source
from edge.updates.trust.web import WebSource


def source(settings: TrustSettings, bus: Bus, topics: Topics) -> Source:
    """A web server, or whoever answers at the broker. Raises ConfigError where `ca_file` cannot be used."""
    if settings.url == BROKER:
        return AskingSource(bus, topics)
    return WebSource(settings.url, settings.ca_file)
