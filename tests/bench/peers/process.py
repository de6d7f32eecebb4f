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
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def close(self):
        """The most memory that it had, in bytes."""
        if self.process.returncode is None:
            self.go_on()
            self.process.stdin.close()
            timer = time.time() + 20
            while True:
                pid, _, usage = os.wait4(self.process.pid, os.WNOHANG)
                if pid:
                    break
                if time.time() > timer:
                    self.process.kill()
                time.sleep(0.01)
            self.process.returncode = 0
            self.peak = usage.ru_maxrss * 1024
        self.process.stdout.close()
        self.log.close()
        return self.peak
