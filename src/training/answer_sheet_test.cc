#include "training/answer_sheet.h"

#include "training/training_fixture.h"

namespace skewless {
namespace {

constexpr int kUserView = 0;

// The view's outputs: visits, spend, recent, last_item, items.
void Fill(const FeatureViewDefinition& view, int64_t n, FeatureVector* out) {
  FeatureVector& vector = *out;
  vector.arena.Clear();
  vector.status = n % 5 == 0 ? RowStatus::kOutsideMaxAge : RowStatus::kPresent;
  vector.sequence = 100 + n;
  vector.newest_event_us = -n;
  vector.values.resize(view.output_count());
  for (size_t i = 0; i < view.output_count(); ++i) {
    ValueView& value = vector.values[i];
    value.type = view.output_type(i);
    value.valid = (n + static_cast<int64_t>(i)) % 3 != 0;
    value.int_value = n * 10 + static_cast<int64_t>(i);
    value.double_value = static_cast<double>(n) / 4;
    value.bytes = vector.arena.Add("text " + std::to_string(n));
  }
}

TEST(AnswerSheet, AnswersComeBackInTheOrderOfLabels) {
  const TestRepository repository(kTrainingYaml);
  const FeatureViewDefinition& view = repository.definition().views[kUserView];
  constexpr uint32_t kPositions = 1000;
  std::vector<uint32_t> position_of;
  for (uint32_t label = 0; label < kPositions; ++label)
    position_of.push_back((label * 7 + 3) % kPositions);
  position_of.insert(position_of.begin() + 500, LabelIndex::kNoPosition);  // a null key
  const std::vector<int> outputs{0, 1, 3};
  FeatureVector vector;
  for (const bool provenance : {true, false}) {
    for (const int threads : {1, 3}) {
      AnswerSheet sheet(view, outputs, provenance, kPositions);
      ViewAnswers answers;
      answers.strings.push_back(std::make_unique<StringArena>());
      for (uint32_t position = 0; position < kPositions; ++position) {
        if (position % 10 == 9) continue;  // never answered
        Fill(view, position, &vector);
        sheet.Write(position, vector, answers.strings[0].get());
      }
      sheet.Finish(position_of, threads, &answers);
      EXPECT_EQ(answers.sequence.empty(), !provenance);
      EXPECT_EQ(answers.outputs[2].size(), 0u);  // not asked for
      for (size_t label = 0; label < position_of.size(); ++label) {
        const uint32_t position = position_of[label];
        if (position == LabelIndex::kNoPosition || position % 10 == 9) {
          ASSERT_EQ(answers.status[label], static_cast<uint8_t>(RowStatus::kNotFound));
          for (const int output : outputs)
            ASSERT_EQ(answers.outputs[static_cast<size_t>(output)].valid[label], 0);
          continue;
        }
        FeatureVector& expected = vector;
        Fill(view, position, &expected);
        ASSERT_EQ(answers.status[label], static_cast<uint8_t>(expected.status));
        if (provenance) {
          ASSERT_EQ(answers.sequence[label], expected.sequence);
          ASSERT_EQ(answers.newest_event_us[label], expected.newest_event_us);
        }
        for (const int output : outputs) {
          const auto i = static_cast<size_t>(output);
          ASSERT_TRUE(SameBits(ValueAt(answers.outputs[i], label), expected.values[i]));
        }
      }
    }
  }
}

}  // namespace
}  // namespace skewless
