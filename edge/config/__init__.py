"""The configuration: one YAML file, checked to the column."""
