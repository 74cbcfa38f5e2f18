"""The network: which units of a text are needed, given a question.

    pieces ─ table ─▶ 4 dilated convolutions ─▶ meets the question ─▶ 2 more ─▶ a vector a unit ─▶ its neighbours ─▶ score

Every value is a whole number of small binary steps: weights and activations are rounded to eight bits on grids of powers of two
(rounding learned through: straight-through gradients). Sums of their products stay below 2^24 steps, where float32 is
exact in whatever order they are taken. So the network gives the same bits on every machine, and needs no exponential,
root or normalisation. The worst case: 4 x 96 inputs of 127 steps by weights of 127 steps are 6.2 of 16.7 million.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as f

WIDTH = 96
"""Channels of a piece."""
HEADS, KEY = 2, 48
"""Ways in which a piece can be like one of the question, and the channels of each."""
VALUE = 32
"""Channels that a piece takes over from the most alike piece of the question."""
STEPS = 32.0
"""Steps to 1 of an activation: from -3.97 to 3.97."""
FEATURES = 12
DILATIONS = (1, 2, 4, 8)
AFTER = (1, 4)
MATCHES = 2 * HEADS


def rounded(x: Tensor, steps: float = STEPS) -> Tensor:
    """To the grid, within 127 steps; gradients pass where it does not clip."""
    edge = 127 / steps
    inside = x.clamp(-edge, edge)
    return inside + (torch.round(inside * steps) / steps - inside).detach()


def steps_of(weight: Tensor) -> float:
    """The finest power of two whose grid holds a weight in 127 steps."""
    return 2.0 ** math.floor(math.log2(127 / max(float(weight.detach().abs().max()), 1e-3)))


class Dense(nn.Linear):
    """A linear layer on the grid."""

    def weights(self) -> tuple[Tensor, Tensor | None]:
        """Weight and bias as they are exported."""
        steps = steps_of(self.weight)
        bias = self.bias
        if bias is not None:
            fine = steps * STEPS
            bias = bias + (torch.round(bias * fine) / fine - bias).detach()
        return rounded(self.weight, steps), bias

    def forward(self, x: Tensor) -> Tensor:
        """x: (..., in) on the grid. Exact, so not on the grid: `rounded` puts it back."""
        return f.linear(x, *self.weights())


def shifted(x: Tensor, dilation: int) -> Tensor:
    """Each place beside its neighbours `dilation` before and after: (B, L, C) to (B, L, 3C)."""
    before = f.pad(x, (0, 0, dilation, 0))[:, : x.shape[1]]
    after = f.pad(x, (0, 0, 0, dilation))[:, dilation:]
    return torch.cat((before, x, after), -1)


class Block(nn.Module):
    """x + W2 relu(W1 [x before, x, x after])."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.wide = Dense(3 * WIDTH, WIDTH)
        self.back = Dense(WIDTH, WIDTH)
        nn.init.normal_(self.back.weight, std=0.02)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x: (B, L, C); mask: (B, L, 1), 0 where there is nothing."""
        inner = rounded(torch.relu(self.wide(shifted(x, self.dilation))))
        return rounded(x + self.back(inner)) * mask


class Kompress(nn.Module):
    """Scores of units; a score of 0 or more says "needed" at even odds in training."""

    def __init__(self, table: Tensor) -> None:
        """table: (pieces, WIDTH)."""
        super().__init__()
        self.table = nn.Parameter(table)
        self.before = nn.ModuleList(Block(dilation) for dilation in DILATIONS)
        self.after = nn.ModuleList(Block(dilation) for dilation in AFTER)
        self.key = Dense(WIDTH, HEADS * KEY, bias=False)
        self.weigh = Dense(WIDTH, 1)
        self.value = Dense(WIDTH, VALUE, bias=False)
        self.asked = Dense(WIDTH, WIDTH)
        self.meet = Dense(WIDTH + VALUE + HEADS + 1, WIDTH)
        nn.init.normal_(self.meet.weight, std=0.03)
        self.unit = Dense(2 * WIDTH + FEATURES + MATCHES, WIDTH)
        self.whole = Dense(WIDTH, WIDTH, bias=False)
        self.near = Block(1)
        self.score = Dense(WIDTH, 1)

    def read(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Pieces in their surroundings: (B, L) to (B, L, WIDTH)."""
        x = rounded(f.embedding(ids, self.table)) * mask
        for block in self.before:
            x = block(x, mask)
        return x

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Scores (B, U).

        batch: ids (B, L), unit (B, L) the unit of each piece, query (B, Q), features (B, U, FEATURES); 0 pads ids and
        query, U-1 is a unit of padding.
        """
        ids, unit, query = batch["ids"], batch["unit"], batch["query"]
        mask, asks = (ids > 0).unsqueeze(-1).float(), (query > 0).unsqueeze(-1).float()
        x, q = self.read(ids, mask), self.read(query, asks)
        units = batch["features"].shape[1]
        length = asks.sum(1)

        likeness = self._likeness(x, q, asks)
        same = (ids.unsqueeze(2) == query.unsqueeze(1)).any(2).unsqueeze(-1).float()
        nearest = likeness[:, 0].argmax(-1)
        value = rounded(self.value(q)) * asks
        taken = torch.gather(value, 1, nearest.unsqueeze(-1).expand(-1, -1, VALUE))
        best = likeness.amax(-1).transpose(1, 2)
        about = rounded(self.asked(rounded((q * asks).sum(1) / length)))
        met = self.meet(torch.cat((x, taken, rounded(best), same), -1)) + about.unsqueeze(1)
        x = rounded(x + rounded(torch.relu(met))) * mask
        for block in self.after:
            x = block(x, mask)
        return self._units(x, unit, units, mask, batch["features"], self._matches(likeness, unit, units, q, asks))

    def _likeness(self, x: Tensor, q: Tensor, asks: Tensor) -> Tensor:
        """(B, HEADS, L, Q): how much each piece is like each of the question."""
        split = (*x.shape[:2], HEADS, KEY)
        keys = rounded(self.key(x)).view(split).transpose(1, 2)
        wanted = rounded(self.key(q)).view(*q.shape[:2], HEADS, KEY).permute(0, 2, 3, 1)
        return rounded(keys @ wanted / 16) - 8 * (1 - asks.transpose(1, 2).unsqueeze(1))

    def _matches(self, likeness: Tensor, unit: Tensor, units: int, q: Tensor, asks: Tensor) -> Tensor:
        """(B, U, MATCHES): how well each unit holds the question's pieces, and how much better than the others do."""
        weight = rounded(torch.relu(self.weigh(q) + 1)) * asks
        total = weight.sum(1).clamp(min=1 / STEPS)
        batch, _, length, asked = likeness.shape
        found = []
        count = (unit.unsqueeze(-1) == torch.arange(units)).any(1).float().unsqueeze(-1)
        count[:, -1] = 0
        number = count.sum(1, keepdim=True).clamp(min=1)
        for head in range(HEADS):
            index = unit.unsqueeze(-1).expand(batch, length, asked)
            best = torch.full((batch, units, asked), -4.0).scatter_reduce(1, index, likeness[:, head], "amax")
            best = best.clamp(min=-4.0) * asks.transpose(1, 2) * count
            middle = rounded(best.sum(1, keepdim=True) / number)
            found += [rounded((value @ weight) / total.unsqueeze(1)) for value in (best, best - middle)]
        return torch.cat(found, -1)

    def _units(self, x: Tensor, unit: Tensor, units: int, mask: Tensor, features: Tensor, matches: Tensor) -> Tensor:
        batch, length, _ = x.shape
        index = unit.unsqueeze(-1).expand(batch, length, WIDTH)
        zero = torch.zeros(batch, units, WIDTH)
        number = torch.zeros(batch, units, 1).scatter_add(1, unit.unsqueeze(-1), mask)
        mean = rounded(zero.scatter_add(1, index, x) / number.clamp(min=1))
        most = zero.scatter_reduce(1, index, x, "amax")
        there = (number > 0).float()
        there[:, -1] = 0
        whole = rounded((mean * there).sum(1) / there.sum(1).clamp(min=1))
        about = rounded(self.whole(whole)).unsqueeze(1)
        u = rounded(torch.relu(self.unit(torch.cat((mean, most, features, matches), -1)) + about)) * there
        u = self.near(u, there)
        return self.score(u).squeeze(-1)
