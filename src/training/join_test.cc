#include "training/join.h"

#include <random>

#include "training/training_fixture.h"

namespace skewless {
namespace {

class JoinTest : public ::testing::Test {
 protected:
  // Everything that 300 users clicked in three hours, in batches; arrivals late by up to ten
  // minutes.
  void MakeHistory() {
    std::mt19937_64 random(7);
    std::vector<Click> all;
    for (int i = 0; i < 6000; ++i) {
      const Timestamp event = static_cast<Timestamp>(random() % 10'800) * kSecondUs;
      all.push_back(
          {static_cast<int64_t>(random() % 300), "item " + std::to_string(random() % 40),
           random() % 10 == 0 ? "" : std::to_string(static_cast<double>(random() % 1000) / 7),
           event, event + static_cast<Timestamp>(random() % 600) * kSecondUs});
    }
    std::sort(all.begin(), all.end(),
              [](const Click& a, const Click& b) { return a.available < b.available; });
    for (size_t begin = 0; begin < all.size(); begin += 500) {
      batches_.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(begin),
                            all.begin() + static_cast<std::ptrdiff_t>(begin) + 500);
    }
  }
  HistoryStream Stream() {
    return [this, next = size_t{0}, sequence = Sequence{1}](Batch* batch) mutable -> Result<bool> {
      if (next == batches_.size()) return false;
      clicks_.Fill(batches_[next], sequence, batch);
      sequence += static_cast<Sequence>(batches_[next++].size());
      return true;
    };
  }
  static ViewLabels LabelsOfUsers(int view,
                                  const std::vector<std::pair<int64_t, Timestamp>>& asked) {
    ViewLabels labels;
    labels.view = view;
    Column users;
    users.type = {TypeKind::kInt64, false};
    for (const auto& [user, time] : asked) {
      user < 0 ? users.AppendNull() : users.AppendInt(user);
      labels.time_us.push_back(kTestStart + time);
    }
    const Column* columns[] = {&users};
    EncodeKeys(columns, asked.size(), &labels.keys);
    return labels;
  }
  std::vector<ViewAnswers> Join(const ViewLabels& labels, const JoinOptions& options,
                                JoinCounts* counts) {
    const std::vector<std::vector<int>> outputs{{0, 1, 2, 3, 4}};
    auto answers = JoinHistory(clicks_.kernels(), Stream(), {labels}, outputs, options, counts);
    EXPECT_TRUE(answers.has_value()) << answers.error().ToString();
    return answers.has_value() ? std::move(*answers) : std::vector<ViewAnswers>(1);
  }
  // The output `recent`, with labels answered after each batch.
  ViewAnswers AnswerOnTheWay(const std::vector<std::pair<int64_t, Timestamp>>& asked) {
    JoinOptions options;
    options.available_ascends = true;
    options.provenance = false;
    options.answer_after_bytes = 0;
    options.threads = 1;
    JoinCounts counts;
    auto answers = JoinHistory(clicks_.kernels(), Stream(), {LabelsOfUsers(0, asked)}, {{2}},
                               options, &counts);
    EXPECT_TRUE(answers.has_value()) << answers.error().ToString();
    return answers.has_value() ? std::move((*answers)[0]) : ViewAnswers();
  }
  static void ExpectSame(const ViewAnswers& a, const ViewAnswers& b) {
    EXPECT_EQ(a.status, b.status);
    EXPECT_EQ(a.sequence, b.sequence);
    EXPECT_EQ(a.newest_event_us, b.newest_event_us);
    ASSERT_EQ(a.outputs.size(), b.outputs.size());
    for (size_t i = 0; i < a.outputs.size(); ++i) {
      ASSERT_EQ(a.outputs[i].size(), b.outputs[i].size());
      for (size_t row = 0; row < a.outputs[i].size(); ++row) {
        ASSERT_TRUE(SameBits(ValueAt(a.outputs[i], row), ValueAt(b.outputs[i], row)))
            << i << " " << row;
      }
    }
  }
  // What folding, from nothing and in sequence order, all that is available at the label's time
  // gives.
  void ExpectFromScratch(const ViewLabels& labels, const ViewAnswers& answers,
                         const JoinOptions& options) {
    const ViewKernel& kernel = *clicks_.kernels()[0];
    EvaluationScratch scratch;
    ViewInput input;
    FeatureVector vector;
    for (size_t label = 0; label < labels.time_us.size(); ++label) {
      Bytes state;
      const HistoryStream stream = Stream();
      Batch batch;
      while (*stream(&batch)) {
        if (options.delay_us) {
          for (size_t row = 0; row < batch.rows(); ++row)
            batch.available_us[row] = batch.event_us[row] + *options.delay_us;
        } else if (options.as_of == AsOf::kEvent) {
          batch.available_us = batch.event_us;
        }
        kernel.Prepare(batch, scratch, &input);
        for (size_t row = 0; row < input.rows; ++row) {
          const ByteView key = input.keys.key(row), wanted = labels.keys.key(label);
          if (input.selected[row] == 0 || batch.available_us[row] > labels.time_us[label] ||
              !std::equal(key.begin(), key.end(), wanted.begin(), wanted.end())) {
            continue;
          }
          if (state.empty()) {
            state.resize(kernel.empty_state_size());
            kernel.InitState(state.data());
          }
          while (const size_t needed = kernel.Apply(state.data(), state.size(), input, row))
            state.resize(needed);
        }
      }
      kernel.Read(state, labels.time_us[label], &vector);
      ASSERT_EQ(answers.status[label], static_cast<uint8_t>(vector.status)) << label;
      ASSERT_EQ(answers.sequence[label], vector.sequence) << label;
      for (size_t i = 0; i < vector.values.size(); ++i) {
        ASSERT_TRUE(SameBits(ValueAt(answers.outputs[i], label), vector.values[i]))
            << "label " << label << ", output " << i << ": "
            << FormatValue(ValueAt(answers.outputs[i], label)) << " not "
            << FormatValue(vector.values[i]);
      }
    }
  }

  LoggedClicks clicks_;
  std::vector<std::vector<Click>> batches_;
};

std::vector<std::pair<int64_t, Timestamp>> ManyLabels(int count) {
  std::mt19937_64 random(11);
  std::vector<std::pair<int64_t, Timestamp>> asked;
  for (int i = 0; i < count; ++i) {
    asked.emplace_back(static_cast<int64_t>(random() % 310) - 1,
                       static_cast<Timestamp>(random() % 12'000) * kSecondUs);
  }
  return asked;
}

// A window is asked, and nothing that looks further back: labels are answered as soon as the
// history has gone by them, and records go that nobody can see any more.
TEST_F(JoinTest, LabelsAnsweredOnTheWayChangeNoBit) {
  MakeHistory();
  const ViewLabels labels = LabelsOfUsers(0, ManyLabels(2000));
  const std::vector<std::vector<int>> window{{2}};
  std::vector<std::vector<ViewAnswers>> all;
  for (const int64_t bytes : {int64_t{64} << 20, int64_t{0}, int64_t{20'000}}) {
    for (const int threads : {1, 2}) {
      JoinOptions options;
      options.available_ascends = true;
      options.provenance = false;
      options.answer_after_bytes = bytes;
      options.threads = threads;
      JoinCounts counts;
      auto answers = JoinHistory(clicks_.kernels(), Stream(), {labels}, window, options, &counts);
      ASSERT_TRUE(answers.has_value()) << answers.error().ToString();
      EXPECT_GT(counts.not_found, 20);
      EXPECT_LT(counts.not_found, 1000);
      EXPECT_EQ(counts.spilled_bytes, 0);
      all.push_back(std::move(*answers));
    }
  }
  for (size_t i = 1; i < all.size(); ++i) ExpectSame(all[0][0], all[i][0]);
}

// Counts of a window, asked of a history in which every batch ends with all that can be answered.
TEST_F(JoinTest, ALabelOnTheWayWaitsForAllThatComesAtItsInstant) {
  constexpr Timestamp kAt = 600 * kSecondUs;
  batches_ = {
      {{1, "a", "1", kAt - 2, kAt}}, {{1, "b", "1", kAt - 1, kAt}}, {{1, "c", "1", kAt, kAt + 1}}};
  const auto answers = AnswerOnTheWay({{1, kAt}, {1, kAt + 1}});
  EXPECT_EQ(answers.outputs[2].ints, (std::vector<int64_t>{2, 3}));
}

TEST_F(JoinTest, WhatTheNextLabelJustSeesIsKeptOnTheWay) {
  constexpr Timestamp kWindow = 3600 * kSecondUs;
  // The window of the second label begins with the tile that begins at the first event.
  constexpr Timestamp kEvent = 600 * kSecondUs;
  constexpr Timestamp kSecond = kSecondUs;
  batches_ = {{{1, "a", "1", kEvent, kEvent + kSecond},
               {1, "b", "1", kEvent - kSecond, kEvent + kSecond},
               {2, "c", "1", kEvent, kEvent + 100 * kSecond}}};
  const auto answers = AnswerOnTheWay(
      {{1, kEvent + 2 * kSecond}, {1, kEvent + kWindow - 1}, {2, kEvent + kWindow - 1}});
  EXPECT_EQ(answers.outputs[2].ints, (std::vector<int64_t>{2, 1, 1}));
}

TEST_F(JoinTest, ThreadsAndMemoryChangeNoBit) {
  MakeHistory();
  const ViewLabels labels = LabelsOfUsers(0, ManyLabels(2000));
  JoinOptions options;
  options.threads = 1;
  JoinCounts counts;
  const auto one = Join(labels, options, &counts);
  EXPECT_EQ(counts.history_records, 6000);
  EXPECT_EQ(counts.labels, 2000);
  EXPECT_EQ(counts.spilled_bytes, 0);
  EXPECT_EQ(counts.not_found, std::count(one[0].status.begin(), one[0].status.end(), 1));
  options.threads = 2;
  JoinCounts again;
  const auto two = Join(labels, options, &again);
  ExpectSame(one[0], two[0]);
  EXPECT_EQ(again.kept, counts.kept);
  options.memory_bytes = 1;
  options.spill_directory = clicks_.Path("spill");
  JoinCounts spilled;
  const auto small = Join(labels, options, &spilled);
  EXPECT_GT(spilled.spilled_bytes, 0);
  ExpectSame(one[0], small[0]);
  EXPECT_TRUE(std::filesystem::is_empty(options.spill_directory));
}

TEST_F(JoinTest, ByAvailabilityByEventAndByDelayAsFoldedFromScratch) {
  MakeHistory();
  const ViewLabels labels = LabelsOfUsers(0, ManyLabels(40));
  JoinOptions options;
  options.threads = 1;
  for (const int mode : {0, 1, 2}) {
    options.as_of = mode == 1 ? AsOf::kEvent : AsOf::kAvailable;
    options.delay_us.reset();
    if (mode == 2) options.delay_us = 90 * kSecondUs;
    JoinCounts counts;
    const auto answers = Join(labels, options, &counts);
    ExpectFromScratch(labels, answers[0], options);
  }
}

TEST_F(JoinTest, RefusedRecordsAndNullKeysCountForNobody) {
  batches_ = {{{1, "a", "1.0", 10, 10}, {1, "b", "2.0", 5, 11, false}, {1, "c", "4.0", 12, 12}}};
  JoinCounts counts;
  const auto answers =
      Join(LabelsOfUsers(0, {{1, 12}, {-1, 12}, {1, 11}, {1, 9}, {2, 12}, {1, 12}}), {}, &counts);
  const Column& visits = answers[0].outputs[0];
  EXPECT_EQ(visits.ints[0], 2);
  EXPECT_EQ(visits.valid[1], 0);
  EXPECT_EQ(visits.ints[2], 1);
  EXPECT_EQ(visits.valid[3], 0);
  EXPECT_EQ(visits.valid[4], 0);
  EXPECT_EQ(visits.ints[5], 2);
  EXPECT_EQ(counts.refused, 1);
  EXPECT_EQ(counts.not_found, 3);
}

TEST_F(JoinTest, AnErrorOfTheHistoryIsTheJoins) {
  JoinCounts counts;
  const HistoryStream broken = [](Batch*) -> Result<bool> {
    return Fail(ErrorCode::kCorrupt, "segment 3");
  };
  const auto answers =
      JoinHistory(clicks_.kernels(), broken, {LabelsOfUsers(0, {{1, 1}})}, {{0}}, {}, &counts);
  ASSERT_FALSE(answers.has_value());
  EXPECT_EQ(answers.error().message, "segment 3");
}

}  // namespace
}  // namespace skewless
