"""Profiles for the property tests: `ci` is fixed and quick, `deep` is for a look by hand."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("deep", deadline=None, max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

os.environ.pop("COLUMNS", None)  # Outputs are those of 80 columns, wherever the tests run; subprocesses inherit it.
