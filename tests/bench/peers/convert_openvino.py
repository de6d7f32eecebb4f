"""An encoder for OpenVINO; for int8 through NNCF's post-training quantisation of weights and activations.

    convert_openvino.py FOLDER FORMAT OUT        FORMAT: f32 (bf16 is a setting at run time) or int8
"""
import sys

import openvino
import torch

from encoder import load_encoder
from runner import make_ids

SAMPLES, LENGTH = 32, 128


def quantized(model, vocabulary):
    import nncf

    samples = [torch.tensor([make_ids(i * LENGTH, LENGTH, vocabulary)]).numpy() for i in range(SAMPLES)]
    return nncf.quantize(model, nncf.Dataset(samples), model_type=nncf.ModelType.TRANSFORMER, subset_size=SAMPLES)


def main(folder, precision, out):
    model, config = load_encoder(folder)
    with torch.no_grad():
        converted = openvino.convert_model(model, example_input=torch.ones(2, 16, dtype=torch.int64), input=[-1, -1])
    if precision == "int8":
        converted = quantized(converted, config.vocab_size)
    openvino.save_model(converted, out, compress_to_fp16=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
