from planner.rewinding.back import Reading, Rewind, rewind

__all__ = ["Reading", "Rewind", "rewind"]
