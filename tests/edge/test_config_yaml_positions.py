"""Positions, bounds and refusals of the YAML reader."""

import pytest

from edge.config.problems import InvalidConfig, Mark
from edge.config.tree import Item, plain
from edge.config.yaml_positions import LIMIT_BYTES, LIMIT_DEPTH, parse

BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{key}: &{key} [{', '.join(['*' + below] * 10)}]\n" for below, key in zip("abcdefgh", "bcdefghi", strict=True)
)  # 10^9 values


def at(tree: Item, *path: str | int) -> Item:
    for part in path:
        below = tree.child(part)
        assert below is not None
        tree = below
    return tree


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "f.yaml: holds no settings; write `key: value`; is this the right file?"),
        (b"# nothing\n", "f.yaml: holds no settings; write `key: value`; is this the right file?"),
        (b"text", "f.yaml: is not a list of `key: value` settings; write `key: value`; is this the right file?"),
        (b"- 1", "f.yaml: is a list, not `key: value` settings; write `key: value`; is this the right file?"),
        (b"\xef\xbb\xbfa: 1", "f.yaml: begins with a byte order mark; save it as UTF-8 without one"),
        (b"\xff\xfea\0", "f.yaml: begins with a byte order mark; save it as UTF-8 without one"),
        (b"a: 1\nb: \xff", "f.yaml:2:4: is not UTF-8 text; save it as UTF-8"),
        (b"a: 1\nb: \x07", "f.yaml:2:4: a character that YAML forbids; remove it"),
        (b"a:\n\tb: 1", "f.yaml:2:1: not valid YAML: found character '\\t' that cannot start any token; "
                        "indent with spaces, not with tabs"),
        (b"a: 1\na: 2", "f.yaml:2:1: a: stands twice; first on line 1; keep one of them"),
        (b"z:\n  on: 1", 'f.yaml:2:3: z: a key must be text; write "on" in quotes'),
        (b"? [1]\n: 1", "f.yaml:1:3: a key must be text; write `key: value`"),
        (b"a: !!python/name:os.system", "f.yaml:1:4: a: tags such as python/name:os.system are not used here; "
                                        "remove the tag"),
        (b"a: !secret x", "f.yaml:1:4: a: tags such as !secret are not used here; remove the tag"),
        (b"a: .nan", "f.yaml:1:4: a: must be a finite number"),
        (b"a: [0, -.inf]", "f.yaml:1:8: a.1: must be a finite number"),
        (b"a: 99999999999999999999", "f.yaml:1:4: a: is too large a number; put text in quotes"),
        (b"a: " + b"9" * 5000, "f.yaml:1:4: a: looks like a number, but is none that can be read; put text in quotes"),
        (b"a: 1\n---\nb: 1", "f.yaml:2:1: not valid YAML: but found another document"),
        (b"a: *b", "f.yaml:1:4: not valid YAML: found undefined alias 'b'"),
        (b'a: "x', "f.yaml:1:6: not valid YAML: found unexpected end of stream; a quote is opened and never closed"),
        (b"<<: 1", "f.yaml:1:1: `<<` takes a mapping; name an anchor of `key: value` settings"),
    ],
)  # fmt: skip
def test_refuses(raw: bytes, told: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        parse(raw, "f.yaml")
    assert str(refused.value) == told


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"#" * (LIMIT_BYTES + 1), f"has more than {LIMIT_BYTES} bytes"),
        (BOMB.encode(), "too many values"),
        (b"a: &a [*a]", "nested too deeply"),
        (b"a: &a\n  b: *a", "nested too deeply"),
        (b"a: &a\n  <<: *a", "nested too deeply"),
        (b"a: " + b"[" * 100_000, "nested too deeply"),
        (b"a: " + b"{b: " * 50_000, "nested too deeply"),
    ],
    ids=range(7),
)
def test_is_bounded(raw: bytes, told: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        parse(raw, "f.yaml")
    assert told in refused.value.problems[0].message


def test_nesting_within_the_limit_is_read() -> None:
    levels = LIMIT_DEPTH - 2
    assert plain(parse(b"a: " + b"[" * levels + b"]" * levels, "f.yaml")) != {}


def test_names_every_fault_in_the_order_of_the_file() -> None:
    with pytest.raises(InvalidConfig) as refused:
        parse(b"a: .inf\nb: {c: 1, c: 2}\nno: 1\n", "f.yaml")
    assert [(each.line, each.column, each.key) for each in refused.value.problems] == [
        (1, 4, "a"),
        (2, 11, "b.c"),
        (3, 1, ""),
    ]


def test_positions_of_keys_and_values() -> None:
    tree = parse(b"# head\na:\n  b: [1,\n      two]\n", "f.yaml")
    assert at(tree, "a").key_at == Mark(2, 1)
    assert at(tree, "a", "b").key_at == Mark(3, 3)
    assert at(tree, "a", "b").at == Mark(3, 6)
    assert at(tree, "a", "b", 1).at == Mark(4, 7)
    assert at(tree, "a", "b", 1).path == ("a", "b", 1)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"{}", {}),
        (b"a: 1:30", {"a": "1:30"}),
        (b"a: 2024-01-01", {"a": "2024-01-01"}),
        (b"a: yes\nb: 0.5\nc:\nd: 007", {"a": True, "b": 0.5, "c": None, "d": 7}),
        (b"a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3", {"a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 3}}),
        (b"a: &x {p: 1}\nb: &y {p: 2}\nc: {<<: [*x, *y]}", {"a": {"p": 1}, "b": {"p": 2}, "c": {"p": 1}}),
        ("größe: „ä“ 😀\r\n".encode(), {"größe": "„ä“ 😀"}),
    ],
)
def test_reads(raw: bytes, value: object) -> None:
    assert plain(parse(raw, "f.yaml")) == value
