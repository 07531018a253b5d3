"""Learning in the daemon: a process of the lowest priority, what it is fed with, and whose weights serve.

`process` runs apart; everything else is the daemon's side of it. What is learnt, and when it may serve, is decided in
`edge.learning`.
"""
