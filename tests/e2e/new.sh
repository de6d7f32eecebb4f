# Parameter counts of published configs; written models are reproducible, distributed as transformers does it, and compile.
. "$(dirname "$0")/common.sh"
cat >check.py <<'PYTHON'
import json, subprocess, sys
hf2c, configs, bad, known = sys.argv[1], json.load(open(sys.argv[2], encoding="utf-8")), 0, 0
for name, entry in configs.items():
    for style in ("config", "config_v4"):
        with open("one.json", "w", encoding="utf-8") as file:
            json.dump(entry[style], file)
        done = subprocess.run([hf2c, "new", "one.json", "--json"], capture_output=True, encoding="utf-8")
        if done.returncode == 0:
            known += 1
            found = json.loads(done.stdout)["parameters"]
            wrong = found != entry["parameter_count"] and f"{found} parameters, wanted {entry['parameter_count']}"
        else:
            listed = done.stderr.strip().rpartition("known: ")[2].split(", ")
            refused = done.returncode == 1 and "bert" in listed and entry[style]["model_type"] not in listed
            wrong = not refused and f"status {done.returncode}: {done.stderr}"
        if wrong:
            bad += 1
            print(f"{name} {style}: {wrong}")
print(f"{known} configs counted, {2 * len(configs) - known} of unknown families refused, {bad} wrong")
sys.exit(bad > 0 or known < 48)
PYTHON
python3 check.py "$HF2C" "$ORACLE/configs.json"

"$HF2C" new "$ORACLE/llama3" -o a --save --seed 7
"$HF2C" new "$ORACLE/llama3" -o b --save --seed 7
"$HF2C" new "$ORACLE/llama3" -o c --save --seed 8
cmp a/model.safetensors b/model.safetensors
! cmp -s a/model.safetensors c/model.safetensors || fail "the seed changes nothing"
cmp a/config.json "$ORACLE/llama3/config.json"
refused 1 'not empty|exists|MODEL.md' "$HF2C" new "$ORACLE/llama3" -o a

# The same tensors with the same shapes as transformers saved, for every case.
cat >tensors.py <<'PYTHON'
import glob, json, struct, sys
def header(folder):
    tensors = {}
    for path in glob.glob(folder + "/model*.safetensors"):
        with open(path, "rb") as file:
            tensors.update(json.loads(file.read(struct.unpack("<Q", file.read(8))[0])))
    tensors.pop("__metadata__", None)
    return {name: (t["dtype"], t["shape"]) for name, t in tensors.items()}
made, saved = header(sys.argv[1]), header(sys.argv[2])
for name in sorted(set(made) | set(saved)):
    if made.get(name) != saved.get(name):
        sys.exit(f"{sys.argv[2]}: {name}: made {made.get(name)}, transformers saved {saved.get(name)}")
PYTHON
for case in "$ORACLE"/{albert,bert,bloom,deberta,distilbert,electra,falcon,gemma,gpt,llama,mistral,modernbert,mpnet,mpt}* \
    "$ORACLE"/{bart,mbart,nllb,t5}* "$ORACLE"/{olmo,opt,phi,qwen2,qwen3,roberta,smollm,stablelm,starcoder,xlm-r}* \
    "$ORACLE"/{clip,convnext,deit,dinov2,swin,vit,yolos}*; do
    grep -q '"quantization_config"' "$case/config.json" && continue # made unquantised
    rm -rf made
    "$HF2C" new "$case" -o made --save >/dev/null
    python3 tensors.py made "$case"
done

# Settings: numbers stay numbers, words become strings, dots descend; the result compiles and runs.
"$HF2C" new "$ORACLE/bert-base" -o d --save --set num_labels=3 --set 'architectures=["BertForSequenceClassification"]' --set hidden_act=relu
python3 - <<'PYTHON'
import json
config = json.load(open("d/config.json"))
assert config["hidden_act"] == "relu" and config["id2label"] == {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}, config
PYTHON
cp "$ORACLE"/bert-base/tokenizer*.json d/
"$HF2C" interpret d -- --json "hello" | grep -q LABEL_
refused 1 'hidden_size.*-4' "$HF2C" new d --set hidden_size=-4
refused 1 'KEY=VALUE' "$HF2C" new d --set x

# Without a tokenizer a program takes ids, and can be timed.
"$HF2C" build a -o bare
printf 'prefill 8 1\ndecode 8 2\n' | ./bare --bench - | awk 'NF != 9 || $1 <= 0 { exit 1 } END { exit NR != 2 }' || fail "a program without a tokenizer"
