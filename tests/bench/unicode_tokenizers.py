"""All code points through every part that asks what a character is, beside HF tokenizers: unicode_tokenizers.py HF2C WORK"""
import os
import sys

from fuzz_tokenizers import Subject

CATEGORIES = "L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po S Sm Sc Sk So Z Zs Zl Zp C Cc Cf Co Cn".split()
CHUNK = 256


def texts(before, after):
    codes = [chr(c) for c in range(0x110000) if not 0xd800 <= c < 0xe000]
    for at in range(0, len(codes), CHUNK):
        yield "".join(before + c + after for c in codes[at:at + CHUNK])


def parts():
    """Name, normalizer, pre-tokenizer, and what stands before and after each code point."""
    for kind in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt"):
        yield kind, {"type": kind}, None, "", "\n"
    for flags in range(16):
        bert = {name: bool(flags >> i & 1) for i, name in enumerate(("clean_text", "handle_chinese_chars", "strip_accents", "lowercase"))}
        yield f"BertNormalizer {bert}", {"type": "BertNormalizer", **bert}, None, "", "a"
    for kind in ("Whitespace", "WhitespaceSplit", "BertPreTokenizer", "Punctuation", "Digits"):
        yield kind, None, {"type": kind, "behavior": "Isolated", "individual_digits": True}, "", "a"
    for neighbour in "a.\u4e2d\u0627 ":
        yield f"UnicodeScripts beside {neighbour!r}", None, {"type": "UnicodeScripts"}, neighbour, ""
    for pattern in [f"\\p{{{name}}}" for name in CATEGORIES] + [r"\s", r"\w", r"\d", r"\h", r"(?i:[a-z])", r"(?i:s)", r"(?i:k)", r"[[:punct:]]", r"\p{Han}"]:
        yield f"Split {pattern}", None, {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}, "", "\u0100"


def main():
    hf2c, work = sys.argv[1:]
    os.makedirs(work, exist_ok=True)
    failed = 0
    for name, normalizer, pre_tokenizer, before, after in parts():
        tree = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": normalizer, "pre_tokenizer": pre_tokenizer,
                "post_processor": None, "decoder": None, "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": False, "vocab": [["<unk>", 0.0]]}}
        subject = Subject(hf2c, work, tree)
        found = subject.differences([{"text": text, "add_special_tokens": False} for text in texts(before, after)])
        if found is None:
            print(f"{name}: the same", flush=True)
            continue
        failed += 1
        print(f"{name}: differs", found if isinstance(found, str) else codes_of(subject, before, after), flush=True)
    return failed > 0


def codes_of(subject, before, after):
    """The first few code points that differ: chunk by chunk, then one by one."""
    codes = [chr(c) for c in range(0x110000) if not 0xd800 <= c < 0xe000]
    request = lambda text: {"text": text, "add_special_tokens": False}
    found = []
    for at, text in enumerate(texts(before, after)):
        if len(found) >= 40 or subject.differences([request(text)]) is None:
            continue
        for code in codes[at * CHUNK:(at + 1) * CHUNK]:
            if subject.differences([request(before + code + after)]) is not None:
                found.append(f"U+{ord(code):04X}")
    return " ".join(found)


if __name__ == "__main__":
    sys.exit(main())
