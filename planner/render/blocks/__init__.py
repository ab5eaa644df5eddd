"""The content of every result, as blocks that know no format."""
