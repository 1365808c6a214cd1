"""What the code of a Python model says without being run: its class, its methods, and the tensors it asks for by name.

The interface is the Python backend's: https://github.com/triton-inference-server/python_backend#usage
"""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trireme.lint import files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLASS = "TritonPythonModel"
COMPLETE = "auto_complete_config"
INPUT_ASKERS = {"get_input_tensor_by_name", "get_input_config_by_name"}
OUTPUT_ASKERS = {"get_output_config_by_name"}
MOST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Asked:
    """A tensor that the code asks the config for."""

    kind: str
    """input or output"""
    name: str
    line: int


@dataclass(frozen=True)
class Code:
    """The facts of one model.py; problem says why it cannot be read or parsed, at a line."""

    problem: str = ""
    line: int = 1
    has_class: bool = False
    methods: frozenset[str] = frozenset()
    known: bool = True
    """False when the class comes from elsewhere (a base class, an import), so that its methods cannot be seen."""
    asked: tuple[Asked, ...] = ()
    returns_none: tuple[int, ...] = ()
    """Lines where execute returns nothing; 0-terminated paths count with the line of the function."""
    completes: bool = True
    """Whether auto_complete_config may change the config: False when there is none, or one that gives it back as it came."""


UNKNOWN = Code(has_class=True, known=False)
"""Nothing is known of the code, so nothing is claimed."""


def read(path: Path) -> Code:
    """Return the facts of a file."""
    if files.exists(path) and not files.is_file(path):
        return Code(problem="it is no file")
    return UNKNOWN if files.size(path) > MOST_BYTES else _parsed(path)


def _parsed(path: Path) -> Code:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in a stranger's code is not our warning
            tree = ast.parse(path.read_bytes(), str(path))
    except OSError as error:
        return Code(problem=error.strerror or str(error))
    except SyntaxError as error:
        return Code(problem=f"{type(error).__name__}: {error.msg}", line=error.lineno or 1)
    except (ValueError, RecursionError, MemoryError) as error:
        return Code(problem=f"{type(error).__name__}: {error}")
    try:
        return _facts(tree)
    except RecursionError:  # hundreds of nested branches
        return UNKNOWN


def _facts(tree: ast.Module) -> Code:
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == CLASS]
    named = bool(classes) or CLASS in _names_bound(tree)
    if not classes:
        return Code(has_class=named, known=not named)
    methods = {node.name: node for node in classes[-1].body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    assigned = {name for node in classes[-1].body for name in _targets(node)}
    bases = [base for base in classes[-1].bases if not (isinstance(base, ast.Name) and base.id == "object")]
    execute, complete = methods.get("execute"), methods.get("auto_complete_config")
    return Code(
        has_class=True,
        methods=frozenset({*methods, *assigned}),
        known=not bases and not classes[-1].keywords and not classes[-1].decorator_list,
        asked=tuple(_asked(tree)),
        returns_none=tuple(_returns_none(execute)) if execute is not None else (),
        completes=bool(bases) or (COMPLETE in _words(tree) and not (complete is not None and _gives_back(tree, complete))),
    )


def _words(tree: ast.Module) -> list[str]:
    """Return every word in the code that could name a function: names, attributes, imports, definitions, texts."""
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.alias):
            found += [node.asname or node.name, *([COMPLETE] if node.name == "*" else [])]
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.append(node.name)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += [COMPLETE] if COMPLETE in node.value else []
        else:
            found += [getattr(node, "id", ""), getattr(node, "attr", "")]
    return found


def _gives_back(tree: ast.Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Say whether a method is the only thing of its name, and does nothing with its one parameter but to return it."""
    given = function.args
    plain = not (given.vararg or given.kwarg or given.kwonlyargs) and len(given.args) == 1
    static = [ast.unparse(decorator) for decorator in function.decorator_list] == ["staticmethod"]
    if not (plain and static and _words(tree).count(COMPLETE) == 1):
        return False
    returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    bare = all(isinstance(value, ast.Name) and value.id == given.args[0].arg for value in returned)
    uses = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == given.args[0].arg]
    return bare and len(uses) == len(returned)


def _names_bound(tree: ast.Module) -> set[str]:
    """Return the names that a module may bind in any way; a star import, `exec` and a module's `__getattr__` may bind any."""
    names: set[str] = set()
    constants = {id(target) for node in ast.walk(tree) for target in _constant_targets(node)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {CLASS if alias.name == "*" else alias.asname or alias.name for alias in node.names}
        elif isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            names |= {node.name, CLASS} if node.name == "__getattr__" else {node.name}
        elif (isinstance(node, ast.Attribute) and node.attr == CLASS) or (
            isinstance(node, ast.Constant) and node.value == CLASS
        ):
            names.add(CLASS)
        elif isinstance(node, ast.Name) and id(node) not in constants:
            names |= {CLASS} if node.id in {"exec", "globals", "setattr"} else set()
            names |= {node.id} if isinstance(node.ctx, ast.Store) else set()
    return names


def _constant_targets(node: ast.AST) -> list[ast.expr]:
    """Return what an assignment of a constant binds: nothing that is a class."""
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or not isinstance(node.value, ast.Constant):
        return []
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def _targets(node: ast.AST) -> set[str]:
    """Return the names that an assignment in a class binds to something that may be a function."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    constants = {id(target) for target in _constant_targets(node)}
    return {target.id for target in targets if isinstance(target, ast.Name) and id(target) not in constants}


def _asked(tree: ast.Module) -> Iterator[Asked]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        kind = "input" if node.func.attr in INPUT_ASKERS else "output" if node.func.attr in OUTPUT_ASKERS else ""
        name = node.args[1] if len(node.args) > 1 else next((word.value for word in node.keywords if word.arg == "name"), None)
        if kind and isinstance(name, ast.Constant) and isinstance(name.value, str):
            yield Asked(kind, name.value, node.lineno)


def _returns_none(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[int]:
    """Yield the lines where a function gives None back, the end of its body among them; inner functions are not its own."""
    inner = {
        id(part)
        for node in ast.walk(function)
        if node is not function and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef))
        for part in ast.walk(node)
    }
    own = [node for node in ast.walk(function) if id(node) not in inner]
    if any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in own):
        return
    for node in own:
        if isinstance(node, ast.Return) and (
            node.value is None or (isinstance(node.value, ast.Constant) and node.value.value is None)
        ):
            yield node.lineno
    if not _always_leaves(function.body):
        yield function.lineno


def _always_leaves(body: list[ast.stmt]) -> bool:
    """Say whether a block never runs past its end; a loop without an end counts as leaving."""
    return any(_leaves(node) for node in body)


def _leaves(node: ast.stmt) -> bool:
    match node:
        case ast.Return() | ast.Raise() | ast.While(test=ast.Constant(value=True | 1)):
            return True
        case ast.If():
            return _always_leaves(node.body) and _always_leaves(node.orelse)
        case ast.With() | ast.AsyncWith():
            return _always_leaves(node.body)
        case ast.Try():
            handled = all(_always_leaves(handler.body) for handler in node.handlers)
            return _always_leaves(node.finalbody) or (handled and _always_leaves([*node.body, *node.orelse]))
        case ast.Match():
            last = node.cases[-1]
            catches_all = isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None and last.guard is None
            return catches_all and all(_always_leaves(case.body) for case in node.cases)
        case _:
            return False
