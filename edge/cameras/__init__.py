"""Pictures in: every kind of camera and clip behind one protocol, `edge.cameras.source.Source`."""
