"""Groups of what looks alike, found without labels; people may name them.

`centres.Centres` is the clustering, `groups.Groups` the names over it; both work on vectors, whatever they describe.
"""
