"""Staged roll-outs: canaries first, then waves that grow while all is well, and a stop when too much fails."""
