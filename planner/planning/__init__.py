"""One plan: its inputs, the reservation, the changes to the linear map under a strategy, and their cost.

`plan` is the sequence of steps; the other modules are its steps and its result.
"""
