"""The offline tables as other engines read them, and the plain as-of join on them."""
import json
import random
import unittest

import duckdb
import pandas
import polars
import pyarrow.parquet

from program import ProgramTest

DEFINITION = """
project: readers
log: {path: var/log}
online: {type: embedded, path: var/online}
offline: {type: parquet, path: var/history}
sources:
  orders:
    type: file
    path: orders.jsonl
    format: json
    columns: {customer: int64, amount: float64, note: string, happened: 'timestamp[us]', came: 'timestamp[us]'}
    event_timestamp: happened
    arrival_timestamp: came
entities: {customer: {keys: {customer: int64}}}
feature_views:
  orders:
    source: orders
    entity: customer
    features: {orders: count(*), last_amount: last(amount), last_note: last(note), notes: 'last(note, 3)', recent: count(*) over 1h}
"""


class OfflineReadersTest(ProgramTest):
    def setUp(self):
        super().setUp()
        chance = random.Random(7)
        self.write("skewless.yaml", DEFINITION)
        came = 1_709_200_000_000_000
        with open(self.path("orders.jsonl"), "w") as file:
            for _ in range(20_000):
                came += chance.randrange(60_000_000)
                happened = came - chance.choice((0, 1_000_000, chance.randrange(90_000_000_000)))
                file.write(json.dumps({"customer": chance.randrange(200), "amount": chance.choice((None, chance.random())),
                                       "note": chance.choice((None, "", "é", "x" * 40)), "happened": happened,
                                       "came": came}) + "\n")
        with open(self.path("labels.csv"), "w") as file:
            file.write("customer,event_timestamp\n")
            for _ in range(2_000):
                file.write(f"{chance.randrange(210)},{1_709_200_000_000_000 + chance.randrange(20_000 * 30_000_000)}\n")
        self.run_program("run", "--once")
        self.folder_of_view = self.path("var/history/orders")

    def test_all_readers_see_the_same_rows(self):
        glob = self.folder_of_view + "/**/*.parquet"
        columns = "customer, event_timestamp, sequence, applied, amount, note, orders, last_amount, last_note, recent, event_date::varchar"
        rows = duckdb.sql(f"select {columns} from read_parquet('{glob}', hive_partitioning=true) order by sequence").fetchall()
        self.assertEqual(len(rows), 20_000)
        self.assertTrue(all(str(row[1])[:10] == row[-1] for row in rows))
        frame = pandas.read_parquet(self.folder_of_view).sort_values("sequence")
        self.assertEqual(frame["sequence"].tolist(), [row[2] for row in rows])
        self.assertEqual(frame["orders"].tolist(), [row[6] for row in rows])
        lazy = polars.scan_parquet(glob, hive_partitioning=True).sort("sequence").collect()
        self.assertEqual(lazy["sequence"].to_list(), [row[2] for row in rows])
        self.assertEqual(lazy["last_note"].to_list(), [row[8] for row in rows])
        self.assertEqual(lazy["notes"].to_list(), [None if one is None else list(one) for one in frame["notes"]])

    def test_a_column_more_is_in_all_files(self):
        self.write("skewless.yaml", DEFINITION.replace("note: string,", "note: string, shop: string,"))
        with open(self.path("orders.jsonl"), "a") as file:
            file.write('{"customer": 1, "shop": "x", "happened": 1800000000000000, "came": 1800000000000000}\n')
        self.run_program("run", "--once")
        glob = self.folder_of_view + "/**/*.parquet"
        self.assertEqual(duckdb.sql(f"select count(*), count(shop) from read_parquet('{glob}')").fetchall(), [(20_001, 1)])
        lazy = polars.scan_parquet(glob, hive_partitioning=True).collect()
        self.assertEqual(lazy["shop"].count(), 1)
        self.assertEqual(pandas.read_parquet(self.folder_of_view)["shop"].count(), 1)

    def test_plain_asof_join_is_right_without_windows(self):
        self.run_program("join", "labels.csv", "-o", "set.parquet")
        ours = pyarrow.parquet.read_table(self.path("set.parquet")).to_pylist()
        theirs = duckdb.sql(f"""
            with labels as (select row_number() over () as row, customer, make_timestamp(event_timestamp) at time zone 'UTC' as t
                            from read_csv('{self.path("labels.csv")}')),
                 history as (select * from read_parquet('{self.folder_of_view}/**/*.parquet')
                             qualify row_number() over (partition by customer, available_timestamp order by sequence desc) = 1)
            select orders, last_amount, last_note from labels asof left join history
                on labels.customer = history.customer and labels.t >= history.available_timestamp
            order by row""").fetchall()
        self.assertEqual([(row["orders"], row["last_amount"], row["last_note"]) for row in ours], theirs)


if __name__ == "__main__":
    unittest.main(verbosity=2)
