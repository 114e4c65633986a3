#include "offline/table_layout.h"

#include <algorithm>

#include "base/bytes.h"

namespace skewless {

uint64_t LayoutOf(const Definition& definition, const KernelSet& kernels) {
  Bytes text;
  for (const auto& kernel : kernels) {
    const FeatureViewDefinition& view = kernel->view();
    PutLengthPrefixed(text, view.name);
    PutLe<uint64_t>(text, kernel->fingerprint());
    PutLe<int64_t>(text, view.ttl_us.value_or(-1));
    if (view.expire_after_us) PutLe<int64_t>(text, *view.expire_after_us);
    const SourceDefinition& source = definition.sources[static_cast<size_t>(view.source)];
    PutLe<int64_t>(text, source.event_timestamp);
    for (const ColumnSpec& column : source.schema.columns) {
      PutLengthPrefixed(text, column.name);
      PutLengthPrefixed(text, TypeName(column.type));
    }
    for (const ColumnSpec& key : definition.entities[static_cast<size_t>(view.entity)].keys) {
      PutLengthPrefixed(text, key.name);
    }
    PutLengthPrefixed(text, view.where_text);
    for (const FeatureDefinition& feature : view.features) {
      PutLengthPrefixed(text, feature.name);
      PutLengthPrefixed(text, feature.text);
    }
    for (const DerivedDefinition& derived : view.derived) {
      PutLengthPrefixed(text, derived.name);
      PutLengthPrefixed(text, derived.text);
    }
  }
  return std::max(Hash64(text), kNobodysLayout + 1);
}

}  // namespace skewless
