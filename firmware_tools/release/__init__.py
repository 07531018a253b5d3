"""Signed releases: a TUF repository that any static web server can serve, and the keys that make it believed."""
