"""JSON inputs: maps, whole reports taken as maps, procedures of the TLB model."""
