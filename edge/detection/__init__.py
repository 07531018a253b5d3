"""Finding objects in a picture: one look at the whole frame, closer looks where something small may be."""
