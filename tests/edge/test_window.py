"""What is sent next, and when to go back: no I/O, no clock."""

from edge.outbox.numbering import numbered
from edge.outbox.window import START, Window


def in_flight(*seqs: int, limit: int = 8, silence_s: float = 2.0) -> Window:
    window = Window(limit, silence_s)
    for seq in seqs:
        window.sent(seq, 0.0)
    return window


def test_empty_window_waits_for_nothing() -> None:
    window = in_flight()
    assert (window.base, window.cursor, window.last(), window.room()) == (0, 0, 0, 8)
    assert not window.overdue(1e9)


def test_room_comes_in_gulps() -> None:
    assert in_flight(1, 2, 3, 4, 5, 6).room() == 2
    assert in_flight(1, 2, 3, 4, 5, 6, 7).room() == 0
    assert in_flight(1, 2, 3, 4, 5, 6, 7, 8).room() == 0


def test_ack_is_cumulative_and_skips_holes() -> None:
    window = in_flight(3, 7, 9)
    window.acked(8, 1.0)
    assert (window.base, window.last(), window.cursor) == (8, 9, 9)
    window.acked(9, 1.0)
    assert (window.base, window.last()) == (9, 0)


def test_ack_from_before_the_restart_moves_the_cursor() -> None:
    window = in_flight()
    window.acked(41, 0.0)
    assert (window.base, window.cursor) == (41, 41)


def test_older_ack_changes_nothing() -> None:
    window = in_flight(1, 2, 3)
    window.acked(2, 0.0)
    window.acked(1, 0.0)
    assert (window.base, window.cursor, window.last()) == (2, 3, 3)


def test_goes_back_behind_the_last_acknowledged() -> None:
    window = in_flight(1, 2, 3, 4)
    window.acked(2, 0.0)
    window.rewind(5.0)
    assert (window.cursor, window.last()) == (2, 0)


def test_silence_doubles_and_progress_ends_it() -> None:
    window = in_flight(1)
    waits = []
    for _ in range(7):
        waits.append(window.wait_s(0.0))
        window.impatient(0.0)
        window.sent(1, 0.0)
    assert waits == [2, 4, 8, 16, 32, 60, 60]
    window.acked(1, 0.0)
    window.sent(2, 0.0)
    assert window.wait_s(0.0) == 2
    assert not window.overdue(1.9)
    assert window.overdue(2.0)


def test_repeated_ack_after_silence_means_that_the_host_is_back() -> None:
    window = in_flight(1, 2)
    window.acked(1, 0.0)
    window.impatient(2.0)
    window.sent(2, 2.0)
    window.acked(1, 3.0)
    assert (window.cursor, window.last(), window.wait_s(3.0)) == (1, 0, 60)
    window.sent(2, 3.0)
    window.acked(1, 3.0)  # once only: nothing is known to be lost now
    assert (window.cursor, window.last()) == (2, 2)


def test_after_going_back_few_are_sent_until_somebody_answers() -> None:
    window = Window(250, 2.0)
    rooms = [window.room()]
    for seq in range(1, 5):
        window.sent(seq, 0.0)
        window.acked(seq, 0.0)
        rooms.append(window.room())
    assert rooms == [START, 32, 64, 128, 250]
    window.rewind(0.0)
    assert window.room() == START


def test_one_by_one_settlement_advances_over_the_first_gap_only() -> None:
    window = in_flight(1, 2, 3)
    window.settled(2, 0.0)
    window.settled(3, 0.0)
    assert (window.base, window.last()) == (0, 3)
    window.settled(1, 0.0)
    assert (window.base, window.last()) == (3, 0)


def test_what_settled_is_not_sent_again() -> None:
    window = in_flight(1, 2)
    window.settled(2, 0.0)
    window.rewind(0.0)
    assert (window.done(1), window.done(2)) == (False, True)
    window.sent(1, 0.0)
    window.sent(2, 0.0)
    window.settled(1, 0.0)
    assert window.base == 2


def test_number_goes_in_front() -> None:
    assert numbered(b"{}", "ab", 7, 6) == b'{"stream":"ab","seq":7,"prev":6}'
    assert numbered(b'{"a":1}', "ab", 7, 0) == b'{"stream":"ab","seq":7,"prev":0,"a":1}'
