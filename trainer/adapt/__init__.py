"""A small detector for one scene from the owner's own footage: a strong model labels it, its tracks clean that."""
