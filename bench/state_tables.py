#!/usr/bin/env python3
"""Tables as a state prints them: schools x groups x years and pooled years, counts of those with an outcome, and rates.

usage: state_tables.py FOLDER SEED [schools] [mean] [hierarchies 1|2] [pools 0|1] [years] [groups]

Schools lie in counties and, with two hierarchies, also in regions that cut across them. Each group of a school in a
year draws its size around the mean by group and school, so that many are small. Writes tables.toml and students.csv
(and the hierarchies) into FOLDER; the same seed, the same bytes.
"""
import os
import random
import sys


def main():
    arg = sys.argv[1:] + [None] * 8
    folder, seed = arg[0], int(arg[1])
    schools, mean = int(arg[2] or 27), float(arg[3] or 12)
    ways, pools = int(arg[4] or 2), int(arg[5] or 1)
    years, groups = int(arg[6] or 3), int(arg[7] or 5)
    rng = random.Random(seed)
    os.makedirs(folder, exist_ok=True)
    places = ["S%02d" % i for i in range(schools)]
    county = {p: "C%d" % (i * 9 // schools) for i, p in enumerate(places)}
    region = {p: "R%d" % rng.randrange(4) for p in places}
    parents = [county, region][:ways]
    for name, of in zip(["county", "region"], parents):
        with open(os.path.join(folder, name + ".csv"), "w") as f:
            f.write("code,parent\n")
            for p in places:
                f.write("%s,%s\n" % (p, of[p]))
            for c in sorted(set(of.values())):
                f.write("%s,\n" % c)
    races = ["g%d" % i for i in range(groups)]
    when = [str(2022 + y) for y in range(years)]
    pooled = {"%s-%s" % (a, b): (a, b) for a, b in zip(when, when[1:])} if pools else {}
    share = [2.0 ** -i for i in range(groups)]
    share = [s * groups / sum(share) for s in share]
    count = {}
    for p in places:
        size = rng.lognormvariate(0, 0.6) * mean
        rate = min(0.97, max(0.3, rng.gauss(0.8, 0.12)))
        for r, s in zip(races, share):
            for y in when:
                n = max(0, round(rng.gauss(size * s, (size * s) ** 0.5)))
                k = sum(rng.random() < rate for _ in range(n))
                for q in [p, "CO"] + [of[p] for of in parents]:
                    for g in (r, "all"):
                        for t in [y] + [name for name, ys in pooled.items() if y in ys]:
                            at = count.setdefault((q, g, t), [0, 0])
                            at[0] += n
                            at[1] += k
    with open(os.path.join(folder, "students.csv"), "w") as f:
        f.write("school,group,year,students,graduates,rate\n")
        for (q, g, t), (n, k) in sorted(count.items()):
            tenths = (2000 * k + n) // (2 * n) if n else 0
            f.write("%s,%s,%s,%d,%d,%s\n" % (q, g, t, n, k, "%d.%d" % divmod(tenths, 10) if n else "*"))
    with open(os.path.join(folder, "tables.toml"), "w") as f:
        f.write('schema = "cairn.tables/1"\nname = "state"\ntitle = "Graduates"\n[markers]\nsuppressed = ["*"]\n')
        f.write('[[dimension]]\nname = "school"\ntotal = "CO"\nhierarchies = [%s]\n'
                % ", ".join(['"county.csv"', '"region.csv"'][:ways]))
        f.write('[[dimension]]\nname = "group"\ntotal = "all"\ncodes = [%s]\n' % ", ".join('"%s"' % r for r in races))
        f.write('[[dimension]]\nname = "year"\ncodes = [%s]\n' % ", ".join('"%s"' % y for y in when))
        for name, ys in pooled.items():
            f.write('[[dimension.sum]]\ntotal = "%s"\nof = [%s]\n' % (name, ", ".join('"%s"' % y for y in ys)))
        f.write('[[table]]\nname = "students"\nfile = "students.csv"\n')
        for d in ("school", "group", "year"):
            f.write('[[table.by]]\ndimension = "%s"\ncolumn = "%s"\n' % (d, d))
        f.write('[[table.count]]\nname = "students"\n[[table.count]]\nname = "graduates"\npart_of = "students"\n')
        f.write('[[table.rate]]\nname = "rate"\nnumerator = "graduates"\ndenominator = "students"\n')


main()
