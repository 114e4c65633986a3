// bench_produce: JSON clicks into a Kafka topic, keyed by user, at a rate and with the faults that
// one chooses; --help names them. Prints a line of JSON twice a second, and at the end what was
// sent and acknowledged. The same seed draws the same clicks; their times are of the clock.
//
//   duplicates  a click is sent again, byte for byte, some hundred clicks later
//   late        a click's time lies --late-by seconds back
//   malformed   a click is cut off in its middle
//
// --numbered gives each click its number as "n" (a duplicate has that of its first), and
// --acknowledged writes the numbers that the broker acknowledged to a file, 64-bit little-endian.
#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <deque>
#include <fstream>
#include <thread>

#include "click_stream.h"
#include "kafka_producer.h"

namespace skewless::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct Load {
  std::string brokers;
  std::string topic;
  int64_t events = 0;
  int partitions = 0;     // of the topic, which is made first; 0: it is there
  double rate = 0;        // a second; 0: as fast as it goes
  double event_rate = 0;  // a second of event time, the last one now; 0: each happens as it is sent
  double duplicates = 0;  // shares
  double late = 0;
  double malformed = 0;
  double late_by_seconds = 3600;
  bool numbered = false;
  std::string acknowledged;
  std::vector<std::string> settings;
  ClickStreamOptions clicks;
};

volatile std::sig_atomic_t stopped = 0;

struct Counts {
  int64_t sent = 0;
  int64_t duplicates = 0;
  int64_t late = 0;
  int64_t malformed = 0;
  int64_t acknowledged = 0;
  int64_t failed = 0;
  std::vector<int64_t> numbers;  // acknowledged ones, if they are asked for
};

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "bench_produce: %s\n", what.c_str());
  std::exit(1);
}

constexpr int64_t kNoNumber = -1;

// Counts what was sent, and what the broker says of it.
class CountingProducer {
 public:
  CountingProducer(const Load& load, Counts* counts)
      : counts_(counts),
        kafka_(load.brokers, load.topic, SettingsOf(load),
               [this](bool arrived, int64_t number) { Note(arrived, number); }) {
    if (load.partitions > 0) kafka_.CreateTopic(load.partitions);
  }
  KafkaProducer& kafka() { return kafka_; }
  void Send(const Click& click, int64_t number) {
    kafka_.Send(std::to_string(click.user), click.json, number);
    ++counts_->sent;
  }

 private:
  static KafkaSettings SettingsOf(const Load& load) {
    // One request at a time, as the program's dead letters, whose test says why: what the broker
    // acknowledged is to be counted.
    KafkaSettings settings = {
        {"enable.idempotence", "true"}, {"max.in.flight", "1"}, {"linger.ms", "5"}};
    for (const std::string& setting : load.settings) {
      const size_t sign = setting.find('=');
      if (sign == std::string::npos) Die("--set wants NAME=VALUE, not " + setting);
      settings.emplace_back(setting.substr(0, sign), setting.substr(sign + 1));
    }
    return settings;
  }
  void Note(bool arrived, int64_t number) {
    ++(arrived ? counts_->acknowledged : counts_->failed);
    if (arrived && number != kNoNumber) counts_->numbers.push_back(number);
  }

  Counts* const counts_;
  KafkaProducer kafka_;
};

void Print(const Counts& counts) {
  std::printf(
      "{\"sent\": %lld, \"duplicates\": %lld, \"late\": %lld, \"malformed\": %lld, "
      "\"acknowledged\": %lld, \"failed\": %lld}\n",
      static_cast<long long>(counts.sent), static_cast<long long>(counts.duplicates),
      static_cast<long long>(counts.late), static_cast<long long>(counts.malformed),
      static_cast<long long>(counts.acknowledged), static_cast<long long>(counts.failed));
  std::fflush(stdout);
}

// Draws the clicks with their faults, and sends them.
class Faulty {
 public:
  Faulty(const Load& load, CountingProducer* producer, Counts* counts)
      : load_(load),
        producer_(producer),
        counts_(counts),
        stream_(load.clicks),
        chance_(load.clicks.seed ^ 0x9E37'79B9'7F4A'7C15U) {}

  // `turn_ms`: when the click happens, but for disorder and lateness.
  void SendNext(int64_t turn_ms) {
    SendDueDuplicates();
    const int64_t number = next_++;
    if (chance_.Uniform() < load_.late) {
      ++counts_->late;
      turn_ms -= static_cast<int64_t>(load_.late_by_seconds * 1000);
    }
    stream_.Next(turn_ms, load_.numbered ? std::optional(number) : std::nullopt, &click_);
    if (chance_.Uniform() < load_.malformed) {
      ++counts_->malformed;
      click_.json.resize(click_.json.size() / 2);
      producer_->Send(click_, kNoNumber);
      return;
    }
    producer_->Send(click_, load_.numbered ? number : kNoNumber);
    if (chance_.Uniform() >= load_.duplicates) return;
    ++counts_->duplicates;
    again_.push_back({next_ + static_cast<int64_t>(chance_.Next() % 200),
                      load_.numbered ? number : kNoNumber, click_});
  }
  void SendDueDuplicates(bool all = false) {
    while (!again_.empty() && (all || again_.front().at <= next_)) {
      producer_->Send(again_.front().click, again_.front().number);
      again_.pop_front();
    }
  }

 private:
  struct Again {
    int64_t at = 0;  // before the click of this number
    int64_t number = 0;
    Click click;
  };

  const Load& load_;
  CountingProducer* const producer_;
  Counts* const counts_;
  ClickStream stream_;
  Random chance_;
  Click click_;
  int64_t next_ = 0;
  std::deque<Again> again_;
};

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void Produce(const Load& load, Counts* counts) {
  CountingProducer producer(load, counts);
  Faulty clicks(load, &producer, counts);
  const auto start = SteadyClock::now();
  const int64_t start_ms = NowMs();
  auto printed = start;
  int64_t made = 0;
  while (made < load.events && stopped == 0) {
    const auto now = SteadyClock::now();
    int64_t due = std::min(load.events, made + 1000);
    if (load.rate > 0) {
      const double elapsed = std::chrono::duration<double>(now - start).count();
      due = std::min(due, static_cast<int64_t>(elapsed * load.rate));
    }
    const int64_t now_ms = NowMs();
    for (; made < due; ++made) {
      const int64_t before_end =
          load.event_rate > 0 ? static_cast<int64_t>(static_cast<double>(load.events - 1 - made) *
                                                     1000 / load.event_rate)
                              : 0;
      clicks.SendNext((load.event_rate > 0 ? start_ms : now_ms) - before_end);
    }
    producer.kafka().Serve(0);
    if (load.rate > 0) std::this_thread::sleep_until(now + std::chrono::milliseconds(1));
    if (now - printed < std::chrono::milliseconds(500)) continue;
    printed = now;
    Print(*counts);
  }
  clicks.SendDueDuplicates(true);
  producer.kafka().Finish();
}

void WriteNumbers(const std::string& path, const std::vector<int64_t>& numbers) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(numbers.data()),
             static_cast<std::streamsize>(numbers.size() * sizeof(int64_t)));
  if (!file.flush()) Die("could not write " + path);
}

}  // namespace
}  // namespace skewless::bench

int main(int argc, char** argv) {
  using namespace skewless::bench;
  Load load;
  CLI::App app("JSON clicks into a Kafka topic, keyed by user.", "bench_produce");
  app.add_option("brokers", load.brokers, "host:port")->required();
  app.add_option("topic", load.topic)->required();
  app.add_option("--events", load.events, "Clicks, duplicates not counted")->required();
  app.add_option("--create", load.partitions, "Make the topic first, of so many partitions");
  app.add_option("--rate", load.rate, "Clicks a second; 0: as fast as it goes");
  app.add_option("--event-rate", load.event_rate,
                 "Clicks a second of event time, the last one now; 0: each happens as it is sent");
  app.add_option("--users", load.clicks.users);
  app.add_flag("--even", load.clicks.even, "Each user as often, instead of after Zipf");
  app.add_option("--seed", load.clicks.seed)->check(CLI::Range(1UL, UINT64_MAX));
  app.add_option("--disorder-ms", load.clicks.disorder_ms, "Each click up to so much earlier");
  app.add_option("--duplicates", load.duplicates, "Share of clicks sent twice");
  app.add_option("--late", load.late, "Share of clicks that come late");
  app.add_option("--late-by", load.late_by_seconds, "Seconds that they are late by");
  app.add_option("--malformed", load.malformed, "Share of clicks cut off");
  app.add_flag("--numbered", load.numbered, "Number the clicks");
  app.add_option("--acknowledged", load.acknowledged, "File for the acknowledged numbers");
  app.add_option("--set", load.settings, "A setting of librdkafka: NAME=VALUE");
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGTERM, [](int) { stopped = 1; });
  std::signal(SIGINT, [](int) { stopped = 1; });
  Counts counts;
  Produce(load, &counts);
  if (!load.acknowledged.empty()) WriteNumbers(load.acknowledged, counts.numbers);
  Print(counts);
  return counts.failed == 0 && counts.acknowledged == counts.sent ? 0 : 1;
}
