"""No secret gets through, and what is none stays readable."""

import io
import logging

import pytest

from edge.contracts.redact import RedactingFilter, redact


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("camera door is back", "camera door is back"),
        ("rtsp://10.0.0.1:554/live?x=1", "rtsp://10.0.0.1:554/live?x=1"),
        ("open rtsp://admin:hunter2@10.0.0.1/1 failed", "open rtsp://***@10.0.0.1/1 failed"),
        ("http://u:p@ss@w/ord@h/x", "http://***@h/x"),
        ("mail me@example.org", "mail me@example.org"),
        ("rtsp://h/user=admin&password=hunter2&channel=1", "rtsp://h/user=admin&password=***&channel=1"),
        ("a clip.mp4 at 10:30 @home", "a clip.mp4 at 10:30 @home"),
        ("rtsp://u:p@camera/a and http://v:q@other/", "rtsp://***@camera/a and http://***@other/"),
        ("rtsp://u:p/w@camera/a", "rtsp://***@camera/a"),
        ("http://camera/a?user=u&password=p&size=5", "http://camera/a?user=***&password=***&size=5"),
        ("http://camera/a?login=u&usr=v&authToken=w", "http://camera/a?login=***&usr=***&authToken=***"),
        ("http://camera/a?TOKEN=t x", "http://camera/a?TOKEN=*** x"),
        ("mqtt_password: 'hunter 2'", "mqtt_password: ***"),
        ("token=abc, api_key=def", "token=***, api_key=***"),
        ("Authorization: Bearer abcdefgh123", "Authorization: Bearer ***"),
        ("basic settings", "basic settings"),
        ("pass the salt", "pass the salt"),
    ],
)
def test_redacts(text: str, shown: str) -> None:
    assert redact(text) == shown
    assert redact(shown) == shown


def test_named_secrets_go_wherever_they_stand_also_quoted_for_addresses() -> None:
    assert redact("a p@ss/word b p%40ss%2Fword c", {"p@ss/word"}) == "a *** b *** c"
    assert redact("abcabcd", {"abc", "abcd"}) == "******"
    assert redact("a cat", {"a", ""}) == "a cat"


def logged(message: str, *values: object, error: Exception | None = None) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter({"hunter2"}))
    logger = logging.Logger("test")  # not of the tree: nobody else listens
    logger.addHandler(handler)
    logger.error(message, *values, exc_info=error)
    return stream.getvalue()


def test_log_records() -> None:
    assert logged("") == "\n"
    assert logged("%s and %d", "rtsp://u:x@h", 5) == "rtsp://***@h and 5\n"
    assert logged("%s", {"password": "hunter2"}) == "{'password': '***'}\n"
    assert logged("100 %") == "100 %\n"


def test_log_records_whose_arguments_do_not_fit_are_shown_without_them() -> None:
    assert logged("%d", "hunter2") == "%d\n"


def test_tracebacks() -> None:
    try:
        int("rtsp://u:secret@h hunter2")
    except ValueError as error:
        shown = logged("failed", error=error)
    assert "ValueError: invalid literal for int() with base 10: 'rtsp://***@h ***'" in shown
    assert "secret" not in shown
    assert "hunter2" not in shown
