"""What the packages agree on: types, geometry, pre-processing, decoding, the model bundle and the wire."""
