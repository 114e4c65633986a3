"""peers.py CASE FOLDER OUT: the join of FOLDER/labels.parquet with FOLDER/log.parquet, as others do it.

  duckdb_event        last values with ASOF JOIN on event time: the easier job, blind to availability
  duckdb_available    last values that were available
  duckdb_records      the same with ASOF JOIN, over the updates that were the newest when they came
  polars_available    the same
  duckdb_windows      count, sum, avg, max over 1h and 24h of what was available, by day buckets
  polars_windows      the same
peers.py compare OURS THEIRS last|windows: prints as JSON how many rows the two have and how many differ.
"""
import json
import sys

LAST = ("f0", "f1", "f2", "f3")
DAY_US = 86_400_000_000


def duckdb_case(case, log, labels, out):
    import duckdb
    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order=false")
    columns = ",".join(LAST)
    if case == "event":
        query = (f"SELECT l.*,e.event_ts,{columns} FROM '{labels}' l ASOF LEFT JOIN '{log}' e"
                 " ON l.entity=e.entity AND l.t>=e.event_ts")
    elif case == "available":
        record = "{" + ",".join(f"'{name}':e.{name}" for name in ("event_ts", *LAST)) + "}"
        values = ",".join(f"a.v.{name} {name}" for name in LAST)
        query = (f"WITH a AS (SELECT l.label_id,arg_max({record},e.event_ts) v FROM '{labels}' l JOIN '{log}' e"
                 " ON l.entity=e.entity AND e.available_ts<=l.t GROUP BY l.label_id)"
                 f" SELECT l.*,{values} FROM '{labels}' l LEFT JOIN a USING (label_id)")
    elif case == "records":
        query = (f"WITH r AS (SELECT *,max(event_ts) OVER (PARTITION BY entity ORDER BY available_ts"
                 f" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) m FROM '{log}'),"
                 " k AS (SELECT * FROM r WHERE m IS NULL OR event_ts>=m)"
                 f" SELECT l.*,{columns} FROM '{labels}' l ASOF LEFT JOIN k ON l.entity=k.entity AND l.t>=k.available_ts")
    else:
        hour = "FILTER (e.event_ts>l.t-INTERVAL 1 HOUR)"
        query = (f"WITH e AS (SELECT *,epoch_us(event_ts)//{DAY_US} b FROM '{log}'),"
                 f" l AS (SELECT label_id,entity,t,unnest([b,b-1]) b FROM (SELECT *,epoch_us(t)//{DAY_US} b FROM '{labels}')),"
                 f" a AS (SELECT l.label_id,count(*) {hour} c1,sum(f2) {hour} s1,max(f2) {hour} m1,"
                 " count(*) c24,sum(f2) s24,max(f2) m24 FROM e JOIN l ON e.entity=l.entity AND e.b=l.b"
                 " AND e.event_ts>l.t-INTERVAL 24 HOURS AND e.event_ts<=l.t AND e.available_ts<=l.t GROUP BY l.label_id)"
                 " SELECT k.*,coalesce(c1,0) c1,s1,s1/c1 a1,m1,coalesce(c24,0) c24,s24,s24/c24 a24,m24"
                 f" FROM '{labels}' k LEFT JOIN a USING (label_id)")
    connection.execute(f"COPY ({query}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)")


def polars_case(case, log, labels, out):
    import polars as pl
    events, moments = pl.scan_parquet(log), pl.scan_parquet(labels)
    if case == "available":
        # Only an update that is newer than all that were available before it ever is the last.
        newest = (events.select("entity", "event_ts", "available_ts", *LAST)
                  .filter(pl.col("event_ts") >= pl.col("event_ts").cum_max().over("entity"))
                  .set_sorted("available_ts"))
        result = moments.sort("t").join_asof(newest, left_on="t", right_on="available_ts", by="entity",
                                             coalesce=False, check_sortedness=False)
    else:
        day = pl.col("t").to_physical() // DAY_US
        both = pl.concat([moments.with_columns(b=day), moments.with_columns(b=day - 1)])
        pairs = (events.select("entity", "event_ts", "available_ts", "f2")
                 .with_columns(b=pl.col("event_ts").to_physical() // DAY_US)
                 .join(both, on=["entity", "b"])
                 .filter((pl.col("event_ts") > pl.col("t") - pl.duration(hours=24)) & (pl.col("event_ts") <= pl.col("t"))
                         & (pl.col("available_ts") <= pl.col("t"))))
        hour = pl.when(pl.col("event_ts") > pl.col("t") - pl.duration(hours=1)).then(pl.col("f2"))
        value = pl.col("f2")
        folded = pairs.group_by("label_id").agg(
            c1=hour.count(), s1=hour.sum(), a1=hour.mean(), m1=hour.max(),
            c24=pl.len(), s24=value.sum(), a24=value.mean(), m24=value.max())
        result = moments.join(folded, on="label_id", how="left").with_columns(
            pl.col("c1").fill_null(0), pl.col("c24").fill_null(0))
    result.collect(engine="streaming").write_parquet(out, compression="zstd")


def compare(ours, theirs, kind):
    import duckdb
    if kind == "last":
        differs = " OR ".join(f"a.{name} IS DISTINCT FROM b.{name}" for name in LAST)
    else:
        # Counts and maxima exactly; sums were added in another order, so to a millionth.
        exact = [f"coalesce(a.c{w},0)<>coalesce(b.c{w},0) OR a.m{w} IS DISTINCT FROM b.m{w}" for w in (1, 24)]
        near = [f"abs(coalesce(a.{c},0)-coalesce(b.{c},0))>1e-6*greatest(1,abs(a.{c}))"
                for c in ("s1", "a1", "s24", "a24")]
        differs = " OR ".join(exact + near)
    rows, different = duckdb.sql(
        f"SELECT count(*),count(*) FILTER (a.label_id IS NULL OR b.label_id IS NULL OR {differs})"
        f" FROM '{ours}' a FULL JOIN '{theirs}' b USING (label_id)").fetchone()
    print(json.dumps({"rows": rows, "different": different}))


def main():
    if sys.argv[1] == "compare":
        return compare(*sys.argv[2:5])
    (engine, case), folder, out = sys.argv[1].split("_"), sys.argv[2], sys.argv[3]
    run = duckdb_case if engine == "duckdb" else polars_case
    run(case, f"{folder}/log.parquet", f"{folder}/labels.parquet", out)


main()
