"""A second look at tracked objects: what they are more exactly, or a vector that tells them apart."""
