"""Looks that the device is unsure of: found, chosen within a budget, kept, and packed for the workstation."""
