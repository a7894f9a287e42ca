#!/usr/bin/env bash
# The first real model, from files to tables: base / SFT / SFT on verified data / after the preference step, a learning
# curve and "few good or many". Nothing is measured twice: a killed run goes on where it stopped.
#
#   BASE=gemma-3-270m MATHS=maths_ko HEADLINE=gsm8k_ko.jsonl [KOBEST=folder] OUT=bench/out/real \
#     bash bench/real_models.sh [1/8 | 1/4 | 1]        # share of the training rows; 1/8 is for a first look
#
# BASE is a folder of weights (or a Hub id), MATHS a folder with *train* and *test* files of problems, HEADLINE a set
# that is never trained on. STEPS picks parts: files main curve few (default: all). TINY=1 rehearses the commands in
# minutes, with any base. HUNMIN and PYTHON name the commands. Full comparison: one seed; curve and few: three.
# QUESTIONS=N draws so many questions of each set; MORE="sft.dtype=bf16 sample.ratio=0.25" adds overrides to every run,
# ASKED="--dtype bf16 --batch-size 32" options to every question: both for a CPU, where bf16 is three times as fast.
set -euo pipefail
cd "$(dirname "$0")/.."
SCALE=${1:-1/4}
: "${BASE:?a folder of weights or a Hub id}" "${MATHS:?a folder of problems}" "${HEADLINE:?a file of problems}"
OUT=${OUT:-bench/out/real}; HUNMIN=${HUNMIN:-hunmin}; PYTHON=${PYTHON:-python}; TINY=${TINY:-}
STEPS=${STEPS:-files main curve few}; SEEDS=${SEEDS:-1 2 3}
case $SCALE in 1/8|1/4|1/2|1) ;; *) echo "scale: 1/8, 1/4, 1/2 or 1, not '$SCALE'" >&2; exit 2 ;; esac
QUESTIONS=${QUESTIONS:-}; read -ra MORE <<< "${MORE:-}"; read -ra ASKED <<< "${ASKED:-}"
FILES=$OUT/files; RUNS=$OUT/runs; mkdir -p "$OUT"
wants() { [[ " $STEPS " == *" $1 "* ]]; }
timed() {  # name, command...: seconds and peak memory beside the result, appended
  local name=$1; shift
  local begun; begun=$(date +%s)
  "$@"
  echo "{\"step\": \"$name\", \"scale\": \"$SCALE\", \"seconds\": $(($(date +%s) - begun))}" >> "$OUT/seconds.jsonl"
}
share() {  # of the training rows, in records
  "$PYTHON" - "$FILES/korean-maths.jsonl" "$1" <<'PY'
import sys
from fractions import Fraction
n = sum(1 for _ in open(sys.argv[1], encoding="utf-8"))
print(max(8, round(n * Fraction(sys.argv[2]))))
PY
}
COMMON=(sft.base_model="$BASE" sft.revision=null decontaminate.against="[$FILES/korean-maths-test/maths_ko.jsonl]"
        evaluate_maths.data="$FILES/korean-maths-test" "${MORE[@]}")
ASK=(--tasks maths_ko --template kullm --max-new-tokens 320 "${ASKED[@]}")
if [[ -n $TINY ]]; then
  COMMON+=(sft.max_steps=2 sft.batch_size=4 sft.micro_batch_size=2 sft.val_size=2 sft.max_length=384 sft.overlong=truncate_prompt)
  ASK=(--tasks maths_ko --template kullm --max-new-tokens 8 --limit 2)
  SEEDS=1
fi
sft() {  # run's name, rows, more overrides...: the adapter, its own report beside it
  local name=$1 rows=$2; shift 2
  timed "$name" "$HUNMIN" run ko-reason-270m --name "$name" --runs "$RUNS" --until sft \
    "${COMMON[@]}" load.path="$rows" "$@"
}
ask() {  # table's name, models...: exact match, stop, loop and script rates on the headline and the clean test, paired
  local name=$1; shift
  local list; list="[$(IFS=,; echo "$*")]"
  for set in headline korean-maths-test; do
    timed "evaluate-$name-$set" "$HUNMIN" evaluate -o "$OUT/scores-$name-$set" --models '[]' --baselines "$list" \
      --data "$FILES/$set" --num-fewshot 0 "${ASK[@]}"
  done
}
shots() {  # the base as bases are asked: worked examples before each question, plain text (protocol plain)
  for set in headline korean-maths-test; do
    timed "evaluate-shots-$set" "$HUNMIN" evaluate -o "$OUT/scores-shots-$set" --models '[]' --baselines "[$BASE]" \
      --data "$FILES/$set" --num-fewshot 4 "${ASK[@]}"
  done
}
adapter() { ls -d "$RUNS/$1"/*-sft; }
tag=${SCALE/\//of}

if wants files; then
  "$PYTHON" bench/maths_files.py --train "$MATHS"/*train* --test "$MATHS"/*test* --headline "$HEADLINE" --out "$FILES" \
    ${QUESTIONS:+--questions "$QUESTIONS"}
fi
ROWS=$FILES/korean-maths.jsonl
LIMIT=$(share "$SCALE")

if wants main; then
  shots
  # SFT on every row, right or wrong; SFT on verified rows; then the model's own verified answers, one run each
  sft "unverified-$tag" "$ROWS" load.limit="$LIMIT" filter.min_score=0
  if [[ -n $TINY ]]; then  # a model of two steps solves no problem, so there is nothing to prefer
    sft "verified-$tag" "$ROWS" load.limit="$LIMIT"
    ask "main-$tag" "$BASE" "$(adapter "unverified-$tag")" "$(adapter "verified-$tag")"
  else
    timed "verified-$tag" "$HUNMIN" run ko-reason-270m --name "verified-$tag" --runs "$RUNS" --until merge \
      "${COMMON[@]}" load.path="$ROWS" load.limit="$LIMIT"
    MERGED=$(ls -d "$RUNS/verified-$tag"/*-merge)
    ask "main-$tag" "$BASE" "$(adapter "unverified-$tag")" "$(adapter "verified-$tag")" "$MERGED"
    if [[ -n ${KOBEST:-} ]]; then
      timed "kobest-$tag" "$HUNMIN" evaluate -o "$OUT/scores-kobest-$tag" --models '[]' --baselines "[$BASE,$MERGED]" \
        --tasks kobest --protocol harness-bos --num-fewshot '[0,5]' --data "$KOBEST"
    fi
    # English, for what was forgotten: lm-eval's arc_easy comes from the Hub
    timed "english-$tag" "$HUNMIN" evaluate -o "$OUT/scores-english-$tag" --models '[]' --baselines "[$BASE,$MERGED]" \
      --tasks arc_easy --protocol upstream --num-fewshot 0 || echo "arc_easy needs the Hub; left out" >&2
  fi
fi

if wants curve; then  # learning curve on verified rows
  for part in ${PARTS:-1/8 1/4 1/2 1}; do
    for seed in $SEEDS; do
      name=curve-${part/\//of}-seed$seed
      sft "$name" "$ROWS" load.limit="$(share "$part")" sft.seed="$seed"
      models+=("$(adapter "$name")")
    done
  done
  ask curve "$BASE" "${models[@]}"
fi

if wants few; then  # few good or many: as many rows at random, LIMA-style, by IFD, verified
  FEW=$(share "${FEW:-1/4}")
  HALF=$((FEW / 2))
  ALL=$OUT/few/all
  "$HUNMIN" load "$ROWS" -o "$ALL" --columns '{instruction: question, output: reason}'
  "$HUNMIN" rate "$ALL" -o "$OUT/few/rated" --rater ifd --model "$BASE"
  chosen=()
  for seed in $SEEDS; do
    "$HUNMIN" sample "$ALL" -o "$OUT/few/random-$seed" --n "$HALF" --seed "$seed"
    "$HUNMIN" sample "$ALL" -o "$OUT/few/lima-$seed" --n "$HALF" --preset lima \
      --min-chars "${LIMA_CHARS:-100}" --seed "$seed"  # LIMA's own 200 leave too few: solutions are short
    "$HUNMIN" filter "$OUT/few/rated" -o "$OUT/few/ifd-$seed" --max-score 1 --top-k "$HALF" --no-keep-unrated
    "$HUNMIN" filter "$ALL" -o "$OUT/few/right" --measure final_answer --min-score 1 --no-keep-unrated
    "$HUNMIN" sample "$OUT/few/right" -o "$OUT/few/verified-$seed" --n "$HALF" --seed "$seed"
    for how in random lima ifd verified; do
      name=few-$how-seed$seed
      sft "$name" "$OUT/few/$how-$seed/records.jsonl" load.columns='{}' filter.min_score=0 sft.seed="$seed"
      chosen+=("$(adapter "$name")")
    done
  done
  ask few "$BASE" "${chosen[@]}"
fi
echo "tables: $OUT/scores-*/scores.json, curves and seconds in $RUNS/*/report.html and $OUT/seconds.jsonl"
