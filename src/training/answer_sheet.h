// One view's answers while they are found, entity by entity: a packed row a label, in the order in
// which they come. Columns in the labels' own order are made of them at once in the end: written
// one by one, each answer would miss the cache once a column.
#pragma once

#include <vector>

#include "base/prefetch.h"
#include "training/huge_pages.h"
#include "training/join.h"
#include "training/label_index.h"

namespace skewless {

class AnswerSheet {
 public:
  // `outputs`: those of the view that are wanted. `positions`: of the label index.
  AnswerSheet(const FeatureViewDefinition& view, const std::vector<int>& outputs, bool provenance,
              uint32_t positions);

  // Threads write different positions, and texts to arenas of their own. A position that is never
  // written is NOT_FOUND.
  void Write(uint32_t position, const FeatureVector& vector, StringArena* strings);

  void Prefetch(uint32_t position) const {
    skewless::Prefetch(rows_.data() + row_bytes_ * position);
  }

  // Makes the columns. `position_of`: by label, or LabelIndex::kNoPosition, which is NOT_FOUND.
  void Finish(std::span<const uint32_t> position_of, int threads, ViewAnswers* answers) const;

 private:
  // A row: u8 status, bits of valid outputs, in whole 8 bytes; sequence and newest event where they
  // are wanted; 8 bytes an output, 16 a text (where it lies, and its length).
  struct Slot {
    int output;
    Physical physical;
    uint32_t at;
  };
  void FinishRows(std::span<const uint32_t> position_of, size_t begin, size_t end,
                  ViewAnswers* answers) const;

  const FeatureViewDefinition& view_;
  bool provenance_;
  std::vector<Slot> slots_;
  uint32_t provenance_at_ = 0;
  size_t row_bytes_ = 0;
  HugeVector<uint8_t> rows_;
};

}  // namespace skewless
