"""A roll-out on the screen, and as JSON."""

import json
from dataclasses import asdict

from rich.box import SIMPLE
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from firmware_tools.rollout.picture import DeviceLine, Picture
from firmware_tools.rollout.standing import State

COLUMNS = (
    State.ASKED,
    State.BUSY,
    State.AWAY,
    State.GOOD,
    State.FAILED,
    State.PENDING,
    State.OTHERS,
)
MOST_WAVES, MOST_TOLD = 12, 10  # rows on the screen while it runs
STYLES = {"running": "bold", "paused": "yellow", "stopping": "red", "aborted": "red", "done": "green"}


def as_json(picture: Picture) -> str:
    """For programs."""
    return json.dumps(asdict(picture), indent=1)


def show(picture: Picture, console: Console) -> None:
    """All of it."""
    console.print(drawn(picture, most_told=len(picture.told)))
    for device, why in picture.left_out.items():
        _print(console, f"left out: {device}: {why}")
    if picture.state == "aborted" and (good := picture.counts.get(State.GOOD, 0)):
        _print(console, GO_BACK.format(good=good, name=picture.name))


GO_BACK = (
    "Good devices stay as they are, here {good}. To have them go back, release what they had before under a higher "
    "version, and roll that out to them: `rollout status {name} --names good` names them"
)


def drawn(picture: Picture, most_told: int = MOST_TOLD) -> RenderableType:
    """Heading, waves, and whom somebody ought to look at."""
    return Group(_heading(picture), _waves(picture), *map(_line, picture.told[:most_told]), *_more(picture, most_told))


def summary(picture: Picture) -> str:
    """In a line: `autumn: running, 35 of 1000 asked in 3 waves: 30 good, 5 busy; about 12 min left`."""
    counts = ", ".join(f"{count} {word}" for word, count in picture.counts.items() if word != State.WAITING)
    waves = f"{len(picture.waves)} wave{'' if len(picture.waves) == 1 else 's'}"
    told = f"{picture.name}: {picture.state}, {picture.asked} of {picture.devices} asked in {waves}"
    told += f": {counts}" if counts else ""
    told += f"; {picture.why}" if picture.why else ""
    return told + (f"; about {duration(picture.left_s)} left" if picture.left_s else "")


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 05 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def _heading(picture: Picture) -> Text:
    text = Text.assemble((picture.name, "bold"), ": ", (picture.state, STYLES[picture.state]))
    if picture.why:
        text.append(f", {picture.why}")
    text.append(f"\n{', '.join(picture.wishes)}\n{picture.asked} of {picture.devices} devices asked")
    text.append(f", watched for {duration(picture.watched_s)}")
    if picture.state == "running" and picture.wave_over_in_s:
        text.append(f"; this wave is over in {duration(picture.wave_over_in_s)}")
    if picture.left_s:
        text.append(f"; about {duration(picture.left_s)} left")
    return text


def _waves(picture: Picture) -> Table:
    table = Table("wave", "devices", *COLUMNS, box=SIMPLE, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    rows = list(enumerate(picture.waves))
    for number, counts in rows[-MOST_WAVES:]:
        name = "canaries" if number == 0 else str(number)
        cells = [str(counts.get(word, "")) for word in COLUMNS]
        table.add_row(name, str(sum(counts.values())), *cells)
    return table


def _line(line: DeviceLine) -> Text:
    style = "red" if line.standing is State.FAILED else "yellow"
    reason = f" ({line.reason})" if line.reason else ""
    return Text.assemble(
        (f"{line.standing}", style), f" {line.device}{reason}: {line.detail or 'offline for a moment'}"
    )


def _more(picture: Picture, most: int) -> list[Text]:
    left = len(picture.told) - most
    return [Text(f"and {left} more; `rollout status {picture.name}`")] if left > 0 else []


def _print(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
