"""The two sides of a configuration at work: cameras, and sensors and microphones."""
