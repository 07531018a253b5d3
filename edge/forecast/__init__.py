"""Where tracked objects will be: the straight line, what was learnt, and which of them serves."""
