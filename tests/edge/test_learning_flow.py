"""Flow maps out of samples."""
