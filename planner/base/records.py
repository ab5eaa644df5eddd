"""Value classes: the part of `dataclasses` that this package uses, without its cost at every start.

`dataclasses` writes and compiles up to eight methods for each class when the class is defined; for the classes
of this package together that takes longer than importing all their code. Here the methods are shared, and only
`__init__` is compiled, when a class has been instantiated a few times. Type checkers see real dataclasses.

    @dataclass(frozen=True, slots=True)      fields are the annotations, in order; always with slots
    field(default_factory=list)              also `default` and `repr`
    replace(value, size=1)                   a copy with other fields
    maker(cls)                               a quick way to make thousands of frozen values

Not supported, and refused when the class is defined: inheritance, `ClassVar`, `InitVar`, `__post_init__`.
Imports nothing of this package.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import FrozenInstanceError, dataclass, field, replace
    from typing import TypeVar

    _T = TypeVar("_T")

    def maker(cls: type[_T]) -> type[_T]:
        """The class itself, as far as types go."""
        return cls
else:
    _MISSING = object()
    _MANY = 5  # fields that take less as one of an open twin than one by one
    _FEW = 8  # instances that cost less, filled in one by one, than compiling does

    class FrozenInstanceError(AttributeError):
        """A field of a frozen value was assigned to or deleted."""

    class _Default:
        """What a field is without an argument: a value, or what a factory makes."""

        __slots__ = ("factory", "repr", "value")

        def __init__(self, value, factory=None, repr_=True):
            self.value, self.factory, self.repr = value, factory, repr_

    def field(*, default=_MISSING, default_factory=None, repr=True):  # noqa: A002 - as dataclasses spell it
        """A field's default, and whether it is shown."""
        return _Default(default, default_factory, repr)

    def dataclass(cls=None, /, *, frozen=False, slots=True, order=False):
        """A class whose instances are the values of its annotated fields; see the module."""
        del slots
        if cls is None:
            return lambda cls: _build(cls, frozen, order)
        return _build(cls, frozen, order)

    def replace(obj, /, **changes):
        """A copy of a value with other fields."""
        cls = type(obj)
        names, values = cls.__slots__, list(cls._values(obj))
        for name, value in changes.items():
            if name not in names:
                return cls(**changes)  # which says so
            values[names.index(name)] = value
        return cls(*values)

    def maker(cls):
        """A function that takes all fields of a frozen class, in order, and makes a value in half the time.

        The value is filled in as one of an open twin, and becomes one of its class when it is done.
        """
        names = cls.__slots__
        lines = [f"value.{name} = {name}" for name in names]
        known = {"twin": _twin_of(cls), "cls": cls}
        # As for `__init__`: field names are never input.
        code = "\n ".join(["value = twin()", *lines, "value.__class__ = cls", "return value"])
        exec(f"def make({', '.join(names)}):\n {code}", known)  # noqa: S102
        return known["make"]

    def _twin_of(cls):
        """A class with the same fields that refuses no assignment."""
        return type(f"_Open{cls.__name__}", (), {"__slots__": cls.__slots__})

    def _build(cls, frozen, order):
        """The same class anew, with slots and the shared methods; what it defines itself stays."""
        own = dict(cls.__dict__)
        kinds = cls.__annotations__
        if cls.__bases__ != (object,) or "__post_init__" in own or any("Var" in str(k) for k in kinds.values()):
            raise TypeError(f"{cls.__name__} needs dataclasses themselves")
        names = tuple(kinds)
        defaults = {}
        for name in names:
            if name in own:
                value = own.pop(name)
                defaults[name] = value if isinstance(value, _Default) else _Default(value)
        for name in ("__dict__", "__weakref__"):
            own.pop(name, None)
        shared = {
            "__init__": _first_init,
            "__eq__": _eq,
            "__hash__": None,
            "__repr__": _repr,
            "__reduce__": _reduce,
        }
        if frozen:
            shared |= {"__setattr__": _refuse, "__delattr__": _refuse}
        if order:
            shared |= {"__lt__": _lt, "__le__": _le, "__gt__": _gt, "__ge__": _ge}
        space = {**shared, **own, "__slots__": names, "__match_args__": names}
        get = attrgetter(*names) if names else None
        single = len(names) == 1
        values = (lambda self: (get(self),)) if single else get or (lambda _: ())
        space["_values"] = staticmethod(values)
        if frozen and "__hash__" not in own:
            space["__hash__"] = lambda self: hash(values(self))
        space["_defaults"], space["_frozen"], space["_made"] = defaults, frozen, 0
        return type(cls)(cls.__name__, cls.__bases__, space)

    def _first_init(self, *args, **kwargs):
        """Fills in the first few instances field by field; then the real `__init__` is compiled and takes its place."""
        cls = type(self)
        cls._made += 1
        if cls._made > _FEW or not _filled(self, cls, args, kwargs):
            cls.__init__ = _compile_init(cls)
            cls.__init__(self, *args, **kwargs)

    def _filled(self, cls, args, kwargs):
        """Whether the arguments are those of the fields; what else they are, the compiled `__init__` will say."""
        left, given = len(kwargs), len(args)
        for index, name in enumerate(cls.__slots__):
            if index < given:
                value = args[index]
            elif name in kwargs:
                value = kwargs[name]
                left -= 1
            else:
                default = cls._defaults.get(name)
                if default is None:
                    return False
                value = default.value if default.factory is None else default.factory()
            object.__setattr__(self, name, value)
        return not left and given <= len(cls.__slots__)

    def _compile_init(cls):
        known = {"_missing": _MISSING}
        parameters, lines = ["self"], []
        # Past a class's own refusal: by the shortest way there is, or, for many fields, as one of an open twin.
        through_twin = cls._frozen and len(cls.__slots__) >= _MANY
        by_setter = cls._frozen and not through_twin
        for name in cls.__slots__:
            default, value = cls._defaults.get(name), name
            if default is None:
                parameters.append(name)
            elif default.factory is not None:
                known[f"_make_{name}"] = default.factory
                parameters.append(f"{name}=_missing")
                value = f"_make_{name}() if {name} is _missing else {name}"
            else:
                known[f"_default_{name}"] = default.value
                parameters.append(f"{name}=_default_{name}")
            if by_setter:
                known[f"_set_{name}"] = getattr(cls, name).__set__
            lines.append(f"_set_{name}(self, {value})" if by_setter else f"self.{name} = {value}")
        if through_twin:
            known |= {"_become": object.__setattr__, "_twin": _twin_of(cls), "_cls": cls}
            lines = ["_become(self, '__class__', _twin)", *lines, "self.__class__ = _cls"]
        # Field names are identifiers of our own classes, never input.
        exec(f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines or ["pass"]), known)  # noqa: S102
        init = known["__init__"]
        init.__qualname__ = f"{cls.__qualname__}.__init__"
        return init

    def _eq(self, other):
        return self._values(self) == other._values(other) if other.__class__ is self.__class__ else NotImplemented

    def _lt(self, other):
        return self._values(self) < other._values(other) if other.__class__ is self.__class__ else NotImplemented

    def _le(self, other):
        return self._values(self) <= other._values(other) if other.__class__ is self.__class__ else NotImplemented

    def _gt(self, other):
        return self._values(self) > other._values(other) if other.__class__ is self.__class__ else NotImplemented

    def _ge(self, other):
        return self._values(self) >= other._values(other) if other.__class__ is self.__class__ else NotImplemented

    def _reduce(self):
        return (type(self), self._values(self))

    def _repr(self):
        default = self._defaults
        shown = [name for name in self.__slots__ if name not in default or default[name].repr]
        return f"{type(self).__qualname__}({', '.join([f'{name}={getattr(self, name)!r}' for name in shown])})"

    def _refuse(self, name, _value=None):
        raise FrozenInstanceError(f"cannot assign to or delete field {name!r}")


__all__ = ["FrozenInstanceError", "dataclass", "field", "maker", "replace"]
