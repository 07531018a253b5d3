"""The stand-in for the board's firmware does as the documentation of the real one says."""

import pytest

from tests.rigs.board.firmware import chosen

BOTH = "[all]\ntryboot_a_b=1\nboot_partition=2\n[tryboot]\nboot_partition=3\n"


@pytest.mark.parametrize(
    ("autoboot", "trial", "partition"),
    [
        ("", False, 2),
        ("", True, 2),
        (BOTH, False, 2),
        (BOTH, True, 3),
        (BOTH.replace("=2", "=4").replace("=3", "=2"), False, 4),
        ("[all]\nboot_partition=3\n", True, 3),
        ("boot_partition=3\n# trial B\n", False, 3),
        ("[all]\nboot_partition=x\n", False, 2),
    ],
)
def test_the_partition_that_is_started_from(autoboot: str, trial: bool, partition: int) -> None:
    assert chosen(autoboot, trial) == partition
