"""A compiled model in Python through its C ABI, with nothing but ctypes.

    hf2c build examples/kjv-genre --emit lib -o kjv_genre
    python3 examples/python/genre.py ./kjv_genre.so "And it came to pass"
"""
import ctypes
import sys
from ctypes import byref, c_char_p, c_float, c_int, c_size_t, c_uint32, c_void_p


class Model(ctypes.Structure):
    """The head of struct hf2c_model, as hf2c.h has it for HF2C_ABI 2."""

    _fields_ = [("abi", c_uint32), ("name", c_char_p), ("architecture", c_char_p), ("tasks", c_char_p),
                ("weights_bytes", c_size_t), ("workspace_bytes", c_size_t), ("state_bytes", c_size_t)]


def aligned(count):
    """Memory whose address is a multiple of 64, and that address."""
    memory = ctypes.create_string_buffer(count + 63)
    return memory, c_void_p((ctypes.addressof(memory) + 63) & ~63)


def main(library, *texts):
    lib = ctypes.CDLL(library)
    lib.hf2c_status_text.restype = c_char_p
    lib.kjv_genre_scratch_bytes.restype = c_size_t
    lib.kjv_genre_label.restype = c_char_p
    model = Model.in_dll(lib, "kjv_genre_model")
    if model.abi != 2:
        sys.exit(f"{library} has ABI {model.abi}, this program knows 2")

    def check(status):
        if status != 0:
            sys.exit(lib.hf2c_status_text(status).decode())

    owner, workspace = aligned(model.workspace_bytes)
    context = ctypes.create_string_buffer(1024)  # more than any context needs
    weights = ctypes.addressof(ctypes.c_char.in_dll(lib, "kjv_genre_weights"))
    check(lib.kjv_genre_init(context, workspace, c_size_t(model.workspace_bytes), None, c_size_t(0), c_void_p(weights),
                             c_size_t(model.weights_bytes)))
    for text in texts:
        data, label, score = text.encode(), c_int(), c_float()
        size = lib.kjv_genre_scratch_bytes(c_size_t(len(data)))
        scratch_owner, scratch = aligned(size)
        check(lib.kjv_genre_classify(context, data, c_size_t(len(data)), scratch, c_size_t(size), byref(label), byref(score)))
        print(f"{lib.kjv_genre_label(label).decode():10} {score.value:.4f}  {text}")


if __name__ == "__main__":
    main(*sys.argv[1:])
