"""llama.cpp through llama-cpp-python: the calls of its own llama-bench, flash attention, cache in f16."""
import ctypes

import llama_cpp as llama
import numpy

from runner import serve

# Its log holds every tensor.
silent = llama.llama_log_callback(lambda level, text, data: None)
llama.llama_log_set(silent, ctypes.c_void_p(0))


class Llama:
    def __init__(self, path, precision, threads):
        llama.llama_backend_init()
        self.model = llama.llama_model_load_from_file(path.encode(), llama.llama_model_default_params())
        if not self.model:
            raise RuntimeError(f"{path}: cannot be loaded")
        self.vocabulary = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(self.model))
        params = llama.llama_context_default_params()
        params.n_ctx = min(llama.llama_model_n_ctx_train(self.model), 4096)
        params.n_batch = params.n_ubatch = 512
        params.n_threads = params.n_threads_batch = threads
        params.flash_attn_type = llama.LLAMA_FLASH_ATTN_TYPE_ENABLED
        params.no_perf = True
        self.context = llama.llama_init_from_model(self.model, params)
        if not self.context:
            raise RuntimeError(f"{path}: no context")
        self.memory = llama.llama_get_memory(self.context)

    def forward(self, ids, past):
        llama.llama_memory_seq_rm(self.memory, 0, past, -1)
        for at in range(0, len(ids), 512):
            piece = ids[at:at + 512]
            tokens = (llama.llama_token * len(piece))(*piece)  # the batch only points to it
            batch = llama.llama_batch_get_one(tokens, len(piece))
            status = llama.llama_decode(self.context, batch)
            if status:
                raise RuntimeError(f"llama_decode: {status}")
        llama.llama_synchronize(self.context)

    def values(self):
        return numpy.ctypeslib.as_array(llama.llama_get_logits_ith(self.context, -1), (self.vocabulary,))


if __name__ == "__main__":
    serve(Llama)
