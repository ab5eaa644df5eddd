"""Whole HTML pages: pictures and blocks of one result together."""
