"""Groups of vectors: found without labels, named by people, kept over restarts."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from edge.contracts.bundle import read_bundle
from edge.contracts.decode_scores import embedding
from edge.contracts.preprocess import Preprocess
from edge.contracts.types import F32, I64
from edge.groups.centres import KEPT, NOBODY, Centres, two_means
from edge.groups.groups import Groups
from edge.groups.settings import GroupSettings
from edge.imaging import OpenCv
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from tests.paths import data
from tests.rigs.coco128 import coco128
from tests.rigs.groups import agreement, blobs, spherical_k_means

SETTINGS = GroupSettings(warm_up=10)


def learnt(vectors: F32, settings: GroupSettings = SETTINGS, model: str = "m") -> Groups:
    groups = Groups(settings, model)
    for vector in vectors:
        groups.learn(vector)
    return groups


def told(groups: Groups, vectors: F32) -> I64:
    """Group numbers, 0 for none."""
    return np.array([found.number if (found := groups.look(vector)) else 0 for vector in vectors], np.int64)


def test_nothing_learnt() -> None:
    groups = Groups(SETTINGS, "m")
    assert groups.groups() == []
    assert groups.look(np.ones(8, np.float32)) is None
    assert not groups.rename(1, "fox")
    other = Groups(SETTINGS, "m")
    other.restore(groups.state())
    assert other.groups() == []


@pytest.mark.parametrize("count", [2, 5, 12])
def test_clear_groups_are_found_whatever_the_order(count: int) -> None:
    vectors, true = blobs(count, 40, seed=1)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(vectors))
        groups = learnt(vectors[order])
        assert len(groups.groups()) == count
        assert agreement(told(groups, vectors), true) == pytest.approx((1, 1))


def test_the_same_vectors_give_the_same_groups() -> None:
    vectors, _ = blobs(6, 30, seed=3, spread=0.6)
    assert learnt(vectors).state() == learnt(vectors).state()


def test_memory_is_bounded_and_what_is_weak_goes_first() -> None:
    random = np.random.default_rng(4)
    settings = GroupSettings(warm_up=10, most=8)
    noise: F32 = random.normal(size=(300, 64)).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    centres = Centres(settings, 64)
    gone = 0
    for vector in noise:
        centres.observe(vector)
        _, changed = centres.add(vector, frozenset())
        gone += list(changed.values()).count(NOBODY)
        assert len(centres) <= 8
    assert gone > 100
    assert centres.members.shape == (len(centres), KEPT, 64)


def test_a_group_that_turns_out_to_be_two_is_split_and_two_that_are_one_are_merged() -> None:
    vectors, true = blobs(2, 60, seed=5)
    centres = Centres(GroupSettings(join=0.01, split=0.5), vectors.shape[1])
    for vector in vectors:
        centres.observe(vector)
    centres.add(vectors[0], frozenset())
    for row, vector in enumerate(vectors):
        centres._join(0, vector) if row < 30 or row >= 90 else None  # both kinds in one centre
    centres.count[0] = 16
    assert centres._split(0)
    assert len(centres) == 2
    same = Centres(GroupSettings(join=0.99, merge=0.6), vectors.shape[1])
    for vector in vectors:
        same.observe(vector)
    for vector in vectors[true == 0]:
        same.add(vector, frozenset())
    assert len(same) == 1


def test_halves() -> None:
    vectors, true = blobs(2, 10, seed=7)
    halves = two_means(vectors.astype(np.float64) - vectors.mean(axis=0))
    assert agreement(halves, true)[0] == 1
    assert two_means(np.ones((5, 3))).tolist() == [0] * 5


def test_names_merge_and_outlive_a_restart() -> None:
    vectors, _ = blobs(3, 40, seed=1)
    groups = learnt(vectors)
    first, second, third = groups.groups()
    assert [group.name for group in (first, second, third)] == ["group 1", "group 2", "group 3"]
    assert groups.rename(first.number, " fox ")
    assert groups.rename(second.number, "fox")
    after = Groups(SETTINGS, "m")
    after.restore(groups.state())
    assert [(group.name, group.named) for group in after.groups()] == [("fox", True), ("group 3", False)]
    assert after.groups()[0].members == first.members + second.members
    assert len({after.look(vector).number for vector in vectors}) == 2  # type: ignore[union-attr]
    for vector in vectors:
        groups.learn(vector)
        after.learn(vector)
    assert after.groups() == groups.groups()
    assert after.rename(first.number, "")
    assert after.groups()[0].name == "group 1"


@pytest.mark.parametrize("name", ["x" * 65, "a\nb", "\x00"])
def test_names_that_cannot_be_given(name: str) -> None:
    groups = learnt(blobs(2, 20, seed=1)[0])
    assert not groups.rename(1, name)
    assert groups.groups()[0].name == "group 1"


def test_a_named_group_is_kept_when_much_else_comes() -> None:
    vectors, _ = blobs(2, 20, seed=1)
    groups = learnt(vectors, GroupSettings(warm_up=10, most=4))
    assert groups.rename(1, "fox")
    random = np.random.default_rng(2)
    for vector in random.normal(size=(200, vectors.shape[1])).astype(np.float32):
        groups.learn(vector / np.linalg.norm(vector))
    assert "fox" in [group.name for group in groups.groups()]


@pytest.mark.parametrize(
    "vector",
    [np.full(32, math.nan), np.zeros(32), np.ones(31), np.ones((2, 32)), np.full(32, math.inf)],
    ids=["no number", "zero", "too short", "two", "infinite"],
)
def test_vectors_of_no_use_change_nothing(vector: F32) -> None:
    groups = learnt(blobs(2, 20, seed=1)[0])
    before = groups.state()
    groups.learn(vector.astype(np.float32))
    assert groups.state() == before
    assert groups.look(vector.astype(np.float32)) is None


@pytest.mark.parametrize("spoil", [lambda _: b"", lambda b: b[:100], lambda b: b[:-40] + bytes(40), lambda _: b"{}"])
def test_a_damaged_state_is_refused(spoil: object) -> None:
    assert callable(spoil)
    groups = learnt(blobs(2, 20, seed=1)[0])
    after = Groups(SETTINGS, "m")
    with pytest.raises(ValueError, match="damaged"):
        after.restore(spoil(groups.state()))
    with pytest.raises(ValueError, match="another model"):
        Groups(SETTINGS, "another").restore(groups.state())
    assert after.groups() == []


def embeddings(pictures: Sequence[tuple[np.ndarray, tuple[float, float, float, float]]]) -> F32:
    """Vectors of crops by the real embedding model."""
    bundle = read_bundle(data("models", "mobilenet_v1_1.0_224_quant_embedding_extractor.tflite"))
    with open_runtime(bundle, RuntimeSettings()) as runtime:
        prepare = Preprocess(bundle.input, OpenCv())
        return np.stack([embedding(runtime.invoke(prepare(pixels, box)[0]), bundle) for pixels, box in pictures])


def test_real_cats_dogs_and_hot_dogs_fall_into_three_groups() -> None:
    """Each of the few pictures in four crops; the labels choose nothing."""
    crops = [(0.0, 0.0, 0.9, 0.9), (0.1, 0.1, 1.0, 1.0), (0.0, 0.1, 0.9, 1.0), (0.05, 0.05, 0.95, 0.95)]
    names = ["cat", "dog", "hotdog"]
    files = [(path, label) for label, name in enumerate(names) for path in sorted(data("imprinting").glob(f"{name}_*"))]
    pictures = [(pixels, box) for path, _ in files if (pixels := cv2.imread(str(path))) is not None for box in crops]
    true = np.repeat([label for _, label in files], len(crops))
    vectors = embeddings(pictures)
    groups = learnt(np.concatenate([vectors, vectors]), GroupSettings(warm_up=14))
    numbers = told(groups, vectors)
    purity, nmi = agreement(numbers[numbers > 0], true[numbers > 0])
    print(
        f"imprinting: {(numbers > 0).mean():.0%} in {len(groups.groups())} groups, purity {purity:.2f}, NMI {nmi:.2f}"
    )
    assert (numbers > 0).mean() > 0.8
    assert purity > 0.95
    assert nmi > 0.6


def test_real_crops_are_grouped_no_worse_than_by_k_means_over_all_of_them_at_once() -> None:
    """Of coco128's second half: the settings were chosen on the first."""
    found = coco128()
    pictures, true = [], []
    for picture in found.pictures:
        pixels = cv2.imread(str(picture.path))
        assert pixels is not None
        for box, label in zip(picture.box, picture.label.tolist(), strict=True):
            (x1, y1), (x2, y2) = box[:2].tolist(), box[2:].tolist()
            if (x2 - x1) * picture.width >= 96 and (y2 - y1) * picture.height >= 96:
                pictures.append((pixels, (max(x1, 0.0), max(y1, 0.0), min(x2, 1.0), min(y2, 1.0))))
                true.append(label)
    vectors, labels = embeddings(pictures), np.array(true)
    common = np.isin(labels, [label for label in np.unique(labels) if (labels == label).sum() >= 4])
    vectors, labels = vectors[common], labels[common]
    groups = learnt(vectors, GroupSettings())
    numbers = told(groups, vectors)
    held = numbers > 0
    purity, nmi = agreement(numbers[held], labels[held])
    batch = agreement(spherical_k_means(vectors[held], len(groups.groups()), seed=0), labels[held])
    print(f"coco128 val: {held.mean():.0%} of {len(held)} crops in {len(groups.groups())} groups")
    print(f"purity {purity:.2f}, NMI {nmi:.2f}; k-means over all at once {batch[0]:.2f}, {batch[1]:.2f}")
    assert held.mean() > 0.5
    assert purity > 0.6
    assert nmi > batch[1] - 0.1
