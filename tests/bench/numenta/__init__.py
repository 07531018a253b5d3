"""The Numenta Anomaly Benchmark: its corpus and its rules of scoring."""
