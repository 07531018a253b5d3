"""The gate: a model that lost its accuracy on the way to a device's file is not let out."""
