"""What asks the plan many times: comparisons, largest sizes, sweeps, explanations, image positions, surveys."""
