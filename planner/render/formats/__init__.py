"""Blocks as text, Markdown, reStructuredText and HTML: one module per format; none knows results."""
