"""A subject from the first look to weights that serve, on real files."""

from pathlib import Path

from edge.learning.promotion import Terms
from edge.learning.settings import LearningSettings
from edge.learning.subject import Subject
from tests.rigs.strollers import samples
from tests.rigs.trainee import LinearTrainee

SETTINGS = LearningSettings(rate=0.05, epochs=20)
TERMS = Terms()


def always() -> bool:
    return True


def test_learns_what_serves_better(tmp_path: Path) -> None:
    trainee = LinearTrainee()
    exported = trainee.weights().weights
    subject = Subject(tmp_path, trainee.bundle, exported, SETTINGS, TERMS)
    for number in range(0, 1000, 40):
        some = samples(seconds=240)[number : number + 40]
        subject.compare(trainee, some)
        subject.offer(some)
        if subject.due():
            print(subject.learn(trainee, always))
        print(subject.standing)
    subject.close()
    assert 0
