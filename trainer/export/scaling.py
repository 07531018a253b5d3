"""How pixels reach the trainer's networks: `(x - 127.5) / 127.5`, RGB, letterboxed from the top left."""

from edge.contracts.manifest import PictureInput, Triple
from edge.contracts.types import ColourOrder, Resize

MEAN: Triple = (127.5, 127.5, 127.5)
STD: Triple = (127.5, 127.5, 127.5)
PICTURE = PictureInput(Resize.LETTERBOX, ColourOrder.RGB, MEAN, STD)
