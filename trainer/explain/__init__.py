"""What a trained network looks at: what each of its levels responds to, and what a verdict rests upon."""
