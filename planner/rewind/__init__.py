"""From a running machine back to the moment of the reservation.

`later` says what a boot allocates after the crash kernel, `undo` takes it back, `view` and `histories` find the ways
back that a source leaves open, `changes` and `asked` follow another command line, `above` more RAM than is listed, and
`back` puts the readings together.
"""

from planner.rewind.back import Reading, Rewind, rewind
from planner.rewind.view import Asked

__all__ = ["Asked", "Reading", "Rewind", "rewind"]
