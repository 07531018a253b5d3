"""The workshop side: device identity, flashable images, signed releases and roll-out."""
