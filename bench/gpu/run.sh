#!/usr/bin/env bash
# One GPU, under nine minutes in all: is it right, how fast, how much memory. The most valuable step comes first; each
# has a time limit, leaves one JSON line a measurement in results.jsonl, and `not run` where time was short.
#
#   bash bench/gpu/run.sh [STEP ...]      all steps in order, or those named: 1 2 ... 9
#
#   OUT=folder       where results.jsonl and the logs go (default: gpu-results)
#   SECONDS_IN_ALL   default 530
#   DEVICE=cpu       rehearses every step at tiny size without a GPU
#   KOBEST=folder    KoBEST's files, for step 8;  MODEL, MATHS, TEST: step 4's base, data and test data
set -uo pipefail
cd "$(dirname "$0")/../.."
OUT=${OUT:-gpu-results}
mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd)
DEVICE=${DEVICE:-cuda}
LIMIT=${SECONDS_IN_ALL:-530}
PYTHON=${PYTHON:-python3}
BEGUN=$(date +%s)
STEPS=("$@")
[ ${#STEPS[@]} -gt 0 ] || STEPS=(1 2 3 4 5 6 7 8 9)
export PYTHONPATH="$PWD/src:$PWD/bench/gpu${PYTHONPATH:+:$PYTHONPATH}" HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false
export HF_HUB_DISABLE_TELEMETRY=1 PYTHONUNBUFFERED=1
SIZE=7b; BIG=13b; RUN_STEPS=6
[ "$DEVICE" = cpu ] && { SIZE=tiny; BIG=tiny; RUN_STEPS=1; }

# do NAME SECONDS COMMAND...: its last line is JSON, or the failure is one
do_() {
  local name=$1 seconds=$2 left
  shift 2
  left=$((LIMIT - $(date +%s) + BEGUN))
  if [ "$left" -lt 15 ]; then
    echo "{\"step\": \"$name\", \"status\": \"not run\", \"why\": \"time was short\"}" | tee -a "$OUT/results.jsonl"
    return
  fi
  [ "$seconds" -lt "$left" ] || seconds=$left
  local begun log code line
  begun=$(date +%s)
  log="$OUT/log-${name//[^a-zA-Z0-9-]/-}.txt"
  timeout "$seconds" "$@" >"$log" 2>&1
  code=$?
  line=$(grep -E '^\{' "$log" | tail -1)
  if [ $code -eq 124 ]; then
    line="{\"status\": \"time limit of $seconds s\"}"
  elif [ -z "$line" ]; then
    line=$($PYTHON -c 'import json,sys; print(json.dumps({"status": "failed", "last": sys.stdin.read()[-600:]}))' <"$log")
  fi
  $PYTHON - "$name" "$code" "$(($(date +%s) - begun))" "$line" <<'PY' | tee -a "$OUT/results.jsonl"
import json, sys
name, code, seconds, line = sys.argv[1:]
print(json.dumps({"step": name, "exit": int(code), "seconds": int(seconds), **json.loads(line)}))
PY
}
train() { do_ "$1" "$2" $PYTHON bench/gpu/train.py --device "$DEVICE" --steps "$RUN_STEPS" "${@:3}"; }

for step in "${STEPS[@]}"; do
  case $step in
    1) do_ 1-versions 40 $PYTHON bench/gpu/checks.py versions --device "$DEVICE"
       do_ 1-kernels 60 $PYTHON bench/gpu/checks.py kernels --device "$DEVICE" ;;
    2) do_ 2-losses 60 $PYTHON bench/gpu/checks.py losses --device "$DEVICE"
       do_ 2-resume 90 $PYTHON bench/gpu/checks.py resume --device "$DEVICE" ;;
    3) train 3-hunmin-auto 60 --size $SIZE --way hunmin
       train 3-bfd-off 60 --size $SIZE --way "trl bfd" --recompute off
       train 3-padded-mb4-on 60 --size $SIZE --way "padded mb4" --recompute on
       train 3-hunmin-on 60 --size $SIZE --way hunmin --recompute on
       train 3-hunmin-off 60 --size $SIZE --way hunmin --recompute off
       train 3-bfd-on 60 --size $SIZE --way "trl bfd" --recompute on
       train 3-padding-free-off 60 --size $SIZE --way "trl padding-free" --recompute off
       train 3-padded-mb4-off 60 --size $SIZE --way "padded mb4" --recompute off
       train 3-padded-mb1-off 60 --size $SIZE --way "padded mb1" --recompute off ;;
    4) if [ -n "${MODEL:-}" ] && [ -n "${MATHS:-}" ]; then
         do_ 4-real 180 $PYTHON -m hunmin.commands.cli run ko-reason-270m --runs "$OUT/runs" --yes --json \
           "load.path=$MATHS" "sft.base_model=$MODEL" ${TEST:+"evaluate.data=$TEST"}
       else
         echo '{"step": "4-real", "status": "not run", "why": "MODEL and MATHS are not set"}' | tee -a "$OUT/results.jsonl"
       fi ;;
    5) train 5-hunmin-13b 90 --size $BIG --way hunmin
       train 5-bfd-13b 90 --size $BIG --way "trl bfd" ;;
    6) train 6-vocabulary-128k 60 --size $SIZE --way hunmin --vocabulary 128256
       train 6-vocabulary-256k 60 --size $SIZE --way hunmin --vocabulary 262144 ;;
    7) train 7-dpo 90 --size $SIZE --way dpo ;;
    8) if [ -n "${KOBEST:-}" ]; then
         dtype=bfloat16; shape=small
         [ "$DEVICE" = cpu ] && { dtype=float32; shape=tiny; }
         do_ 8-kobest 90 bash -c "$PYTHON bench/kobest.py --data '$KOBEST' --device $DEVICE --dtype $dtype --shape $shape \
           --docs 20 --shots 0 5 --out '$OUT/kobest.json' && $PYTHON -c 'import json,sys; \
           print(json.dumps({\"cells\": json.load(open(sys.argv[1]))}))' '$OUT/kobest.json'"
       else
         echo '{"step": "8-kobest", "status": "not run", "why": "KOBEST is not set"}' | tee -a "$OUT/results.jsonl"
       fi ;;
    9) RUN_STEPS=3
       if [ "$DEVICE" = cpu ]; then
         echo '{"step": "9-recipes", "status": "not run", "why": "true shapes need a GPU"}' | tee -a "$OUT/results.jsonl"
       else
         for name in ko-platypus2-7b-ex ko-platypus2-13b cot-llama-2k-7b kot-platypus2-7b korae-13b kullm-v1 kullm-v2; do
           train "9-$name" 75 --recipe $name --way hunmin
         done
         train 9-korae-13b-dpo 75 --recipe korae-13b-dpo --stage dpo --way dpo
       fi ;;
    *) echo "unknown step $step; there are 1 to 9" >&2; exit 2 ;;
  esac
done
