#include "property/compiled_case.h"

#include <numeric>

#include "base/check.h"
#include "model/key.h"

namespace skewless::property {
namespace {

void AppendRecord(const oracle::Record& record, Batch* batch) {
  for (size_t i = 0; i < record.columns.size(); ++i) {
    ValueView value = record.columns[i].view();
    if (value.valid && PhysicalOf(value.type) == Physical::kBytes) {
      value.bytes = batch->strings.Add(value.bytes);
    }
    AppendValue(batch->columns[i], value);
  }
  batch->event_us.push_back(record.event_us);
  batch->sequence.push_back(record.sequence);
  batch->processing_us.push_back(record.available_us);
  batch->available_us.push_back(record.available_us);
  batch->applied.push_back(record.applied ? 1 : 0);
}

std::string Show(int status, Sequence sequence, Timestamp newest_event_us) {
  constexpr const char* kNames[] = {"present", "not found", "too old"};
  return std::string(kNames[status]) + ", record #" + std::to_string(CounterOf(sequence)) +
         ", newest event " + std::to_string(newest_event_us);
}

}  // namespace

Answer AnswerOf(const FeatureVector& vector) {
  return {vector.status, true, vector.sequence, vector.newest_event_us, vector.values};
}

std::vector<oracle::Record> RecordsOf(const Case& c) {
  std::vector<oracle::Record> records;
  for (const Event& event : c.events) records.push_back(event.record);
  return records;
}

std::unique_ptr<CompiledCase> CompiledCase::Compile(Case c, std::string* error) {
  std::unique_ptr<CompiledCase> compiled(new CompiledCase);
  auto definition = ParseDefinition(YamlOf(c), "skewless.yaml", ".");
  if (!definition) {
    *error = definition.error().ToString();
    return nullptr;
  }
  compiled->definition_ = std::move(*definition);
  auto kernels = CompileKernels(*compiled->definition_);
  if (!kernels) {
    *error = kernels.error().ToString();
    return nullptr;
  }
  compiled->kernels_ = std::move(*kernels);
  // Frames of the log number their records consecutively.
  for (size_t i = 0; i < c.events.size(); ++i) {
    c.events[i].record.sequence = MakeSequence(1, static_cast<int64_t>(i) + 1);
  }
  compiled->case_ = std::move(c);
  compiled->BuildBatches();
  return compiled;
}

void CompiledCase::BuildBatches() {
  for (const Event& event : case_.events) {
    const auto source = static_cast<uint32_t>(event.record.source);
    if (batches_.empty() || event.starts_batch || batches_.back()->source != source) {
      batches_.push_back(std::make_unique<Batch>());
      batches_.back()->Reset(&definition_->sources[source].schema, source);
    }
    AppendRecord(event.record, batches_.back().get());
  }
}

size_t CompiledCase::first_event(size_t batch) const {
  size_t first = 0;
  for (size_t i = 0; i < batch; ++i) first += batches_[i]->rows();
  return first;
}

void CompiledCase::Fill(size_t batch, std::span<const oracle::Record> records, Batch* out) const {
  out->Reset(batches_[batch]->schema, batches_[batch]->source);
  for (const oracle::Record& record : records) AppendRecord(record, out);
}

std::optional<Bytes> CompiledCase::KeyBytes(const Label& label) const {
  for (const Value& value : label.key) {
    if (!value.valid) return std::nullopt;
  }
  auto key = EncodeKey(label.key);
  SKEWLESS_CHECK(key.has_value());
  return std::move(*key);
}

const oracle::ViewOracle& CompiledCase::oracle(int view) const {
  const auto found = oracles_.find(view);
  if (found != oracles_.end()) return found->second;
  return oracles_.try_emplace(view, *definition_, view, RecordsOf(case_)).first->second;
}

std::optional<std::string> CompiledCase::Difference(const Label& label, Timestamp t,
                                                    const Answer& answer) const {
  return Difference(oracle(label.view), label, t, answer);
}

std::optional<std::string> CompiledCase::Difference(const oracle::ViewOracle& oracle,
                                                    const Label& label, Timestamp t,
                                                    const Answer& answer,
                                                    const std::vector<int>* outputs) const {
  const oracle::Vector expected = oracle.Read(label.key, t);
  const FeatureViewDefinition& definition = view(label.view);
  const std::string where = definition.name + " at " + std::to_string(t) + ": ";
  const auto status = static_cast<int>(answer.status);
  const bool other_provenance =
      answer.provenance &&
      (answer.sequence != expected.sequence || answer.newest_event_us != expected.newest_event_us);
  if (status != static_cast<int>(expected.standing) || other_provenance) {
    return where + "got " + Show(status, answer.sequence, answer.newest_event_us) + "; expected " +
           Show(static_cast<int>(expected.standing), expected.sequence, expected.newest_event_us);
  }
  std::vector<int> all(expected.values.size());
  std::iota(all.begin(), all.end(), 0);
  for (const int output : outputs == nullptr ? all : *outputs) {
    const auto i = static_cast<size_t>(output);
    if (SameBits(answer.values[i], expected.values[i].view())) continue;
    return where + definition.output_name(i) + " is " + FormatValue(answer.values[i]) +
           "; expected " + FormatValue(expected.values[i].view()) + " (" +
           TypeName(answer.values[i].type) + ", " + TypeName(expected.values[i].type) + ")";
  }
  return std::nullopt;
}

}  // namespace skewless::property
