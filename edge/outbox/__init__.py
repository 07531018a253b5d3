"""Events that must arrive: stored on disk first, sent until they are acknowledged, and only then forgotten.

`store` holds the rows (SQLite), `outbox` takes events and writes them, `window` decides what to send (no I/O), and
`sender` sends it through a bus.
"""
