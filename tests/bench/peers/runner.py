"""What the processes of peers share: commands on standard input, seconds and values on standard output, as `PROGRAM --bench -` of hf2c.

    encode SEQUENCES TOKENS CALLS | prefill TOKENS CALLS | decode CONTEXT TOKENS

A peer is a class that is made from (path, format, threads) and has the methods that its model needs: encode(ids, sequences) and values(),
or forward(ids, past) and values(). Its library is imported before "ready" is printed, the model is loaded at the first command.
"""
import sys
import time

VALUES = 8
FIRST, STEP = 13, 7919


def make_ids(first, count, vocabulary):
    """The ids that hf2c's bench makes: number i of a sequence is (7919 i + 13) % vocabulary."""
    return [(i * STEP + FIRST) % vocabulary for i in range(first, first + count)]


class Timer:
    """Runs commands on a peer. What a decoder's cache holds is kept from one command to the next, as hf2c does."""

    def __init__(self, peer):
        self.peer = peer
        self.cached = 0

    def encode(self, sequences, tokens, calls):
        ids = make_ids(0, sequences * tokens, self.peer.vocabulary)
        rows = [ids[i * tokens:(i + 1) * tokens] for i in range(sequences)]
        call = self.peer.encoder(rows)
        start = time.perf_counter()
        for _ in range(calls):
            call()
        return (time.perf_counter() - start) / calls

    def prefill(self, tokens, calls):
        ids = make_ids(0, tokens, self.peer.vocabulary)
        start = time.perf_counter()
        for _ in range(calls):
            self.peer.forward(ids, 0)
        self.cached = tokens
        return (time.perf_counter() - start) / calls

    def decode(self, context, tokens):
        ids = make_ids(0, context + tokens, self.peer.vocabulary)
        if hasattr(self.peer, "generate"):
            return self.peer.generate(ids[:context], tokens)
        if self.cached < context:
            self.peer.forward(ids[:context], 0)
        start = time.perf_counter()
        for i in range(context, context + tokens):
            self.peer.forward(ids[i:i + 1], i)
        self.cached = max(self.cached, context + tokens)
        return (time.perf_counter() - start) / tokens


def serve(make_peer):
    """make_peer(path, format, threads) of the command line; until standard input ends."""
    path, precision, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    print("ready", flush=True)
    timer = None
    for line in sys.stdin:
        kind, *numbers = line.split()
        try:
            timer = timer or Timer(make_peer(path, precision, threads))
            seconds = getattr(timer, kind)(*map(int, numbers))
            values = " ".join(f"{float(v):.7g}" for v in timer.peer.values()[:VALUES])
            print(f"{seconds:.9f} {values}", flush=True)
        except Exception as problem:  # the peer's own, whatever it is: the others go on
            print("error: " + " ".join(str(problem).split())[:300], flush=True)
