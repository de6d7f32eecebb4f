"""Folders with a sentencepiece model but no tokenizer.json, beside what transformers 5 makes of them: older_tokenizers.py HF2C WORK [FILE]

Small models are trained on the spot; each folder holds one, the name of its tokenizer, and perhaps added tokens. FILE receives what is
the same, as tests/unit/text/older.jsonl holds it. Wants transformers, sentencepiece and protobuf."""
import base64
import json
import os
import shutil
import subprocess
import sys

import sentencepiece
from transformers import AutoTokenizer

TEXTS = ["Hello world! This isn't 12345 tests.", "  two  spaces ", "na\u00efve caf\u00e9 \u2014 \u201cquoted\u201d\u2026", "\u65e5\u672c\u8a9e", "x y", "a<mask>b </s> d <s> [MASK]",
         "<extra_id_0> and <extra_id_99>", "<mask_1> the <mask_2>", "a <new> b", "\ufb01 \u2460 ABC", ""]
PADDED = {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1}
FAMILIES = [("T5Tokenizer", "spiece.model", PADDED, {}), ("T5Tokenizer", "spiece.model", PADDED, {"<new>": 1000}), ("XLMRobertaTokenizer", "sentencepiece.bpe.model", {}, {}),
            ("CamembertTokenizer", "sentencepiece.bpe.model", {}, {}), ("MBartTokenizer", "sentencepiece.bpe.model", {}, {}), ("PegasusTokenizer", "spiece.model", PADDED, {}),
            ("AlbertTokenizer", "spiece.model", {"pad_id": 0, "unk_id": 1, "bos_id": -1, "eos_id": -1, "control_symbols": "[CLS],[SEP],[MASK]"}, {})]


def train(path, special):
    words = ("the quick brown fox jumps over a lazy dog and runs hello world this is not an odd test of tokens in two spaces quoted naive cafe " * 3).split()
    lines = [" ".join(words[i:i + 7]) + " " + str(i * 37) + "!" for i in range(len(words) - 7)]
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines), vocab_size=120, model_prefix=path, hard_vocab_limit=False, minloglevel=2,
                                             normalization_rule_name="identity", num_threads=1, **special)


def fill(folder, name, file, special, added):
    """The folder's files; returns the settings among them."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    train(os.path.join(folder, "small"), special)
    os.rename(os.path.join(folder, "small.model"), os.path.join(folder, file))
    os.remove(os.path.join(folder, "small.vocab"))
    settings = {"tokenizer_config.json": json.dumps({"tokenizer_class": name}), **({"added_tokens.json": json.dumps(added)} if added else {})}
    for path, text in settings.items():
        with open(os.path.join(folder, path), "w") as out:
            out.write(text)
    return settings


def ours(hf2c, folder):
    done = subprocess.run([hf2c, "tokenize", folder, "--jsonl"], input="".join(json.dumps({"text": text}) + "\n" for text in TEXTS), capture_output=True, text=True)
    return [json.loads(line).get("ids") for line in done.stdout.split("\n")[:-1]] or done.stderr


def main():
    hf2c, work = sys.argv[1:3]
    failed, out = 0, []
    for number, (name, file, special, added) in enumerate(FAMILIES):
        folder = os.path.join(work, f"{number}-{name}")
        settings = fill(folder, name, file, special, added)
        theirs = AutoTokenizer.from_pretrained(folder)
        rows, found = [{"text": text, "ids": theirs(text).input_ids} for text in TEXTS], ours(hf2c, folder)
        wrong = [(row, ids) for row, ids in zip(rows, found) if row["ids"] != ids] if isinstance(found, list) else [found]
        failed += bool(wrong)
        print(f"{name} {added or ''}: {len(rows)} rows, {len(wrong)} differ {wrong[:3] if wrong else ''}", flush=True)
        if not wrong:
            with open(os.path.join(folder, file), "rb") as model:
                out += [{"model": file, "bytes": base64.b16encode(model.read()).decode(), "files": settings}] + rows
    if len(sys.argv) > 3:
        with open(sys.argv[3], "w", encoding="ascii") as file:
            file.writelines(json.dumps(row, separators=(",", ":")) + "\n" for row in out)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
