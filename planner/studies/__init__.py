"""Studies that ask for many plans: comparisons, largest sizes, sweeps, explanations, image positions, surveys."""
