"""XML of strangers: no document type, hence no entities that unfold or reach for other files."""

from pathlib import Path
from xml.etree import ElementTree as ET
from xml.parsers import expat

from trainer.data.files import SMALL_BYTES, read_bytes
from trainer.errors import TrainError

MOST_DEPTH = 50


def read_xml(path: Path) -> ET.Element:
    """The root of a document.

    Raises:
        TrainError: it cannot be read, is no XML, nests too deeply, or declares a document type.
    """
    data = read_bytes(path, SMALL_BYTES)
    try:
        _refuse_tricks(path, data)
        return ET.fromstring(data)  # noqa: S314
    except (expat.ExpatError, ET.ParseError, ValueError, LookupError) as error:
        raise TrainError(f"it is no XML: {error}") from error


def _refuse_tricks(path: Path, data: bytes) -> None:
    depth = 0

    def declared(*_: object) -> None:
        raise TrainError(f"{path} declares a document type or entities, which are not read; delete the declaration")

    def begun(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > MOST_DEPTH:
            raise TrainError(f"{path} nests more than {MOST_DEPTH} deep; it is no annotation")

    def ended(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = declared
    parser.EntityDeclHandler = declared
    parser.StartElementHandler, parser.EndElementHandler = begun, ended
    parser.Parse(data, True)
