"""Gives a stored event its number on the way out."""


def numbered(body: bytes, stream: str, seq: int, prev: int) -> bytes:
    """The JSON object `body` with `stream`, `seq` and `prev` put in front.

    Between `prev` and `seq` there is no event (any more): a host that has stored up to `prev` or beyond is complete
    up to `seq`. 0 means that all before were acknowledged or dropped.
    """
    rest = body[1:] if body == b"{}" else b"," + body[1:]
    return b'{"stream":"%s","seq":%d,"prev":%d' % (stream.encode(), seq, prev) + rest
