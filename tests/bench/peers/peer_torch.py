"""torch.compile on the CPU, with weights frozen into the code."""
import os

import torch
import torch._inductor.config
import transformers

from encoder import load_encoder
from runner import serve

FORMATS = {"f32": torch.float32, "bf16": torch.bfloat16}


class TorchEncoder:
    def __init__(self, folder, precision, threads):
        self.model, config = load_encoder(folder)
        self.vocabulary = config.vocab_size
        self.model = torch.compile(self.model.to(FORMATS[precision]), dynamic=False)

    @torch.inference_mode()
    def _run(self, ids):
        self.result = self.model(ids)

    def encoder(self, rows):
        ids = torch.tensor(rows)
        return lambda: self._run(ids)

    def values(self):
        return self.result[-1, -1].float()


class TorchDecoder:
    """One token at a time against a cache of constant size; prompts are compiled by their length."""

    def __init__(self, folder, precision, threads):
        self.model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=FORMATS[precision]).eval()
        self.vocabulary = self.model.config.vocab_size
        self.cache = transformers.StaticCache(config=self.model.config, max_cache_len=1024)
        self.compiled = torch.compile(self._step, dynamic=False)

    def _step(self, ids, positions):
        return self.model(input_ids=ids, position_ids=positions, past_key_values=self.cache, use_cache=True, logits_to_keep=1).logits

    @torch.inference_mode()
    def forward(self, ids, past):
        for layer in self.cache.layers:
            if hasattr(layer, "cumulative_length") and layer.is_initialized:
                layer.cumulative_length.fill_(past)
        self.result = self.compiled(torch.tensor([ids]), torch.arange(past, past + len(ids))[None])

    def values(self):
        return self.result[0, -1].float()


def make(folder, precision, threads):
    torch.set_num_threads(threads)
    torch._inductor.config.freezing = True
    torch._inductor.config.cpp.threads = threads
    architecture = transformers.AutoConfig.from_pretrained(folder).architectures[0]
    kind = TorchDecoder if architecture.endswith("LMHeadModel") or architecture.endswith("ForCausalLM") else TorchEncoder
    return kind(folder, precision, threads)


if __name__ == "__main__":
    os.environ.setdefault("TORCHINDUCTOR_FX_GRAPH_CACHE", "1")
    serve(make)
