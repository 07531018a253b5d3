"""The commands of `foresight-train`, one file each; what they need is imported when they run."""
