"""The workstation side: data sets in, quantised and gated model bundles out."""
