# What users may give to a built program: one clear line and status 1, or an error for that line of --jsonl alone; signals; whole characters.
. "$(dirname "$0")/common.sh"
"$HF2C" build "$EXAMPLES/kjv-writer" -o writer
"$HF2C" build "$ORACLE/bert-mlm" -o mask
"$HF2C" build "$EXAMPLES/kjv-genre" -o genre

one_line() { # PATTERN COMMAND...: status 1, just one line on standard error, nothing on standard output
    local pattern=$1
    shift
    refused 1 "$pattern" "$@"
    [ "$(wc -l <refused.err)" = 1 ] || fail "more than a line: $(cat refused.err)"
    [ ! -s refused.out ] || fail "output in spite of an error: $(cat refused.out)"
}

for value in 0 -1 nan NaN inf 1e999; do
    one_line '^temperature|temperature must be' ./writer --json --do-sample --temperature "$value" "In the"
done
for option in "max-new-tokens=-1" "max-length=-5" "min-new-tokens=-1" "top-k=-1" "top-p=0" "top-p=1.5" "top-p=nan" "min-p=-0.1" "typical-p=0" \
              "epsilon-cutoff=1" "eta-cutoff=-1" "repetition-penalty=0" "repetition-penalty=nan" "num-beams=0" "num-beams=1000" \
              "num-return-sequences=0" "no-repeat-ngram-size=-2" "length-penalty=nan" "eos-token-id=99999" "bad-words-ids=[[]]" \
              "suppress-tokens=[-4]" "sequence-bias=[[[99999],1]]" "early-stopping=perhaps" "max-new-tokens=many" "max-new-tokens=99999999999999"; do
    name=${option%%=*}
    one_line "${name//-/_}" ./writer --json "--$option" "In the"
done
one_line 'num_return_sequences must be 1 for greedy' ./writer --json --num-return-sequences 2 "In the"

# top_k 0 is off, not an error; an empty prompt is the begin token; a prompt at the context's end still gives a token.
./writer --json --do-sample --top-k 0 --max-new-tokens 3 "In the" | grep -q generated_text || fail "top_k 0"
./writer --json --max-new-tokens 3 "" | grep -q generated_text || fail "empty prompt"
long=$(python3 -c "print('the ' * 600)")
one_line 'the text has [0-9]+ tokens, the model takes at most 512' ./writer --json "$long"
./writer --max-new-tokens 5000 "In the beginning" >full 2>note
grep -q 'note: the context is full' note || fail "no word about the full context: $(cat note)"
one_line 'the model takes at most' ./genre --json "$long"
one_line 'mask' ./mask --json "No mask here."
refused 2 "cannot do 'translation'" ./genre --task translation x

# A broken line is answered with an error; those before and after it are not touched.
printf '%s\n' '"In the"' '{"inputs": "In the", "kwargs": {"temperature": 0, "do_sample": true}}' '{"inputs": ' 'nonsense' '{"inputs": 3}' '{"prompts": []}' \
    '{"prompts": [[99999]]}' '{"inputs": "x", "more": 1}' '{"inputs": "x", "kwargs": {"top_q": 1}}' '[1, 2]' '"\ud800"' $'"\xff"' \
    "\"$long\"" '{"inputs": "In the", "kwargs": {"max_new_tokens": -1}}' '"In the"' >lines
./writer --jsonl --max-new-tokens 4 <lines >answers
python3 - <<'END'
import json
lines, answers = open("lines", "rb").read().splitlines(), [json.loads(a) for a in open("answers", encoding="utf-8")]
assert len(lines) == len(answers), (len(lines), len(answers))
assert answers[0] == answers[-1] and "generated_text" in answers[0][0], answers[0]
for line, answer in list(zip(lines, answers))[1:-1]:
    if line in (b'"\\ud800"',):
        continue  # half of a surrogate pair is read as U+FFFD
    assert isinstance(answer, dict) and answer["error"] and "\n" not in answer["error"], (line, answer)
END

# Logits that are not numbers: weights so large that sums overflow.
mkdir broken
cp "$EXAMPLES"/kjv-writer/*.json broken/
python3 - "$EXAMPLES/kjv-writer/model.safetensors" <<'END'
import json, struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
size = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + size])
begin, end = header["model.norm.weight"]["data_offsets"]
data[8 + size + begin:8 + size + end] = b"\x7f\x7f" * ((end - begin) // 2)
open("broken/model.safetensors", "wb").write(data)
END
for options in "" "--do-sample" "--num-beams 2"; do
    refused 1 'not a number' "$HF2C" interpret broken -- --json $options "In the"
done

# A signal stops within a token: what was written stays, status 130.
for options in "" "--num-beams 8 --json" "--do-sample --jsonl"; do
    status=0
    yes '"In the beginning God created the heaven and the earth. And the earth was without form, and void"' | head -2000 |
        timeout -s INT -k 20 1 ./writer --max-new-tokens 400 --threads 1 $options >stopped 2>stopped.err || status=$?
    [ "${PIPESTATUS[2]:-$status}" = 130 ] || [ "$status" = 124 ] || fail "status $status after a signal, $options: $(cat stopped.err)"
    [ ! -s stopped.err ] || fail "words after a signal: $(cat stopped.err)"
done
python3 - <<'END'
import os, signal, subprocess
# Directly, to see the status itself; and every piece that is streamed is whole characters.
process = subprocess.Popen(["./writer", "--max-new-tokens", "500", "--threads", "1", "--do-sample", "--temperature", "3"], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
process.stdin.write(b"In the beginning\n" * 200)
process.stdin.flush()
first = os.read(process.stdout.fileno(), 1 << 16)
process.send_signal(signal.SIGINT)
rest, errors = process.communicate()
assert process.returncode == 130, (process.returncode, errors)
assert errors == b"", errors
first.decode("utf-8")
(first + rest).decode("utf-8")
END
python3 - "$HF2C" "$ORACLE/gpt2" <<'END'
import os, subprocess, sys
process = subprocess.Popen([sys.argv[1], "interpret", sys.argv[2], "--", "--do-sample", "--top-k", "0", "--temperature", "4", "--max-new-tokens", "60", "--seed", "5",
                            "The"], stdout=subprocess.PIPE)
pieces = []
while piece := os.read(process.stdout.fileno(), 1 << 16):
    pieces.append(piece.decode("utf-8"))  # raises where a piece ends inside of a character
assert process.wait() == 0 and len("".join(pieces)) > 20
END
