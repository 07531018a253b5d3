"""An embedding model that every machine has: the vector of a picture is the picture itself, 8 x 8 pixels small."""

from pathlib import Path

from tests.rigs.graphs import File, Graph

SIDE = 8
RECIPE = {"head": "embedding", "mean": [100.0] * 3, "std": [100.0] * 3}  # what a configuration says of it


def write_embedding_model(path: Path) -> Path:
    """Write the file."""
    file = File()
    graph = Graph(file)
    given, size = graph.given((1, SIDE, SIDE, 3)), SIDE * SIDE * 3
    graph.graph.outputs = [graph.run("RESHAPE", [given, graph.wholes(1, size)], (1, size), newShape=[1, size])]
    path.write_bytes(file.encode())
    return path
