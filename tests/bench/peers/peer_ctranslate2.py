"""CTranslate2 on the CPU."""
import json
import os
import time

import ctranslate2
import numpy

from runner import serve


class CTranslate2:
    def __init__(self, path, precision, threads):
        with open(os.path.join(path, "vocabulary.json"), encoding="utf-8") as file:
            self.vocabulary = len(json.load(file))
        settings = {"device": "cpu", "compute_type": precision, "inter_threads": 1, "intra_threads": threads}
        with open(os.path.join(path, "model.bin"), "rb") as file:
            encoder = b"TransformerEncoderSpec" in file.read(64)
        self.model = (ctranslate2.Encoder if encoder else ctranslate2.Generator)(path, **settings)
        self.result = []

    def encoder(self, rows):
        def call():
            self.result = self.model.forward_batch(rows).last_hidden_state

        return call

    def _generate(self, ids, tokens):
        self.model.generate_batch([[str(i) for i in ids]], max_length=tokens, min_length=tokens, include_prompt_in_result=False, end_token=[])

    def forward(self, ids, past):
        """Of a prompt: up to the first token."""
        self._generate(ids, 1)

    def generate(self, ids, tokens):
        """Seconds of each token behind the first."""
        start = time.perf_counter()
        self._generate(ids, 1)
        middle = time.perf_counter()
        self._generate(ids, tokens + 1)
        return (time.perf_counter() - middle - (middle - start)) / tokens

    def values(self):
        return numpy.array(self.result)[-1, -1] if self.result else []


if __name__ == "__main__":
    serve(CTranslate2)
