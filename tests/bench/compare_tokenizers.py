"""Trains tokenizers on local text and times them; see tokenizers.sh."""
import glob
import json
import os
import subprocess
import sys
import time

import sentencepiece
import tiktoken
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

PIECE, TURNS = 4096, 2
GPT2 = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""


def gather(patterns, limit):
    """UTF-8 text of the files that match, up to a number of bytes."""
    parts, size = [], 0
    for pattern in patterns:
        for path in sorted(glob.glob(pattern, recursive=True)):
            if size >= limit or not os.path.isfile(path) or os.path.getsize(path) > 1 << 20:
                continue
            try:
                with open(path, encoding="utf-8") as file:
                    text = file.read()
            except (UnicodeDecodeError, OSError):
                continue
            parts.append(text)
            size += len(text.encode())
    return "".join(parts)


def pieces_of(text):
    data, pieces, at = text.encode(), [], 0
    while at < len(data):
        end = data.find(b"\n", at + PIECE) + 1 if len(data) - at > PIECE else 0
        end = end or len(data)
        pieces.append(data[at:end].decode())
        at = end
    return pieces


def best(work):
    return min(timed(work) for _ in range(TURNS))


def timed(work):
    start = time.process_time()
    work()
    return time.process_time() - start


def save(tokenizer, folder):
    os.makedirs(folder, exist_ok=True)
    tokenizer.save(os.path.join(folder, "tokenizer.json"))
    with open(os.path.join(folder, "tokenizer_config.json"), "w") as file:
        json.dump({}, file)


def train_bpe(texts, size):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=size, show_progress=False,
                                                             initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return tokenizer


def train_wordpiece(texts, size):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=size, special_tokens=["[UNK]"], show_progress=False))
    return tokenizer


def train_unigram(texts, size, folder):
    os.makedirs(folder, exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter([line for text in texts for line in text.split("\n")]), vocab_size=size,
                                             model_prefix=os.path.join(folder, "spiece"), model_type="unigram",
                                             hard_vocab_limit=False, minloglevel=2, input_sentence_size=100000, num_threads=2)
    with open(os.path.join(folder, "tokenizer_config.json"), "w") as file:
        json.dump({"tokenizer_class": "T5Tokenizer", "extra_ids": 0}, file)
    return sentencepiece.SentencePieceProcessor(model_file=os.path.join(folder, "spiece.model"))


def tiktoken_of(tokenizer):
    """The same merges as tiktoken has them: ranks of byte strings."""
    alphabet, extra = {}, 0
    for byte in range(256):
        plain = 33 <= byte <= 126 or 161 <= byte <= 172 or 174 <= byte <= 255
        alphabet[chr(byte if plain else 256 + extra)] = byte
        extra += not plain
    ranks = {bytes(alphabet[c] for c in token): rank for token, rank in tokenizer.get_vocab().items()}
    return tiktoken.Encoding("bench", pat_str=GPT2, mergeable_ranks=ranks, special_tokens={})


def checksum(lists):
    total = 0
    for ids in lists:
        for token in ids:
            total = (total * 31 + token) & 0xFFFFFFFF
    return "%08x" % total


def ours(bench, folder, path):
    return subprocess.run([bench, folder, path], capture_output=True, text=True, check=True).stdout.strip()


def compare(name, bench, folder, path, text, encoders):
    pieces, size = pieces_of(text), len(text.encode()) * 1e-6
    print(f"{name}: {size:.1f} MB, {len(pieces)} pieces")
    print("  hf2c          ", ours(bench, folder, path))
    for other, (encode, decode) in encoders.items():
        encoded = [encode(piece) for piece in pieces]
        line = f"encode {size / best(lambda: [encode(piece) for piece in pieces]):.1f} MB/s"
        line += f"  decode {size / best(lambda: [decode(ids) for ids in encoded]):.1f} MB/s"
        print(f"  {other:14s}", line, f" {sum(map(len, encoded))} tokens, checksum {checksum(encoded)}", flush=True)


def main():
    bench, work = sys.argv[1:]
    texts = {
        "prose": gather(["/usr/share/doc/**/*", "/usr/share/common-licenses/*", "/usr/share/perl/**/*.pod"], 4 << 20),
        "code": gather(["/usr/lib/python3*/**/*.py", "/usr/include/**/*.h"], 4 << 20),
        "mixed": gather(["/usr/share/i18n/locales/*"], 4 << 20),
    }
    paths = {}
    for name, text in texts.items():
        paths[name] = os.path.join(work, name + ".txt")
        with open(paths[name], "w", encoding="utf-8", newline="") as file:
            file.write(text)
        texts[name] = open(paths[name], encoding="utf-8", newline="").read()
    corpus = [piece for text in texts.values() for piece in pieces_of(text)]
    for size in (32000, 100000):
        folder = os.path.join(work, f"bpe{size}")
        tokenizer = train_bpe(corpus, size)
        save(tokenizer, folder)
        other = tiktoken_of(tokenizer)
        for name, text in texts.items():
            compare(f"BPE {tokenizer.get_vocab_size()} {name}", bench, folder, paths[name], text, {
                "tokenizers": (lambda t: tokenizer.encode_batch_fast([t])[0].ids, tokenizer.decode), "tiktoken": (other.encode_ordinary, other.decode)})
    tokenizer = train_wordpiece(corpus, 30000)
    save(tokenizer, os.path.join(work, "wordpiece"))
    for name, text in texts.items():
        compare(f"WordPiece 30000 {name}", bench, os.path.join(work, "wordpiece"), paths[name], text,
                {"tokenizers": (lambda t: tokenizer.encode_batch_fast([t])[0].ids, tokenizer.decode)})
    for folder in ("bpe32000", "wordpiece"):
        print(f"{folder}\n" + ours(bench, os.path.join(work, folder), "--linear"), flush=True)
    processor = train_unigram(corpus, 32000, os.path.join(work, "unigram"))
    print("unigram\n" + ours(bench, os.path.join(work, "unigram"), "--linear"), flush=True)
    for name, text in texts.items():
        compare(f"Unigram {processor.vocab_size()} {name}", bench, os.path.join(work, "unigram"), paths[name], text,
                {"sentencepiece": (processor.encode, processor.decode)})


main()
