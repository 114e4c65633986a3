#include "training/record_availability.h"

#include "base/bytes.h"
#include "expression/expression.h"

namespace skewless {

void RecordAvailability::Set(int view, ViewInput* input) {
  const auto number = static_cast<size_t>(view);
  if (available_us_.size() <= number) available_us_.resize(number + 1);
  std::vector<Timestamp>& available = available_us_[number];
  available.assign(input->available_us, input->available_us + input->rows);
  for (size_t row = 0; row < input->rows; ++row) {
    if (input->selected[row] == 0) continue;
    available[row] = stamps_->Of(static_cast<uint32_t>(view), input->keys.key(row),
                                 input->keys.hash[row], input->sequence[row], available[row]);
    if (available[row] == kMaxTimestamp) input->selected[row] = 0;
  }
  input->available_us = available.data();
}

StampedView StampedViewOf(const Definition& definition, const ViewKernel& kernel) {
  const FeatureViewDefinition& view = kernel.view();
  const SourceDefinition& source = definition.sources[static_cast<size_t>(view.source)];
  StampedView stamped{view.name, kernel.fingerprint()};
  Bytes text;
  PutLengthPrefixed(text, source.name);
  for (const int column : view.key_columns) {
    const ColumnSpec& key = source.schema.columns[static_cast<size_t>(column)];
    PutLengthPrefixed(text, key.name);
    PutLengthPrefixed(text, TypeName(key.type));
  }
  stamped.keys = Hash64(text);
  PutLengthPrefixed(text, view.where == nullptr ? "" : CanonicalText(*view.where));
  stamped.records = Hash64(text);
  return stamped;
}

Result<std::shared_ptr<RecordAvailability>> OpenAvailability(FileSystem& files,
                                                             const Definition& definition,
                                                             const KernelSet& kernels,
                                                             StampTime time) {
  std::vector<StampedView> views;
  for (const auto& kernel : kernels) views.push_back(StampedViewOf(definition, *kernel));
  SKEWLESS_ASSIGN_OR_RETURN(
      auto stamps,
      Availability::Open(files, definition.ResolvePath(definition.log_path), views, time));
  if (stamps == nullptr) return nullptr;
  return std::make_shared<RecordAvailability>(std::move(stamps));
}

}  // namespace skewless
