#!/usr/bin/env python3
"""Writes runtime/text/unicode_*_table.c and compiler/text/unicode_*_table.c from the Unicode Character Database.

Usage: unicode_generate.py UCD_FOLDER REPOSITORY
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


def width(count):
    """Bytes of a number below count."""
    return 1 if count <= 256 else 2


def unique(values, size):
    """Equal blocks once: (the number of each block, the blocks)."""
    blocks, index = {}, []
    values = values + [values[-1]] * (-len(values) % size)
    for start in range(0, len(values), size):
        index.append(blocks.setdefault(tuple(values[start:start + size]), len(blocks)))
    return index, list(blocks)


def shortened(index):
    """Without the last ones that are all alike, but for one."""
    while len(index) > 1 and index[-1] == index[-2]:
        index = index[:-1]
    return index


def stages(values, value_bytes):
    """The blocks of the smallest table of three stages: (low bits, middle bits, top, middle, leaf)."""
    best = None
    for low in range(3, 6) if len(values) == LIMIT else [0]: # sets come by 32 already
        index, leaves = unique(values, 1 << low)
        for middle in range(4, 7):
            top, blocks = unique(index, 1 << middle)
            top = shortened(top)
            size = (len(leaves) << low) * value_bytes + (len(blocks) << middle) * width(len(leaves)) + len(top) * width(len(blocks))
            if best is None or size < best[0]:
                best = size, low, middle, top, blocks, leaves
    return best[1:]


def flat(blocks):
    return [value for block in blocks for value in block]


DECOMPOSITION_LEAF, DECOMPOSITION_MIDDLE = 3, 5 # as in runtime/text/unicode.h
KINDS = {1: "uint8_t", 2: "uint16_t", 4: "uint32_t"}


def staged(name, values, value_bytes=1, unit_bits=0):
    """A table over all code points >> unit_bits, and the expression that looks up `code`."""
    low, middle, top, blocks, leaves = stages(values, value_bytes)
    text = array(KINDS[width(len(blocks))], name + "_top", top)
    text += array(KINDS[width(len(leaves))], name + "_middle", flat(blocks))
    text += array(KINDS[value_bytes], name + "_leaf", flat(leaves))
    shift = low + unit_bits
    leaf = "%s_middle[(uint32_t)%s_top[top] << %d | (code >> %d & %d)]" % (name, name, middle, shift, (1 << middle) - 1)
    if low > 0:
        leaf = "(uint32_t)%s << %d | (%s & %d)" % (leaf, low, "code >> %d" % unit_bits if unit_bits else "code", (1 << low) - 1)
    head = "uint32_t top = code >> %d < %d ? code >> %d : %d;\n" % (shift + middle, len(top), shift + middle, len(top) - 1)
    return text, head, "%s_leaf[%s]" % (name, leaf)


def lookup(function, name, values, result="uint8_t"):
    """A function over code points to small numbers."""
    text, head, value = staged(name, values)
    return text + "%s %s(uint32_t code)\n{\n    %s\n    return %s;\n}\n\n" % (result, function, head, value)


def member(function, name, members):
    """A function that says whether a code point is among the members: a bit each."""
    bits = [0] * (LIMIT // 32)
    for code in members:
        bits[code // 32] |= 1 << code % 32
    text, head, value = staged(name, bits, 4, 5)
    return text + "int %s(uint32_t code)\n{\n    %s\n    return (int)(%s >> (code & 31) & 1);\n}\n\n" % (function, head, value)


def write(folder, name, subject, body):
    path = os.path.join(folder, name)
    text = ("/* %s.\n * Made by compiler/text/unicode_generate.py from the Unicode Character Database 15.0; do not edit. */\n"
            '#include "%s/unicode.h"\n\n' % (subject, os.path.dirname(name)))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii", newline="\n") as file:
        file.write(text + body.rstrip("\n") + "\n")


def later():
    """Yields what the file beside this one says: (first, last, category, script or lower case)."""
    return ranges(os.path.dirname(os.path.abspath(__file__)), "unicode_later.txt")


def word_members(ucd, category):
    """What the Rust regex crate calls \\w, but for the two joiners."""
    members = {code for code in range(LIMIT) if category[code] in ("Mn", "Mc", "Me", "Nd", "Pc")}
    for first, last, value in ranges(ucd, "DerivedCoreProperties.txt"):
        if value == "Alphabetic":
            members.update(range(first, last + 1))
    for first, last, value in later():
        if value in CATEGORIES and (value[0] == "L" or value == "Nl"):
            members.update(range(first, last + 1))
    return members


def write_categories(ucd, out, data, age):
    category = ["Cn"] * LIMIT
    for code, fields in data:
        category[code] = fields[2]
    before = list(category)
    for first, last, value in later():
        if value in CATEGORIES:
            category[first:last + 1] = [value] * (last + 1 - first)
    words = word_members(ucd, category)
    values = [CATEGORIES.index(category[code]) | (WORD if code in words else 0) |
              (0 if category[code] == "Cn" else (AFTER_8 if age[code] > 8 else 0) | (AFTER_9 if age[code] > 9 else 0)) for code in range(LIMIT)]
    write(out, "compiler/text/unicode_category_table.c",
          "General category (low five bits), whether it is of a word (32), newer than Unicode 8 (64), than Unicode 9 (128)",
          lookup("unicode_property", "category", values))
    write(out, "runtime/text/unicode_word_table.c", "Letters, marks, digits and connectors",
          member("hf2c_is_word", "word", words | {0x200c, 0x200d}))
    write_sets(out, before, age)


def write_sets(out, category, age):
    """The sets that crates of HF tokenizers have from older versions: what has another category since is named here."""
    marks = {code for code in range(LIMIT) if category[code][0] == "M" and age[code] <= 9}
    write(out, "runtime/text/unicode_mark_table.c", "Marks of Unicode 9",
          member("hf2c_is_mark", "mark", (marks | {0x1cf2, 0x1cf3}) - {0x111c9}))
    marks = {code for code in range(LIMIT) if category[code] == "Mn" and age[code] <= 8}
    write(out, "runtime/text/unicode_nonspacing_table.c", "Nonspacing marks of Unicode 8",
          member("hf2c_is_nonspacing_mark", "nonspacing", (marks | {0x1734}) - {0x1885, 0x1886, 0xa9bd, 0x111c9}))
    controls = {code for code in range(LIMIT) if category[code] in ("Cc", "Cf", "Cs", "Co") and age[code] <= 8}
    write(out, "runtime/text/unicode_control_table.c", "Controls of Unicode 8, but for tab and the ends of lines",
          member("hf2c_is_control", "control", controls - {9, 10, 13}))


def write_case(out, data):
    deltas = {}
    values = [0] * LIMIT
    for code, fields in data:
        if fields[13]:
            delta = int(fields[13], 16) - code
            values[code] = deltas.setdefault(delta, len(deltas) + 1)
    for first, _, value in later():
        if value not in CATEGORIES and all(c in "0123456789ABCDEF" for c in value):
            delta = int(value, 16) - first
            values[first] = deltas.setdefault(delta, len(deltas) + 1)
    text, head, value = staged("lower", values)
    body = text + array("int32_t", "lower_delta", [0] + list(deltas), "what to add to a code point of that kind")
    body += "uint32_t hf2c_unicode_lower(uint32_t code)\n{\n    %s\n    return (uint32_t)((int32_t)code + lower_delta[%s]);\n}\n" % (head, value)
    write(out, "runtime/text/unicode_case_table.c", "Simple lower case", body)


def units(parts):
    """Code points in UTF-16, as text of one character a unit."""
    found = []
    for code in parts:
        found += [code] if code < 0x10000 else [0xd7c0 + (code >> 10), 0xdc00 + (code & 1023)]
    return "".join(chr(unit) for unit in found)


def decompositions(name, parts):
    """A table from code points to their parts, which lie in one pool where one may be a piece of another."""
    pool, values = "", [0] * LIMIT
    lengths = [0] + sorted({len(units(p)) for p in parts.values()})
    for text in sorted({units(p) for p in parts.values()}, key=lambda text: (-len(text), text)):
        pool += "" if text in pool else text
    for code, p in parts.items():
        values[code] = pool.index(units(p)) << 4 | lengths.index(len(units(p)))
    assert len(lengths) <= 16 and len(pool) <= 4096
    index, leaves = unique(values, 1 << DECOMPOSITION_LEAF)
    top, blocks = unique(index, 1 << DECOMPOSITION_MIDDLE)
    top = shortened(top)
    text = array("uint8_t", name + "_top", top) + array("uint16_t", name + "_middle", flat(blocks))
    text += array("uint16_t", name + "_leaf", flat(leaves), "where in the pool, and in the low four bits which length")
    text += array("uint16_t", name + "_pool", [ord(c) for c in pool]) + array("uint8_t", name + "_length", lengths)
    return text + ("const hf2c_decompositions hf2c_unicode_%s = {%s_top, %s_middle, %s_leaf, %s_pool, %s_length, %d};\n"
                   % ((name,) * 6 + (len(top),)))


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
    canonical = {code: decompose(code, mapping, False) for code in mapping}
    canonical = {code: parts for code, parts in canonical.items() if parts != [code]}
    compatible = {code: decompose(code, mapping, True) for code in mapping}
    compatible = {code: parts for code, parts in compatible.items() if parts != canonical.get(code)}
    write(out, "runtime/text/unicode_canonical_table.c", "Combining classes, and full canonical decompositions in UTF-16",
          lookup("hf2c_unicode_combining_class", "class", classes) + decompositions("canonical", canonical))
    write(out, "runtime/text/unicode_compatible_table.c", "Full compatible decompositions in UTF-16, where they are not the canonical ones",
          decompositions("compatible", compatible))
    pairs = sorted((parts[0], parts[1], code) for code, (kind, parts) in mapping.items()
                   if kind is None and len(parts) == 2 and code not in excluded)
    body = array("uint32_t", "composition_pair", flat(pairs), "first, second, composite; sorted")
    body += "const hf2c_compositions hf2c_unicode_compositions = {composition_pair, %d};\n" % len(pairs)
    write(out, "runtime/text/unicode_composition_table.c", "Compositions", body)


def write_breaks(ucd, out):
    values = [0] * LIMIT
    for first, last, value in ranges(os.path.join(ucd, "emoji"), "emoji-data.txt"):
        if value == "Extended_Pictographic":
            for code in range(first, last + 1):
                values[code] = BREAKS.index(value)
    for first, last, value in ranges(os.path.join(ucd, "auxiliary"), "GraphemeBreakProperty.txt"):
        for code in range(first, last + 1):
            values[code] = BREAKS.index(value)
    write(out, "runtime/text/unicode_grapheme_table.c", "Grapheme cluster break classes",
          lookup("hf2c_unicode_grapheme_class", "grapheme", values))


def write_scripts(ucd, out):
    names = {"Unknown": 0}
    values = [0] * LIMIT
    for first, last, value in ranges(ucd, "Scripts.txt"):
        for code in range(first, last + 1):
            values[code] = names.setdefault(value, len(names))
    for first, last, value in later():
        if value in names:
            values[first:last + 1] = [names[value]] * (last + 1 - first)
    pool = [ord(c) for name in names for c in name + "\0"] + [0]
    body = array("char", "script_name", pool, "names, each with a NUL; an empty one is the end")
    body += lookup("unicode_script", "script", values)
    body += "const char *unicode_script_names(void)\n{\n    return script_name;\n}\n"
    write(out, "compiler/text/unicode_script_table.c", "Scripts", body)


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
