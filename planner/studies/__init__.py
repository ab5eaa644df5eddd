"""Studies made of many plans (comparisons, sizes, sweeps, explanations, image positions, surveys), and of kernels."""
