"""Frozen classes: values that never change, compare by what they hold, and cost little to define.

A frozen dataclass writes source code for its methods and compiles it: 0.3 ms for each class, and
6 ms to load `dataclasses`.  Here all classes share their methods (20 µs for each).  To a type
checker and to ``match`` they are what frozen dataclasses with slots are.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, ClassVar, TypeVar, dataclass_transform, get_origin, overload

_T = TypeVar("_T")


@overload
def frozen(cls: type[_T], /) -> type[_T]: ...
@overload
def frozen(*, repr: bool) -> Callable[[type[_T]], type[_T]]: ...
@dataclass_transform(frozen_default=True)
def frozen(cls: Any = None, /, *, repr: bool = True) -> Any:  # noqa: A002
    """Freeze a class of annotated fields.

    The fields become slots, and arguments of the constructor by place or by name;
    ``__post_init__`` may refuse them; methods that the class has are kept.

    Args:
        cls: Derived from no frozen class that has fields.
        repr: Whether the fields are shown; what is secret must not be.
    """
    return _freeze(cls, repr) if cls is not None else lambda cls: _freeze(cls, repr)


def replace(old: _T, /, **changes: Any) -> _T:
    """Give the same value with other fields.

    Raises:
        TypeError: If it has no field of such a name: a bug in the caller.
    """
    kept = {name: getattr(old, name) for name in type(old).__match_args__}  # type: ignore[attr-defined]
    if not changes.keys() <= kept.keys():
        raise TypeError(f"{type(old).__name__} has {tuple(kept)}")
    return type(old)(*(kept | changes).values())


def _freeze(cls: Any, shows: bool) -> Any:
    kinds: dict[str, Any] = cls.__annotations__
    fields = tuple(name for name, kind in kinds.items() if get_origin(kind) is not ClassVar)
    namespace = dict(vars(cls))
    defaults = {name: namespace.pop(name) for name in fields if name in namespace}
    for name in ("__dict__", "__weakref__"):  # of a class without slots
        namespace.pop(name, None)
    methods = {
        "__init__": _init_and_check if hasattr(cls, "__post_init__") else _init,
        **({"__repr__": _repr} if shows else {}),
        "__eq__": _eq,
        "__hash__": _hash,
        "__setattr__": _refuse,
        "__delattr__": _refuse,
    }
    namespace = methods | namespace | {"__slots__": fields, "__match_args__": fields}
    made = type(cls)(cls.__name__, cls.__bases__, namespace)
    made.__qualname__ = cls.__qualname__
    made._defaults = defaults
    made._setters = tuple(vars(made)[name].__set__ for name in fields)
    made._held = attrgetter(*fields) if fields else staticmethod(_nothing)
    return made


def _nothing(_self: Any) -> None:
    """What a class without fields holds."""


def _init(self: Any, *values: Any, **named: Any) -> None:
    if named or len(values) != len(self._setters):
        values = _complete(self, values, named)
    for set_field, value in zip(self._setters, values, strict=True):
        set_field(self, value)


def _init_and_check(self: Any, *values: Any, **named: Any) -> None:
    _init(self, *values, **named)
    self.__post_init__()


def _complete(self: Any, values: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """Put named arguments and defaults into their places."""
    fields = self.__match_args__
    left = fields[len(values) :]
    given = self._defaults | named
    if len(values) > len(fields) or not named.keys() <= set(left) <= given.keys():
        raise TypeError(f"{type(self).__name__} takes {fields}")
    return values + tuple(given[name] for name in left)


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
    return f"{type(self).__qualname__}({shown})"


def _eq(self: Any, other: Any) -> Any:
    return self._held(self) == self._held(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash((type(self), self._held(self)))


def _refuse(self: Any, name: str, _value: object = None) -> None:
    raise AttributeError(f"{type(self).__name__}.{name} never changes")
