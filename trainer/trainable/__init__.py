"""Model files that learn where they run: the trained network, its loss and an optimiser in one graph."""
