#!/usr/bin/env python3
# An attack on published releases from outside: reads nothing but the bytes of release folders (CSV, JSON, pages,
# manifest) and public policy files, makes its own unknowns and its own equations, and asks by linear programming what
# follows about groups of few people. Shares no code and no view of a release with the program. docs/protect.md,
# "Attacked from outside", says what it assumes and what it found.
#
# Needs python3-scipy (HiGHS inside), which the build and the tests do not; so it is no part of make test.
#
# usage: attack_release.py [--policy policy/colorado] [--truth CELLS.csv] [--whole] [--seconds N] RELEASE [RELEASE ...]
#   several releases: attacked together, the later ones as if all were in force; where two print different counts of one
#   cell the difference is listed and the earlier figure is left out of the equations
#   --truth    true cells (measure, year, level, unit, split, grp, denominator, numerator, covered, base, strong), used
#              only after the attack, to say whether its intervals hold the truth
#   --whole    all splits of a lineage and year in one system (default: one split beside "all" at a time)
#   --seconds  for each system; what is not decided by then is counted as undecided, never as protected
# Exit code 1 when something is found.
import argparse
import collections
import csv
import html.parser
import json
import math
import os
import re
import resource
import sys
import time
import tomllib
from fractions import Fraction

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

LEVELS = ["state", "county", "district", "school"]


def read_policy(folder):
    with open(os.path.join(folder, "release", "coarse.toml"), "rb") as f:
        rule = tomllib.load(f)
    p = {x["name"]: x["value"] for x in rule["parameter"]}
    up, of = {}, {}
    for fam in rule["family"]:
        up[fam["name"]] = fam.get("coarsens")
        for m in fam["measures"]:
            of[m] = fam["name"]

    def root(name):
        while up[name]:
            name = up[name]
        return name

    lineage = {m: root(f) for m, f in of.items()}
    with open(os.path.join(folder, "reference", "districts.csv"), newline="") as f:
        rows = csv.DictReader(line for line in f if not line.startswith("#"))
        county = {r["district_id"]: r["county_fips"] for r in rows}
    medians, seen_only = set(), set()
    for m in of:
        with open(os.path.join(folder, "measures", m + ".toml"), "rb") as f:
            measure = tomllib.load(f)
        if measure["kind"] == "median":
            medians.add(m)
        if "has_ssn AS counted" in measure["sql"]:
            seen_only.add(m)  # the people printed are those who could be seen; of how many is printed nowhere
    return p, lineage, rule.get("subset", []), county, medians, seen_only


class Cell:
    __slots__ = ("table", "year", "level", "unit", "units", "split", "grp", "groups", "value", "n", "shares", "bands", "hidden")

    def key(self):
        return self.table, self.year, self.level, self.units, self.split, self.groups


def read_release(folder):
    cells = []
    data = os.path.join(folder, "data")
    with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as f:
        bands = all("files" in i for i in json.load(f)["inputs"])  # both came with one version
    for name in sorted(os.listdir(data)):
        if not name.endswith(".csv"):
            continue
        with open(os.path.join(data, name), newline="") as f:
            for r in csv.DictReader(f):
                c = Cell()
                c.table, c.year, c.level, c.split = r["measure"], int(r["year"]), r["level"], r["split"]
                c.unit, c.grp = r["unit"], r["group"]
                c.units = frozenset(r["members"].split() or [r["unit"]])
                c.groups = frozenset(r["groups"].split() or [r["group"]])
                c.value = r["value"]
                c.hidden = r["hidden"] or ""
                c.n = int(r["people"]) if r["people"] not in ("*", "") else None
                c.bands = bands
                c.shares = {k: r[k] for k in ("seen_of_100", "linked_of_100") if r.get(k)}
                cells.append(c)
    return cells


def numerators(c, p):
    """All counts that would print as this rate of so many people; None where nothing is told."""
    if c.n is None or c.value in ("", "*"):
        return None
    v = c.value
    if v[0] not in "<>" and float(v) > 100:  # dollars
        return None
    if v[0] == "<":
        return 0, max(0, p["min_numerator"] - 1)
    if v[0] == ">":
        return c.n - max(0, p["min_complement"] - 1), c.n
    half = Fraction(1, 20) if "." in v else Fraction(1, 2)
    low, high = (Fraction(v) - half) * c.n / 100, (Fraction(v) + half) * c.n / 100
    return max(0, math.ceil(low)), min(c.n, math.ceil(high) - 1)


def share_parts(text, n, p, bands):
    """People of whom a share does not hold, (low, high): bands are "at least so many of 100" in the rule's steps;
    releases before them printed the share to the nearest whole, or to the nearest five of fewer than 200."""
    v = int(text)
    if bands:
        least = max(p["min_numerator"], p["min_complement"])
        step = next((s for s in (5, 10, 20, 25, 50) if math.ceil(Fraction(s * n, 100)) - 1 >= least), 100)
        most = n - math.ceil(Fraction(v * n, 100))
        return (0 if v + step >= 100 else n - math.ceil(Fraction((v + step) * n, 100)) + 1), most
    step = 5 if n < 200 else 1
    low, high = Fraction(2 * v - step, 200) * n, Fraction(2 * v + step, 200) * n
    return max(0, n - (math.ceil(high) - 1)), min(n, n - math.ceil(low))


def share_unseen(text, n, p, bands):
    """The same where the people printed are those who are seen: of how many, is unknown."""
    fit = [b - n for b in range(n, 20 * n) if share_parts(text, b, p, bands)[0] <= b - n <= share_parts(text, b, p, bands)[1]]
    return (min(fit), max(fit)) if fit else (0, 20 * n)


class System:
    """Unknowns of one lineage and year: counts of quantities at atoms (place class, split, group class)."""

    def __init__(self, cells, county, p, subsets, medians, splits, about, seen_only):
        self.p, self.medians, self.about, self.seen_only = p, medians, about, seen_only
        self.cells = [c for c in cells if c.split == "all" or c.split in splits]
        self.splits = sorted({c.split for c in self.cells})
        self.county = county
        self.place_classes()
        self.group_classes()
        self.quantities(subsets)
        self.equations()

    # Leaves are schools that any cell names, and for each larger unit the rest of it: what no school of it says.
    def ancestors(self, level, unit):
        chain = [(level, unit)]
        while level != "state":
            if level == "school":
                level, unit = "district", unit.split("-")[0]
            elif level == "district":
                level, unit = "county", self.county.get(unit) or "OTHER"
            else:
                level, unit = "state", "CO"
            chain.append((level, unit))
        return chain

    def place_classes(self):
        named = set()
        for c in self.cells:
            for u in c.units:
                named.update(self.ancestors(c.level, u))
        self.named = named
        leaves = collections.defaultdict(set)
        for i, (level, unit) in enumerate(sorted(named)):
            for up in self.ancestors(level, unit):
                leaves[up].add(i)
        sets = {}
        for c in self.cells:
            sets[c.level, c.units] = frozenset().union(*(leaves[c.level, u] for u in c.units))
        # Leaves that all published sets treat alike are one class: nothing tells them apart, so the most that one can
        # have is what the class can have.
        for u, s in leaves.items():
            sets[u[0], frozenset([u[1]])] = frozenset(s)
        marks = collections.defaultdict(list)
        published = {(c.level, c.units) for c in self.cells}
        for k, (key, s) in enumerate(sorted(sets.items(), key=lambda x: (x[0][0], sorted(x[0][1])))):
            if key in published:
                for leaf in s:
                    marks[leaf].append(k)
        classes = collections.defaultdict(set)
        for leaf, m in marks.items():
            classes[tuple(m)].add(leaf)
        self.classes = list(classes.values())
        of = {leaf: i for i, c in enumerate(self.classes) for leaf in c}
        self.place = {key: frozenset(of[x] for x in s) for key, s in sets.items()}
        # a unit that is not a union of classes is one of several alike: what is known is of all together
        self.whole = {key: sum(len(self.classes[i]) for i in self.place[key]) == len(s) for key, s in sets.items()}

    def group_classes(self):
        self.group = {}
        self.raw_group = {}
        self.group_count = {}
        for s in self.splits:
            marks = collections.defaultdict(set)
            sets = sorted({c.groups for c in self.cells if c.split == s}, key=sorted)
            for k, g in enumerate(sets):
                for x in g:
                    marks[x].add(k)
            classes = collections.defaultdict(list)
            for x in sorted(marks):
                classes[frozenset(marks[x])].append(x)
            listed = list(classes.values())
            for g in sets:
                self.group[s, g] = [i for i, c in enumerate(listed) if set(c) <= g]
            for i, c in enumerate(listed):
                if len(c) == 1:
                    self.raw_group[s, c[0]] = i
            self.group_count[s] = len(listed)

    def quantities(self, subsets):
        tables = sorted({c.table for c in self.cells})
        seen = collections.defaultdict(dict)
        for c in self.cells:
            if c.n is not None:
                seen[c.table][c.level, c.units, c.split, c.groups] = c.n
        # counts of people that are the same wherever both are printed are taken for one unknown
        self.people = {}
        for i, t in enumerate(tables):
            self.people[t] = t
            for o in tables[:i]:
                both = seen[t].keys() & seen[o].keys()
                if len(both) >= 20 and all(seen[t][k] == seen[o][k] for k in both) and (t in self.medians) == (
                    o in self.medians
                ):
                    self.people[t] = self.people[o]
                    break
        self.names = []
        self.number = {}
        for t in tables:
            counts = [] if t in self.medians or self.about == "shares" else ["k:" + t]
            shares = [] if t in self.medians or self.about == "counts" else ["u:" + t, "w:" + t]
            for q in ["n:" + self.people[t]] + counts + shares:
                if q not in self.number:
                    self.number[q] = len(self.names)
                    self.names.append(q)
        self.remainders = []
        for s in subsets:
            terms = []
            for side, sign in (("inner", -1), ("outer", 1)):
                for x in s[side] if isinstance(s[side], list) else [s[side]]:
                    t, part = x.split(".")
                    q = ("k:" + t) if part == "numerator" else "n:" + self.people.get(t, t)
                    terms.append((q, sign))
            if all(q in self.number for q, _ in terms):
                # people leave a class between two looks at it: only counts of one look lie in each other
                looks = {re.sub(r".*_([0-9])yr$", r"\1", q) for q, _ in terms}
                self.remainders.append((terms, isinstance(s["inner"], str) and len(looks - {"5", "6", "7"}) == len(looks)))

    def var(self, q, d, s, g):
        return ((self.number[q] * len(self.classes) + d) * self.width) + self.at[s] + g

    def equations(self):
        self.at, w = {}, 0
        for s in self.splits:
            self.at[s] = w
            w += self.group_count[s]
        self.width = w
        self.count = len(self.names) * len(self.classes) * w
        eq, lo, hi = [], [], []
        self.zero = np.zeros(self.count, bool)

        def add(terms, low, high):
            eq.append(terms)
            lo.append(low)
            hi.append(high)

        for q in self.names:
            for d in range(len(self.classes)):
                for s in self.splits:
                    if s != "all":
                        add(
                            [(self.var(q, d, "all", 0), 1)]
                            + [(self.var(q, d, s, g), -1) for g in range(self.group_count[s])],
                            0,
                            0,
                        )
        self.printed = []
        present = collections.defaultdict(set)
        for c in self.cells:
            present[c.table, c.level, c.units, c.split].add(c.groups)
        shown = collections.defaultdict(set)
        for (t, lv, us, s), gs in present.items():
            shown[t, lv == "state", s] |= gs
        for (t, lv, us, s), gs in present.items():
            for g in shown[t, lv == "state", s] - gs:
                # a group without a line beside groups that have one: nobody. Not where it is told within another
                if any(g & x for x in gs):
                    continue
                for d in self.place[lv, us]:
                    for i in self.group[s, g]:
                        for q in ("n:" + self.people[t], "k:" + t, "u:" + t, "w:" + t):
                            if q in self.number:
                                self.zero[self.var(q, d, s, i)] = True
        for c in self.cells:
            where = [(d, g) for d in self.place[c.level, c.units] for g in self.group[c.split, c.groups]]

            def cover(q):
                return [(self.var(q, d, c.split, g), 1) for d, g in where]

            self.printed.append((c, where))
            if c.n is None:
                continue
            add(cover("n:" + self.people[c.table]), c.n, c.n)
            if c.table in self.medians:
                continue
            k = numerators(c, self.p)
            if k and self.about == "counts":
                add(cover("k:" + c.table), *k)
            if self.about == "counts":
                continue
            for q, share in (("u:", "seen_of_100"), ("w:", "linked_of_100")):
                if share in c.shares and c.table in self.seen_only:
                    if q == "u:":
                        add(cover(q + c.table), *share_unseen(c.shares[share], c.n, self.p, c.bands))
                elif share in c.shares:
                    add(cover(q + c.table), *share_parts(c.shares[share], c.n, self.p, c.bands))
        # parts are no more than their wholes
        self.ineq = []
        for q in self.names:
            if q[0] != "n":
                whole = "n:" + self.people[q[2:]]
                if q[2:] in self.medians or q[0] == "u" and q[2:] in self.seen_only:
                    continue
                for d in range(len(self.classes)):
                    for s in self.splits:
                        for g in range(self.group_count[s]):
                            self.ineq.append([(self.var(whole, d, s, g), 1), (self.var(q, d, s, g), -1)])
        for terms, nested in self.remainders:
            if nested:
                for d in range(len(self.classes)):
                    for s in self.splits:
                        for g in range(self.group_count[s]):
                            self.ineq.append([(self.var(q, d, s, g), sign) for q, sign in terms])
        self.eq, self.lo, self.hi = eq, np.array(lo, float), np.array(hi, float)

    def targets(self):
        """(kind, minimum, terms, words, unit of truth): groups that an outsider may not find to be few."""
        p, out, seen = self.p, [], set()

        def push(kind, least, parts, words, truth, base=None):
            key = (kind, tuple(sorted(parts)))
            if key not in seen:
                seen.add(key)
                out.append((kind, least, parts, words, truth, base))

        tables = sorted({c.table for c in self.cells})
        places = {}
        for (lv, us), s in self.place.items():
            if self.whole[lv, us]:
                places.setdefault(s, (lv, us))
        names = dict(enumerate(sorted(self.named)))
        for i, c in enumerate(self.classes):
            lv = min((names[x][0] for x in c), key=LEVELS.index)
            places.setdefault(frozenset([i]), (lv, frozenset(names[x][1] for x in c)))
        for s, (lv, us) in sorted(places.items(), key=lambda x: (LEVELS.index(x[1][0]), sorted(x[1][1]))):
            for sp in self.splits:
                groups = {(i,): frozenset([g]) for (x, g), i in self.raw_group.items() if x == sp}
                for (x, g), ids in self.group.items():
                    if x == sp:
                        groups.setdefault(tuple(ids), g)
                for ids, g in groups.items():
                    where = [(d, i) for d in s for i in ids]
                    words = (lv, us, sp, g)

                    def parts(q, sign=1):
                        return [(self.var(q, d, sp, i), sign) for d, i in where]

                    for t in tables:
                        people = parts("n:" + self.people[t])
                        # with a wage are people with an outcome: all of them are counted in the rate beside it
                        least = p["min_numerator"] if t in self.medians else p["min_n"]
                        if self.about == "counts":
                            push("people", least, people, (t,) + words, [("n", t, 1)])
                        if t in self.medians:
                            continue
                        if self.about == "shares":
                            push("unseen", p["min_complement"], parts("u:" + t), (t,) + words, [("u", t, 1)], people)
                            if t in self.seen_only:
                                continue
                            push("unlinked", p["min_complement"], parts("w:" + t), (t,) + words, [("w", t, 1)], people)
                            continue
                        k = parts("k:" + t)
                        push("with", p["min_numerator"], k, (t,) + words, [("k", t, 1)], people)
                        push(
                            "without",
                            p["min_complement"],
                            people + [(v, -1) for v, _ in k],
                            (t,) + words,
                            [("n", t, 1), ("k", t, -1)],
                            people,
                        )
                    for terms, _ in self.remainders:
                        r = [x for q, sign in terms for x in parts(q, sign)]
                        push(
                            "remainder",
                            p["min_numerator"],
                            r,
                            (" ".join(("+" if g > 0 else "-") + q for q, g in terms),) + words,
                            [(q[0], q[2:], sign) for q, sign in terms],
                        )
        return out


class Attack:
    def __init__(self, system, seconds):
        self.s, self.until, self.calls = system, time.process_time() + seconds, 0
        live = np.flatnonzero(~system.zero)
        self.col = np.full(system.count, -1)
        self.col[live] = np.arange(len(live))
        self.live = len(live)

        def matrix(rows):
            r, c, v = [], [], []
            for i, terms in enumerate(rows):
                for at, sign in terms:
                    if self.col[at] >= 0:
                        r.append(i)
                        c.append(self.col[at])
                        v.append(sign)
            return sparse.csr_matrix((v, (r, c)), shape=(len(rows), self.live))

        m = matrix(system.eq)
        same = system.lo == system.hi
        self.a_eq, self.b_eq = m[same], system.lo[same]
        loose = m[~same]
        less = matrix(system.ineq) * -1
        self.a_ub = sparse.vstack([loose, -loose, less]).tocsr()
        self.b_ub = np.concatenate([system.hi[~same], -system.lo[~same], np.zeros(less.shape[0])])

    def solve(self, c):
        self.calls += 1
        return linprog(c, A_ub=self.a_ub, b_ub=self.b_ub, A_eq=self.a_eq, b_eq=self.b_eq, method="highs")

    def capped(self, m, least):
        self.calls += 1
        k = m.shape[0]
        eye = sparse.identity(k, format="csr")
        a_ub = sparse.vstack([sparse.hstack([self.a_ub, sparse.csr_matrix((self.a_ub.shape[0], k))]),
                              sparse.hstack([-m, eye])]).tocsr()
        a_eq = sparse.hstack([self.a_eq, sparse.csr_matrix((self.a_eq.shape[0], k))]).tocsr()
        bounds = np.concatenate([np.tile([0, np.inf], (self.live, 1)), np.column_stack([np.full(k, -np.inf), least])])
        c = np.concatenate([np.zeros(self.live), -1 / least])
        b_ub = np.concatenate([self.b_ub, np.zeros(k)])
        return linprog(c, A_ub=a_ub, b_ub=b_ub, A_eq=a_eq, b_eq=self.b_eq, bounds=bounds, method="highs")

    def run(self, rng):
        """low and high of each target as far as proved, and a state: 'open' (protected), or an interval."""
        t = self.s.targets()
        r, c, v = [], [], []
        for i, x in enumerate(t):
            for at, sign in x[2]:
                if self.col[at] >= 0:
                    r.append(i)
                    c.append(self.col[at])
                    v.append(sign)
        m = sparse.csr_matrix((v, (r, c)), shape=(len(t), self.live))
        least = np.array([x[1] for x in t], float)
        low, high = np.full(len(t), np.inf), np.full(len(t), -np.inf)

        def see(x):
            y = m @ x
            np.minimum(low, y, out=low)
            np.maximum(high, y, out=high)

        # a place that is known to be empty tells of nobody
        def left_of(low, high, least):
            return np.flatnonzero(~(high > least - 1 + 1e-6) & ~nobody)

        # Unknowns that can only be 0: when all together can be no more, none can.
        never = np.ones(self.live, bool)
        while never.any() and time.process_time() < self.until:
            pick = np.flatnonzero(never)
            one = sparse.csr_matrix((np.ones(len(pick)), (np.arange(len(pick)), pick)), shape=(len(pick), self.live))
            s = self.capped(one, np.ones(len(pick)))
            if s.status != 0:
                return t, low, high, "no solution: " + s.message, np.arange(len(t))
            x = s.x[: self.live]
            see(x)
            if x[pick].max() < 1e-6:
                break
            never &= x < 1e-6
        some = sparse.csr_matrix((np.ones(m.nnz), m.indices, m.indptr), shape=m.shape)
        nobody = some @ (~never).astype(float) == 0
        high[nobody] = low[nobody] = 0
        # As many as possible of them at once as large as they may not be known to be small: one answer shows it of many.
        todo = left_of(low, high, least)
        rounds = 0
        while len(todo) and time.process_time() < self.until and rounds < 40:
            pick = todo if rounds == 0 or len(todo) < 200 else rng.choice(todo, max(200, len(todo) // 4), replace=False)
            s = self.capped(m[pick], least[pick])
            if s.status != 0:
                return t, low, high, "no solution: " + s.message, todo
            see(s.x[: self.live])
            after = left_of(low, high, least)
            few = len(todo) - len(after)
            todo = after
            rounds += 1
            if few == 0 and rounds > 3:
                break
        proved_low, proved_high = np.full(len(t), -np.inf), np.full(len(t), np.inf)
        undecided = []
        skip = np.zeros(len(t), bool)
        # whatever all of a kind cannot exceed together none can: one call settles what is nobody
        for i in todo:
            if skip[i]:
                continue
            if time.process_time() > self.until:
                undecided.append(i)
                continue
            row = np.asarray(m[i].todense()).ravel()
            if not row.any():
                proved_low[i] = proved_high[i] = 0
                continue
            s = self.solve(-row)
            if s.status != 0:
                undecided.append(i)
                continue
            see(s.x)
            if -s.fun > least[i] - 1 + 1e-6:
                continue
            proved_high[i] = math.floor(-s.fun + 1e-6)
            if proved_high[i] <= 0:
                proved_low[i] = 0
                continue
            s = self.solve(row)
            if s.status != 0:
                undecided.append(i)
                continue
            see(s.x)
            proved_low[i] = math.ceil(s.fun - 1e-6)
        return t, proved_low, proved_high, None, undecided


def cell_words(w):
    t, lv, us, sp, g = w
    place = next(iter(us)) if len(us) == 1 else "%d together" % len(us)
    return "%s %s %s %s=%s" % (t, lv, place, sp, "+".join(sorted(g)))


class Truth:
    def __init__(self, path):
        self.at = {}
        with open(path, newline="") as f:
            for r in csv.DictReader(f):
                n, k = int(r["denominator"]), int(r["numerator"])
                b, c, g = int(r["base"]), int(r["covered"]), int(r["strong"])
                self.at[r["measure"], int(r["year"]), r["level"], r["unit"], r["split"], r["grp"]] = {
                    "n": n,
                    "k": k,
                    "u": b - c,
                    "w": b - g,
                }

    def of(self, year, words, recipe):
        _, lv, us, sp, g = words
        total = 0
        for q, table, sign in recipe:
            for u in us:
                for x in g:
                    total += sign * self.at.get((table, year, lv, u, sp, x), {q: 0})[q]
        return total


# --- what is not a count of a cell ------------------------------------------------------------------------------


class Text(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.out = []

    def handle_data(self, data):
        self.out.append(data)

    def handle_starttag(self, tag, attrs):
        for k, v in attrs:
            if k in ("aria-label", "title", "alt", "content", "desc") and v:
                self.out.append(v)


def pages(folder, cells):
    """Numbers of pages that no data file prints: percents with more digits, counts of people, dollars."""
    known = {"0", "100"}  # ends of an axis
    for c in cells:
        known.add(c.value.lstrip("<>"))
        if c.n is not None:
            known.add(str(c.n))
    odd = collections.Counter()
    for name in sorted(os.listdir(folder)):
        if not name.startswith("measure-") or not name.endswith(".html"):
            continue
        reader = Text()
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            reader.feed(f.read())
        text = " ".join(reader.out)
        text = re.sub(r"[0-9]+% to under [0-9]+%", " ", text)
        for x in re.findall(r"(?<![\w.])([0-9][0-9,]*(?:\.[0-9]+)?)%", text):
            if x not in known:
                odd[name + ": %" + x] += 1
        for x in re.findall(r"of ([0-9][0-9,]*) people", text):
            if x.replace(",", "") not in known:
                odd[name + ": people " + x] += 1
        for x in re.findall(r"[0-9]+\.[0-9]{2,}%", text):
            odd[name + ": digits " + x] += 1
    return odd


def same_in_json(folder, cells):
    """Lines that CSV and JSON tell differently."""
    wrong = 0
    per = collections.defaultdict(list)
    for c in cells:
        per[c.table].append(c)
    for t, list_ in per.items():
        with open(os.path.join(folder, "data", t + ".json"), encoding="utf-8") as f:
            j = json.load(f)["cells"]
        wrong += len(j) != len(list_)
        for a, b in zip(j, list_):
            v = b.value if b.value not in ("", "*") else None
            if v is not None and not v[0] in "<>":
                wrong += a["value"] is None or abs(float(v) - float(a["value"])) > 1e-9
            else:
                wrong += v is None and a["value"] is not None
            wrong += (a["people"] if a["people"] is not None else None) != b.n
    return wrong


def manifest(folder, p):
    """Inputs of few rows, and reasons that tell how many."""
    with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as f:
        m = json.load(f)
    few = [(i["source"], i["rows"]) for i in m["inputs"] if 0 < i["rows"] < p["min_n"]]
    alone = [i for i in m["inputs"] if "sha256" in i and i["rows"] < 100]
    reasons = collections.Counter()
    data = os.path.join(folder, "data")
    for name in sorted(os.listdir(data)):
        if name.endswith(".json"):
            with open(os.path.join(data, name), encoding="utf-8") as f:
                for w in json.load(f)["withheld"]:
                    if "difference to another" in w["reason"]:
                        reasons["%s %d %s" % (name[:-5], w["year"], w["split"])] += 1
    return few, alone, reasons


def looks(cells, p):
    """Diplomas of a school year are those of the class in time and of the classes before it that came later; what is
    left are people outside these classes. A group of its own that follows from tables of four years."""
    at = {}
    for c in cells:
        if c.table == "matriculation_rate" and c.n is not None:
            at["d", c.year, c.level, c.units, c.split, c.groups] = (c.n, c.n)
        for look in "4567":
            if c.table == "graduation_rate_%syr" % look:
                k = numerators(c, p)
                if k:
                    at[look, c.year, c.level, c.units, c.split, c.groups] = k
    found, compared = [], 0
    for (q, y, *where), (n, _) in at.items():
        if q != "d":
            continue
        parts = [("4", y, 1), ("5", y - 1, 1), ("4", y - 1, -1), ("6", y - 2, 1), ("5", y - 2, -1), ("7", y - 3, 1),
                 ("6", y - 3, -1)]
        got = [(at.get((l, yy, *where)), s) for l, yy, s in parts]
        if any(g is None for g, _ in got):
            continue
        compared += 1
        low = n - sum(s * (g[1] if s > 0 else g[0]) for g, s in got)
        high = n - sum(s * (g[0] if s > 0 else g[1]) for g, s in got)
        if -p["min_numerator"] < low and high < p["min_numerator"] and (low, high) != (0, 0):
            found.append((y, where, low, high))
    return compared, found


def corrections(releases, p):
    """Cells that two releases print differently: the difference is a group."""
    first, out = {}, collections.Counter()
    for cells in releases:
        for c in cells:
            if c.n is None:
                continue
            key = c.key()
            k = numerators(c, p)
            if key in first:
                n0, k0 = first[key]
                dn = abs(c.n - n0)
                out["compared"] += 1
                out["people differ by 1 to %d" % (p["min_n"] - 1)] += 0 < dn < p["min_n"]
                out["people the same, outcomes not"] += bool(dn == 0 and k and k0 and (k[0] > k0[1] or k0[0] > k[1]))
            first[key] = (c.n, k)
    return out


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--policy", default="policy/colorado")
    a.add_argument("--truth")
    a.add_argument("--whole", action="store_true")
    a.add_argument("--seconds", type=float, default=120)
    a.add_argument("--about", nargs="*", default=["counts", "shares"], help="counts, shares or both")
    a.add_argument("--years", type=int, nargs="*")
    a.add_argument("--lineage")
    a.add_argument("--show", type=int, default=20)
    a.add_argument("release", nargs="+")
    o = a.parse_args()
    p, lineage, subsets, county, medians, seen_only = read_policy(o.policy)
    truth = Truth(o.truth) if o.truth else None
    releases = [read_release(f) for f in o.release]
    bad = 0

    for folder, cells in zip(o.release, releases):
        few, alone, reasons = manifest(folder, p)
        odd = pages(folder, cells)
        wrong = same_in_json(folder, cells)
        print("%s: %d figures" % (os.path.basename(folder.rstrip("/")), len(cells)))
        print("  inputs of fewer than %d rows: %d %s; with a hash of under 100 rows: %d" % (
            p["min_n"], len(few), few[:8], len(alone)))
        print("  reasons that say 1 to %d: %d %s" % (p["min_numerator"] - 1, sum(reasons.values()), list(reasons)[:4]))
        print("  numbers on pages that no data file has: %d %s" % (len(odd), list(odd)[:6]))
        print("  lines that JSON and CSV tell differently: %d" % wrong)
        compared, found = looks(cells, p)
        print("  diplomas beside classes: %d compared, %d remainders under %d" % (compared, len(found), p["min_numerator"]))
        for y, w, low, high in found[: o.show]:
            print("    %d %s: %d to %d" % (y, w, low, high))
        bad += len(few) + len(reasons) + len(odd) + wrong + len(found)
    if len(releases) > 1:
        print("corrections:", dict(corrections(releases, p)))

    # all that is out, the newest word on each cell
    cells = {}
    for r in releases:
        for c in r:
            cells[c.key()] = c
    by = collections.defaultdict(list)
    for c in cells.values():
        by[lineage[c.table], c.year].append(c)
    rng = np.random.default_rng(821)
    totals = collections.Counter()
    shown = collections.Counter()
    for (line, year), list_ in sorted(by.items()):
        if o.years and year not in o.years or o.lineage and line != o.lineage:
            continue
        splits = sorted({c.split for c in list_} - {"all"})
        parts = [splits] if o.whole else [[s] for s in splits] or [[]]
        for part, about in [(x, a) for x in parts for a in o.about]:
            started = time.process_time()
            s = System(list_, county, p, subsets, medians, part, about, seen_only)
            attack = Attack(s, o.seconds)
            t, low, high, fault, undecided = attack.run(rng)
            totals["systems"] += 1
            totals["targets"] += len(t)
            totals["calls"] += attack.calls
            totals["undecided"] += len(undecided)
            if fault:
                print("%s %d %s: %s" % (line, year, part, fault))
                totals["contradictions"] += 1
                continue
            found = collections.Counter()
            for i in range(len(t)):
                kind, least, _, words, recipe, _ = t[i]
                if not np.isfinite(high[i]) or high[i] <= 0:
                    continue
                # That nobody is in a group is told (a line that is missing says so), and the rule lets it.
                if low[i] <= 0 and kind in ("people", "remainder"):
                    totals[kind + " nobody or few"] += 1
                    continue
                what = "exact" if low[i] == high[i] else "narrow" if low[i] >= 1 else "few"
                found[kind + " " + what] += 1
                text = ""
                if truth:
                    v = truth.of(year, words, recipe)
                    right = low[i] <= v <= high[i]
                    totals["right" if right else "wrong"] += 1
                    text = ", truth %d%s" % (v, "" if right else " (WRONG)")
                if shown[kind, what] < o.show:
                    shown[kind, what] += 1
                    print("  %d %s %s: %d to %d of at least %d%s" % (
                        year, kind, cell_words(words), low[i], high[i], least, text))
            totals.update(found)
            print("%s %d %s: %d unknowns, %d targets, %d LP, %d undecided, %s, %.1f s" % (
                line, year, "+".join(part) + " " + about, attack.live, len(t), attack.calls, len(undecided), dict(found),
                time.process_time() - started), flush=True)
    bad += sum(v for k, v in totals.items() if k.split()[-1] in ("exact", "narrow", "few"))
    print("in all:", dict(totals), "CPU s: %.0f" % resource.getrusage(resource.RUSAGE_SELF).ru_utime)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
