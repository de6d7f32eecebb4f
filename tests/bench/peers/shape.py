"""What a model's work costs at least: bytes of a token, operations of a row."""
import json
import os
import struct


def _tensors(folder):
    with open(os.path.join(folder, "model.safetensors"), "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
    return {name: entry["shape"] for name, entry in header.items() if name != "__metadata__"}


class Shape:
    def __init__(self, folder):
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
            self.config = json.load(file)
        self.longest = self._of("max_position_embeddings", "n_positions")
        self.linear = self.head = self.looked_up = self.all = 0
        for name, shape in _tensors(folder).items():
            size = shape[0] * shape[1] if len(shape) == 2 else 0
            self.all += size
            if name.endswith((".embed_tokens.weight", ".wte.weight")):
                self.head = size  # tied: an embedding, and the head
            elif "embed" in name or ".wpe." in name:
                self.looked_up += size
            else:
                self.linear += size

    def _of(self, *names):
        return next(self.config[name] for name in names if name in self.config)

    def operations(self, rows, heads=0):
        """Multiplications and additions of the linear layers; heads: rows whose logits are wanted."""
        return 2 * (self.linear * rows + self.head * heads)

    def token_bytes(self, weights_bytes, position, number_bytes):
        """What a new token reads: the weights that are no table, and the cache up to its position."""
        heads = self._of("num_attention_heads", "n_head")
        hidden = self._of("hidden_size", "n_embd")
        kv = self.config.get("num_key_value_heads", heads) * self.config.get("head_dim", hidden // heads)
        cache = 2 * self._of("num_hidden_layers", "n_layer") * kv * number_bytes * position
        return weights_bytes * (self.all - self.looked_up) / self.all + cache
