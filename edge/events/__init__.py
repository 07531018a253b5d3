"""From tracks and forecasts to events: lives of objects, zones, crossing lines, and what is expected to happen.

`log.EventLog` is the step; `settings` what an operator writes. The other files are its parts.
"""
