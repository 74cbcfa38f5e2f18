"""Makes the weights of Kompress from a folder of data, on a CPU.

    python training/train.py DATA --base model.safetensors --out src/headroom/kompress

One seed fixes everything; the number of epochs, not the clock, ends each round.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import struct
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from batches import Encoder, batches, epoch, tensors
from examples import Example, examples
from export import export
from network import WIDTH, Kompress
from torch import Tensor
from torch.nn import functional as f

from headroom.kompress.wordpiece import WordPiece

SEED = 20_261
WINDOWS = 2_500
"""Tool outputs looked at in an epoch."""


class Round(NamedTuple):
    """Some epochs in which the rate falls from its most to nothing."""

    epochs: int
    rate: float
    table_rate: float
    conversation: bool
    """Whether it is told of each line what the conversation had shown before: first it learns to do without."""


ROUNDS = (Round(2, 2e-3, 1e-3, conversation=False), Round(1, 1e-3, 5e-4, conversation=True))
NEEDED_WEIGHT, NEEDED_LINE_WEIGHT = 3.0, 6.0
"""How much dearer a needed unit left out is than an unneeded one kept."""
SPREAD = 0.5
"""Standard deviation of the table's numbers at the start."""


def table_of(path: Path) -> Tensor:
    """A sentence encoder's word table, its first `WIDTH` principal components: (pieces, WIDTH)."""
    raw = path.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    entry = json.loads(raw[8 : 8 + size])["embeddings.word_embeddings.weight"]
    start, stop = entry["data_offsets"]
    words = (
        np.frombuffer(raw[8 + size + start : 8 + size + stop], np.float32).reshape(entry["shape"]).astype(np.float64)
    )
    centred = words - words.mean(0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    axes = vectors[:, ::-1][:, :WIDTH]
    axes *= np.sign(axes[np.abs(axes).argmax(0), np.arange(WIDTH)])
    made = centred @ axes
    return torch.tensor(made / made.std() * SPREAD, dtype=torch.float32)


def loss_of(scores: Tensor, batch: dict[str, Tensor]) -> Tensor:
    """Right or wrong for each unit, and for answers that they stand above the rest of their text."""
    labels, there = batch["labels"], batch["there"]
    weight = NEEDED_WEIGHT + (NEEDED_LINE_WEIGHT - NEEDED_WEIGHT) * batch["lines"].unsqueeze(1)
    single = f.binary_cross_entropy_with_logits(scores, labels, reduction="none") * (1 + (weight - 1) * labels) * there
    number = there.sum(1)
    per_text = single.sum(1) / number.sqrt()
    among = scores.masked_fill(there == 0, -30.0).log_softmax(-1)
    best = among.masked_fill(labels == 0, -30.0).logsumexp(-1)
    return (per_text + 0.5 * -best * batch["listed"]).mean()


def train(network: Kompress, every: list[Example], encoder: Encoder, plan: Round, seed: int) -> None:
    """One round, in place."""
    torch.manual_seed(seed)
    chance = random.Random(seed)  # noqa: S311 - shuffles examples
    rest = [p for name, p in network.named_parameters() if name != "table"]
    optimizer = torch.optim.AdamW(
        [{"params": rest, "lr": plan.rate}, {"params": [network.table], "lr": plan.table_rate}], weight_decay=0.01
    )
    planned = done = 0
    start = time.process_time()
    for number in range(plan.epochs):
        items = epoch(every, encoder, chance, WINDOWS, plan.conversation)
        made = list(batches(items, chance))
        planned = planned or len(made) * plan.epochs
        running = 0.0
        for at, group in enumerate(made):
            share = min(done / planned, 1.0)
            factor = min(1.0, done / 100) * (0.5 + 0.5 * math.cos(math.pi * share)) + 0.01
            for entry, rate in zip(optimizer.param_groups, (plan.rate, plan.table_rate), strict=True):
                entry["lr"] = rate * factor
            batch = tensors(group)
            loss = loss_of(network(batch), batch)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            done += 1
            running += loss.item()
            if at % 100 == 99:
                print(
                    f"epoch {number} batch {at + 1}/{len(made)} loss {running / 100:.4f} {time.process_time() - start:.0f} s",
                    flush=True,
                )
                running = 0.0


def main() -> None:
    """The one command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--after", type=Path, help="what --keep kept of the first round: only the others follow")
    parser.add_argument("--keep", type=Path, help="a folder for what each round made, before export")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    vocabulary = (options.base.parent / "vocab.txt").read_text("utf-8").rstrip("\n").split("\n")
    network = Kompress(table_of(options.base))
    encoder = Encoder(WordPiece(vocabulary))
    every = [example for example in examples(options.data) if example.part == "train"]
    if options.after:
        network.load_state_dict(torch.load(options.after))
    for number, plan in enumerate(ROUNDS):
        if number or not options.after:
            train(network, every, encoder, plan, SEED + number)
            if options.keep:
                torch.save(network.state_dict(), options.keep / f"round{number}.pt")
    export(network, options.out, vocabulary)


if __name__ == "__main__":
    main()
