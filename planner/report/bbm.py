"""Documents of the TLB model: cases with their verdicts, and procedures in the format of `sources.json.procedure`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from planner.bbm.cases import Case
from planner.bbm.model import Descriptor, Dsb, Procedure, Step, Switch, Touch, Write

__all__ = ["Cases", "procedure_to_dict"]


@dataclass(frozen=True, slots=True)
class Cases:
    """The verdicts of `bbm` on procedures at FEAT_BBM levels."""

    cases: tuple[Case, ...]
    """One per procedure and level."""


def procedure_to_dict(procedure: Procedure) -> dict[str, Any]:
    """The document of a procedure, which `sources.json.procedure` reads back."""
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
    """A descriptor as a document has it: a word, or an object with what is not usual of it."""
    if to is None:
        return "invalid"
    if isinstance(to, str):
        return {"table": to}
    unusual = {"cont": to.cont, "nt": to.nt, "output": to.output}
    return {key: value for key, value in unusual.items() if value} or "leaf"


def _step_to_dict(step: Step) -> dict[str, Any]:
    """A step as a document has it, without keys that have their defaults."""
    if isinstance(step, Write):
        if step.to is None:
            return {"step": "clear", "entry": step.entry}
        return {"step": "write", "entry": step.entry, "to": _spelt(step.to)}
    cpus: dict[str, Any] = {} if step.cpus == "one" else {"cpus": step.cpus}
    if isinstance(step, Dsb):
        return {"step": "dsb", **cpus}
    if isinstance(step, Switch):
        return {"step": "switch", "root": step.root, **cpus}
    if isinstance(step, Touch):
        return {"step": "touch", "page": step.page, **cpus}
    pages = "all" if step.pages is None else list(step.pages)
    flags = {key: True for key in ("local", "last_level") if getattr(step, key)}
    return {"step": "tlbi", "pages": pages, **flags, **cpus}
