"""Programs for environments without this project: each reads a request and writes an answer, and imports none of it."""
