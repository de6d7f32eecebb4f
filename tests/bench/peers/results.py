"""What results.json holds, as the table and the picture want it."""
import json

import entrants
import models

HF2C = "hf2c"


class Results:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.all = json.load(file)
        for rows in (self.all["rows"], self.all["cold"]):  # in the order of the tables, whatever was timed when; entrants stay as they are
            rows.sort(key=lambda r: (list(models.MODELS).index(r["model"]), entrants.GROUPS[r["model"]].index(r["group"])))
        self.rows = {(r["model"], r["group"], r["peer"], r["format"], r["threads"], r["subject"]): r for r in self.all["rows"]}
        self.cold = {(r["model"], r["group"], r["peer"], r["format"]): r for r in self.all["cold"]}
        self.threads = sorted({r["threads"] for r in self.all["rows"]}, reverse=True)

    def entrants(self, decoder):
        """[(model, group, [(peer, format)])], each in the order in which they were timed."""
        found = {}
        for row in self.all["rows"]:
            if models.is_decoder(row["model"]) == decoder:
                members = found.setdefault((row["model"], row["group"]), [])
                if (row["peer"], row["format"]) not in members:
                    members.append((row["peer"], row["format"]))
        return [(*key, members) for key, members in found.items()]

    def row(self, *key):
        return self.rows.get(key)

    def ratio(self, row):
        """How many times as fast hf2c is as the fastest of the others; None for the others' rows."""
        if row["peer"] != HF2C:
            return None
        same = ("model", "group", "threads", "subject")
        others = [r["seconds"] for r in self.all["rows"] if r["peer"] != HF2C and all(r[k] == row[k] for k in same)]
        return min(others) / row["seconds"] if others else None

    def off(self, row):
        """The difference of the values, as a share of those that hf2c computes with the most exact weights here; None: none are known."""
        exact = next((r for r in self.all["rows"] if r["peer"] == HF2C and r["model"] == row["model"] and r["subject"] == row["subject"]), None)
        if not exact or not row["values"] or row is exact:
            return None
        wanted, found = exact["values"], row["values"]
        return (sum((a - b) ** 2 for a, b in zip(found, wanted)) / sum(a * a for a in wanted)) ** 0.5


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
