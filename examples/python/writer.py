"""Text from a compiled model in Python as it is generated, through the C ABI with nothing but ctypes.

    hf2c build examples/kjv-writer --emit lib -o kjv_writer
    python3 examples/python/writer.py ./kjv_writer.so "And it came to pass" max_new_tokens=40 do_sample=true seed=7
"""
import ctypes
import json
import sys
from ctypes import CFUNCTYPE, POINTER, byref, c_char, c_int, c_int32, c_size_t, c_void_p

from genre import Model, aligned

TEXT = CFUNCTYPE(c_int, c_void_p, POINTER(c_char), c_size_t)
CANCELLED = CFUNCTYPE(c_int, c_void_p)
ALLOWED = CFUNCTYPE(c_int, c_void_p, c_int, POINTER(c_int32), c_int, POINTER(POINTER(c_int32)))


class Listener(ctypes.Structure):
    """struct hf2c_listener. Functions that are not set are NULL."""

    _fields_ = [("owner", c_void_p), ("text", TEXT), ("cancelled", CANCELLED), ("allowed", ALLOWED), ("message", c_char * 256)]


def main(library, prompt, *settings):
    lib = ctypes.CDLL(library)
    lib.hf2c_status_text.restype = ctypes.c_char_p
    lib.kjv_writer_request_scratch_bytes.restype = c_size_t
    model = Model.in_dll(lib, "kjv_writer_model")
    kwargs = {name: json.loads(value) for name, value in (one.split("=", 1) for one in settings)}
    data = prompt.encode()
    scratch_bytes = lib.kjv_writer_request_scratch_bytes(c_size_t(len(data)))
    owners, (workspace, state, scratch) = zip(*map(aligned, (model.workspace_bytes, model.state_bytes, scratch_bytes)))
    context = ctypes.create_string_buffer(1024)  # more than any context needs
    weights = ctypes.addressof(c_char.in_dll(lib, "kjv_writer_weights"))

    @TEXT
    def on_text(_, text, count):
        sys.stdout.write(text[:count].decode())
        sys.stdout.flush()
        return 0

    listener = Listener(text=on_text)
    status = lib.kjv_writer_init(context, workspace, c_size_t(model.workspace_bytes), state, c_size_t(model.state_bytes),
                                 c_void_p(weights), c_size_t(model.weights_bytes))
    if status == 0:
        sys.stdout.write(prompt)
        status = lib.kjv_writer_generate(context, data, c_size_t(len(data)), json.dumps(kwargs).encode(), byref(listener), scratch,
                                         c_size_t(scratch_bytes))
        print()
    if status != 0:
        sys.exit((listener.message or lib.hf2c_status_text(status)).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
