"""OpenCV for `edge.contracts.preprocess`, which itself needs no image library."""

import cv2

from edge.contracts.types import U8


class OpenCv:
    """Bilinear resize and channel swap, into buffers of the caller."""

    def resize(self, pixels: U8, out: U8) -> None:
        """Fill `out` (h, w, 3) with `pixels` (any h, any w, 3), bilinear, edges on edges."""
        cv2.resize(pixels, (out.shape[1], out.shape[0]), dst=out, interpolation=cv2.INTER_LINEAR)

    def swap(self, pixels: U8, out: U8) -> None:
        """Fill `out` with `pixels`, both (h, w, 3), first and last channel exchanged."""
        cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB, dst=out)
