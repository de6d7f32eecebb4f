"""OpenVINO on the CPU: static shapes, one stream, its latency hint."""
import numpy
import openvino

from runner import serve

PRECISION = {"f32": "f32", "bf16": "bf16", "int8": "f32"}  # what is not int8 in an int8 model


class OpenVino:
    def __init__(self, path, precision, threads):
        self.core = openvino.Core()
        self.path = path
        self.settings = {"INFERENCE_PRECISION_HINT": PRECISION[precision], "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1}
        self.requests = {}
        self.vocabulary = 30522

    def request(self, shape):
        if shape not in self.requests:
            model = self.core.read_model(self.path)
            model.reshape(shape)
            self.requests[shape] = self.core.compile_model(model, "CPU", self.settings).create_infer_request()
        return self.requests[shape]

    def encoder(self, rows):
        ids = numpy.array(rows, dtype=numpy.int64)
        request = self.request(ids.shape)
        request.set_input_tensor(openvino.Tensor(ids))

        def call():
            request.infer()
            self.result = request.get_output_tensor().data

        return call

    def values(self):
        return self.result[-1, -1]


if __name__ == "__main__":
    serve(OpenVino)
