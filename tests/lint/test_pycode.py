from trireme.lint import pycode


def facts(tmp_path, code):
    (tmp_path / "model.py").write_text(code)
    return pycode.read(tmp_path / "model.py")


def test_a_class_of_its_own_shows_its_methods(tmp_path):
    code = facts(tmp_path, "class TritonPythonModel:\n    def execute(self, r): return []\n    auto_complete_config = len\n")
    assert (code.has_class, code.known, code.completes) == (True, True, True)
    assert code.methods == {"execute", "auto_complete_config"}


def test_a_class_from_elsewhere_is_there_and_unknown(tmp_path):
    for text in (
        "from base import TritonPythonModel\n",
        "from base import *\n",
        "import base\nTritonPythonModel = base.make()\n",
    ):
        code = facts(tmp_path, text)
        assert (code.has_class, code.known) == (True, False)
    code = facts(tmp_path, "import base\nclass TritonPythonModel(base.Model): pass\n")
    assert (code.has_class, code.known) == (True, False)


def test_any_way_to_bind_the_class_counts(tmp_path):
    for text in (
        "TritonPythonModel, x = make(), 1\n",
        "for TritonPythonModel in make(): pass\n",
        "with make() as TritonPythonModel: pass\n",
        "exec('...')\n",
        "def __getattr__(name): return make(name)\n",
    ):
        assert facts(tmp_path, text).has_class, text
    assert not facts(tmp_path, "TritonPythonModel = 3\n").has_class


def test_names_asked_of_the_config_are_found_with_their_lines(tmp_path):
    code = facts(
        tmp_path,
        "import triton_python_backend_utils as pb\n\n\nclass TritonPythonModel:\n    def execute(self, requests):\n"
        "        x = pb.get_input_tensor_by_name(requests[0], 'x')\n"
        "        y = pb.get_output_config_by_name(model_config=self.c, name='y')\n"
        "        z = pb.get_input_tensor_by_name(requests[0], self.name)\n        return [x, y, z]\n",
    )
    assert [(asked.kind, asked.name, asked.line) for asked in code.asked] == [("input", "x", 6), ("output", "y", 7)]


def test_what_is_no_code_is_a_problem_with_a_line(tmp_path):
    assert facts(tmp_path, "x = 1\n  y = 2\n") == pycode.Code(problem="IndentationError: unexpected indent", line=2)
    assert "null bytes" in facts(tmp_path, "a\0b").problem
    assert pycode.read(tmp_path / "nowhere.py").problem == "No such file or directory"


def test_a_config_that_is_given_back_is_not_completed(tmp_path):
    template = (
        "class TritonPythonModel:\n    @staticmethod\n    def auto_complete_config(config):\n        %s\n"
        "        return config\n    def execute(self, requests): return []\n"
    )
    for line, completes in {"pass": False, "config.add_input({})": True, "other(config)": True}.items():
        (tmp_path / "model.py").write_text(template % line)
        assert pycode.read(tmp_path / "model.py").completes is completes


def test_whatever_else_may_complete_a_config_counts(tmp_path):
    head, tail = "class TritonPythonModel:\n", "    def execute(self, requests): return []\n"
    for body in (
        "    @staticmethod\n    @completing\n    def auto_complete_config(c): return c\n",
        "    @staticmethod\n    def auto_complete_config(*args):\n        args[0].add_input({})\n        return args[0]\n",
        "    @staticmethod\n    def auto_complete_config(c): return described()\n",
        "    if True:\n        def auto_complete_config(c): return c\n",
        "    from helper import auto_complete_config\n",
        "    auto_complete_config, z = f()\n",
    ):
        assert facts(tmp_path, head + body + tail).completes, body
    assert facts(tmp_path, f"{head}{tail}TritonPythonModel.auto_complete_config = f\n").completes


def test_a_class_may_be_bound_by_the_modules_own_table(tmp_path):
    for line in ("import sys; sys.modules[__name__].TritonPythonModel = M", 'vars()["TritonPythonModel"] = M'):
        assert facts(tmp_path, f"class M:\n    def execute(self, r): return []\n{line}\n").has_class
