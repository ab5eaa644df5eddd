"""One plan: its inputs, the changes that strategies make to the linear map, and their cost.

`plan` reads from top to bottom; everything else here is a step of it, or its result.
"""
