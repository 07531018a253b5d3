"""Models of others that are known to run here: where they lie, and how they are fetched and checked."""
