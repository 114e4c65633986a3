// A case made ready: its definition parsed, its kernels compiled, its events in batches, and the
// oracle's answers beside it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernel/kernel_set.h"
#include "oracle/view_oracle.h"
#include "property/random_case.h"

namespace skewless::property {

// What some path answered.
struct Answer {
  RowStatus status = RowStatus::kNotFound;
  bool provenance = true;  // the next two are told
  Sequence sequence = 0;
  Timestamp newest_event_us = 0;
  std::vector<ValueView> values;
};
Answer AnswerOf(const FeatureVector& vector);

class CompiledCase {
 public:
  // Null where the definition is refused; `error` says why.
  static std::unique_ptr<CompiledCase> Compile(Case c, std::string* error);

  const Case& parts() const { return case_; }
  const Definition& definition() const { return *definition_; }
  const KernelSet& kernels() const { return kernels_; }
  size_t views() const { return kernels_.size(); }
  const FeatureViewDefinition& view(int index) const {
    return definition_->views[static_cast<size_t>(index)];
  }

  // The history as the log holds it.
  size_t batch_count() const { return batches_.size(); }
  const Batch& batch(size_t i) const { return *batches_[i]; }
  // The first row of a batch is this event of the case.
  size_t first_event(size_t batch) const;
  // A batch like this one, of `records`.
  void Fill(size_t batch, std::span<const oracle::Record> records, Batch* out) const;

  // The key's bytes; empty optional where it holds a null.
  std::optional<Bytes> KeyBytes(const Label& label) const;

  // The oracle under an availability; built when it is first asked for.
  const oracle::ViewOracle& oracle(int view) const;

  // Nothing where `answer` is, bit by bit, what the oracle reads for the label at t. `outputs`:
  // only those (all where null).
  std::optional<std::string> Difference(const Label& label, Timestamp t,
                                        const Answer& answer) const;
  std::optional<std::string> Difference(const oracle::ViewOracle& oracle, const Label& label,
                                        Timestamp t, const Answer& answer,
                                        const std::vector<int>* outputs = nullptr) const;

 private:
  CompiledCase() = default;
  void BuildBatches();

  Case case_;
  std::unique_ptr<Definition> definition_;
  KernelSet kernels_;
  std::vector<std::unique_ptr<Batch>> batches_;
  mutable std::map<int, oracle::ViewOracle> oracles_;
};

// The records of a case, for oracles.
std::vector<oracle::Record> RecordsOf(const Case& c);

}  // namespace skewless::property
