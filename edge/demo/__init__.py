"""What the demo shows when there is no camera: a street drawn by a small seeded renderer, with its exact truth."""
