"""The few lines that one watches a running engine by, out of its metrics (docs/reference/http.md)."""
import time

from metrics import duration

LINES = 7


class LiveScreen:
    """Where there is a terminal it is drawn anew, else a line is told now and then."""

    def __init__(self, tell, terminal):
        self.tell, self.terminal = tell, terminal
        self.drawn = 0.0
        self.before = (time.monotonic(), None)
        self.has_lines = False

    def note(self, text):
        """Something happened."""
        self.erase()
        self.tell("  " + text)

    def erase(self):
        if self.has_lines:
            print(f"\033[{LINES}A\033[J", end="", flush=True)
        self.has_lines = False

    def show(self, elapsed, metrics, counts, model):
        now = time.monotonic()
        if now - self.drawn < (0.5 if self.terminal else 5):
            return
        self.drawn = now
        at = "drain" if elapsed is None else f"{elapsed:5.1f} s"
        shown = self.figures(now, metrics) if metrics is not None else {}
        if self.terminal:
            self.erase()
            print("\n".join(self.block(at, shown, counts, model)), flush=True)
            self.has_lines = True
        else:
            self.tell(f"  {at}  " + ", ".join(f"{name} {text}" for name, text in shown.items())
                      if shown else f"  {at}  the engine starts")
        self.before = (now, metrics)

    def block(self, at, shown, counts, model):
        names = ("events", "lag", "watermark", "store", "freshness")
        return [f"  {at}  {counts['sent']:,} sent, {model.vectors:,} vectors read",
                *(f"    {name:<10} {shown.get(name, '-')}" for name in names), ""]

    def figures(self, now, metrics):
        then, before = self.before
        rate = 0
        if before is not None and before["skewless_events_accepted_total"] > metrics["skewless_events_accepted_total"]:
            before = None  # of the life before
        if before is not None and now > then:
            rate = (metrics["skewless_events_accepted_total"] - before["skewless_events_accepted_total"]) / (now - then)
        behind = time.time() - metrics["skewless_watermark_seconds"]
        freshness = "skewless_view_freshness_from_acceptance_seconds"
        of_write = "skewless_online_write_seconds"
        return {
            "events": f"{rate:,.0f}/s, {metrics['skewless_dead_letters_total']:,.0f} dead letters, "
                      f"{metrics['skewless_events_refused_late_total']:,.0f} too late",
            "lag": f"{metrics['skewless_kafka_lag']:,.0f}",
            "watermark": f"{behind:.1f} s behind" if "skewless_watermark_seconds" in metrics else "-",
            "store": f"{metrics['skewless_online_in_flight_rows']:,.0f} in flight, "
                     f"{metrics['skewless_online_backlog_rows']:,.0f} waiting, "
                     f"p50 {duration(metrics.quantile(of_write, .5, before))}, "
                     f"p99 {duration(metrics.quantile(of_write, .99, before))}",
            "freshness": f"p50 {duration(metrics.quantile(freshness, .5, before))}, "
                         f"p99 {duration(metrics.quantile(freshness, .99, before))}",
        }

    @staticmethod
    def is_written(metrics):
        """The store has all that the engine's log has."""
        return metrics["skewless_online_caught_up"] == 1

    @staticmethod
    def writes(metrics):
        return (f"{metrics['skewless_online_rows_written_total']:,.0f} rows written; "
                f"{metrics['skewless_online_rows_coalesced_total']:,.0f} events went with another's row, "
                f"{metrics['skewless_online_retries_total']:,.0f} writes sent again, "
                f"{metrics['skewless_online_rows_rewritten_total']:,.0f} rows that the store lacked")

    @staticmethod
    def freshness(metrics):
        name = "skewless_view_freshness_from_acceptance_seconds"
        return (f"p50 {duration(metrics.quantile(name, .5))}, p99 {duration(metrics.quantile(name, .99))}"
                " from acceptance until readable in Redis")
