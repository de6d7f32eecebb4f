"""Who runs: for each kind of model the groups that are timed in turns, and how each peer's files are made and run."""
import os
import shutil
import subprocess
import sys

from shape import Shape

HERE = os.path.dirname(os.path.abspath(__file__))
HF2C, NAME = "hf2c", "model"  # NAME: of what hf2c writes

# peer: (packages of PyPI, pinned; converter, end of its files, what runs them)
PEERS = {
    "llama.cpp": (["llama-cpp-python==0.3.36", "gguf==0.19.0", "torch==2.15.0", "safetensors"], "convert_gguf.py", ".gguf", "peer_llama.py"),
    "onnxruntime": (["onnxruntime==1.32.0", "onnx==1.23.2", "onnxscript==0.7.2", "torch==2.15.0", "transformers==5.23.0"], "convert_onnx.py", ".onnx",
                    "peer_onnxruntime.py"),
    "openvino": (["openvino==2026.4.1", "nncf==3.4.0", "torch==2.15.0", "transformers==5.23.0"], "convert_openvino.py", ".xml", "peer_openvino.py"),
    "ctranslate2": (["ctranslate2==4.8.5", "torch==2.15.0", "transformers==5.23.0"], "convert_ctranslate2.py", ".ct2", "peer_ctranslate2.py"),
    "torch": (["torch==2.15.0", "transformers==5.23.0"], None, "", "peer_torch.py"),
}

# What stands for what: formats of one group take about as many bits. The first one is the most exact of a model's.
DECODERS = {
    "f32": [(HF2C, "f32"), ("llama.cpp", "F32")],
    "bf16": [(HF2C, "bf16"), ("llama.cpp", "BF16"), ("torch", "bf16")],
    "q8": [(HF2C, "q8"), ("llama.cpp", "Q8_0"), ("ctranslate2", "int8")],
    "q4": [(HF2C, "q4"), ("llama.cpp", "Q4_0")],
    "nf4": [(HF2C, "nf4"), ("llama.cpp", "IQ4_NL")],
}
ENCODERS = {
    "f32": [(HF2C, "f32"), ("openvino", "f32"), ("onnxruntime", "f32")],
    "bf16": [(HF2C, "bf16"), ("openvino", "bf16"), ("torch", "bf16")],
    "int8": [(HF2C, "int8"), ("openvino", "int8"), ("onnxruntime", "int8"), ("ctranslate2", "int8")],
}
ONLY_GPT2 = {"torch", "ctranslate2"}  # of the decoders
GROUPS = {
    "llama-1b": ["bf16", "q8", "q4", "nf4"],
    "qwen-0.5b": ["bf16", "q8", "q4"],
    "gpt2": ["f32", "bf16", "q8", "q4"],
    "bert-base": list(ENCODERS), "distilbert": list(ENCODERS), "minilm": list(ENCODERS),
}
# Of hf2c: the arithmetic that peers use for the same format too. The cache is in f16, as llama.cpp's is.
OPTIONS = {"bf16": ["--activations", "bf16"], "int8": ["--activations", "int8", "--embeddings", "q8"]}
ARITHMETIC = {"f32": "f32", "bf16": "bf16", "q8": "int8", "q4": "int8", "int8": "int8", "nf4": "f32"}  # by group


def packages(peer):
    """What is installed for it; of hf2c nothing."""
    if peer != HF2C and peer not in PEERS:
        raise SystemExit(f"{peer}: unknown; known: {HF2C}, {', '.join(PEERS)}")
    return [] if peer == HF2C else PEERS[peer][0]


def groups(model, decoder, peers, wanted=None):
    """[(group, [(peer, format)])] of the model, of the peers that are wanted."""
    table = DECODERS if decoder else ENCODERS
    for group in (g for g in GROUPS[model] if not wanted or g in wanted):
        yield group, [(peer, precision) for peer, precision in table[group]
                      if peer in peers and not (decoder and peer in ONLY_GPT2 and model != "gpt2")]


class Place:
    """Where the files of a peer's model are."""

    def __init__(self, cache, model, peer, precision):
        self.folder = os.path.join(cache, "models", model)
        if peer == HF2C:
            self.path = os.path.join(cache, "programs", model, precision, model)
        elif peer == "torch":
            self.path = self.folder
        else:
            stored = "f32" if (peer, precision) == ("openvino", "bf16") else precision  # bf16 is a setting there
            self.path = os.path.join(cache, "peers", model, stored + PEERS[peer][2])

    def weights_bytes(self):
        if os.path.isdir(self.path):
            path = os.path.join(self.path, "model.bin")
            return os.path.getsize(path if os.path.exists(path) else os.path.join(self.path, "model.safetensors"))
        for path in (os.path.join(os.path.dirname(self.path), NAME + ".weights"), self.path.replace(".xml", ".bin")):
            if os.path.exists(path):
                return os.path.getsize(path)
        return os.path.getsize(self.path)


def prepare(hf2c, cache, model, decoder, peer, precision):
    """Makes what is not there yet. hf2c's programs are made anew: hf2c may have changed."""
    place = Place(cache, model, peer, precision)
    os.makedirs(os.path.dirname(place.path), exist_ok=True)
    if peer == HF2C:
        shutil.rmtree(os.path.dirname(place.path))
        os.makedirs(os.path.dirname(place.path))
        longest = str(min(4096, Shape(place.folder).longest))
        room = ["--max-seq", longest, "--max-rows", "512", "--cache", "f16"] if decoder else ["--max-rows", "1024", "--max-batch", "8"]
        command = [hf2c, "build", place.folder, "--precision", precision, *OPTIONS.get(precision, []), *room, "--name", NAME,
                   "--detach-weights", "-o", place.path]
    elif PEERS[peer][1] is None or os.path.exists(place.path):
        return
    else:
        command = [sys.executable, os.path.join(HERE, PEERS[peer][1]), place.folder, place.path.rsplit("/", 1)[1].removesuffix(PEERS[peer][2]), place.path]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace")
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or done.stdout.strip()).split("\n")[-1])


def command(cache, model, peer, precision, threads):
    """What to start: a process that answers commands."""
    path = Place(cache, model, peer, precision).path
    if peer == HF2C:
        return [path, "--bench", "-", "--threads", str(threads)]
    return [sys.executable, os.path.join(HERE, PEERS[peer][3]), path, precision, str(threads)]


if __name__ == "__main__":
    print(*packages(sys.argv[1]))
