"""Archives of looks that a device was unsure of: checked, and brought into a data set."""
