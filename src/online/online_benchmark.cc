// The embedded store beside LMDB, over the same rows: a view of twelve features.
// SKEWLESS_BENCHMARK_DIRECTORY says where the files go (default: the temporary directory).
#include <benchmark/benchmark.h>
#include <lmdb.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>

#include "base/check.h"
#include "base/clock.h"
#include "base/latency_histogram.h"
#include "online/embedded/embedded_store.h"

namespace skewless {
namespace {

constexpr char kDefinition[] = R"(project: benchmark
log: {path: var/log}
online: {type: embedded, path: var/online}
sources:
  clicks:
    type: file
    path: clicks.csv
    format: csv
    columns: {user: int64, item: int64, price: float64, ts: "timestamp[us]"}
    event_timestamp: ts
entities:
  user: {keys: {user: int64}}
feature_views:
  activity:
    source: clicks
    entity: user
    features:
      clicks_5m: count(*) over 5m
      spend_5m: sum(price) over 5m
      clicks_1h: count(*) over 1h
      spend_1h: sum(price) over 1h
      dearest_1h: max(price) over 1h
      average_1h: avg(price) over 1h
      clicks_24h: count(*) over 24h
      spend_24h: sum(price) over 24h
      average_24h: avg(price) over 24h
      visits: count(*)
      last_item: last(item)
      spend: sum(price)
)";

constexpr int64_t kFoldUsers = 100'000;
constexpr size_t kBatchRows = 4096;
constexpr int64_t kReadUsers = 1'000'000;
constexpr Timestamp kStart = 1'700'000'000 * kSecondUs;

class Workplace {
 public:
  explicit Workplace(const std::string& name) {
    const char* parent = std::getenv("SKEWLESS_BENCHMARK_DIRECTORY");
    path_ = (parent == nullptr ? std::filesystem::temp_directory_path()
                               : std::filesystem::path(parent)) /
            ("skewless_" + name + "_" + std::to_string(::getpid()));
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Workplace() { std::filesystem::remove_all(path_); }
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

const ViewKernel& Kernel() {
  static const std::unique_ptr<Definition> definition = [] {
    auto parsed = ParseDefinition(kDefinition, "skewless.yaml", ".");
    SKEWLESS_CHECK(parsed.has_value());
    return std::move(*parsed);
  }();
  static const std::unique_ptr<ViewKernel> kernel = [] {
    auto compiled = ViewKernel::Compile(*definition, 0);
    SKEWLESS_CHECK(compiled.has_value());
    return std::move(*compiled);
  }();
  return *kernel;
}

// Rows of users, stamped when they are folded.
class EventBatch {
 public:
  EventBatch(const std::vector<int64_t>& users, std::mt19937_64& random) : users_(users) {
    const size_t rows = users.size();
    batch_.columns.resize(4);
    const TypeKind kinds[] = {TypeKind::kInt64, TypeKind::kInt64, TypeKind::kFloat64,
                              TypeKind::kTimestamp};
    for (size_t i = 0; i < 4; ++i) batch_.columns[i].type = {kinds[i], false};
    for (const int64_t user : users) {
      batch_.columns[0].AppendInt(user);
      batch_.columns[1].AppendInt(static_cast<int64_t>(random() % 50'000));
      batch_.columns[2].AppendDouble(static_cast<double>(random() % 10'000) / 100);
      batch_.columns[3].AppendInt(0);
    }
    batch_.event_us.resize(rows);
    batch_.sequence.resize(rows);
    batch_.available_us.resize(rows);
    batch_.applied.assign(rows, 1);
    Kernel().Prepare(batch_, scratch_, &input_);
  }
  void Stamp(Sequence first, Timestamp event, Timestamp available) {
    for (size_t i = 0; i < users_.size(); ++i) {
      batch_.sequence[i] = first + static_cast<Sequence>(i);
      batch_.event_us[i] = event;
      batch_.available_us[i] = available;
    }
  }
  const ViewInput& input() const { return input_; }
  const std::vector<int64_t>& users() const { return users_; }
  size_t rows() const { return users_.size(); }

 private:
  std::vector<int64_t> users_;
  Batch batch_;
  EvaluationScratch scratch_;
  ViewInput input_;
};

// Batches of users after Zipf (exponent 1), each made once.
std::vector<std::unique_ptr<EventBatch>> ZipfBatches(size_t batches) {
  std::vector<double> cumulative(kFoldUsers);
  double sum = 0;
  for (size_t i = 0; i < cumulative.size(); ++i)
    cumulative[i] = sum += 1.0 / static_cast<double>(i + 1);
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> uniform(0, sum);
  std::vector<std::unique_ptr<EventBatch>> made;
  for (size_t b = 0; b < batches; ++b) {
    std::vector<int64_t> users(kBatchRows);
    for (int64_t& user : users) {
      user = std::lower_bound(cumulative.begin(), cumulative.end(), uniform(random)) -
             cumulative.begin();
    }
    made.push_back(std::make_unique<EventBatch>(users, random));
  }
  return made;
}

EmbeddedOptions Options(const std::string& directory, bool replay) {
  return {.directory = directory,
          .views = {"activity"},
          .fingerprints = {Kernel().fingerprint()},
          .replay_clock = replay,
          .log_identity = 1};
}

std::unique_ptr<OnlineWriter> OpenStore(const std::string& directory, bool replay) {
  auto writer = OpenEmbeddedWriter(Options(directory, replay));
  SKEWLESS_CHECK(writer.has_value());
  SKEWLESS_CHECK((*writer)->Reset().has_value());
  SKEWLESS_CHECK((*writer)->OpenForReaders().has_value());
  return std::move(*writer);
}

// 4096 events a second of the history, folded as fast as it goes; a commit a batch.
void FoldEmbedded(benchmark::State& state) {
  Workplace place("fold_embedded");
  auto writer = OpenStore(place.path(), true);
  const auto batches = ZipfBatches(256);
  Sequence sequence = 1;
  Timestamp now = kStart;
  size_t next = 0;
  const auto fold = [&] {
    EventBatch& batch = *batches[next++ % batches.size()];
    now += kSecondUs;
    batch.Stamp(sequence, now, now);
    sequence += static_cast<Sequence>(kBatchRows);
    writer->Announce(now);
    SKEWLESS_CHECK(writer->Fold(0, Kernel(), batch.input()).has_value());
    SKEWLESS_CHECK(writer->Commit(sequence - 1).has_value());
    writer->AdvanceReplayClock(now);
  };
  for (int i = 0; i < 600; ++i) fold();
  for (auto _ : state) fold();
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kBatchRows));
  const auto size = writer->Sizes()[0];
  state.counters["bytes_per_row"] =
      static_cast<double>(size.bytes) / static_cast<double>(size.rows);
}
BENCHMARK(FoldEmbedded)->Unit(benchmark::kMicrosecond);

// What Fold costs apart from the store: the same Apply, on states in plain memory.
void FoldPlainMemory(benchmark::State& state) {
  const auto batches = ZipfBatches(256);
  std::vector<Bytes> states(kFoldUsers);
  for (Bytes& bytes : states) {
    bytes.resize(Kernel().empty_state_size());
    Kernel().InitState(bytes.data());
  }
  Sequence sequence = 1;
  Timestamp now = kStart;
  size_t next = 0;
  const auto fold = [&] {
    EventBatch& batch = *batches[next++ % batches.size()];
    now += kSecondUs;
    batch.Stamp(sequence, now, now);
    sequence += static_cast<Sequence>(kBatchRows);
    for (size_t row = 0; row < kBatchRows; ++row) {
      Bytes& bytes = states[static_cast<size_t>(batch.users()[row])];
      while (const size_t needed = Kernel().Apply(bytes.data(), bytes.size(), batch.input(), row)) {
        bytes.resize(needed + needed / 8);
      }
    }
  };
  for (int i = 0; i < 600; ++i) fold();
  for (auto _ : state) fold();
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kBatchRows));
}
BENCHMARK(FoldPlainMemory)->Unit(benchmark::kMicrosecond);

// An LMDB environment as fast as it can be set: no sync, written through the map.
class Lmdb {
 public:
  explicit Lmdb(const std::string& directory) {
    Must(mdb_env_create(&environment_));
    Must(mdb_env_set_mapsize(environment_, size_t{16} << 30));
    Must(mdb_env_open(environment_, directory.c_str(), MDB_WRITEMAP | MDB_NOSYNC, 0644));
    MDB_txn* transaction = Begin(false);
    Must(mdb_dbi_open(transaction, nullptr, MDB_INTEGERKEY | MDB_CREATE, &table_));
    Must(mdb_txn_commit(transaction));
  }
  ~Lmdb() { mdb_env_close(environment_); }
  Lmdb(const Lmdb&) = delete;
  Lmdb& operator=(const Lmdb&) = delete;

  static void Must(int code) { SKEWLESS_CHECK(code == MDB_SUCCESS); }
  MDB_txn* Begin(bool read_only) {
    MDB_txn* transaction = nullptr;
    Must(mdb_txn_begin(environment_, nullptr, read_only ? MDB_RDONLY : 0, &transaction));
    return transaction;
  }
  bool Get(MDB_txn* transaction, int64_t user, Bytes* out) {
    MDB_val key{sizeof user, &user};
    MDB_val value;
    if (mdb_get(transaction, table_, &key, &value) != MDB_SUCCESS) return false;
    if (out->size() < value.mv_size) out->resize(value.mv_size);
    std::memcpy(out->data(), value.mv_data, value.mv_size);
    return true;
  }
  void Put(MDB_txn* transaction, int64_t user, ByteView bytes) {
    MDB_val key{sizeof user, &user};
    MDB_val value{bytes.size(), nullptr};
    Must(mdb_put(transaction, table_, &key, &value, MDB_RESERVE));
    std::memcpy(value.mv_data, bytes.data(), bytes.size());
  }

 private:
  MDB_env* environment_ = nullptr;
  MDB_dbi table_ = 0;
};

// Each touched row of a batch is got once and put once, whatever number of events it has.
void FoldLmdb(benchmark::State& state) {
  Workplace place("fold_lmdb");
  Lmdb lmdb(place.path());
  const auto batches = ZipfBatches(256);
  std::vector<int32_t> working_of(kFoldUsers, -1);
  std::vector<Bytes> working(kBatchRows);
  std::vector<int64_t> touched;
  Sequence sequence = 1;
  Timestamp now = kStart;
  size_t next = 0;
  const auto fold = [&] {
    EventBatch& batch = *batches[next++ % batches.size()];
    now += kSecondUs;
    batch.Stamp(sequence, now, now);
    sequence += static_cast<Sequence>(kBatchRows);
    touched.clear();
    MDB_txn* transaction = lmdb.Begin(false);
    for (size_t row = 0; row < kBatchRows; ++row) {
      const int64_t user = batch.users()[row];
      int32_t& at = working_of[static_cast<size_t>(user)];
      if (at < 0) {
        at = static_cast<int32_t>(touched.size());
        touched.push_back(user);
        Bytes& fresh = working[static_cast<size_t>(at)];
        if (!lmdb.Get(transaction, user, &fresh)) {
          fresh.resize(std::max(fresh.size(), Kernel().empty_state_size()));
          Kernel().InitState(fresh.data());
        }
      }
      Bytes& bytes = working[static_cast<size_t>(at)];
      while (const size_t needed = Kernel().Apply(bytes.data(), bytes.size(), batch.input(), row)) {
        bytes.resize(needed + needed / 8);
      }
    }
    for (size_t i = 0; i < touched.size(); ++i) {
      lmdb.Put(transaction, touched[i],
               {working[i].data(), LoadStateHeader(working[i].data()).size});
      working_of[static_cast<size_t>(touched[i])] = -1;
    }
    Lmdb::Must(mdb_txn_commit(transaction));
  };
  for (int i = 0; i < 600; ++i) fold();
  for (auto _ : state) fold();
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kBatchRows));
}
BENCHMARK(FoldLmdb)->Unit(benchmark::kMicrosecond);

// A million users, three events each hours apart, in both stores.
struct ReadStores {
  Workplace embedded_place{"read_embedded"};
  Workplace lmdb_place{"read_lmdb"};
  std::unique_ptr<OnlineWriter> writer;
  std::unique_ptr<OnlineReader> reader;
  std::unique_ptr<Lmdb> lmdb;
  double state_bytes = 0;

  ReadStores() {
    writer = OpenStore(embedded_place.path(), false);
    lmdb = std::make_unique<Lmdb>(lmdb_place.path());
    Fill();
    auto opened = OpenEmbeddedReader(embedded_place.path(), {"activity"}, {Kernel().fingerprint()});
    SKEWLESS_CHECK(opened.has_value());
    reader = std::move(*opened);
    CopyToLmdb();
  }
  void Fill() {
    std::mt19937_64 random(2);
    Sequence sequence = 1;
    for (const DurationUs ago : {5 * kHourUs, 30 * kMinuteUs, kMinuteUs}) {
      for (int64_t first = 0; first < kReadUsers; first += 20'000) {
        std::vector<int64_t> users(20'000);
        for (size_t i = 0; i < users.size(); ++i) users[i] = first + static_cast<int64_t>(i);
        EventBatch batch(users, random);
        const Timestamp stamp = writer->Announce(kMinTimestamp);
        batch.Stamp(sequence, stamp - ago, stamp);
        sequence += static_cast<Sequence>(users.size());
        SKEWLESS_CHECK(writer->Fold(0, Kernel(), batch.input()).has_value());
        SKEWLESS_CHECK(writer->Commit(sequence - 1).has_value());
      }
    }
  }
  void CopyToLmdb() {
    for (int64_t first = 0; first < kReadUsers; first += 10'000) {
      MDB_txn* transaction = lmdb->Begin(false);
      for (int64_t user = first; user < first + 10'000; ++user) {
        const RowKey key{0, {reinterpret_cast<const uint8_t*>(&user), sizeof user}};
        SKEWLESS_CHECK(reader->Read({&key, 1}).has_value());
        state_bytes += static_cast<double>(reader->state(0).size()) / kReadUsers;
        lmdb->Put(transaction, user, reader->state(0));
      }
      Lmdb::Must(mdb_txn_commit(transaction));
    }
  }
};

ReadStores& Stores() {
  static ReadStores stores;
  return stores;
}

std::vector<int64_t> RandomUsers() {
  std::mt19937_64 random(3);
  std::vector<int64_t> users(1 << 20);
  for (int64_t& user : users) user = static_cast<int64_t>(random() % kReadUsers);
  return users;
}

void Report(benchmark::State& state, const LatencyHistogram& latency, int64_t keys) {
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * keys);
  state.counters["p50_ns"] = static_cast<double>(latency.QuantileNanos(0.5));
  state.counters["p99_ns"] = static_cast<double>(latency.QuantileNanos(0.99));
  state.counters["state_bytes"] = Stores().state_bytes;
}

void ReadEmbedded(benchmark::State& state) {
  ReadStores& stores = Stores();
  const std::vector<int64_t> users = RandomUsers();
  const auto count = static_cast<size_t>(state.range(0));
  std::vector<RowKey> keys(count);
  LatencyHistogram latency;
  size_t next = 0;
  for (auto _ : state) {
    for (RowKey& key : keys) {
      key = {0, {reinterpret_cast<const uint8_t*>(&users[next++ % users.size()]), sizeof(int64_t)}};
    }
    const int64_t start = MonotonicNanos();
    benchmark::DoNotOptimize(stores.reader->Read(keys));
    benchmark::DoNotOptimize(stores.reader->state(count - 1).data());
    latency.Record(MonotonicNanos() - start);
  }
  Report(state, latency, state.range(0));
}
BENCHMARK(ReadEmbedded)->Arg(1)->Arg(16)->Arg(100)->MinWarmUpTime(0.5);

void ReadLmdb(benchmark::State& state) {
  ReadStores& stores = Stores();
  const std::vector<int64_t> users = RandomUsers();
  std::vector<Bytes> states(static_cast<size_t>(state.range(0)));
  LatencyHistogram latency;
  size_t next = 0;
  MDB_txn* transaction = stores.lmdb->Begin(true);
  mdb_txn_reset(transaction);
  for (auto _ : state) {
    const int64_t start = MonotonicNanos();
    Lmdb::Must(mdb_txn_renew(transaction));
    for (Bytes& bytes : states) {
      SKEWLESS_CHECK(stores.lmdb->Get(transaction, users[next++ % users.size()], &bytes));
    }
    mdb_txn_reset(transaction);
    latency.Record(MonotonicNanos() - start);
  }
  mdb_txn_abort(transaction);
  Report(state, latency, state.range(0));
}
BENCHMARK(ReadLmdb)->Arg(1)->Arg(16)->Arg(100)->MinWarmUpTime(0.5);

// A thousand random rows of the million, written over with as many bytes, a transaction.
void PutLmdb(benchmark::State& state) {
  ReadStores& stores = Stores();
  const std::vector<int64_t> users = RandomUsers();
  size_t next = 0;
  Bytes bytes;
  for (auto _ : state) {
    MDB_txn* transaction = stores.lmdb->Begin(false);
    for (int i = 0; i < 1000; ++i) {
      const int64_t user = users[next++ % users.size()];
      SKEWLESS_CHECK(stores.lmdb->Get(transaction, user, &bytes));
      stores.lmdb->Put(transaction, user, {bytes.data(), LoadStateHeader(bytes.data()).size});
    }
    Lmdb::Must(mdb_txn_commit(transaction));
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * 1000);
}
BENCHMARK(PutLmdb)->Unit(benchmark::kMicrosecond);

// The same in the embedded store: a new version of a row is a fold of one event.
void PutEmbedded(benchmark::State& state) {
  ReadStores& stores = Stores();
  const std::vector<int64_t> users = RandomUsers();
  std::mt19937_64 random(4);
  std::vector<std::unique_ptr<EventBatch>> batches;
  for (size_t b = 0; b < 256; ++b) {
    batches.push_back(std::make_unique<EventBatch>(
        std::vector<int64_t>(users.begin() + static_cast<std::ptrdiff_t>(b * 1000),
                             users.begin() + static_cast<std::ptrdiff_t>((b + 1) * 1000)),
        random));
  }
  Sequence sequence = stores.writer->last_sequence() + 1;
  size_t next = 0;
  for (auto _ : state) {
    EventBatch& batch = *batches[next++ % batches.size()];
    const Timestamp stamp = stores.writer->Announce(kMinTimestamp);
    batch.Stamp(sequence, stamp, stamp);
    sequence += 1000;
    SKEWLESS_CHECK(stores.writer->Fold(0, Kernel(), batch.input()).has_value());
    SKEWLESS_CHECK(stores.writer->Commit(sequence - 1).has_value());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * 1000);
}
BENCHMARK(PutEmbedded)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace skewless
