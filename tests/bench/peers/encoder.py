"""An encoder of transformers as a function from ids to its last hidden state: what every peer converts."""
import torch
import transformers

transformers.logging.set_verbosity_error()


class Encoder(torch.nn.Module):
    """No padding, so no mask; no pooler, which hf2c does not run either unless it is asked for."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids):
        return self.model(input_ids=input_ids).last_hidden_state


def load_encoder(folder, attention="sdpa"):
    """(module, config)"""
    config = transformers.AutoConfig.from_pretrained(folder)
    options = {"add_pooling_layer": False} if config.model_type == "bert" else {}
    model = transformers.AutoModel.from_pretrained(folder, attn_implementation=attention, dtype=torch.float32, **options)
    return Encoder(model.eval()).eval(), config
