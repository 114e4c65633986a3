#include "kernel/c_abi.h"

#include <gtest/gtest.h>

#include <memory>

#include "kernel/kernel_fixture.h"
#include "kernel/vector_encoding.h"
#include "model/batch_encoding.h"

namespace skewless {
namespace {

constexpr char kDefinition[] = R"(project: test
log: {path: var/log}
online: {type: embedded, path: var/online}
sources:
  events:
    type: file
    path: events.csv
    format: csv
    columns: {user: int64, n: int64, s: string, ts: "timestamp[us]"}
    event_timestamp: ts
entities:
  user: {keys: {user: int64}}
feature_views:
  view:
    source: events
    entity: user
    where: n >= 0
    features:
      c: count(*) over 10s hop 1s
      sum: sum(n)
      texts: last(s, 2)
    derived: {twice: sum * 2}
)";

struct FreeSession {
  void operator()(skewless_session* session) const { skewless_session_free(session); }
};
struct FreeView {
  void operator()(skewless_view* view) const { skewless_view_free(view); }
};

class CAbi : public testing::Test {
 protected:
  CAbi()
      : session_(skewless_session_new()),
        view_(skewless_view_open(session_.get(), kDefinition, sizeof kDefinition - 1, "view", 4)),
        definition_(*ParseDefinition(kDefinition, "skewless.yaml", ".")) {}

  struct Row {
    int64_t user, n;
    std::string s;
    Timestamp t;
  };
  Bytes Encode(const std::vector<Row>& rows, bool stamped = true) {
    Batch batch;
    batch.Reset(&definition_->sources[0].schema, 0);
    for (const Row& row : rows) {
      batch.columns[0].AppendInt(row.user);
      batch.columns[1].AppendInt(row.n);
      batch.columns[2].AppendString(row.s);
      batch.columns[3].AppendInt(row.t);
      batch.event_us.push_back(row.t);
      if (!stamped) continue;
      batch.sequence.push_back(++sequence_);
      batch.available_us.push_back(row.t);
      batch.processing_us.push_back(row.t);
      batch.applied.push_back(1);
    }
    Bytes out;
    EncodeBatch(batch, 0, rows.size(), &out);
    return out;
  }

  int Load(const Bytes& batch) {
    return skewless_batch_load(session_.get(), view_.get(), batch.data(), batch.size());
  }
  int Apply(const std::vector<uint32_t>& rows) {
    Bytes out(1 << 16);
    size_t size = 0;
    const int code = skewless_apply(session_.get(), view_.get(), state_.data(), state_.size(),
                                    rows.data(), rows.size(), out.data(), out.size(), &size);
    out.resize(size);
    if (code == SKEWLESS_OK) state_ = out;
    return code;
  }
  std::string Read(Timestamp t) {
    Bytes out(1 << 16);
    size_t size = 0;
    const int code = skewless_read(session_.get(), view_.get(), state_.data(), state_.size(), t,
                                   out.data(), out.size(), &size);
    if (code != SKEWLESS_OK) return skewless_last_error(session_.get());
    FeatureVector vector;
    const Status status = DecodeVector(ByteView(out).first(size), &vector);
    if (!status) return status.error().ToString();
    std::string text = std::to_string(static_cast<int>(vector.status)) + ":";
    for (const ValueView& value : vector.values) text += " " + FormatValue(value);
    return text;
  }

  std::unique_ptr<skewless_session, FreeSession> session_;
  std::unique_ptr<skewless_view, FreeView> view_;
  std::unique_ptr<Definition> definition_;
  Sequence sequence_ = 0;
  Bytes state_;
};

TEST_F(CAbi, FoldsAndReads) {
  ASSERT_NE(view_, nullptr) << skewless_last_error(session_.get());
  EXPECT_EQ(skewless_abi_version(), 1u);
  EXPECT_EQ(skewless_view_outputs(view_.get()), 4u);
  EXPECT_STREQ(skewless_view_output_name(view_.get(), 3), "twice");
  EXPECT_EQ(skewless_view_output_name(view_.get(), 4), nullptr);
  EXPECT_EQ(Read(5), "1: null null null null");
  ASSERT_EQ(Load(Encode({{7, 1, "a", 10}, {8, 5, "b", 11}, {7, -1, "out", 12}, {7, 2, "c", 13}})),
            SKEWLESS_OK);
  EXPECT_EQ(skewless_batch_rows(session_.get()), 4u);
  EXPECT_EQ(skewless_batch_selected(session_.get(), 2), 0);
  size_t size = 0;
  ASSERT_NE(skewless_batch_key(session_.get(), 1, &size), nullptr);
  EXPECT_EQ(size, 8u);
  ASSERT_EQ(Apply({0, 2, 3}), SKEWLESS_OK) << skewless_last_error(session_.get());
  EXPECT_EQ(Read(20), "0: 2 3 ['a', 'c'] 6");
  ASSERT_EQ(Load(Encode({{7, 10, "d", 15 * kSecondUs}})), SKEWLESS_OK);
  ASSERT_EQ(Apply({0}), SKEWLESS_OK);
  EXPECT_EQ(Read(15 * kSecondUs), "0: 1 13 ['c', 'd'] 26");
}

TEST_F(CAbi, NoRecordLeavesNoState) {
  ASSERT_EQ(Load(Encode({{7, -1, "out", 12}})), SKEWLESS_OK);
  ASSERT_EQ(Apply({0}), SKEWLESS_OK);
  EXPECT_TRUE(state_.empty());
}

TEST_F(CAbi, RoomThatIsTooSmallIsTold) {
  ASSERT_EQ(Load(Encode({{7, 1, "a", 10}})), SKEWLESS_OK);
  uint8_t out[4] = {1, 2, 3, 4};
  size_t size = 0;
  EXPECT_EQ(
      skewless_apply(session_.get(), view_.get(), nullptr, 0, nullptr, 0, out, sizeof out, &size),
      SKEWLESS_TOO_SMALL);
  EXPECT_GT(size, sizeof out);
  EXPECT_EQ(out[0], 1);
  Bytes room(size);
  EXPECT_EQ(
      skewless_apply(session_.get(), view_.get(), nullptr, 0, nullptr, 0, room.data(), size, &size),
      SKEWLESS_OK);
  EXPECT_EQ(room.size(), size);
  EXPECT_EQ(
      skewless_read(session_.get(), view_.get(), room.data(), size, 10, out, sizeof out, &size),
      SKEWLESS_TOO_SMALL);
}

TEST_F(CAbi, CompactIsAStateToo) {
  ASSERT_EQ(Load(Encode({{7, 1, "a", 10},
                         {7, 2, "a longer text", kSecondUs},
                         {7, 3, "x", 2 * kSecondUs},
                         {7, 4, "y", 3 * kSecondUs}})),
            SKEWLESS_OK);
  ASSERT_EQ(Apply({0, 1, 2, 3}), SKEWLESS_OK);
  const std::string before = Read(3 * kSecondUs);
  Bytes out(state_.size());
  size_t size = 0;
  ASSERT_EQ(skewless_compact(session_.get(), view_.get(), state_.data(), state_.size(), out.data(),
                             out.size(), &size),
            SKEWLESS_OK);
  EXPECT_LT(size, state_.size());
  out.resize(size);
  state_ = out;
  EXPECT_EQ(Read(3 * kSecondUs), before);
}

TEST_F(CAbi, ErrorsAreToldInWords) {
  EXPECT_EQ(skewless_view_open(session_.get(), kDefinition, sizeof kDefinition - 1, "nope", 4),
            nullptr);
  EXPECT_NE(std::string(skewless_last_error(session_.get())).find("'nope'"), std::string::npos);
  EXPECT_EQ(skewless_view_open(session_.get(), "project: [", 10, "view", 4), nullptr);
  EXPECT_NE(std::string(skewless_last_error(session_.get())), "");

  EXPECT_EQ(Apply({0}), SKEWLESS_INVALID);  // no batch yet
  EXPECT_EQ(Load(Encode({{7, 1, "a", 10}}, false)), SKEWLESS_INVALID);
  Bytes batch = Encode({{7, 1, "a", 10}, {8, 1, "a", 10}});
  batch.resize(batch.size() - 3);
  EXPECT_EQ(Load(batch), SKEWLESS_CORRUPT);
  ASSERT_EQ(Load(Encode({{7, 1, "a", 10}, {8, 1, "a", 10}})), SKEWLESS_OK);
  EXPECT_EQ(Apply({0, 1}), SKEWLESS_INVALID);  // two entities
  EXPECT_EQ(Apply({0, 0}), SKEWLESS_INVALID);
  EXPECT_EQ(Apply({9}), SKEWLESS_INVALID);
  state_ = Bytes(100, 7);
  EXPECT_EQ(Apply({0}), SKEWLESS_CORRUPT);
  EXPECT_NE(Read(10).find("damaged"), std::string::npos);
  state_.clear();
  EXPECT_EQ(Apply({0}), SKEWLESS_OK);
  EXPECT_STREQ(skewless_last_error(session_.get()), "");
}

TEST(VectorEncoding, DamageIsSeen) {
  TestView view({{"c", "count(*)"}, {"l", "last(s, 2)"}, {"x", "last(x)"}});
  TestEntity entity(view);
  entity.Apply(TestEvent{.event_us = 1, .n = 1, .x = 0.5, .s = "text", .b = {}});
  Bytes bytes;
  EncodeVector(entity.Read(2), &bytes);
  FeatureVector vector;
  ASSERT_TRUE(DecodeVector(bytes, &vector).has_value());
  EXPECT_EQ(vector.read_us, 2);
  EXPECT_EQ(vector.newest_event_us, 1);
  EXPECT_EQ(vector.sequence, 1);
  EXPECT_EQ(FormatValue(vector.values[1]), "['text']");
  for (size_t i = 0; i < bytes.size(); ++i) {
    Bytes damaged = bytes;
    damaged[i] ^= 4;
    EXPECT_FALSE(DecodeVector(damaged, &vector).has_value()) << i;
    EXPECT_FALSE(DecodeVector(ByteView(bytes).first(i), &vector).has_value()) << i;
  }
}

}  // namespace
}  // namespace skewless
