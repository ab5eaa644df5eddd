"""Blocks as text, Markdown, reStructuredText and HTML: one module a format, knowing nothing of results."""
