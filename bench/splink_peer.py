# The peer: Splink (its DuckDB backend) de-duplicates one file of gen_people, with Splink's own comparisons for names, dates
# and codes, trained the way its tutorial trains, under the blocking rules that are given. Prints one line of JSON: seconds
# and CPU seconds from reading the file to clusters, pairs, and precision, recall and F1 with every true pair counted.
#
# usage: splink_peer.py FILE THREADS RULE...      a rule is columns joined by +, as in last_name+birth_date;
#                                                 last_name:N is the first N letters
# Works with Splink 4 and 5.
import json
import logging
import re
import resource
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import duckdb
import splink
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

logging.getLogger("splink").setLevel(logging.ERROR)


def cpu():
    u = resource.getrusage(resource.RUSAGE_SELF)
    return u.ru_utime + u.ru_stime


def rule(text):
    return [re.sub(r"^(\w+):(\d+)$", r"substr(\1, 1, \2)", part) for part in text.split("+")]


def name_of(table):
    return getattr(table, "physical_name")


path, threads, rules = sys.argv[1], int(sys.argv[2]), [rule(r) for r in sys.argv[3:]]
wall, begin = time.monotonic(), cpu()
con = duckdb.connect()
con.execute(f"set threads to {threads}").fetchall()
con.execute("create table people as select * from read_csv(?, all_varchar = true)", [path]).fetchall()
settings = SettingsCreator(
    link_type="dedupe_only",
    unique_id_column_name="id",
    blocking_rules_to_generate_predictions=[block_on(*r) for r in rules],
    comparisons=[
        cl.NameComparison("first_name").configure(term_frequency_adjustments=True),
        cl.NameComparison("last_name").configure(term_frequency_adjustments=True),
        cl.DateOfBirthComparison("birth_date", input_is_string=True),
        cl.LevenshteinAtThresholds("postal_code", 1).configure(term_frequency_adjustments=True),
        cl.ExactMatch("sex"),
    ],
    additional_columns_to_retain=["cluster"],
)
api = DuckDBAPI(connection=con)
if splink.__version__.startswith("4"):
    linker = Linker("people", settings, api)
else:
    linker = Linker(api.register("people"), settings)
linker.training.estimate_probability_two_random_records_match(
    [block_on("first_name", "last_name", "birth_date"), block_on("last_name", "birth_date", "postal_code")], recall=0.8
)
linker.training.estimate_u_using_random_sampling(seed=1)
for training in (["first_name", "last_name"], ["birth_date"]):
    linker.training.estimate_parameters_using_expectation_maximisation(block_on(*training))
before = cpu()
predictions = linker.inference.predict(threshold_match_probability=0.01)
predicted = cpu() - before
clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predictions, threshold_match_probability=0.9)
out = {
    "splink": splink.__version__,
    "seconds": round(time.monotonic() - wall, 2),
    "cpu_seconds": round(cpu() - begin, 2),
    "predict_cpu_seconds": round(predicted, 2),
    "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
}


def one(sql):
    return con.execute(sql).fetchall()[0]


def f1(right, found, true):
    p, r = right / max(found, 1), right / true
    return {"precision": round(p, 5), "recall": round(r, 5), "f1": round(2 * p * r / max(p + r, 1e-12), 5)}


true = one("select sum(n * (n - 1) / 2) from (select count(*) n from people group by cluster)")[0]
union = " union ".join(
    "select l.id a, r.id b, l.cluster = r.cluster hit from people l join people r on l.id < r.id and "
    + " and ".join(f"{p.replace('(', '(l.', 1) if '(' in p else 'l.' + p} = {p.replace('(', '(r.', 1) if '(' in p else 'r.' + p}" for p in r)
    for r in rules
)
candidates, hits = one(f"select count(*), count(*) filter (where hit) from ({union})")
out["candidates"] = {"pairs": candidates, "recall": round(hits / true, 5)}
scored = name_of(predictions)
best = None
for p in (0.5, 0.8, 0.9, 0.95, 0.99, 0.999):
    n, right = one(
        f"select count(*), count(*) filter (where cluster_l = cluster_r) from {scored} where match_probability >= {p}"
    )
    score = f1(right, n, true)
    if p == 0.5:
        out["pairs_at_half"] = score
    if best is None or score["f1"] > best["f1"]:
        best = {"at": p, **score}
out["pairs_best"] = best
best = None
for p in (0.5, 0.9, 0.95, 0.99, 0.999):
    table = name_of(linker.clustering.cluster_pairwise_predictions_at_threshold(predictions, threshold_match_probability=p))
    n = one(f"select sum(n * (n - 1) / 2) from (select count(*) n from {table} group by cluster_id)")[0]
    right = one(f"select sum(n * (n - 1) / 2) from (select count(*) n from {table} group by cluster_id, cluster)")[0]
    score = {"at": p, **f1(right, n, true)}
    if best is None or score["f1"] > best["f1"]:
        best = score
out["clusters_best"] = best
print(json.dumps(out))
