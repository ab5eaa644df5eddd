"""Results drawn as SVG, and SVG turned into pixels."""
