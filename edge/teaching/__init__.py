"""New classes from a handful of examples: taught by people, known at once, forgotten again as easily.

It works on vectors of an embedding model, whatever they describe. `examples` is what was taught, `fitting` makes
weights of it, `judging` leaves examples out to see what they are worth, `rejecting` says from which likeness on a look
is sure, `knowledge` is all of that together, and `teacher` keeps it. Letters: N examples, K names, M looks at other
things, D numbers of a vector.
"""
