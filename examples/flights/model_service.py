"""A stand-in for a model service: model_service.py FLIGHTS.csv PORT REQUESTS LABELS.csv SUMMARY.json

Lives through 2013 beside the engine. For each departure that it scores it lets the replay clock come to that
moment, asks the server for the vector as a model would, and keeps the flight as a label row: the same entities,
the moment, what came with the request, and, with hindsight, whether the flight arrived late.
"""
import csv
import http.client
import json
import sys
import time
from datetime import datetime, timedelta


def departures(path, count):
    """`count` departures with a known plane, spread evenly over the year after its first two weeks."""
    with open(path, newline="") as file:
        rows = [row for row in csv.DictReader(file)
                if row["cancelled"] == "false" and row["tailnum"] and row["departed_at"] >= "2013-01-15"]
    rows.sort(key=lambda row: (row["departed_at"], int(row["flight_id"])))
    count = min(count, len(rows))
    return [rows[i * len(rows) // count] for i in range(count)]


class Server:
    """Keeps asking through a crash of the engine, as a client with retries does."""

    def __init__(self, port):
        self.port = port
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        self.clock_us = None

    def post(self, path, body):
        self.connection.request("POST", path, json.dumps(body))
        reply = self.connection.getresponse()
        text = reply.read()
        if reply.status == 503:
            raise ConnectionError(text.decode())
        if reply.status != 200:
            raise RuntimeError(f"{path}: {reply.status} {text.decode()}")
        return json.loads(text)

    def ask_at(self, moment_us, body):
        """The vectors at a moment of the replay, and how long the read took."""
        deadline = time.monotonic() + 120
        while True:
            try:
                if self.clock_us != moment_us:
                    self.post("/replay/advance", {"to_us": moment_us})
                    self.clock_us = moment_us
                start = time.perf_counter_ns()
                reply = self.post("/get-online-features", body) if body else None
                return reply, time.perf_counter_ns() - start
            except (ConnectionError, http.client.HTTPException, OSError):
                if time.monotonic() > deadline:
                    raise
                self.clock_us = None
                self.connection.close()
                time.sleep(0.05)


def microseconds(text):
    return int((datetime.fromisoformat(text.replace("Z", "+00:00")) -
                datetime.fromisoformat("1970-01-01T00:00:00+00:00")) / timedelta(microseconds=1))


def main(flights_path, port, count, labels_path, summary_path):
    flights = departures(flights_path, count)
    server = Server(port)
    latencies = []
    found = 0
    with open(labels_path, "w", newline="") as file:
        labels = csv.writer(file, lineterminator="\n")
        labels.writerow(["flight_id", "origin", "carrier", "tailnum", "event_timestamp", "distance", "dep_delay", "late"])
        for flight in flights:
            moment = microseconds(flight["departed_at"])
            distance, dep_delay = float(flight["distance"]), float(flight["dep_delay"])
            reply, latency = server.ask_at(moment, {
                "feature_service": "late_model", "full_feature_names": True,
                "entities": {"origin": [flight["origin"]], "carrier": [flight["carrier"]],
                             "tailnum": [flight["tailnum"]], "distance": [distance], "dep_delay": [dep_delay]}})
            latencies.append(latency)
            if reply["skewless"]["read_timestamp_us"] != moment:
                raise RuntimeError(f"asked at {moment}, answered for {reply['skewless']['read_timestamp_us']}")
            found += any(status == "PRESENT" for result in reply["results"][3:] for status in result["statuses"])
            late = "" if flight["arr_delay"] == "" else int(float(flight["arr_delay"]) > 15)
            labels.writerow([flight["flight_id"], flight["origin"], flight["carrier"], flight["tailnum"],
                             flight["departed_at"], distance, dep_delay, late])
    # The rest of the year, with nobody asking.
    server.ask_at(microseconds("2014-01-02T00:00:00Z"), None)
    latencies.sort()
    with open(summary_path, "w") as file:
        json.dump({"requests": len(latencies), "answered": found,
                   "p50_ns": latencies[len(latencies) // 2], "p99_ns": latencies[len(latencies) * 99 // 100]}, file)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5])
