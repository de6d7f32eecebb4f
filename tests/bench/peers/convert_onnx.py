"""An encoder as ONNX, as ONNX Runtime likes it: attention, activations and norms fused by its own optimizer; for int8 then through its
dynamic quantisation.

    convert_onnx.py FOLDER FORMAT OUT        FORMAT: f32 or int8
"""
import os
import shutil
import sys
import tempfile

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer

from encoder import load_encoder


def export(folder, out):
    model, config = load_encoder(folder)
    batch, length = torch.export.Dim("batch", max=64), torch.export.Dim("length", max=config.max_position_embeddings)
    torch.onnx.export(model, (torch.ones(2, 16, dtype=torch.int64),), out, input_names=["input_ids"], output_names=["last_hidden_state"],
                      dynamic_shapes=({0: batch, 1: length},), opset_version=18, external_data=False, verbose=False)
    return config


def main(folder, precision, out):
    with tempfile.TemporaryDirectory(dir=os.path.dirname(out)) as work:
        plain, fused = os.path.join(work, "plain.onnx"), os.path.join(work, "fused.onnx")
        config = export(folder, plain)
        heads, hidden = config.num_attention_heads, config.hidden_size
        optimizer.optimize_model(plain, model_type="bert", num_heads=heads, hidden_size=hidden, opt_level=0).save_model_to_file(fused)
        if precision == "int8":
            quantize_dynamic(fused, fused + ".int8", per_channel=True, weight_type=QuantType.QInt8)
            fused += ".int8"
        shutil.move(fused, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
