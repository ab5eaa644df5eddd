"""Studies made of many plans: comparisons, largest sizes, sweeps, explanations, image positions, surveys."""
