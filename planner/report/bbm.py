"""Cases of the TLB model as plain data with documented keys, and the JSON Schema of that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from planner.bbm.cases import BBM_LEVELS, TLBS, VERDICTS, Case
from planner.bbm.model import TOUCHES

__all__ = ["schema", "to_dict"]


def to_dict(cases: Iterable[Case]) -> dict[str, Any]:
    """The cases, in order."""
    return {"schema_version": 1, "cases": [_case(case) for case in cases]}


def _case(case: Case) -> dict[str, Any]:
    return {
        "procedure": case.procedure,
        "bbm_level": case.bbm_level,
        "tlb": case.tlb,
        "touch": case.touch,
        "cpus": case.cpus,
        "verdict": case.verdict,
        "rule_broken": case.rule_broken,
        "trace": [
            {"actor": line.actor, "step": line.step, "tables": list(line.tables), "tlb": list(line.tlb)}
            for line in case.trace
        ],
        "states": case.states,
    }


def schema() -> dict[str, Any]:
    """The JSON Schema of what `to_dict` gives."""
    texts = {"type": "array", "items": {"type": "string"}}
    line = _shape(
        {
            "actor": ("Who did it: a CPU, its hardware, memory.", {"type": "string"}),
            "step": ("What was done.", {"type": "string"}),
            "tables": ("The descriptors that the procedure changes, after it.", texts),
            "tlb": ("What that CPU has cached after it.", texts),
        }
    )
    case = _shape(
        {
            "procedure": ("Name of the procedure.", {"type": "string"}),
            "bbm_level": (
                "FEAT_BBM level, as a string; noabort is level 2 without conflict aborts.",
                {"enum": list(BBM_LEVELS)},
            ),
            "tlb": ("What the walker may do by itself.", {"enum": list(TLBS)}),
            "touch": ("What running code touches meanwhile, beside the image.", {"enum": list(TOUCHES)}),
            "cpus": ("Number of CPUs.", {"type": "integer", "minimum": 1}),
            "verdict": ("The worst that can be reached.", {"enum": list(VERDICTS)}),
            "rule_broken": ("Whether break-before-make is broken at that level.", {"type": "boolean"}),
            "trace": ("A shortest way to the verdict; empty only if it is safe.", {"type": "array", "items": line}),
            "states": ("States explored, which are all there are.", {"type": "integer", "minimum": 1}),
        }
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:crashkernel-planner:bbm:1",
        "title": "crashkernel-planner bbm",
        **_shape(
            {
                "schema_version": ("Version of these keys.", {"const": 1}),
                "cases": ("One per procedure and level.", {"type": "array", "items": case}),
            }
        ),
    }


def _shape(properties: dict[str, tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: {"description": text, **kind} for name, (text, kind) in properties.items()},
        "required": list(properties),
        "additionalProperties": False,
    }
