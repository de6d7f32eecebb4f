"""page.py WRITER.wasm PAGE.html: kjv-writer for the browser, as one file that needs no server.

    hf2c build examples/kjv-writer --target wasm32 --precision q4 -o writer.wasm
    python3 examples/browser/page.py writer.wasm writer.html
"""
import base64
import pathlib
import sys

template = (pathlib.Path(__file__).parent / "page.html").read_text(encoding="utf-8")
program = base64.b64encode(pathlib.Path(sys.argv[1]).read_bytes()).decode("ascii")
pathlib.Path(sys.argv[2]).write_text(template.replace("PROGRAM", program, 1), encoding="utf-8")
