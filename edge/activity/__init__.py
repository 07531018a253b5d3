"""What the pixels say before any model looks: the activity gate, and the `motion` detector made of the same parts."""
