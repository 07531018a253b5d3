"""Root file systems: RAUC writes them, the board tries them once, and the daemon says whether they are good."""
