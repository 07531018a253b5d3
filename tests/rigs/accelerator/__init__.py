"""A stand-in for the Edge TPU: plumbing only. It says nothing of accuracy or speed of any accelerator."""
