// bench_vector REPOSITORY SERVICE ENTITIES READS ROUNDS LMDB_FOLDER: a vector of an entity at
// random, read in process from the embedded store, beside LMDB giving the bytes of the same
// entity's state. Of the entities from 0 to ENTITIES those that the store has, each as likely.
// Round by round, first the one, then the other; prints a line of JSON with each round's figures.
// The times hold one reading of the clock (about 25 ns).
#include <lmdb.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/latency_histogram.h"
#include "online_vectors.h"

namespace skewless::bench {
namespace {

void Done(int code, const char* what) {
  if (code == MDB_SUCCESS) return;
  std::fprintf(stderr, "LMDB, %s: %s\n", what, mdb_strerror(code));
  std::exit(1);
}

// As fast as it can be set: no sync, written through the map.
class Lmdb {
 public:
  explicit Lmdb(const std::string& folder) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    Done(mdb_env_create(&environment_), "create");
    Done(mdb_env_set_mapsize(environment_, size_t{64} << 30), "map size");
    Done(mdb_env_open(environment_, folder.c_str(), MDB_WRITEMAP | MDB_NOSYNC, 0644), "open");
    Begin(0);
    Done(mdb_dbi_open(transaction_, nullptr, MDB_INTEGERKEY | MDB_CREATE, &table_), "table");
    Commit();
  }
  ~Lmdb() { mdb_env_close(environment_); }
  Lmdb(const Lmdb&) = delete;
  Lmdb& operator=(const Lmdb&) = delete;

  void Begin(unsigned flags) {
    Done(mdb_txn_begin(environment_, nullptr, flags, &transaction_), "begin");
  }
  void Commit() { Done(mdb_txn_commit(transaction_), "commit"); }
  void Put(int64_t key, ByteView bytes) {
    MDB_val name{sizeof key, &key};
    MDB_val value{bytes.size(), nullptr};
    Done(mdb_put(transaction_, table_, &name, &value, MDB_RESERVE), "put");
    std::memcpy(value.mv_data, bytes.data(), bytes.size());
  }
  // In a transaction of its own, renewed as LMDB advises, and with the bytes copied out.
  void Get(int64_t key, Bytes* out) {
    Done(mdb_txn_renew(transaction_), "renew");
    MDB_val name{sizeof key, &key};
    MDB_val value;
    Done(mdb_get(transaction_, table_, &name, &value), "get");
    out->resize(value.mv_size);
    std::memcpy(out->data(), value.mv_data, value.mv_size);
    mdb_txn_reset(transaction_);
  }
  void BeginReading() {
    Begin(MDB_RDONLY);
    mdb_txn_reset(transaction_);
  }

 private:
  MDB_env* environment_ = nullptr;
  MDB_txn* transaction_ = nullptr;
  MDB_dbi table_ = 0;
};

struct Stored {
  std::vector<int64_t> keys;
  double bytes = 0;  // of a state
};

Stored FillFromStates(OnlineVectors* vectors, int64_t entities, Lmdb* lmdb) {
  constexpr int64_t kAtOnce = 10'000;
  Stored stored;
  for (int64_t first = 0; first < entities; first += kAtOnce) {
    lmdb->Begin(0);
    for (int64_t key = first; key < std::min(entities, first + kAtOnce); ++key) {
      const ByteView state = vectors->ReadState(key);
      if (state.empty()) continue;
      stored.keys.push_back(key);
      stored.bytes += static_cast<double>(state.size());
      lmdb->Put(key, state);
    }
    lmdb->Commit();
  }
  if (stored.keys.empty()) EndWith({ErrorCode::kNotFound, "the store has none of them", ""});
  stored.bytes /= static_cast<double>(stored.keys.size());
  return stored;
}

template <typename ReadOne>
void Round(const char* name, const std::vector<int64_t>& stored, int64_t reads, uint64_t seed,
           const ReadOne& read) {
  std::mt19937_64 random(seed);
  std::vector<int64_t> keys(static_cast<size_t>(reads));
  for (int64_t& key : keys) key = stored[random() % stored.size()];
  LatencyHistogram latency;
  const int64_t start_cpu = ProcessCpuNanos();
  for (const int64_t key : keys) {
    const int64_t start = MonotonicNanos();
    read(key);
    latency.Record(MonotonicNanos() - start);
  }
  const int64_t cpu = ProcessCpuNanos() - start_cpu;
  std::printf("\"%s\": {\"p50_ns\": %lld, \"p99_ns\": %lld, \"cpu_ns\": %.0f}", name,
              static_cast<long long>(latency.QuantileNanos(0.5)),
              static_cast<long long>(latency.QuantileNanos(0.99)),
              static_cast<double>(cpu) / static_cast<double>(reads));
}

}  // namespace
}  // namespace skewless::bench

int main(int argc, char** argv) {
  using namespace skewless::bench;
  if (argc != 7) {
    std::fputs("usage: bench_vector REPOSITORY SERVICE ENTITIES READS ROUNDS LMDB_FOLDER\n",
               stderr);
    return 2;
  }
  const int64_t entities = std::strtoll(argv[3], nullptr, 10);
  const int64_t reads = std::strtoll(argv[4], nullptr, 10);
  const uint64_t rounds = std::strtoull(argv[5], nullptr, 10);
  OnlineVectors vectors(argv[1], argv[2]);
  vectors.AwaitOpen();
  Lmdb lmdb(argv[6]);
  const auto [keys, bytes] = FillFromStates(&vectors, entities, &lmdb);
  lmdb.BeginReading();
  skewless::Bytes copy;
  std::printf("{\"entities\": %zu, \"state_bytes\": %.1f, \"features\": %zu, \"rounds\": [",
              keys.size(), bytes, vectors.plan().outputs.size());
  for (uint64_t round = 0; round < rounds; ++round) {
    std::printf(round == 0 ? "{" : ", {");
    Round("vector", keys, reads, 2 * round, [&](int64_t key) { vectors.Read(key); });
    std::printf(", ");
    Round("state", keys, reads, 2 * round, [&](int64_t key) {
      const auto state = vectors.ReadState(key);
      copy.assign(state.begin(), state.end());
    });
    std::printf(", ");
    Round("lmdb", keys, reads, 2 * round, [&](int64_t key) { lmdb.Get(key, &copy); });
    std::printf("}");
  }
  std::printf("]}\n");
  return 0;
}
