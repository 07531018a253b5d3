"""Updates inside the daemon: what of a configuration released files take the place of, and how they are taken up."""
