"""The trained network as ONNX: the same sums over the same grids, for one text of any length.

Activations are kept in steps (32 to 1), so that to round one is `Round` and `Clip`. Every weight is stored as int8 with the
power of two that it is multiplied by. There is nothing in the graph but products and sums of whole numbers of steps,
maxima, and three divisions.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from network import AFTER, DILATIONS, FEATURES, HEADS, KEY, STEPS, WIDTH, Block, Dense, Kompress, steps_of
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
"""The first in which `ScatterND` takes a maximum."""


class Graph:
    """Nodes and constants as they are added; a tensor is its name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._known: dict[tuple[str, bytes], str] = {}

    def add(self, kind: str, *inputs: str, **attributes: object) -> str:
        """One node with one output."""
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, value: np.ndarray) -> str:
        """A constant, once."""
        key = (str(value.dtype) + str(value.shape), value.tobytes())
        if key not in self._known:
            self._known[key] = f"c{len(self.constants)}"
            self.constants.append(numpy_helper.from_array(value, self._known[key]))
        return self._known[key]

    def number(self, value: float) -> str:
        """A scalar."""
        return self.constant(np.array(value, np.float32))

    def whole(self, *values: int) -> str:
        """Whole numbers: axes, starts, shapes."""
        return self.constant(np.array(values, np.int64))

    def rounded(self, x: str) -> str:
        """To whole steps, within 127."""
        return self.add("Clip", self.add("Round", x), self.number(-127.0), self.number(127.0))

    def weight(self, values: torch.Tensor, steps: float) -> str:
        """A weight on its grid, kept as int8."""
        whole = torch.round(values * steps).clamp(-127, 127).to(torch.int8).numpy()
        return self.add("Mul", self.add("Cast", self.constant(whole), to=TensorProto.FLOAT), self.number(1 / steps))

    def dense(self, x: str, layer: Dense) -> str:
        """x @ W + b, in steps."""
        values, bias = layer.weights()
        made = self.add("MatMul", x, self.weight(values.detach().T.contiguous(), steps_of(layer.weight)))
        if bias is None:
            return made
        return self.add("Add", made, self.constant((bias.detach() * STEPS).numpy().astype(np.float32)))

    def block(self, x: str, block: Block) -> str:
        """`network.Block`."""
        d = block.dilation
        wide = self.add("Pad", x, self.whole(d, 0, d, 0), self.number(0.0))
        ends = ((0, -2 * d), (d, -d), (2 * d, 2**62))
        shifted = [self.add("Slice", wide, self.whole(a), self.whole(b), self.whole(0)) for a, b in ends]
        inner = self.rounded(self.add("Relu", self.dense(self.add("Concat", *shifted, axis=1), block.wide)))
        return self.rounded(self.add("Add", x, self.dense(inner, block.back)))

    def mean(self, x: str, number: str) -> str:
        """The mean over the first axis, rounded: (1, C)."""
        return self.rounded(self.add("Div", self.add("ReduceSum", x, self.whole(0)), number))

    def size(self, x: str) -> str:
        """The length of the first axis, as a float."""
        shape = self.add("Shape", x, start=0, end=1)
        return self.add("Cast", shape, to=TensorProto.FLOAT)

    def scatter(self, start: float, rows: str, columns: str, index: str, x: str, how: str) -> str:
        """Rows of x gathered by unit: (U, C)."""
        shape = self.add("Concat", rows, columns, axis=0)
        zero = self.add("ConstantOfShape", shape, value=numpy_helper.from_array(np.array([start], np.float32)))
        return self.add("ScatterND", zero, index, x, reduction=how)


def graph_of(network: Kompress) -> onnx.ModelProto:
    """ids (L), unit (L), query (Q), features (U, FEATURES) to scores (U)."""
    g = Graph()
    table = g.constant(torch.round(network.table.detach() * STEPS).clamp(-127, 127).to(torch.int8).numpy())

    def read(ids: str) -> str:
        x = g.add("Cast", g.add("Gather", table, ids), to=TensorProto.FLOAT)
        for block in network.before:
            x = g.block(x, block)
        return x

    x, q = read("ids"), read("query")
    keys, wanted = (g.rounded(g.dense(each, network.key)) for each in (x, q))
    likeness = []
    for head in range(HEADS):
        part = (g.whole(head * KEY), g.whole((head + 1) * KEY), g.whole(1))
        asked = g.add("Transpose", g.add("Slice", wanted, *part), perm=[1, 0])
        product = g.add("MatMul", g.add("Slice", keys, *part), asked)
        likeness.append(g.rounded(g.add("Mul", product, g.number(1 / (16 * STEPS)))))
    x = _met(g, network, x, q, likeness)
    for block in network.after:
        x = g.block(x, block)
    score = _units(g, network, x, _matches(g, network, q, likeness))
    inputs = [
        helper.make_tensor_value_info("ids", TensorProto.INT64, ["pieces"]),
        helper.make_tensor_value_info("unit", TensorProto.INT64, ["pieces"]),
        helper.make_tensor_value_info("query", TensorProto.INT64, ["asked"]),
        helper.make_tensor_value_info("features", TensorProto.FLOAT, ["units", FEATURES]),
    ]
    g.nodes.append(helper.make_node("Squeeze", [score, g.whole(1)], ["scores"]))
    outputs = [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["units"])]
    made = helper.make_graph(g.nodes, "kompress", inputs, outputs, g.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def _met(g: Graph, network: Kompress, x: str, q: str, likeness: list[str]) -> str:
    """Each piece with what it has to do with the question."""
    rows, columns = g.add("Unsqueeze", "ids", g.whole(1)), g.add("Unsqueeze", "query", g.whole(0))
    same = g.add("Cast", g.add("Equal", rows, columns), to=TensorProto.FLOAT)
    same = g.add("Mul", g.add("ReduceMax", same, g.whole(1), keepdims=1), g.number(STEPS))
    value = g.rounded(g.dense(q, network.value))
    taken = g.add("Gather", value, g.add("ArgMax", likeness[0], axis=1, keepdims=0))
    best = [g.add("ReduceMax", each, g.whole(1), keepdims=1) for each in likeness]
    about = g.rounded(g.dense(g.mean(q, g.size(q)), network.asked))
    met = g.add("Add", g.dense(g.add("Concat", x, taken, *best, same, axis=1), network.meet), about)
    return g.rounded(g.add("Add", x, g.rounded(g.add("Relu", met))))


def _matches(g: Graph, network: Kompress, q: str, likeness: list[str]) -> list[str]:
    """How well each unit holds the question's pieces, and how much better than the others do."""
    weight = g.rounded(g.add("Relu", g.add("Add", g.dense(q, network.weigh), g.number(STEPS))))
    total = g.add("Max", g.add("ReduceSum", weight, g.whole(0), keepdims=0), g.number(1.0))
    units, asked = g.add("Shape", "features", start=0, end=1), g.add("Shape", "query", start=0, end=1)
    index = g.add("Unsqueeze", "unit", g.whole(1))
    found = []
    for each in likeness:
        best = g.scatter(-4 * STEPS, units, asked, index, each, "max")
        rest = g.add("Sub", best, g.mean(best, g.size("features")))
        found += [g.rounded(g.add("Div", g.add("MatMul", value, weight), total)) for value in (best, rest)]
    return found


def _units(g: Graph, network: Kompress, x: str, matches: list[str]) -> str:
    units, one = g.add("Shape", "features", start=0, end=1), g.whole(1)
    index = g.add("Unsqueeze", "unit", one)
    ones = g.add("Unsqueeze", g.add("Cast", g.add("Equal", "unit", "unit"), to=TensorProto.FLOAT), one)
    number = g.scatter(0.0, units, one, index, ones, "add")
    mean = g.rounded(g.add("Div", g.scatter(0.0, units, g.whole(WIDTH), index, x, "add"), number))
    most = g.scatter(0.0, units, g.whole(WIDTH), index, x, "max")
    about = g.rounded(g.dense(g.mean(mean, g.size("features")), network.whole))
    known = g.add("Mul", "features", g.number(STEPS))
    said = g.dense(g.add("Concat", mean, most, known, *matches, axis=1), network.unit)
    u = g.rounded(g.add("Relu", g.add("Add", said, about)))
    return g.add("Mul", g.dense(g.block(u, network.near), network.score), g.number(1 / STEPS))


def export(network: Kompress, folder: Path, vocabulary: list[str]) -> None:
    """Weights and vocabulary, as `headroom.kompress` reads them."""
    assert len(network.before) == len(DILATIONS)
    assert len(network.after) == len(AFTER)
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(graph_of(network.eval()), folder / "weights.onnx")
    (folder / "vocabulary.txt").write_text("\n".join(vocabulary), "utf-8")
