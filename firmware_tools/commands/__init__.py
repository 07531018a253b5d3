"""The sub-commands of `foresight-firmware`, one module each; they load what they need when they run."""
