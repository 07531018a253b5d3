"""All that `foresight-train explain` says of a network, ready to be laid out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trainer.explain.contents import Explanation, Section
from trainer.explain.evidence import evidence_section
from trainer.explain.patterns import how_to_read, level_table, pattern_sections
from trainer.explain.pictures import Views, read_view, read_views
from trainer.explain.subject import Subject, subject
from trainer.networks import load_network
from trainer.trained import Trained

MOST_NAMES = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be explained."""

    pictures: Path  # a folder of pictures to look for patches in
    picture: tuple[Path, ...]  # those whose verdicts are to be explained
    level: str  # the layer to read evidence from; "" = the deepest few
    most: int  # pictures of the folder at most
    dreaming: bool  # show what channels would like best


def explain(trained: Trained, asked: Asked, said: Callable[[str], None]) -> Explanation:
    """Study a trained network.

    Args:
        trained: the network.
        asked: what of it.
        said: told what is being done.

    Raises:
        TrainError: it cannot be explained, or there are no pictures.
    """
    said("reading the network and the pictures")
    network = load_network(trained)
    shown = [read_view(path, trained.input_px) for path in asked.picture]
    views = read_views(asked.pictures, trained.input_px, asked.most)
    said("measuring what its levels see")
    one = subject(trained, network, views)
    sections: list[Section] = []
    for view in shown:
        said(f"what the verdicts on {view.path.name} rest upon")
        sections.append(evidence_section(one, view, asked.level))
    said(f"what its levels respond to in {len(views.views)} pictures")
    sections.extend(pattern_sections(one, views, dreaming=asked.dreaming))
    return _explanation(one, views, asked, tuple(sections))


def _explanation(one: Subject, views: Views, asked: Asked, sections: tuple[Section, ...]) -> Explanation:
    trained, deepest = one.trained, one.levels[-1][1].side
    return Explanation(
        title=f"{trained.name}: what it looks at",
        subtitle=f"{trained.folder}, over {len(views.views)} pictures of {asked.pictures}",
        notes=_notes(views),
        figures=(
            ("levels shown", str(len(one.levels))),
            ("pixels, side of its picture", str(trained.input_px)),
            ("pixels seen at the first level", str(one.levels[0][1].side)),
            ("pixels seen at the deepest", str(deepest)),
        ),
        sections=(*sections[: len(asked.picture)], _guide(dreaming=asked.dreaming), *sections[len(asked.picture) :]),
        table=level_table(one),
        particulars=(
            ("network", trained.name),
            ("task", trained.task.value),
            ("labels", ", ".join(trained.labels)),
            ("evidence", "Grad-CAM, Selvaraju et al. 2017; for a detector, place by place"),
            ("weight of a channel", "|gradient x activation| of the strongest verdict, Molchanov et al. 2017"),
        ),
    )


def _guide(*, dreaming: bool) -> Section:
    return Section("How to read the levels", (how_to_read(dreaming=dreaming),), (), narrow=False)


def _notes(views: Views) -> tuple[str, ...]:
    if not views.unreadable:
        return ()
    names = ", ".join(path.name for path in views.unreadable[:MOST_NAMES])
    return (f"{len(views.unreadable)} pictures could not be read and are left out: {names}",)
