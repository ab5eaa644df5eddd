"""What is said of a result, as blocks that know no format."""
