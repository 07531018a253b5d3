"""Model files in other people's readers: MediaPipe and tflite-runtime must find what our own runtime finds."""
