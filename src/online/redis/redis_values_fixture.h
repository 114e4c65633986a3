// What the tests of finished values share: two views of them, and a writer of their rows.
#pragma once

#include "kernel/vector_encoding.h"
#include "online/redis/redis_rows_fixture.h"

namespace skewless::redis {

inline constexpr Type kInt{TypeKind::kInt64, false}, kDouble{TypeKind::kFloat64, false},
    kText{TypeKind::kString, false};
inline constexpr Sequence kEpoch = Sequence{1} << 48;

inline ValuesView ViewOf(std::vector<Type> keys, std::vector<ColumnSpec> outputs) {
  ValuesView view{std::move(keys), std::move(outputs), {}};
  for (size_t i = 0; i < view.outputs.size(); ++i) view.index[view.outputs[i].name] = i;
  return view;
}

inline RedisOptions ValuesOptions(const std::string& address, bool cluster = false) {
  RedisOptions options = TestOptions(address, cluster);
  options.values = {ViewOf({kInt}, {{"clicks", kInt}, {"price", kDouble}, {"item", kText}}),
                    ViewOf({kInt, kText}, {{"spent", kDouble}})};
  return options;
}

// Writes a row of view 0 and waits for the answer.
class ValuesWriter {
 public:
  explicit ValuesWriter(const RedisOptions& options, uint32_t epoch = 1)
      : writer_(options, epoch), claim_(RowClaim(epoch, 0)) {
    writer_.Connect();
    if (const Status claimed = writer_.Claim(); !claimed)
      throw std::runtime_error(claimed.error().ToString());
  }
  RemoteRows& rows() { return writer_.rows(); }
  void Open() { writer_.ConnectAndOpen(); }
  RowWritten Write(ByteView key, Sequence sequence, Timestamp computed_us, int64_t clicks,
                   const std::optional<std::string>& item = std::nullopt,
                   std::span<const Stamp> unlogged = {}) {
    FeatureVector vector;
    vector.read_us = computed_us;
    vector.status = RowStatus::kPresent;
    vector.sequence = sequence;
    vector.newest_event_us = computed_us - 5;
    const Value price = Value::Double(0.1), text = Value::String(item.value_or(""));
    const Value count = Value::Int(clicks), none = Value::Null(kText);
    vector.values = {count.view(), price.view(), item ? text.view() : none.view()};
    return Write(0, key, vector, unlogged);
  }
  RowWritten Write(int view, ByteView key, const FeatureVector& vector,
                   std::span<const Stamp> unlogged = {}) {
    Bytes bytes;
    EncodeVector(vector, &bytes);
    const RowWrite row{view, key, vector.sequence, bytes, unlogged, 0, claim_, vector.read_us};
    SKEWLESS_CHECK(rows().Send(std::span(&row, 1)).has_value());
    std::vector<RowWritten> done;
    while (done.empty()) static_cast<void>(rows().Poll(10'000, &done));
    return done[0];
  }
  StoredRow Stored(ByteView key) {
    const RowKey row{0, key};
    std::vector<StoredRow> rows_read;
    const Status read = rows().ReadVersions(std::span(&row, 1), &rows_read);
    SKEWLESS_CHECK(read.has_value());
    return rows_read[0];
  }

 private:
  TestWriter writer_;
  uint32_t claim_;
};

}  // namespace skewless::redis
