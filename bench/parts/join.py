"""Training joins, Parquet to Parquet, beside DuckDB and Polars. Each peer is a process, and counted from its start.

Peers that heed availability must agree with us in every row: one that differs fails the run. DuckDB's ASOF join on
event time does an easier job, and is there for its speed alone.
"""
import json
import os
import shutil

from measuring import HERE, PEER_PYTHON, ROOT, Failure, costs, middle, run, spread

# By peer: how many times its CPU is to be ours. Less wall time than each is wanted, and of last values less memory.
LAST = {"duckdb_event": 4, "duckdb_available": 6, "duckdb_records": 6, "polars_available": 6}
SPARSE_WINDOWS = {"duckdb_windows": 3, "polars_windows": 3}
DENSE_WINDOWS = {"duckdb_windows": 15, "polars_windows": 15}


def measure(bench):
    run([os.path.join(ROOT, "tools", "bootstrap"), "--bench"])
    rows = bench.size["rows"]
    with_data(bench, "sparse", rows // 20, rows // 10, [("last", "latest", LAST), ("windows", "windows", SPARSE_WINDOWS)])
    with_data(bench, "dense", bench.size["dense_entities"], rows // 10, [("windows", "windows", DENSE_WINDOWS)])


def with_data(bench, name, entities, labels, joins):
    rows = bench.size["rows"]
    folder = bench.repository(f"join_{name}", "updates.yaml")
    run([PEER_PYTHON, os.path.join(HERE, "join_data.py"), folder, rows, entities, labels])
    for kind, view, peers in joins:
        what = f"{kind}: {rows:,} rows, {entities:,} entities, {labels:,} labels"
        bench.figures[f"{name}_{kind}"] = beside_peers(bench, folder, what, kind, view, peers)
    shutil.rmtree(folder)


def beside_peers(bench, folder, what, kind, view, peers):
    ours_out = os.path.join(folder, f"{kind}.parquet")
    commands = {"ours": [bench.program, "join", os.path.join(folder, "labels.parquet"), "-o", ours_out, "-C", folder,
                         "--features", view, "--timestamp", "t", "--history", "sources", "--json"]}
    for peer in peers:
        commands[peer] = [PEER_PYTHON, os.path.join(HERE, "peers.py"), peer, folder,
                          os.path.join(folder, f"{peer}.parquet")]
    measured = {name: [] for name in commands}
    for _ in range(bench.size["repetitions"]):
        for name, command in commands.items():
            measured[name].append(costs(run(command)))
    agreement = {peer: check(bench, folder, ours_out, peer, kind) for peer in peers if peer != "duckdb_event"}
    show(bench, what, measured, peers, agreement)
    return {**measured, "agreement": agreement}


def check(bench, folder, ours_out, peer, kind):
    compared = json.loads(run([PEER_PYTHON, os.path.join(HERE, "peers.py"), "compare", ours_out,
                               os.path.join(folder, f"{peer}.parquet"), kind])["out"])
    if compared["different"]:
        bench.failures.append(f"join {kind}: {peer} differs in {compared['different']} of {compared['rows']} rows")
    return compared


def show(bench, what, measured, peers, agreement):
    def of(name, figure):
        return [one[figure] for one in measured[name]]

    def text(name):
        return (f"{spread(of(name, 'cpu_seconds'), '{:.2f}')} CPU s, {spread(of(name, 'wall_seconds'), '{:.2f}')} s, "
                f"{max(of(name, 'peak_mib')):,.0f} MiB")
    bench.add(what, text("ours"), "", "CPU, wall, memory")
    for peer in peers:
        said = "event time only"
        if peer in agreement:
            different = agreement[peer]["different"]
            said = f"{different:,} ROWS DIFFER" if different else "all rows agree"
        ratios = [middle(of("ours", figure)) / middle(of(peer, figure))
                  for figure in ("cpu_seconds", "wall_seconds", "peak_mib")]
        wanted = [1 / peers[peer], 1, 1 if peers is LAST else float("inf")]
        bench.add(f"  {peer.replace('_', ' ')} ({said})", "", text(peer), ", ".join(f"{one:.2f}" for one in ratios),
                  f"CPU 1 / {peers[peer]}, less wall time" + (" and memory" if peers is LAST else ""),
                  all(one <= most for one, most in zip(ratios, wanted)))
