"""The commands of `foresight-train`: one file each, and nothing heavy is imported before a command runs."""
