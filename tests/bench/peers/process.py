"""A peer's process: asked in turns, stopped in between, so that nothing of it runs while others are timed."""
import os
import select
import signal
import subprocess
import time


class Failed(Exception):
    pass


class Process:
    def __init__(self, command, cache):
        environment = dict(os.environ, CUDA_VISIBLE_DEVICES="", TORCHINDUCTOR_CACHE_DIR=os.path.join(cache, "inductor"), HF_HUB_OFFLINE="1")
        threads = command[-1]
        environment.update(OMP_NUM_THREADS=threads)
        self.begun = time.perf_counter()
        self.ready = None
        self.log = open(os.path.join(cache, "peers.log"), "a", encoding="utf-8")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, env=environment, bufsize=0)
        self.rest = b""

    def _line(self, limit):
        while b"\n" not in self.rest:
            if not select.select([self.process.stdout], [], [], limit)[0]:
                raise Failed(f"no answer within {limit} s")
            more = os.read(self.process.stdout.fileno(), 1 << 16)
            if not more:
                raise Failed(f"ended: {self.process.poll()}")
            self.rest += more
        line, _, self.rest = self.rest.partition(b"\n")
        return line.decode()

    def ask(self, line, limit=600):
        """(seconds, values)"""
        try:
            self.process.stdin.write((line + "\n").encode())
        except OSError as problem:
            raise Failed(str(problem)) from None
        answer = self._line(limit)
        if answer == "ready":
            self.ready = time.perf_counter() - self.begun
            answer = self._line(limit)
        if answer.startswith("error: "):
            raise Failed(answer[7:])
        seconds, *values = map(float, answer.split())
        return seconds, values

    def rest_while_others_run(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)  # none where it has ended

    def _peak(self):
        """Not what wait4 tells: that is at least what this process had when it started the other."""
        try:
            with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
                return next(1024 * int(line.split()[1]) for line in file if line.startswith("VmHWM:"))
        except (OSError, StopIteration):
            return 0

    def close(self):
        """The most memory that it had, in bytes."""
        self.go_on()
        peak = self._peak()
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()
        return peak
