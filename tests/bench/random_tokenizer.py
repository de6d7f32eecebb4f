"""Random texts, and tokenizer.json trees of random components; see fuzz_tokenizers.py."""
import base64
import random
import struct

METASPACE = "\u2581"
SYLLABLES = ["a", "b", "ab", "the", "in", "er", "on", " ", "  ", "\u0120", METASPACE, "##", "</w>", "1", "23", ".", ",", "'s", "\u00e9", "e\u0301",
             "\u00df", "\u4e2d", "\u6587", "\u30ab", "\u0627", "\u094d", "\u0915", "\ud55c", "\U0001f600", "\u200d", "\n", "\t", "\u00a0", "\u3000", "I", "\u0130",
             "\ufb01", "\u2460", "\uff21", "\u00ad", "\u200b", "\u1100\u1161", "\u0e33", "\U0001f1e9\U0001f1ea", "\u0301", "\ufffd"]
ADDED = ["<s>", "</s>", "[MASK]", "<|x|>", "ab", "the", " ", "in the", "\u00e9", "A", "Ab", "\u0120a", "<unk>", "[UNK]", "a.b", "\u200b", "\u0301", "\n", "1", "\ufb01"]
PATTERNS = [r"\s+", r"\p{L}+", r"\d{1,3}", r"\w+|[^\w\s]+", r"[^\s]+", r"\s+(?!\S)|\s+", r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            r"'s|'t| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", r"\p{Han}+|[\u3040-\u30ff]+", r"(?<=a)b", r"\b", r"a*?b", r"[a-z&&[^aeiou]]+", r"\p{Lu}?\p{Ll}+", r"^a|b$",
            r"\p{M}+", r"(?<!\p{L})\d+(?!\d)", r"[\p{P}\p{S}]", r".", r"(?:ab)+", r"\R", r"[[:alpha:]]+", r"\X"]


def random_text(rng):
    kind = rng.random()
    length = rng.choice([0, 1, 2, 3, 5, 8, 13, 21, 40, 80])
    if kind < 0.45:
        return "".join(rng.choice(SYLLABLES + ADDED + ["\u0000"]) for _ in range(length))
    if kind < 0.7:
        return "".join(random_code(rng) for _ in range(length))
    if kind < 0.8:
        return rng.choice(SYLLABLES) * length
    words = ["".join(rng.choice("abcdeinorsthAEIT") for _ in range(rng.randint(1, 9))) for _ in range(length // 3 + 1)]
    return rng.choice([" ", "  ", ", ", "\n", ". "]).join(words)


def random_code(rng):
    low, high = rng.choice([(0, 0x7f), (0, 0x7f), (0x80, 0x24f), (0x300, 0x36f), (0x370, 0x5ff), (0x600, 0x6ff), (0x900, 0xd7f), (0xe00, 0xfff), (0x1100, 0x11ff),
                            (0x1e00, 0x1fff), (0x2000, 0x206f), (0x2070, 0x27bf), (0x3000, 0x30ff), (0x4e00, 0x4eff), (0xac00, 0xacff), (0xf900, 0xfaff),
                            (0xfe00, 0xffff), (0x1d400, 0x1d7ff), (0x1f300, 0x1f6ff), (0xe0000, 0xe01ef), (0, 0x10ffff)])
    code = rng.randint(low, high)
    return "a" if 0xd800 <= code <= 0xdfff else chr(code)


# ---- components ----

def charsmap(rng):
    """A precompiled charsmap of a few single bytes: the smallest trie of darts-clone, built by hand from its description."""
    keys = sorted(rng.sample("ABCxyz \t", rng.randint(1, 4)))
    texts, offsets = b"", {}
    for key in keys:
        offsets[key] = len(texts)
        texts += rng.choice(["a", " ", "bc", "\u00e9", ""]).encode() + b"\0"
    units = [0] * 1024
    units[0] = 256 << 10 # offset of the root
    for key in keys:
        at = 256 ^ ord(key)
        leaf = 512 + 2 * ord(key)
        units[at] = (at ^ leaf) << 10 | 1 << 8 | ord(key)
        units[leaf] = 1 << 31 | offsets[key]
    trie = b"".join(struct.pack("<I", unit) for unit in units)
    return base64.b64encode(struct.pack("<I", len(trie)) + trie + texts).decode()


def normalizer(rng, depth=0):
    kind = rng.choice(["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "Bert", "Replace", "Regex", "Prepend", "Strip", "Precompiled", "Sequence"])
    if kind == "Bert":
        return {"type": "BertNormalizer", "clean_text": coin(rng), "handle_chinese_chars": coin(rng), "strip_accents": rng.choice([None, True, False]), "lowercase": coin(rng)}
    if kind == "Replace":
        return {"type": "Replace", "pattern": {"String": rng.choice(SYLLABLES)}, "content": rng.choice(SYLLABLES + [""])}
    if kind == "Regex":
        return {"type": "Replace", "pattern": {"Regex": rng.choice(PATTERNS)}, "content": rng.choice(SYLLABLES + [""])}
    if kind == "Prepend":
        return {"type": "Prepend", "prepend": rng.choice([METASPACE, "a", " ", "\u00e9b"])}
    if kind == "Strip":
        return {"type": "Strip", "strip_left": coin(rng), "strip_right": coin(rng)}
    if kind == "Precompiled":
        return {"type": "Precompiled", "precompiled_charsmap": charsmap(rng)}
    if kind == "Sequence":
        return {"type": "Sequence", "normalizers": [normalizer(rng, depth + 1) for _ in range(rng.randint(0, 4) if depth == 0 else 1)]}
    return {"type": kind}


def coin(rng):
    return rng.random() < 0.5


def behavior(rng):
    return rng.choice(["Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous"])


def pre_tokenizer(rng, depth=0):
    kind = rng.choice(["ByteLevel", "ByteLevel", "BertPreTokenizer", "Whitespace", "WhitespaceSplit", "Metaspace", "Split", "Split", "Punctuation", "Digits",
                       "CharDelimiterSplit", "FixedLength", "UnicodeScripts", "Sequence", "Sequence"])
    if kind == "ByteLevel":
        return {"type": kind, "add_prefix_space": coin(rng), "trim_offsets": coin(rng), "use_regex": coin(rng)}
    if kind == "Metaspace":
        return {"type": kind, "replacement": METASPACE, "prepend_scheme": rng.choice(["always", "first", "never"]), "split": coin(rng)}
    if kind == "Split":
        pattern = {"Regex": rng.choice(PATTERNS)} if coin(rng) else {"String": rng.choice(SYLLABLES)}
        return {"type": kind, "pattern": pattern, "behavior": behavior(rng), "invert": rng.random() < 0.3}
    if kind == "Punctuation":
        return {"type": kind, "behavior": behavior(rng)}
    if kind == "Digits":
        return {"type": kind, "individual_digits": coin(rng)}
    if kind == "CharDelimiterSplit":
        return {"type": kind, "delimiter": rng.choice([" ", "a", "\u00e9"])}
    if kind == "FixedLength":
        return {"type": kind, "length": rng.randint(1, 6)}
    if kind == "Sequence":
        return {"type": kind, "pretokenizers": [pre_tokenizer(rng, depth + 1) for _ in range(rng.randint(0, 3) if depth == 0 else 1)]}
    return {"type": kind}


def decoder(rng, depth=0):
    kind = rng.choice(["ByteLevel", "WordPiece", "Metaspace", "BPEDecoder", "CTC", "Fuse", "ByteFallback", "Replace", "Strip", "Sequence"])
    if kind == "ByteLevel":
        return {"type": kind, "add_prefix_space": coin(rng), "trim_offsets": coin(rng), "use_regex": coin(rng)}
    if kind == "WordPiece":
        return {"type": kind, "prefix": "##", "cleanup": coin(rng)}
    if kind == "Metaspace":
        return {"type": kind, "replacement": METASPACE, "prepend_scheme": rng.choice(["always", "first", "never"]), "split": coin(rng)}
    if kind == "BPEDecoder":
        return {"type": kind, "suffix": "</w>"}
    if kind == "CTC":
        return {"type": kind, "pad_token": "<s>", "word_delimiter_token": "b", "cleanup": coin(rng)}
    if kind == "Replace":
        pattern = {"Regex": rng.choice(PATTERNS)} if rng.random() < 0.3 else {"String": rng.choice(SYLLABLES)}
        return {"type": kind, "pattern": pattern, "content": rng.choice(SYLLABLES + [""])}
    if kind == "Strip":
        return {"type": kind, "content": rng.choice([" ", "a", METASPACE]), "start": rng.randint(0, 2), "stop": rng.randint(0, 2)}
    if kind == "Sequence":
        return {"type": kind, "decoders": [decoder(rng, depth + 1) for _ in range(rng.randint(1, 3) if depth == 0 else 1)]}
    return {"type": kind}


def post_processor(rng, ids):
    names = list(ids)
    first, second = rng.choice(names), rng.choice(names)
    kind = rng.choice(["Template", "Bert", "Roberta", "ByteLevel", "Sequence", None])
    if kind == "Template":
        special = lambda name, kind: {"SpecialToken": {"id": name, "type_id": kind}}
        a, b = {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}
        return {"type": "TemplateProcessing", "single": [special(first, 0), a, special(second, 0)],
                "pair": [special(first, 0), a, special(second, 0), b, special(second, 1)],
                "special_tokens": {name: {"id": name, "ids": [ids[name]], "tokens": [name]} for name in {first, second}}}
    if kind == "Bert":
        return {"type": "BertProcessing", "sep": [second, ids[second]], "cls": [first, ids[first]]}
    if kind == "Roberta":
        return {"type": "RobertaProcessing", "sep": [second, ids[second]], "cls": [first, ids[first]], "trim_offsets": coin(rng), "add_prefix_space": coin(rng)}
    if kind == "ByteLevel":
        return {"type": "ByteLevel", "add_prefix_space": coin(rng), "trim_offsets": coin(rng), "use_regex": True}
    if kind == "Sequence":
        return {"type": "Sequence", "processors": [post_processor(rng, ids) or {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
                                                   for _ in range(rng.randint(1, 2))]}
    return None


# ---- models ----

def spelled(byte):
    plain = 33 <= byte <= 126 or 161 <= byte <= 172 or 174 <= byte <= 255
    return chr(byte if plain else 256 + [b for b in range(256) if not (33 <= b <= 126 or 161 <= b <= 172 or 174 <= b <= 255)].index(byte))


ALPHABET = [spelled(byte) for byte in range(256)]


def bpe(rng):
    prefix, suffix = rng.choice([None, None, None, "##"]), rng.choice([None, None, None, "</w>"])
    tokens = [c for c in ALPHABET if rng.random() < 0.9] if coin(rng) else [s for s in SYLLABLES if len(s) == 1]
    if coin(rng):
        tokens += [f"<0x{byte:02X}>" for byte in range(256) if rng.random() < 0.97]
    if prefix:
        tokens += [prefix + t for t in tokens if coin(rng)]
    if suffix:
        tokens += [t + suffix for t in tokens if coin(rng)]
    tokens = list(dict.fromkeys(["<unk>"] + tokens))
    tokens += [t for t in dict.fromkeys(long_tokens(rng)) if t not in tokens]
    merges = []
    for _ in range(rng.choice([0, 20, 200])):
        left, right = rng.choice(tokens[1:]), rng.choice(tokens[1:])
        joined = left + (right[len(prefix):] if prefix else right)
        if len(joined) < 24 and (not prefix or right.startswith(prefix)):
            merges.append([left, right])
            if joined not in tokens:
                tokens.append(joined)
    return {"type": "BPE", "dropout": None, "unk_token": rng.choice([None, "<unk>"]), "continuing_subword_prefix": prefix, "end_of_word_suffix": suffix,
            # with byte_fallback, bytes of a prefix or suffix would count as text: offsets there go beyond it
            "fuse_unk": coin(rng), "byte_fallback": not prefix and not suffix and coin(rng), "ignore_merges": coin(rng), "vocab": {t: i for i, t in enumerate(tokens)}, "merges": merges}


def long_tokens(rng):
    """Many in a row, for which the tables have no room in their place; random texts hold such repetitions."""
    return [rng.choice(SYLLABLES) * rng.choice([13, 21, 40, 80]) for _ in range(rng.choice([0, 0, 0, 30]))]


def pieces(rng):
    found = {rng.choice(SYLLABLES) + rng.choice(SYLLABLES + [""]) + rng.choice(SYLLABLES + ["", ""]) for _ in range(rng.choice([5, 60, 300]))}
    return sorted(found | {s for s in SYLLABLES if coin(rng)} | set(long_tokens(rng)))


def unigram(rng):
    tokens = ["<unk>"] + [t for t in pieces(rng) if t != "<unk>"]
    if coin(rng):
        tokens += [f"<0x{byte:02X}>" for byte in range(256)]
    return {"type": "Unigram", "unk_id": rng.choice([0, 0, 0, None]), "vocab": [[t, -rng.choice([0.0, 1.0, 2.5, 3.0, rng.uniform(0, 20)])] for t in tokens],
            "byte_fallback": coin(rng)}


def wordpiece(rng):
    tokens = ["[UNK]"] + [t for t in pieces(rng)] + ["##" + t for t in pieces(rng)]
    return {"type": "WordPiece", "unk_token": rng.choice(["[UNK]", "[UNK]", "gone"]), "continuing_subword_prefix": "##", "max_input_chars_per_word": rng.choice([5, 100]),
            "vocab": {t: i for i, t in enumerate(dict.fromkeys(tokens))}}


def wordlevel(rng):
    tokens = ["<unk>"] + pieces(rng)
    return {"type": "WordLevel", "unk_token": rng.choice(["<unk>", "<unk>", "gone"]), "vocab": {t: i for i, t in enumerate(dict.fromkeys(tokens))}}


def random_tokenizer(seed):
    rng = random.Random(seed)
    model = rng.choice([bpe, bpe, unigram, wordpiece, wordlevel])(rng)
    vocabulary = model["vocab"] if isinstance(model["vocab"], dict) else {t: i for i, (t, _) in reversed(list(enumerate(model["vocab"])))}
    ids, added, following = {}, [], len(model["vocab"])
    for content in rng.sample(ADDED, rng.choice([1, 2, 4, 8])):
        ids[content] = vocabulary.get(content, following)
        following += content not in vocabulary
        added.append({"id": ids[content], "content": content, "single_word": rng.random() < 0.3, "lstrip": rng.random() < 0.3, "rstrip": rng.random() < 0.3,
                      "normalized": coin(rng), "special": coin(rng)})
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": sorted(added, key=lambda a: a["id"]),
            "normalizer": rng.choice([None, normalizer(rng)]), "pre_tokenizer": rng.choice([None, pre_tokenizer(rng), pre_tokenizer(rng)]),
            "post_processor": post_processor(rng, ids), "decoder": rng.choice([None, decoder(rng), decoder(rng)]), "model": model}
