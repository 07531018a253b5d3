"""A configuration with released models in the place of those that it names."""

from pathlib import Path

from edge.config.settings import Settings
from edge.contracts.update_state import CONFIGURATION, SYSTEM
from edge.updates.startup import Files
from edge.updating.model_uses import ModelUse, with_models


def overlaid(settings: Settings, files: Files) -> Settings:
    """The settings with these files in their places. A file whose hash the operator wrote down stays.

    Args:
        settings: as somebody wrote them.
        files: of the store, by place; what is no model is left alone.
    """
    models = {place: path for place, path in files.items() if place not in {CONFIGURATION, SYSTEM}}

    def choice(use: ModelUse) -> Path:
        return use.file.path if use.pinned else models.get(use.place, use.file.path)

    return with_models(settings, choice) if models else settings
