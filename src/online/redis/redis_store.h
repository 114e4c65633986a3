// Redis as the online store, on its own or as a cluster: a row is one string value, or a hash of
// numbers where its view is written by increments, or of finished values; a script compares
// versions, writes and stamps it, and it is read together with the server's clock.
// Formats: docs/formats/redis.md, redis-increments.md, redis-values.md. Running one:
// docs/operations/redis.md.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/schema.h"
#include "online/remote_rows.h"

namespace skewless {

class ViewKernel;
namespace redis {
class Network;
}

struct RedisTls {
  bool enabled = false;
  std::string ca_file;    // "": the system's
  std::string cert_file;  // ours, with its key, where the server asks for one
  std::string key_file;
};

// What a view's rows are made of where they are finished values.
struct ValuesView {
  std::vector<Type> key_types;                       // of the entity's columns
  std::vector<ColumnSpec> outputs;                   // features, then derived ones
  std::map<std::string, size_t, std::less<>> index;  // of outputs, by name
  uint64_t records = 0;                              // StampedView::records
};

struct RedisOptions {
  std::string address;  // host:port; of a cluster: of one node that knows the others
  bool cluster = false;
  std::string username;  // "": the default user
  std::string password;  // "": none
  int database = 0;
  RedisTls tls;
  redis::Network* network = nullptr;  // that it is reached through; null: TCP

  std::string key_prefix;
  std::string project;
  std::vector<std::string> views;  // names, in the definition's order
  // What their rows depend on: states on their kernels, finished values on more
  // (ValuesFingerprint).
  std::vector<uint64_t> fingerprints;
  // By view: the kernel, which outlives the store, of one that is written by increments; null, or
  // no entry: its rows are written whole.
  std::vector<const ViewKernel*> increments;
  std::vector<ValuesView> values;  // rows are finished values; empty: states
  bool keeps_values() const { return !values.empty(); }

  DurationUs connect_timeout_us = 2 * kSecondUs;
  DurationUs timeout_us = kSecondUs;  // without any answer while answers are due

  // The writer's.
  uint64_t log_identity = 0;
  // By view: a row expires so long after its newest event; 0, or no entry: never.
  std::vector<DurationUs> expire_after_us;
  size_t window_rows = 4096;  // in flight at most
  size_t rows_per_call = 32;  // of one slot, in one call of the script
  // For the states that increments are reckoned from: rows beyond it are written whole.
  size_t base_bytes = size_t{256} << 20;

  const ViewKernel* increments_of(int view) const {
    const auto index = static_cast<size_t>(view);
    return index < increments.size() ? increments[index] : nullptr;
  }
};

// Neither waits for the server: it may come later, and go and come again.
Result<std::unique_ptr<RemoteRows>> OpenRedisRows(const RedisOptions& options);
// kUnavailable from Read where the server is away, or its rows are not (all) there.
Result<std::unique_ptr<OnlineReader>> OpenRedisReader(const RedisOptions& options);

}  // namespace skewless
