"""From a trained network to the file that goes out."""
