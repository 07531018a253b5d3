"""What a detector is worth: mAP, curves, confusion, calibration, and whether one model is better than another."""
