"""An initial state that does not fit its state.

It has the state's data type and as many dims, each of them known, a name, and either `zero_data` or a file in the
folder `initial_state/` of the model that is large enough. There is one for a state, and one state for an input's
name.

Bad::

    backend: "python"
    max_batch_size: 8
    sequence_batching {
      state {
        input_name: "in" output_name: "out" data_type: TYPE_FP32 dims: [ 4 ]
        initial_state { name: "zero" data_type: TYPE_FP32 dims: [ -1 ] zero_data: true }
      }
    }

Good::

    backend: "python"
    max_batch_size: 8
    sequence_batching {
      state {
        input_name: "in" output_name: "out" data_type: TYPE_FP32 dims: [ 4 ]
        initial_state { name: "zero" data_type: TYPE_FP32 dims: [ 4 ] zero_data: true }
      }
    }
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trireme.lint import files, walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR406"
SEVERITY = "error"
TRITON = r"'initial_state'|initial_state|specified more than once|failed to open text file for read"


def check(model: Model) -> Iterator[Problem]:
    """Compare each initial state with its state."""
    seen: set[str] = set()
    for number, state in enumerate(model.config.sequence_batching.state):
        at = f"sequence_batching.state[{number}]"
        if len(state.initial_state) > 1:
            yield Problem(at, f"the state '{state.input_name}' has {len(state.initial_state)} initial states", "keep one")
        elif state.initial_state:
            if state.input_name in seen:
                yield Problem(at, f"there are two states of the input '{state.input_name}'", "give each its own")
            seen.add(state.input_name)
            problem = _problem(model, state, state.initial_state[0])
            if problem:
                yield Problem(f"{at}.initial_state[0]", f"the initial state of '{state.input_name}' {problem[0]}", problem[1])


def _problem(model: Model, state: Any, first: Any) -> tuple[str, str] | None:  # noqa: ANN401 - protobuf messages
    """Return what is wrong with an initial state and the remedy."""
    if first.data_type != state.data_type:
        return f"is {walk.enum_name(first)}, and the state {walk.enum_name(state)}", "use the state's type"
    if not first.name:
        return "has no name", 'add name: "..."'
    if not walk.same_shape(first.dims, state.dims) or -1 in first.dims:
        return f"has dims {walk.shape(first.dims)}, and the state {walk.shape(state.dims)}", "use the state's dims, all known"
    if not first.WhichOneof("state_data"):
        return "has no data", "add zero_data: true, or data_file"
    return _file_problem(model, first) if first.WhichOneof("state_data") == "data_file" else None


def _file_problem(model: Model, first: Any) -> tuple[str, str] | None:  # noqa: ANN401 - a protobuf message
    path = files.below(model.path / "initial_state", first.data_file)
    needs = walk.elements(first.dims) * walk.DATA_TYPE_BYTES.get(walk.enum_name(first), 0)
    if not files.is_file(path):
        return f"is in '{first.data_file}', which is not in initial_state/", "put the file there"
    if files.size(path) < needs:
        return f"needs {needs} bytes, and '{first.data_file}' has {files.size(path)}", "write the whole state"
    return None
