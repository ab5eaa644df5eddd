"""From a running machine back to the moment of the reservation.

`later` says what a boot allocates after the crash kernel, `undo` takes it back, `changes` follows another command
line, `back` puts the readings together.
"""

from planner.rewinding.back import Asked, Reading, Rewind, rewind

__all__ = ["Asked", "Reading", "Rewind", "rewind"]
