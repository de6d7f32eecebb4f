#!/usr/bin/env python3
"""Writes runtime/text/unicode_*_table.c from the Unicode Character Database.

Usage: unicode_generate.py UCD_FOLDER OUTPUT_FOLDER
UCD_FOLDER is that of Debian's package unicode-data (/usr/share/unicode); unicode_later.txt adds what is newer. Same input,
same bytes.

HF tokenizers takes punctuation, controls and accents from Unicode 8 and normalization from Unicode 9: code points assigned
later are marked, or left out of the normalization tables.
"""
import os
import sys

LIMIT = 0x110000
CATEGORIES = ["Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
              "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn"]
WORD, AFTER_8, AFTER_9 = 0x20, 0x40, 0x80
BREAKS = ["Other", "CR", "LF", "Control", "Extend", "ZWJ", "Regional_Indicator", "Prepend", "SpacingMark", "L", "V", "T",
          "LV", "LVT", "Extended_Pictographic"]


def ranges(folder, name, column=1):
    """Yields (first, last, value) of a file in the usual ; format."""
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        for line in file:
            fields = [field.strip() for field in line.split("#")[0].split(";")]
            if len(fields) <= column:
                continue
            ends = fields[0].split("..")
            yield int(ends[0], 16), int(ends[-1], 16), fields[column]


def ages(folder):
    """The Unicode version that assigned each code point, 99 for those that none did."""
    age = [99.0] * LIMIT
    for first, last, value in ranges(folder, "DerivedAge.txt"):
        for code in range(first, last + 1):
            age[code] = float(value)
    return age


def characters(folder):
    """Yields (code point, fields) of UnicodeData.txt with the First/Last ranges expanded."""
    first = None
    with open(os.path.join(folder, "UnicodeData.txt"), encoding="utf-8") as file:
        for line in file:
            fields = line.rstrip("\n").split(";")
            code = int(fields[0], 16)
            if fields[1].endswith(", First>"):
                first = code
                continue
            for c in range(first if first is not None else code, code + 1):
                yield c, fields
            first = None


def decompose(code, mapping, compatible):
    """Full decomposition of a code point as a list."""
    kind, parts = mapping.get(code, (None, None))
    if parts is None or (kind and not compatible):
        return [code]
    return [c for part in parts for c in decompose(part, mapping, compatible)]


def numbers(values, per_line=24):
    lines = []
    for start in range(0, len(values), per_line):
        lines.append("    " + ", ".join(str(v) for v in values[start:start + per_line]) + ",")
    return "\n".join(lines)


def array(kind, name, values, comment=""):
    note = "/* %s */\n" % comment if comment else ""
    return "%sstatic const %s %s[%d] = {\n%s\n};\n\n" % (note, kind, name, len(values), numbers(values))


def two_level(name, values, kind="uint8_t", shift=7):
    """A table over all code points: block numbers by code point >> shift, then equal blocks once."""
    size = 1 << shift
    blocks, index, data = {}, [], []
    for start in range(0, LIMIT, size):
        block = tuple(values[start:start + size])
        if block not in blocks:
            blocks[block] = len(blocks)
            data.extend(block)
        index.append(blocks[block])
    while len(index) > 1 and index[-1] == index[-2]:
        index.pop()
    index_kind = "uint8_t" if len(blocks) <= 256 else "uint16_t"
    return (array(index_kind, name + "_index", index, "block of code point >> %d; the last one counts beyond the end" % shift)
            + array(kind, name + "_block", data)), len(index)


def write(folder, name, subject, body):
    text = ("/* %s.\n * Made by compiler/text/unicode_generate.py from the Unicode Character Database 15.0; do not edit. */\n"
            '#include "runtime/text/unicode.h"\n\n' % subject)
    with open(os.path.join(folder, name), "w", encoding="ascii", newline="\n") as file:
        file.write(text + body.rstrip("\n") + "\n")


def lookup(function, table, count, result="uint8_t"):
    return ("%s %s(uint32_t code)\n{\n    uint32_t page = code >> 7;\n\n    if (page >= %d) {\n        page = %d;\n    }\n"
            "    return %s_block[((uint32_t)%s_index[page] << 7) | (code & 127)];\n}\n\n"
            % (result, function, count, count - 1, table, table))


def later():
    """Yields what the file beside this one says: (first, last, category or lower case)."""
    return ranges(os.path.dirname(os.path.abspath(__file__)), "unicode_later.txt")


def write_categories(ucd, out, data, age):
    values = [CATEGORIES.index("Cn")] * LIMIT
    for first, last, value in later():
        if value in CATEGORIES:
            for code in range(first, last + 1):
                values[code] = CATEGORIES.index(value) | (WORD if value[0] == "L" or value == "Nl" else 0)
    for code, fields in data:
        values[code] = CATEGORIES.index(fields[2])
    for first, last, value in ranges(ucd, "DerivedCoreProperties.txt"):
        if value == "Alphabetic":
            for code in range(first, last + 1):
                values[code] |= WORD
    for code in range(LIMIT):
        if CATEGORIES[values[code] & 31] in ("Mn", "Mc", "Me", "Nd", "Pc"):
            values[code] |= WORD
        if CATEGORIES[values[code] & 31] != "Cn":
            values[code] |= (AFTER_8 if age[code] > 8 else 0) | (AFTER_9 if age[code] > 9 else 0)
    table, count = two_level("category", values)
    write(out, "unicode_category_table.c", "General category (low five bits), whether it is of a word (32), newer than Unicode 8 (64), than Unicode 9 (128)",
          table + lookup("hf2c_unicode_property", "category", count))


def write_case(out, data):
    deltas = {}
    values = [0] * LIMIT
    for code, fields in data:
        if fields[13]:
            delta = int(fields[13], 16) - code
            values[code] = deltas.setdefault(delta, len(deltas) + 1)
    for first, _, value in later():
        if value not in CATEGORIES:
            delta = int(value, 16) - first
            values[first] = deltas.setdefault(delta, len(deltas) + 1)
    table, count = two_level("lower", values)
    body = table + array("int32_t", "lower_delta", [0] + list(deltas), "what to add to a code point of that kind")
    body += lookup("unicode_lower_kind", "lower", count).replace("uint8_t unicode_lower_kind", "static uint8_t lower_kind")
    body += "uint32_t hf2c_unicode_lower(uint32_t code)\n{\n    return (uint32_t)((int32_t)code + lower_delta[lower_kind(code)]);\n}\n"
    write(out, "unicode_case_table.c", "Simple lower case", body)


def write_normalization(ucd, out, data, age):
    mapping, classes, excluded = {}, [0] * LIMIT, set()
    for code, fields in data:
        if age[code] > 9:
            continue
        classes[code] = int(fields[3])
        if fields[5]:
            parts = fields[5].split()
            kind = parts.pop(0) if parts[0].startswith("<") else None
            mapping[code] = (kind, [int(part, 16) for part in parts])
    for first, last, value in ranges(ucd, "DerivedNormalizationProps.txt"):
        if value == "Full_Composition_Exclusion":
            excluded.update(range(first, last + 1))
    pool, positions, kinds = [], {}, [0] * LIMIT
    entries = [(0, 0, 0)]
    for code in sorted(mapping):
        canonical, compatible = decompose(code, mapping, False), decompose(code, mapping, True)
        key = []
        for parts in (canonical, compatible):
            parts = tuple(parts) if parts != [code] else ()
            if parts not in positions:
                positions[parts] = len(pool)
                pool.extend(parts)
            key.append((positions[parts], len(parts)))
        entries.append((key[0], key[1]))
        kinds[code] = len(entries) - 1
    flat = [0, 0, 0, 0]
    for canonical, compatible in entries[1:]:
        flat += [canonical[0], canonical[1], compatible[0], compatible[1]]
    pairs = sorted((parts[0], parts[1], code) for code, (kind, parts) in mapping.items()
                   if kind is None and len(parts) == 2 and code not in excluded)
    table, count = two_level("class", classes)
    body = table + lookup("hf2c_unicode_combining_class", "class", count)
    table, count = two_level("decomposition", kinds, "uint16_t")
    body += table + array("uint32_t", "decomposition_pool", pool)
    body += array("uint16_t", "decomposition_entry", flat, "canonical start and length, compatible start and length")
    body += array("uint32_t", "composition_pair", [v for pair in pairs for v in pair], "first, second, composite; sorted")
    body += lookup("decomposition_kind", "decomposition", count, "static uint32_t")
    body += ("const uint32_t *hf2c_unicode_decomposition(uint32_t code, int compatible, uint32_t *length)\n{\n"
             "    const uint16_t *entry = decomposition_entry + 4 * (size_t)decomposition_kind(code) + (compatible ? 2 : 0);\n\n"
             "    *length = entry[1];\n    return decomposition_pool + entry[0];\n}\n\n"
             "const uint32_t *hf2c_unicode_composition_pairs(uint32_t *count)\n{\n    *count = %d;\n    return composition_pair;\n}\n"
             % len(pairs))
    write(out, "unicode_normalization_table.c", "Combining classes, decompositions and compositions", body)


def write_breaks(ucd, out):
    values = [0] * LIMIT
    for first, last, value in ranges(os.path.join(ucd, "emoji"), "emoji-data.txt"):
        if value == "Extended_Pictographic":
            for code in range(first, last + 1):
                values[code] = BREAKS.index(value)
    for first, last, value in ranges(os.path.join(ucd, "auxiliary"), "GraphemeBreakProperty.txt"):
        for code in range(first, last + 1):
            values[code] = BREAKS.index(value)
    table, count = two_level("grapheme", values)
    write(out, "unicode_grapheme_table.c", "Grapheme cluster break classes",
          table + lookup("hf2c_unicode_grapheme_class", "grapheme", count))


def write_scripts(ucd, out):
    names = {"Unknown": 0}
    values = [0] * LIMIT
    for first, last, value in ranges(ucd, "Scripts.txt"):
        for code in range(first, last + 1):
            values[code] = names.setdefault(value, len(names))
    table, count = two_level("script", values)
    pool = [ord(c) for name in names for c in name + "\0"] + [0]
    body = table + array("char", "script_name", pool, "names, each with a NUL; an empty one is the end")
    body += lookup("hf2c_unicode_script", "script", count)
    body += "const char *hf2c_unicode_script_names(void)\n{\n    return script_name;\n}\n"
    write(out, "unicode_script_table.c", "Scripts", body)


def main():
    ucd, out = sys.argv[1], sys.argv[2]
    data = list(characters(ucd))
    age = ages(ucd)
    write_categories(ucd, out, data, age)
    write_case(out, data)
    write_normalization(ucd, out, data, age)
    write_breaks(ucd, out)
    write_scripts(ucd, out)


main()
