"""What is kept of samples, on a real disk."""

import contextlib
import sqlite3
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.learning.division import Part, part_of
from edge.learning.keeping import MOST_STRATA, OTHERS, RECENT_SHARE, Age
from edge.learning.reservoir import MB, Added, Reservoir, capacity
from edge.learning.sample import Sample
from edge.learning.samples_file import MOST_GROUPS
from edge.learning.settings import LearningSettings
from tests.rigs.reservoirs import PERIOD_S, SETTINGS, SPAN_S, asked, kept, reservoir, sample, values


def test_nothing_is_shared_by_the_parts(tmp_path: Path) -> None:
    """No moment, and no track that is there for less than a period: whatever comes, in whatever order."""
    random = np.random.default_rng(1)
    begins = random.uniform(0, 60, 400)
    given = [sample(number, float(begin), f"track{begin // (PERIOD_S / 4):.0f}") for number, begin in enumerate(begins)]
    store = reservoir(tmp_path, LearningSettings(samples=1000, holdout=0.25))
    store.add(given)
    learnt, judged = ([given[int(value)] for value in kept(store, part)] for part in (Part.LEARN, Part.JUDGE))
    assert len(learnt) > 20
    assert len(judged) > 10
    assert not {one.group for one in learnt} & {one.group for one in judged}
    assert min(gaps(learnt, judged)) > 0


def test_a_track_that_never_ends_is_learnt_from_and_judged_by(tmp_path: Path) -> None:
    given = [sample(number, 8.0 + number / 4, "parked car") for number in range(400)]
    store = reservoir(tmp_path, LearningSettings(samples=1000, holdout=0.25))
    for one in given[:200]:
        store.add([one])
    store.close()
    store = reservoir(tmp_path, LearningSettings(samples=1000, holdout=0.25))
    store.add(given[200:])
    learnt, judged = ([given[int(value)] for value in kept(store, part)] for part in (Part.LEARN, Part.JUDGE))
    assert len(learnt) > 100
    assert len(judged) > 20
    assert min(gaps(learnt, judged)) >= SPAN_S


def gaps(learnt: list[Sample], judged: list[Sample]) -> list[float]:
    """Seconds between each two of them."""
    return [max(one.begin_s - other.end_s, other.begin_s - one.end_s) for one in learnt for other in judged]


def test_a_track_stays_of_its_part_when_its_samples_are_gone(tmp_path: Path) -> None:
    store = reservoir(tmp_path, LearningSettings(samples=64, holdout=0.25))
    store.add([sample(0, 0.0, "first")])
    store.add([sample(number, PERIOD_S * (number % 5)) for number in range(1, 600)])
    assert store.add([sample(1000, 7.2, "first")]) == Added(0, 1, 0, 0)


def test_empty(tmp_path: Path) -> None:
    store = reservoir(tmp_path)
    assert store.add([]) == Added(0, 0, 0, 0)
    assert len(store.read(Part.LEARN, Age.RECENT)) == 0
    assert store.read(Part.LEARN, Age.RECENT).arrays["window"].shape == (0, 2, 1)
    assert (store.seen, store.trouble) == (0, "")


@pytest.mark.parametrize(
    "bad",
    [
        replace(sample(1), arrays={}),
        replace(sample(1), arrays={"window": np.ones((3, 1), np.float32), "known": np.ones(2, np.float32)}),
        sample(np.nan),
        sample(np.inf),
        replace(sample(1), arrays={**sample(1).arrays, "known": np.zeros(2, np.float32)}),
        replace(sample(1), weight=0.0),
        replace(sample(1), weight=np.nan),
        replace(sample(1), begin_s=np.nan),
        replace(sample(1), begin_s=5.0),
    ],
)
def test_what_is_no_sample_is_refused(tmp_path: Path, bad: Sample) -> None:
    store = reservoir(tmp_path)
    assert store.add([bad, sample(2)]) == Added(1, 0, 1, 0)
    assert kept(store) == [2.0]


def test_the_newest_are_kept_and_a_fair_choice_of_the_older_ones(tmp_path: Path) -> None:
    store = reservoir(tmp_path)
    store.add([sample(number) for number in range(2000)])
    recent, old = values(store.read(Part.LEARN, Age.RECENT)), values(store.read(Part.LEARN, Age.OLD))
    assert recent == [float(number) for number in range(2000 - len(recent), 2000)]
    assert (len(recent), len(old)) == (37, 37)
    assert 500 < np.mean(old) < 1500
    assert store.seen == 2000


def test_rare_kinds_are_kept_beside_common_ones(tmp_path: Path) -> None:
    store = reservoir(tmp_path)
    store.add([sample(number, stratum="rare" if number % 50 == 0 else "common") for number in range(2000)])
    share = Counter("rare" if value % 50 == 0 else "common" for value in values(store.read(Part.LEARN, Age.OLD)))
    assert share["rare"] >= 15
    assert share["common"] >= 15


def test_each_that_was_chosen_stands_for_as_many_as_there_were_of_its_kind(tmp_path: Path) -> None:
    """So that kinds can be kept in equal shares, and yet weigh as often as they come."""
    store = reservoir(tmp_path)
    assert store.read(Part.LEARN, Age.OLD).stands.shape == (0,)
    store.add([sample(number, stratum="rare" if number % 50 == 0 else "common") for number in range(2000)])
    recent = store.read(Part.LEARN, Age.RECENT)
    assert recent.stands.tolist() == [1.0] * len(recent)

    def stood(of: Reservoir) -> tuple[float, float]:
        old = of.read(Part.LEARN, Age.OLD)
        rare = np.array([value % 50 == 0 for value in values(old)])
        return float(old.stands[rare].sum()), float(old.stands[~rare].sum())

    last = 2000 - len(recent)
    rare = len(range(0, last, 50))
    assert stood(store) == pytest.approx((rare, last - rare))
    newest = store.read(Part.LEARN, Age.OLD, most=5)
    assert newest.stands.tolist() == store.read(Part.LEARN, Age.OLD).stands[-5:].tolist()
    store.close()
    again = reservoir(tmp_path)
    assert stood(again) == pytest.approx((rare, last - rare))
    again.close()
    smaller = reservoir(tmp_path, SETTINGS.model_copy(update={"samples": 64}))
    assert len(smaller.read(Part.LEARN, Age.OLD)) < 37
    assert sum(stood(smaller)) > last  # what was recent is old now
    smaller.clear()
    assert smaller.read(Part.LEARN, Age.OLD).stands.shape == (0,)


def test_kinds_that_were_one_too_many_stand_for_all_of_them_together(tmp_path: Path) -> None:
    store = reservoir(tmp_path, LearningSettings(samples=400))
    store.add([sample(number, stratum=f"kind{number}") for number in range(1500)])
    recent, old = store.read(Part.LEARN, Age.RECENT), store.read(Part.LEARN, Age.OLD)
    assert old.stands.sum() == pytest.approx(store.seen - len(recent))


def test_kinds_without_end_are_bounded(tmp_path: Path) -> None:
    store = reservoir(tmp_path, LearningSettings(samples=400))
    store.add([sample(number, stratum=f"kind{number}") for number in range(1500)])
    kinds = {kind for (kind,) in asked(tmp_path, "SELECT DISTINCT kind FROM samples")}
    assert len(kinds) <= MOST_STRATA
    assert OTHERS in kinds
    assert len(kept(store)) <= 300


def test_what_is_stored_outlives_a_restart(tmp_path: Path) -> None:
    store = reservoir(tmp_path)
    store.add([sample(number, group=f"g{number}", stratum="x") for number in range(60)])
    before = (kept(store), store.seen)
    store.close()
    again = reservoir(tmp_path)
    assert (kept(again), again.seen) == before
    assert again.read(Part.LEARN, Age.RECENT).group[-1] == "g59"


def test_a_kind_of_which_none_has_grown_old_outlives_a_restart(tmp_path: Path) -> None:
    store = reservoir(tmp_path)
    store.add([sample(0, stratum="rare")])
    store.close()
    again = reservoir(tmp_path)
    assert again.add([sample(number) for number in range(1, 200)]).stored == 199
    assert 0.0 in kept(again)


def test_samples_for_another_model_are_forgotten(tmp_path: Path) -> None:
    store = reservoir(tmp_path)
    store.add([sample(1)])
    store.close()
    assert kept(reservoir(tmp_path, form="another")) == []


def test_clear(tmp_path: Path) -> None:
    store = reservoir(tmp_path)
    store.add([sample(1)])
    store.clear()
    assert (kept(store), store.seen, store.count(Part.LEARN, Age.RECENT)) == ([], 0, 0)
    assert store.add([sample(2)]).stored == 1


def test_no_insertion_reads_all_that_there_is(tmp_path: Path) -> None:
    """Every statement by which a sample comes is answered by an index, also where groups of long ago are forgotten."""
    store, told = reservoir(tmp_path, LearningSettings(samples=64, holdout=0.25)), set[str]()
    store.add([sample(number, group=f"g{number}", stratum=f"s{number % 3}") for number in range(MOST_GROUPS + 100)])
    file = store._file
    assert file is not None
    file.database.set_trace_callback(told.add)
    new = [sample(number, group=f"h{number}", stratum=f"t{number % 3}") for number in range(100)]
    assert store.add(new).stored == 100
    file.database.set_trace_callback(None)
    told -= {"BEGIN IMMEDIATE", "COMMIT"}
    for done in ("INSERT INTO samples", "UPDATE samples", "DELETE FROM samples", "INSERT INTO g", "DELETE FROM groups"):
        assert any(statement.startswith(done) for statement in told)
    with contextlib.closing(sqlite3.connect(tmp_path / "samples.db")) as database:
        plans = [row[-1] for one in told for row in database.execute(f"EXPLAIN QUERY PLAN {one}")]
    assert [plan for plan in plans if "SCAN" in plan or "AUTOMATIC" in plan] == []
    assert any("by_group" in plan for plan in plans)


def test_groups_without_samples_are_forgotten_in_the_end(tmp_path: Path) -> None:
    store = reservoir(tmp_path, LearningSettings(samples=64, holdout=0.25))
    given = [sample(number, group=f"g{number}") for number in range(MOST_GROUPS + 300)]
    for begin in range(0, len(given), 100):
        store.add(given[begin : begin + 100])
    here = {name for (name,) in asked(tmp_path, "SELECT grp FROM samples")}
    known = {name for (name,) in asked(tmp_path, "SELECT name FROM groups")}
    assert here <= known
    assert len(known) <= MOST_GROUPS + len(here)
    assert {f"g{number}" for number in range(300, len(given))} <= known
    assert "g0" not in known - here


@pytest.mark.parametrize(
    "less", [LearningSettings(samples=64, holdout=0.25), LearningSettings(max_mb=1, samples=100_000, holdout=0.25)]
)
def test_where_less_may_be_kept_the_rest_goes_at_once(tmp_path: Path, less: LearningSettings) -> None:
    large = {"window": (200, 1), "known": (200,)}

    def opened(settings: LearningSettings) -> Reservoir:
        return Reservoir(tmp_path / "samples.db", large, "form", SPAN_S, settings)

    store = opened(LearningSettings(samples=2000, max_mb=64, holdout=0.25))
    arrays = [{"window": np.full((200, 1), n, np.float32), "known": np.ones(200, np.float32)} for n in range(3000)]
    kinds = ("rare" if number % 50 == 0 else "common" for number in range(3000))
    store.add([replace(sample(0, stratum=kind), arrays=one) for one, kind in zip(arrays, kinds, strict=True)])
    newest = values(store.read(Part.LEARN, Age.RECENT))
    store.close()
    again, wanted = opened(less), capacity(less, large)[Part.LEARN]
    recent, old = values(again.read(Part.LEARN, Age.RECENT)), values(again.read(Part.LEARN, Age.OLD))
    assert recent == newest[-int(wanted * RECENT_SHARE) :]
    assert wanted * 0.7 < len(recent) + len(old) <= wanted
    assert sum(value % 50 == 0 for value in old) >= min(15, len(old) // 2)
    assert again.seen == 3000
    assert (tmp_path / "samples.db").stat().st_size <= less.max_mb * MB
    again.close()
    assert kept(opened(less)) == sorted(recent + old)


def test_another_division_leaves_nothing_on_both_sides(tmp_path: Path) -> None:
    given = [sample(number, number * 0.1) for number in range(400)]
    before = LearningSettings(samples=1000, holdout=0.25)
    store = reservoir(tmp_path, before)
    store.add(given)
    store.close()
    after = LearningSettings(samples=1000, holdout=0.1)
    again = reservoir(tmp_path, after)
    for part in Part:
        parts = {
            part_of(one.begin_s, one.end_s, SPAN_S, after.holdout) for one in (given[int(v)] for v in kept(again, part))
        }
        assert parts <= {part}
    assert len(kept(again)) > 50


def test_a_file_of_the_first_form_goes_on(tmp_path: Path) -> None:
    store = reservoir(tmp_path)
    store.add([sample(number, group=f"g{number}") for number in range(200)])
    before = (kept(store), store.seen)
    store.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "samples.db")) as database:
        times = "".join(f"ALTER TABLE groups DROP COLUMN {name}_s;" for name in ("first", "since", "until"))
        database.executescript(
            f"{times} DROP INDEX by_group; ALTER TABLE meta DROP COLUMN division; PRAGMA user_version=1;"
        )
    again = reservoir(tmp_path)
    assert (kept(again), again.seen) == before
    assert again.add([sample(1000)]).stored == 1
    assert asked(tmp_path, "PRAGMA user_version") == [(3,)]
