#include "pipeline/values_layout.h"

#include "training/record_availability.h"

namespace skewless {
namespace {

constexpr uint32_t kVersion = 1;  // of what is in the fingerprint

}  // namespace

ValuesView ValuesViewOf(const Definition& definition, const ViewKernel& kernel) {
  const FeatureViewDefinition& view = kernel.view();
  ValuesView values;
  for (const ColumnSpec& key : definition.entities[static_cast<size_t>(view.entity)].keys)
    values.key_types.push_back(key.type);
  for (size_t i = 0; i < view.output_count(); ++i) {
    values.outputs.push_back({view.output_name(i), view.output_type(i)});
    values.index[view.output_name(i)] = i;
  }
  values.records = StampedViewOf(definition, kernel).records;
  return values;
}

uint64_t ValuesFingerprint(const ViewKernel& kernel) {
  const FeatureViewDefinition& view = kernel.view();
  Bytes bytes;
  const auto add = [&bytes](const std::string& name, const std::string& text, Type type) {
    PutLengthPrefixed(bytes, name);
    PutLengthPrefixed(bytes, text);
    PutLengthPrefixed(bytes, TypeName(type));
  };
  PutLe<uint32_t>(bytes, kVersion);
  PutLe<uint64_t>(bytes, kernel.fingerprint());
  PutLengthPrefixed(bytes, view.where_text);
  PutLe<int64_t>(bytes, view.ttl_us.value_or(-1));
  for (const FeatureDefinition& feature : view.features)
    add(feature.name, feature.text, feature.type);
  for (const DerivedDefinition& derived : view.derived)
    add(derived.name, derived.text, derived.type);
  return Hash64(bytes);
}

}  // namespace skewless
