"""Which samples stay: decided in memory, done on what stands for a disk."""

import random
from collections import Counter

import numpy as np
import pytest

from edge.learning.division import Part
from edge.learning.keeping import Age, Keeping, Kept, Moves, place, quota

CAPACITY = {Part.LEARN: 40, Part.JUDGE: 10}


class Disk:
    """Does what it is told, and nothing that makes no sense."""

    def __init__(self) -> None:
        self.kept: dict[int, Kept] = {}
        self.ever: dict[tuple[Part, str], int] = {}

    def change(self, moves: Moves) -> None:
        for seq in moves.old:
            assert self.kept[seq].age is Age.RECENT
            self.kept[seq] = self.kept[seq]._replace(age=Age.OLD)
        for seq in moves.gone:
            del self.kept[seq]
        self.ever |= moves.ever

    def come(self, keeping: Keeping, seq: int, part: Part, stratum: str) -> None:
        kind = keeping.kind(part, stratum)
        self.kept[seq] = Kept(seq, part, Age.RECENT, kind)
        self.change(keeping.arrived(seq, part, kind))

    def count(self, part: Part, age: Age) -> int:
        return sum((one.part, one.age) == (part, age) for one in self.kept.values())


def keeping(seed: int = 1, learnt: int = CAPACITY[Part.LEARN]) -> Keeping:
    return Keeping({**CAPACITY, Part.LEARN: learnt}, random.Random(seed))


def test_nothing() -> None:
    rules = keeping()
    assert rules.settled() == Moves()
    assert [rules.count(part, age) for part in Part for age in Age] == [0, 0, 0, 0]
    assert (quota(0, 0), place(0, 1, 1, random.Random(1))) == (1, 0)


@pytest.mark.parametrize("seed", range(5))
def test_the_disk_is_as_the_rules_believe_and_never_too_full(seed: int) -> None:
    chance, rules, disk = random.Random(seed), keeping(seed), Disk()
    for seq in range(600):
        disk.come(rules, seq, chance.choice(list(Part)), f"kind{chance.randrange(1 + seq // 100)}")
        for part in Part:
            assert [rules.count(part, age) for age in Age] == [disk.count(part, age) for age in Age]
            assert disk.count(part, Age.RECENT) <= CAPACITY[part] // 2
            assert disk.count(part, Age.OLD) <= CAPACITY[part] // 2 + len(disk.ever)
    newest = {
        part: [seq for seq, one in disk.kept.items() if (one.part, one.age) == (part, Age.RECENT)] for part in Part
    }
    assert all(len(newest[part]) == CAPACITY[part] // 2 for part in Part)


def test_what_begins_anew_goes_on_as_before() -> None:
    disk, rules = Disk(), keeping()
    for seq in range(300):
        disk.come(rules, seq, Part.LEARN, f"kind{seq % 3}")
    again = keeping()
    again.begin(disk.kept.values(), disk.ever)
    assert again.settled() == Moves()
    assert [again.count(Part.LEARN, age) for age in Age] == [rules.count(Part.LEARN, age) for age in Age]


def test_with_less_room_the_newest_stay_and_a_fair_choice_of_the_others() -> None:
    disk, rules = Disk(), keeping(learnt=1000)
    for seq in range(2000):
        disk.come(rules, seq, Part.LEARN, "rare" if seq % 20 == 0 else "common")
    less = keeping(learnt=40)
    less.begin(disk.kept.values(), disk.ever)
    disk.change(less.settled())
    recent = sorted(seq for seq, one in disk.kept.items() if one.age is Age.RECENT)
    assert recent == list(range(1980, 2000))
    kinds = Counter(one.kind for one in disk.kept.values() if one.age is Age.OLD)
    assert kinds == {"rare": 10, "common": 10}
    assert less.settled() == Moves()


def test_each_of_all_that_ever_came_stays_with_the_same_probability() -> None:
    """Over many seeds, old samples are spread over all of the time; the mean is 490 and its deviation about 6 here."""
    found = []
    for seed in range(100):
        disk, rules = Disk(), keeping(seed)
        for seq in range(1000):
            disk.come(rules, seq, Part.LEARN, "one")
        found += [seq for seq, one in disk.kept.items() if one.age is Age.OLD]
    assert len(found) == 2000
    assert abs(float(np.mean(found)) - 489.5) < 5 * 283 / np.sqrt(2000)
