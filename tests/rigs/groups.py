"""Vectors in known groups, and how well a grouping agrees with them."""

import numpy as np

from edge.contracts.types import F32, F64, I64


def blobs(groups: int, each: int, seed: int, spread: float = 0.35, dimensions: int = 32) -> tuple[F32, I64]:
    """Vectors of length 1 around orthogonal directions that share a common part, and the group of each, mixed."""
    random = np.random.default_rng(seed)
    true = np.repeat(np.arange(groups), each)
    middle = np.eye(dimensions)[:groups] + 1.0 / np.sqrt(dimensions)
    vectors = middle[true] + random.normal(0, spread / np.sqrt(dimensions), (len(true), dimensions))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    order = random.permutation(len(true))
    return vectors[order].astype(np.float32), true[order].astype(np.int64)


def agreement(found: I64, true: I64) -> tuple[float, float]:
    """Purity, and mutual information over the root of both entropies (Strehl and Ghosh, 2002); 1 is best."""
    rows, columns = (np.unique(each, return_inverse=True)[1] for each in (found, true))
    table: F64 = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows, columns), 1)
    share = table / table.sum()
    first, second = share.sum(axis=1), share.sum(axis=0)
    both = share > 0
    information = float((share[both] * np.log(share[both] / np.outer(first, second)[both])).sum())
    entropy = [float(-(each * np.log(each)).sum()) for each in (first, second)]
    nmi = information / np.sqrt(entropy[0] * entropy[1]) if min(entropy) > 0 else float(entropy[0] == entropy[1])
    return float(table.max(axis=1).sum() / table.sum()), float(nmi)


def spherical_k_means(vectors: F32, count: int, seed: int) -> I64:
    """The yardstick: all vectors at once, over and over, about their mean."""
    unit = vectors - vectors.mean(axis=0)
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    centre = unit[np.random.default_rng(seed).choice(len(unit), count, replace=False)]
    nearest: I64 = np.zeros(len(unit), np.int64)
    for _ in range(50):
        nearest = (unit @ centre.T).argmax(axis=1).astype(np.int64)
        sums = np.stack([unit[nearest == k].sum(axis=0) if (nearest == k).any() else centre[k] for k in range(count)])
        centre = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return nearest
