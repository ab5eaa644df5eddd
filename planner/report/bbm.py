"""Cases and procedures of the TLB model as plain data with documented keys, and the JSON Schema of cases."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from planner.bbm.cases import BBM_LEVELS, TLBS, VERDICTS, Case
from planner.bbm.model import TOUCHES, Descriptor, Dsb, Procedure, Step, Switch, Touch, Write

__all__ = ["procedure_to_dict", "schema", "to_dict"]


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


def procedure_to_dict(procedure: Procedure) -> dict[str, Any]:
    """The document that `sources.json.procedure` reads back as the same procedure."""
    return {
        "schema_version": 1,
        "name": procedure.name,
        "summary": procedure.summary,
        "rests_on": procedure.rests_on,
        "touch": procedure.touch,
        "pages": [{"name": page.name, "touch": page.touch} for page in procedure.pages],
        "root": procedure.root,
        "tables": [
            {
                "name": table.name,
                "level": table.level,
                "entries": [
                    {
                        "name": entry.name,
                        "covers": list(entry.covers),
                        "starts": _spelt(entry.starts),
                        **({"run": entry.run} if entry.run else {}),
                    }
                    for entry in table.entries
                ],
            }
            for table in procedure.tables
        ],
        "steps": [_step_to_dict(step) for step in procedure.steps],
    }


def _spelt(to: Descriptor) -> str | dict[str, Any]:
    if to is None:
        return "invalid"
    if isinstance(to, str):
        return {"table": to}
    said = {"cont": to.cont, "nt": to.nt, "output": to.output}
    return {key: value for key, value in said.items() if value} or "leaf"


def _step_to_dict(step: Step) -> dict[str, Any]:
    if isinstance(step, Write):
        if step.to is None:
            return {"step": "clear", "entry": step.entry}
        return {"step": "write", "entry": step.entry, "to": _spelt(step.to)}
    said: dict[str, Any] = {} if step.cpus == "one" else {"cpus": step.cpus}
    if isinstance(step, Dsb):
        return {"step": "dsb", **said}
    if isinstance(step, Switch):
        return {"step": "switch", "root": step.root, **said}
    if isinstance(step, Touch):
        return {"step": "touch", "page": step.page, **said}
    pages = "all" if step.pages is None else list(step.pages)
    flags = {key: True for key in ("local", "last_level") if getattr(step, key)}
    return {"step": "tlbi", "pages": pages, **flags, **said}


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
