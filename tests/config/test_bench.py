"""`zhengtong bench`: each figure is a module that can be measured."""

import ast

from tests.house.code import ROOT
from zhengtong.config.commands import bench


def test_every_benchmark_measures_and_says_what():
    assert "clock" in bench.names()
    for name in bench.names():
        tree = ast.parse((ROOT / "benchmarks" / f"{name}.py").read_text(encoding="utf-8"))
        runs = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "run"]
        assert len(runs) == 1, name
        assert ast.get_docstring(runs[0]), name
        assert ast.get_docstring(tree), name
