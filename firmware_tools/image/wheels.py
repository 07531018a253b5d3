"""Which wheels a board needs: those that run on its Python and its C library, the newest that fit together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from firmware_tools.errors import MistakeError
from firmware_tools.image.wheel import Wheel, read_wheel

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.tags import Tag

OLDEST_GLIBC = 17  # of 2.17: what manylinux2014 means
PROJECT = "foresight-edge"


@dataclass(frozen=True)
class Target:
    """What wheels must run on: a Linux on aarch64.

    Attributes:
        python: its minor version, 13 of 3.13.
        glibc: the minor version of its C library, 41 of 2.41.
    """

    python: int
    glibc: int

    @property
    def version(self) -> str:
        """As file names and markers have it."""
        return f"3.{self.python}"

    @property
    def platforms(self) -> tuple[str, ...]:
        """Those of wheels that run there, the newest first."""
        newest = [f"manylinux_2_{minor}_aarch64" for minor in range(self.glibc, OLDEST_GLIBC - 1, -1)]
        return (*newest, "manylinux2014_aarch64", "linux_aarch64")

    @property
    def markers(self) -> Mapping[str, str]:
        """What requirements ask about it."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.version}.0",
            "os_name": "posix",
            "platform_machine": "aarch64",
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.version}.0",
            "python_version": self.version,
            "sys_platform": "linux",
        }


def tags(target: Target) -> "list[Tag]":
    """The tags of wheels that run there, the best first."""
    from packaging.tags import compatible_tags, cpython_tags  # noqa: PLC0415 - of the extra `firmware`

    version, interpreter = (3, target.python), f"cp3{target.python}"
    own = cpython_tags(version, [interpreter], target.platforms)
    return [*own, *compatible_tags(version, interpreter, target.platforms)]


def fitting(folders: Iterable[Path], target: Target) -> list[Wheel]:
    """The wheels in folders that run there. Raises MistakeError: one is damaged."""
    good = frozenset(tags(target))
    found = (read_wheel(path) for folder in folders for path in sorted(folder.glob("*.whl")))
    return [wheel for wheel in found if wheel.tags & good]


def closure(own: Wheel, others: Sequence[Wheel], target: Target) -> tuple[tuple[Wheel, ...], tuple[str, ...]]:
    """A wheel with all that it needs.

    Args:
        own: the wheel.
        others: what there is to choose from; of each the newest version, of that the best fitting wheel.
        target: where they run.

    Returns:
        The wheels by name, and what is asked for and not there.
    """
    best, asked = _by_name(others, target), [(own, "")]
    chosen, missing, seen = {own.name: own}, set[str](), {(own.name, "")}
    while asked:
        for requirement in _requirements(*asked.pop(), target):
            name = _normal(requirement.name)
            wheel = chosen.get(name) or _newest(best.get(name, ()), requirement)
            if wheel is None or not requirement.specifier.contains(wheel.version, prereleases=True):
                missing.add(str(requirement))
                continue
            chosen[name] = wheel
            new = {(name, extra) for extra in ("", *sorted(requirement.extras))} - seen
            asked += [(wheel, extra) for _, extra in sorted(new)]
            seen |= new
    return tuple(chosen[name] for name in sorted(chosen)), tuple(sorted(missing))


def own_wheel(wheels: Sequence[Wheel]) -> Wheel | None:
    """The newest of this project's own, if there is one."""
    from packaging.version import Version  # noqa: PLC0415

    return max((wheel for wheel in wheels if wheel.name == PROJECT), key=lambda w: Version(w.version), default=None)


def refuse_missing(missing: Sequence[str], target: Target, where: str) -> None:
    """Raises MistakeError: something is missing."""
    if missing:
        raise MistakeError(
            f"{where} lacks wheels for Python {target.version} on aarch64 with glibc 2.{target.glibc}: "
            f"{', '.join(missing)}; put them there, or leave --wheels out to have them fetched"
        )


def _requirements(wheel: Wheel, extra: str, target: Target) -> "list[Requirement]":
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415

    found = []
    for line in wheel.metadata.get_all("Requires-Dist", []):
        try:
            requirement = Requirement(str(line))
        except InvalidRequirement as error:
            raise MistakeError(f"{wheel.path} asks for {line!r}, which is no requirement; remove it") from error
        if requirement.marker is None or requirement.marker.evaluate({**target.markers, "extra": extra}):
            found.append(requirement)
    return found


def _by_name(wheels: Sequence[Wheel], target: Target) -> dict[str, list[Wheel]]:
    """The newest first, of the same version the best fitting first."""
    from packaging.version import Version  # noqa: PLC0415

    order = {tag: place for place, tag in enumerate(tags(target))}
    rank = {id(wheel): min(order.get(tag, len(order)) for tag in wheel.tags) for wheel in wheels}
    found: dict[str, list[Wheel]] = {}
    for wheel in sorted(wheels, key=lambda w: (Version(w.version), -rank[id(w)]), reverse=True):
        found.setdefault(wheel.name, []).append(wheel)
    return found


def _newest(wheels: Sequence[Wheel], requirement: "Requirement") -> Wheel | None:
    return next((wheel for wheel in wheels if requirement.specifier.contains(wheel.version)), None)


def _normal(name: str) -> str:
    from packaging.utils import canonicalize_name  # noqa: PLC0415

    return canonicalize_name(name)
