"""Options of a plan: what an earlier plan of the map was asked counts where the user says nothing."""

from __future__ import annotations

from typing import Any

import pytest

from planner.kernel.machine import Answered, Facts
from planner.planning.options import Options, with_facts

ANSWERED = Answered(outcome="exact", crash=None, low=None, kernel=(), others=(), notes=(), rewound=())
