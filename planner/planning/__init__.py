"""One plan: what it starts from, what the strategies do to the linear map, and what that costs.

`plan` reads from top to bottom; everything else here is a step of it, or its result.
"""
