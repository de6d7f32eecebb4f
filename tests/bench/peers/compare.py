"""hf2c beside its peers: the same weights, the same machine, in turns.

    compare.py HF2C CACHE OUT.json [--models A,B] [--peers A,B] [--threads 2,1] [--rounds 5] ...

Each round asks every process of a group once for each subject, in another order, and probes the machine beside. --prepare makes the models and
what each peer needs, and times nothing.
"""
import argparse
import importlib.metadata
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time

import entrants
import models
from process import Failed, Process
from shape import Shape

FEW = 8  # rows of a prompt that are read for as one token is: reading the weights is what takes the time
ENOUGH = 0.25  # seconds of one measurement, at least where more than one call fits
CACHE_NUMBER = {"llama.cpp": 2, "ctranslate2": 4, "torch": 2}  # bytes of a number in the cache


def say(text):
    print(text, file=sys.stderr, flush=True)


def probe(hf2c, threads):
    """{"bandwidth": bytes/s, "barrier": s, "f32": operations/s, ...}"""
    text = subprocess.run([hf2c, "bench", "--machine", "--threads", str(threads)], check=True, capture_output=True, encoding="utf-8").stdout
    found = {"bandwidth": 1e9 * float(re.search(r"reads ([\d.e+-]+) GB/s", text)[1]), "barrier": 1e-6 * float(re.search(r"takes ([\d.e+-]+) micro", text)[1])}
    found.update({kind: 1e9 * float(rate) for kind, rate in re.findall(r"(f32|bf16|int8) (\d+) GOP/s", text)})
    return found


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        values = dict(re.findall(r"^(model name|cpu family)\s*: (.*)$", file.read(), re.MULTILINE))
    return f"{values.get('model name', platform.machine())}, family {values.get('cpu family', '?')}, {os.cpu_count()} processors"


def cache_number(cache, model, peer, precision):
    """Bytes of a number in the cache; hf2c's programs say how large theirs is."""
    if peer != entrants.HF2C:
        return CACHE_NUMBER[peer]
    text = subprocess.run([entrants.Place(cache, model, peer, precision).path, "--info"], check=True, capture_output=True, encoding="utf-8").stdout
    state = int(re.search(r"^cache +(\d+)", text, re.MULTILINE)[1])
    longest = int(re.search(r"^longest +(\d+)", text, re.MULTILINE)[1])
    shape = Shape(os.path.join(cache, "models", model))
    return state / longest / (shape.token_bytes(0, 1, 1))


class Group:
    """The processes of one group, and what they answered."""

    def __init__(self, arguments, model, group, members, threads):
        self.arguments, self.model, self.group, self.threads = arguments, model, group, threads
        self.shape = Shape(os.path.join(arguments.cache, "models", model))
        self.members = []
        for peer, precision in members:
            process = Process(entrants.command(arguments.cache, model, peer, precision, threads), arguments.cache)
            self.members.append((peer, precision, process))
        self.times, self.probes, self.values, self.counts = {}, {}, {}, {}

    def drop(self, member, problem):
        say(f"  {member[0]} {member[1]}: {problem}")
        member[2].close()
        self.members.remove(member)

    def warm_up(self):
        """Every subject once, which also says how often it goes into a measurement."""
        for member in list(self.members):
            try:
                for command, name in models.subjects(self.model):
                    first = 4 if command.startswith("decode") else 1
                    seconds, self.values[member[:2] + (name,)] = member[2].ask(f"{command} {first}")
                    if seconds < ENOUGH:  # else the first time differs little
                        seconds, _ = member[2].ask(f"{command} {first}")
                    self.counts[member[:2] + (name,)] = min(max(first, round(ENOUGH / seconds)), 64 if first == 4 else 1000)
                member[2].rest_while_others_run()
            except Failed as problem:
                self.drop(member, problem)

    def run(self):
        self.warm_up()
        for turn in range(self.arguments.rounds):
            for command, name in models.subjects(self.model):
                self.probes.setdefault(name, []).append(probe(self.arguments.hf2c, self.threads))
                order = self.members[turn % len(self.members):] + self.members[:turn % len(self.members)] if self.members else []
                for member in order:
                    member[2].go_on()
                    try:
                        key = member[:2] + (name,)
                        self.times.setdefault(key, []).append(member[2].ask(f"{command} {self.counts[key]}")[0])
                        member[2].rest_while_others_run()
                    except Failed as problem:
                        self.drop(member, problem)

    def close(self):
        for member in self.members:
            member[2].close()

    def rows(self):
        for peer, precision, _ in self.members:
            for command, name in models.subjects(self.model):
                times = self.times[(peer, precision, name)]
                row = {"model": self.model, "group": self.group, "peer": peer, "format": precision, "threads": self.threads, "subject": name,
                       "seconds": statistics.median(times), "least": min(times), "most": max(times), "values": self.values[(peer, precision, name)]}
                self.add_shares(row, command, times)
                yield row

    def add_shares(self, row, command, times):
        kind, *numbers = command.split()
        probes = self.probes[row["subject"]]
        place = entrants.Place(self.arguments.cache, self.model, row["peer"], row["format"])
        if kind == "decode" or kind == "prefill" and int(numbers[0]) <= FEW:
            number = cache_number(self.arguments.cache, self.model, row["peer"], row["format"])
            middle = int(numbers[0]) + self.counts[(row["peer"], row["format"], row["subject"])] / 2 if kind == "decode" else 0
            row["bytes"] = round(self.shape.token_bytes(place.weights_bytes(), middle, number))
            limits = [p["bandwidth"] for p in probes]
            work = row["bytes"]
        else:
            rows = int(numbers[0]) * (int(numbers[1]) if kind == "encode" else 1)
            row["operations"] = work = self.shape.operations(rows, kind == "prefill")
            limits = [p[entrants.ARITHMETIC[self.group]] for p in probes]
        row["limit"] = statistics.median(limits)
        row["share"] = statistics.median(work / t / limit for t, limit in zip(times, limits))


def cold(arguments, model, members):
    """From the start of a process to its first answer, files in the page cache: {(peer, format): {...}}"""
    command = "encode 1 32 1" if not models.is_decoder(model) else "prefill 8 1"
    found = {member: [] for member in members}
    for _ in range(arguments.rounds):
        for member in members:
            if found[member] and found[member][0]["seconds"] > 3:
                continue  # once is enough to see that
            process = Process(entrants.command(arguments.cache, model, *member, arguments.threads[0]), arguments.cache)
            try:
                process.ask(command)
                seconds = time.perf_counter() - process.begun
                found[member].append({"seconds": seconds, "start": process.ready or 0, "peak": 0})
            except Failed as problem:
                say(f"  {member[0]} {member[1]}: {problem}")
            peak = process.close()
            if found[member]:
                found[member][-1]["peak"] = peak
    return {member: {key: statistics.median(one[key] for one in all_of) for key in all_of[0]} for member, all_of in found.items() if all_of}


def library_bytes(peer):
    """What a peer's own package takes, without Python and what else it needs."""
    total = 0
    for file in importlib.metadata.files(entrants.PEERS[peer][0][0].split("==")[0]) or []:
        path = file.locate()
        if os.path.isfile(path):
            total += os.path.getsize(path)
    return total


def prepare(arguments, model):
    say(f"{model}: making it, and what each peer needs")
    models.make(arguments.hf2c, arguments.cache, model)
    for _, members in entrants.groups(model, models.is_decoder(model), arguments.peers, arguments.groups):
        for peer, precision in members:
            try:
                entrants.prepare(arguments.hf2c, arguments.cache, model, models.is_decoder(model), peer, precision)
            except RuntimeError as problem:
                say(f"  {peer} {precision}: {problem}")


def compare(arguments, model, results):
    for group, members in entrants.groups(model, models.is_decoder(model), arguments.peers, arguments.groups):
        members = [m for m in members if os.path.exists(entrants.Place(arguments.cache, model, *m).path)]
        say(f"{model} {group}: {', '.join(' '.join(m) for m in members)}")
        for threads in arguments.threads:
            timed = Group(arguments, model, group, members, threads)
            timed.run()
            timed.close()
            results["rows"] += timed.rows()
        for (peer, precision), row in (cold(arguments, model, members) if arguments.cold else {}).items():
            place = entrants.Place(arguments.cache, model, peer, precision)
            code = os.path.getsize(place.path) if peer == entrants.HF2C else library_bytes(peer)
            results["cold"].append({"model": model, "group": group, "peer": peer, "format": precision, "code": code, "weights": place.weights_bytes(), **row})
        write(arguments.out, results)


def kept(arguments, results):
    """With --append, rows of an earlier run that this one does not time again."""
    if not arguments.append or not os.path.exists(arguments.out):
        return
    with open(arguments.out, encoding="utf-8") as file:
        before = json.load(file)

    def timed_again(row):
        return row["model"] in arguments.models and (not arguments.groups or row["group"] in arguments.groups)

    results["rows"] = [r for r in before["rows"] if not timed_again(r) or r["threads"] not in arguments.threads]
    results["cold"] = [r for r in before["cold"] if not timed_again(r) or not arguments.cold]
    for key in ("versions", "machine"):
        results[key] = {**before[key], **results[key]}


def write(path, results):
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
        file.write("\n")
    os.replace(path + ".new", path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hf2c")
    parser.add_argument("cache")
    parser.add_argument("out")
    parser.add_argument("--models", type=lambda text: text.split(","), default=list(models.MODELS))
    parser.add_argument("--peers", type=lambda text: text.split(","), default=[entrants.HF2C, *entrants.PEERS])
    parser.add_argument("--threads", type=lambda text: [int(n) for n in text.split(",")], default=[2, 1])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--groups", type=lambda text: text.split(","), help="of weights: f32, bf16, q8, q4, nf4, int8; default all")
    parser.add_argument("--prepare", action="store_true")
    parser.add_argument("--prepared", action="store_true", help="everything is there already")
    parser.add_argument("--append", action="store_true", help="to the results of another run, in place of what is timed again")
    parser.add_argument("--no-cold", dest="cold", action="store_false", help="no cold starts")
    arguments = parser.parse_args()
    for model in [] if arguments.prepared else arguments.models:
        prepare(arguments, model)
    if arguments.prepare:
        return
    results = {"processor": processor(), "rounds": arguments.rounds, "date": time.strftime("%Y-%m-%d"), "rows": [], "cold": [],
               "versions": {p: entrants.PEERS[p][0][0] for p in arguments.peers if p in entrants.PEERS},
               "machine": {str(t): probe(arguments.hf2c, t) for t in arguments.threads}}
    kept(arguments, results)
    for model in arguments.models:
        compare(arguments, model, results)


if __name__ == "__main__":
    main()
