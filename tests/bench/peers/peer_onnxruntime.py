"""ONNX Runtime on the CPU, all optimizations on, threads within an operator only."""
import numpy
import onnxruntime

from runner import serve


class OnnxRuntime:
    def __init__(self, path, precision, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.vocabulary = 30522

    def encoder(self, rows):
        feed = {"input_ids": numpy.array(rows, dtype=numpy.int64)}

        def call():
            self.result = self.session.run(["last_hidden_state"], feed)[0]

        return call

    def values(self):
        return self.result[-1, -1]


if __name__ == "__main__":
    serve(OnnxRuntime)
