"""A configuration file in its present form: the same text, comments and order with it, but for the keys renamed.

What comes out is read again and compared with what the old text means; a file that cannot be rewritten so is refused,
never changed into something else.
"""

import os
import re
import shutil
import tempfile
from pathlib import Path

from edge.config import forms
from edge.config.forms import STEPS, Rename, Step
from edge.config.problems import WHOLE_FILE, InvalidConfig, Mark, problem
from edge.config.tree import Item, plain
from edge.config.yaml_positions import LIMIT_BYTES, parse

_SCALAR = re.compile(r"[^\s,}#]+")
Edit = tuple[int, int, str]  # from and to where the text is replaced, and by what


def rewritten(raw: bytes, file: str, steps: tuple[Step, ...] = STEPS) -> bytes:
    """The bytes of the file in the present form.

    Raises:
        InvalidConfig: it cannot be read, or cannot be rewritten without touching more; says what to do by hand.
    """
    tree = parse(raw, file)
    result = forms.upgraded(tree, file, steps)
    known = forms.FIRST_FORM + len(steps)
    if tree.child(forms.VERSION_KEY) is not None and result.form == known:
        return raw
    text = raw.decode()
    starts = _line_starts(text)
    edits = {_rename(text, starts, tree, rename) for rename in result.renames}
    edits.add(_version(text, starts, tree, known))
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    _verify(text.encode(), file, result, known, steps)
    return text.encode()


def rewrite_file(path: Path) -> Path | None:
    """Rewrite the file in its place; the name of the copy of the old one, None where it has the present form already.

    Raises:
        InvalidConfig: see `rewritten`; or the disk does not take it: the file is as it was.
    """
    path = path.resolve()  # a link stays a link
    try:
        old = _bounded(path)
        new = rewritten(old, str(path))
        if new == old:
            return None
        backup = _backup_name(path, old)
        _replace(backup, old, path)
        _replace(path, new, path)
    except OSError as error:
        hint = "the file is as it was; `--migrate` alone prints the new text, to be put there by hand"
        message = f"cannot be rewritten: {error.strerror or error}"
        raise InvalidConfig([problem(str(path), WHOLE_FILE, (), message, hint)]) from error
    return backup


def read_rewritten(path: Path) -> str:
    """The text of the file in the present form. Raises InvalidConfig."""
    try:
        raw = _bounded(path)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a file name"
        raise InvalidConfig(
            [problem(str(path), WHOLE_FILE, (), f"cannot be read: {why}", "name an existing YAML file")]
        ) from error
    return rewritten(raw, str(path)).decode()


def _bounded(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LIMIT_BYTES + 1)


def _line_starts(text: str) -> list[int]:
    """Where lines begin, with the line ends that YAML 1.1 knows."""
    return [0, *(found.end() for found in re.finditer(r"\r\n|[\r\n\x85\u2028\u2029]", text))]


def _at(starts: list[int], mark: Mark) -> int:
    return starts[mark.line - 1] + mark.column - 1


def _rename(text: str, starts: list[int], tree: Item, rename: Rename) -> Edit:
    item = tree
    for part in rename.path:
        item = item.child(part) or item
    start, key = _at(starts, item.key_at), str(rename.path[-1])
    if text[start : start + 1] in {"'", '"'}:
        start += 1
    return start, start + len(key), rename.to


def _version(text: str, starts: list[int], tree: Item, form: int) -> Edit:
    item = tree.child(forms.VERSION_KEY)
    if item is not None:
        start = _at(starts, item.at)
        found = _SCALAR.match(text, start)
        return start, found.end() if found else start, str(form)
    line = f"{forms.VERSION_KEY}: {form}"
    first = (
        min(child.key_at for child in tree.value.values()) if isinstance(tree.value, dict) and tree.value else tree.at
    )
    start = _at(starts, first)
    if text[starts[first.line - 1] : start].strip() or text[start : start + 1] == "{":
        inside = start + (text[start : start + 1] == "{")
        return inside, inside, line + (", " if tree.value else "")
    number = first.line - 1
    while number and text[starts[number - 1] : starts[number]].lstrip().startswith("#"):
        number -= 1  # the comment above the first key is the key's
    ending = "\r\n" if "\r\n" in text else "\n"
    return starts[number], starts[number], " " * (first.column - 1) + line + ending


def _verify(raw: bytes, file: str, result: forms.Upgraded, form: int, steps: tuple[Step, ...]) -> None:
    try:
        again = forms.upgraded(parse(raw, file), file, steps)
        good = again.form == form and plain(again.tree) == plain(result.tree)
    except InvalidConfig:
        good = False
    if not good:
        by_hand = "; ".join([*map(str, result.renames), f"and `version: {form}` at the top"])
        message = "cannot be rewritten without touching more of it"
        raise InvalidConfig([problem(file, WHOLE_FILE, (), message, f"change it by hand: {by_hand}")])


def _backup_name(path: Path, old: bytes) -> Path:
    """Where a copy of the old file goes; other copies stay."""
    number = 0
    while True:
        suffix = f".before-v{forms.CURRENT_FORM}" + (f".{number}" if number else "")
        backup = path.with_name(path.name + suffix)
        if not backup.exists() or _bounded(backup) == old:
            return backup
        number += 1


def _replace(path: Path, data: bytes, like: Path) -> None:
    """Replace a file as a whole, with the rights of `like`: whoever could read the configuration still can."""
    status = like.stat()
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(data)
            file.flush()
            if os.geteuid() == 0:
                os.fchown(file.fileno(), status.st_uid, status.st_gid)
            shutil.copymode(like, file.name)
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
