"""A picture classifier: what a picture or a crop shows, how sure that is, and a vector that says more."""
