"""Runs model files: which library and accelerator, a throw-away process to try a new file in, and the runtime."""
