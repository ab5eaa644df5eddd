"""A second, simple explorer: all CPUs at once, every entry tracked, sets and dicts, no reductions."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from planner.bbm.model import Dsb, Leaf, Procedure, Switch, Tlbi, Touch, Write

if TYPE_CHECKING:
    from collections.abc import Iterator


class State(NamedTuple):
    """The whole state: steps taken, descriptors by entry, steps begun (number, CPU), root and caches of each CPU."""

    taken: int
    memory: tuple[tuple[str, object], ...]
    pending: tuple[tuple[int, int], ...]
    roots: tuple[str, ...]
    tlbs: tuple[frozenset[object], ...]
    walkers: tuple[frozenset[tuple[str, str]], ...]


class Naive:
    """All outcomes of a procedure: `sizes`, `outputs`, and `fault`."""

    def __init__(self, procedure: Procedure, *, nt: bool, tlb: str, touch: str, cpus: int) -> None:
        self.procedure, self.nt, self.eager, self.cpus = procedure, nt, tlb == "architecture", cpus
        self.touched = {page.name for page in procedure.pages if page.touch in ("image", touch)}
        self.entries = {entry.name: (table, entry) for table in procedure.tables for entry in table.entries}
        self.tables = {table.name: table for table in procedure.tables}

    def outcomes(self) -> set[str]:
        """Explore all states."""
        start = State(
            0,
            tuple((name, entry.starts) for name, (_, entry) in self.entries.items()),
            (),
            (self.procedure.root,) * self.cpus,
            (frozenset(),) * self.cpus,
            (frozenset(),) * self.cpus,
        )
        seen, todo, bad = {start}, [start], set()
        while todo:
            state = todo.pop()
            for tlb in state.tlbs:
                for one, other in combinations(sorted(tlb, key=repr), 2):
                    if set(one[0]) & set(other[0]):  # type: ignore[index]
                        bad.add("outputs" if one[3] != other[3] else "sizes")  # type: ignore[index]
            for after in self.after(state, bad):
                if after not in seen:
                    seen.add(after)
                    todo.append(after)
        return bad

    def walk(self, memory: dict[str, object], table: str, page: str) -> tuple[bool, object, list[tuple[str, str]]]:
        """Whether it is valid, the cacheable leaf, and the entries passed with their tables."""
        passed: list[tuple[str, str]] = []
        while True:
            found = [entry for entry in self.tables[table].entries if page in entry.covers]
            to = memory[found[0].name] if found else None
            if to is None:
                return False, None, passed
            entry = found[0]
            if isinstance(to, Leaf):
                if to.nt and self.nt:
                    return True, None, passed
                run = (
                    [e for e in self.tables[table].entries if e.run == entry.run] if entry.run and to.cont else [entry]
                )
                pages = tuple(sorted({page for e in run for page in e.covers}))
                return True, (pages, self.tables[table].level, to.cont, to.output), passed
            assert isinstance(to, str)
            passed.append((entry.name, to))
            table = to

    def after(self, state: State, bad: set[str]) -> Iterator[State]:
        """The possible next actions of hardware, running code and procedure."""
        memory = dict(state.memory)
        for cpu in range(self.cpus):
            tlb, walker = state.tlbs[cpu], state.walkers[cpu]
            for held in tlb:
                yield self.cached(state, cpu, tlb - {held}, walker)
            for kept in walker:
                yield self.cached(state, cpu, tlb, walker - {kept})
            for page in [page.name for page in self.procedure.pages]:
                in_use = page in self.touched or self.afterwards(state, cpu, page)
                covered = any(page in held[0] for held in tlb)  # type: ignore[index]
                starts = [state.roots[cpu], *(to for name, to in walker if page in self.entries[name][1].covers)]
                for start in starts:
                    valid, leaf, passed = self.walk(memory, start, page)
                    if not valid and in_use and not covered:
                        bad.add("fault")
                    if valid and (self.eager or (in_use and not covered)) and leaf is not None:
                        yield self.cached(state, cpu, tlb | {leaf}, walker)
                    if self.eager:
                        yield self.cached(state, cpu, tlb, walker | set(passed))
        for at, (number, _) in enumerate(state.pending):
            yield from self.complete(state, at, number)
        if state.taken < len(self.procedure.steps):
            yield from self.take(state, bad)

    def afterwards(self, state: State, cpu: int, page: str) -> bool:
        """True if all steps are complete and this CPU's root maps the page, so it is in use."""
        if state.taken < len(self.procedure.steps):
            return False
        memory = dict(state.memory)
        memory |= {step.entry: step.to for step in self.procedure.steps if isinstance(step, Write)}
        return self.walk(memory, state.roots[cpu], page)[0]

    def cached(self, state: State, cpu: int, tlb: frozenset[object], walker: frozenset[tuple[str, str]]) -> State:
        """The state with other caches of one CPU."""
        tlbs, walkers = list(state.tlbs), list(state.walkers)
        tlbs[cpu], walkers[cpu] = tlb, walker
        return state._replace(tlbs=tuple(tlbs), walkers=tuple(walkers))

    def takers(self, cpus: str) -> list[int]:
        """The CPUs that take a step."""
        return {"one": [0], "others": list(range(1, self.cpus)), "all": list(range(self.cpus))}[cpus]

    def take(self, state: State, bad: set[str]) -> Iterator[State]:
        """The next step of the procedure."""
        number = state.taken
        step = self.procedure.steps[number]
        ahead = state._replace(taken=number + 1)
        if isinstance(step, Write):
            yield ahead._replace(pending=(*state.pending, (number, 0)))
        elif isinstance(step, Tlbi):
            yield ahead._replace(pending=(*state.pending, *((number, cpu) for cpu in self.takers(step.cpus))))
        elif isinstance(step, Dsb):
            if not {cpu for _, cpu in state.pending} & set(self.takers(step.cpus)):
                yield ahead
        elif isinstance(step, Switch):
            roots = list(state.roots)
            for cpu in self.takers(step.cpus):
                roots[cpu] = step.root
            yield ahead._replace(roots=tuple(roots))
        else:
            assert isinstance(step, Touch)
            memory = dict(state.memory)
            for cpu in self.takers(step.cpus):
                if any(step.page in held[0] for held in state.tlbs[cpu]):  # type: ignore[index]
                    continue
                valid, leaf, _ = self.walk(memory, state.roots[cpu], step.page)
                if not valid:
                    bad.add("fault")
                    return
                if leaf is not None:
                    ahead = self.cached(ahead, cpu, ahead.tlbs[cpu] | {leaf}, ahead.walkers[cpu])
            yield ahead

    def complete(self, state: State, at: int, number: int) -> Iterator[State]:
        """Complete a step that was begun."""
        step = self.procedure.steps[number]
        rest = state._replace(pending=state.pending[:at] + state.pending[at + 1 :])
        if isinstance(step, Write):
            earlier = [self.procedure.steps[i] for i, _ in state.pending[:at]]
            if not any(isinstance(e, Write) and e.entry == step.entry for e in earlier):
                memory = dict(state.memory) | {step.entry: step.to}
                yield rest._replace(memory=tuple(memory.items()))
            return
        assert isinstance(step, Tlbi)
        pages = {page.name for page in self.procedure.pages} if step.pages is None else set(step.pages)
        for cpu in [state.pending[at][1]] if step.local else range(self.cpus):
            tlb = frozenset(held for held in rest.tlbs[cpu] if not pages & set(held[0]))  # type: ignore[index]
            walker = rest.walkers[cpu]
            if not step.last_level:
                walker = frozenset(kept for kept in walker if not pages & set(self.entries[kept[0]][1].covers))
            rest = self.cached(rest, cpu, tlb, walker)
        yield rest
