"""The A/B image: two systems on one card, of which one runs, and the bundles that renew the other."""
