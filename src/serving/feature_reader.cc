#include "serving/feature_reader.h"

#include <deque>

#include "base/check.h"
#include "kernel/service_kernel.h"
#include "kernel/vector_encoding.h"
#include "model/key.h"

namespace skewless {

struct FeatureReader::Impl {
  const Definition& definition;
  const KernelSet& kernels;
  std::unique_ptr<OnlineReader> online;
  std::vector<ServiceKernel> services;
  EvaluationScratch scratch;

  const size_t most_bytes;
  size_t read_bytes = 0;
  std::vector<KeyColumn> keys;        // by plan.views
  std::vector<RowKey> row_keys;       // row by row, view by view; null keys left out
  std::vector<int> state_of;          // the same order, with null keys as -1
  std::deque<FeatureVector> vectors;  // of the row that is being read, by plan.views
  std::vector<ReadRow> rows;
  // What the rows' values point into. A vector's own memory is tens of KiB where it has texts, too
  // much to keep one a row.
  StringArena strings;
  std::vector<Column> single;  // inputs of a one-row read
  StringArena single_strings;
  std::vector<Column> service_inputs;  // what a service's derived read, a column a needed feature
  std::vector<FeatureReference> service_needs;

  Impl(const Definition& d, const KernelSet& k, std::unique_ptr<OnlineReader> o, size_t most)
      : definition(d), kernels(k), online(std::move(o)), most_bytes(most) {
    for (const FeatureServiceDefinition& service : d.services) services.emplace_back(service);
  }

  void EncodeViewKeys(const ReadPlan& plan, const std::vector<Column>& inputs, size_t row_count);
  void BeginRows(const ReadPlan& plan, size_t row_count);
  void ReadVectors(const ReadPlan& plan, Timestamp read_us, std::span<const ByteView> states,
                   std::span<const Timestamp> state_read_us);
  void FinishRow(const ReadPlan& plan, size_t row, Timestamp read_us);
  void AddServiceDerived(const ReadPlan& plan, const std::vector<Column>& inputs, size_t row_count);
  Status MakeSingle(const ReadPlan& plan, const std::map<std::string, Value>& values);
  const FeatureVector& VectorOf(const ReadPlan& plan, int view) const;
  ValueView Kept(ValueView value);
};

FeatureReader::FeatureReader(const Definition& definition, const KernelSet& kernels,
                             std::unique_ptr<OnlineReader> online, size_t most_bytes)
    : impl_(std::make_unique<Impl>(definition, kernels, std::move(online), most_bytes)) {}
FeatureReader::~FeatureReader() = default;
bool FeatureReader::gave_up() const { return impl_->online->gave_up(); }
size_t FeatureReader::read_bytes() const { return impl_->read_bytes; }

void FeatureReader::Impl::EncodeViewKeys(const ReadPlan& plan, const std::vector<Column>& inputs,
                                         size_t row_count) {
  keys.resize(plan.views.size());
  std::vector<const Column*> columns;
  for (size_t v = 0; v < plan.views.size(); ++v) {
    columns.clear();
    const int entity = definition.views[static_cast<size_t>(plan.views[v])].entity;
    for (const ColumnSpec& key : definition.entities[static_cast<size_t>(entity)].keys) {
      for (size_t i = 0; i < plan.keys.size(); ++i) {
        if (plan.keys[i].name == key.name) columns.push_back(&inputs[i]);
      }
    }
    EncodeKeys(columns, row_count, &keys[v]);
  }
  row_keys.clear();
  state_of.clear();
  for (size_t row = 0; row < row_count; ++row) {
    for (size_t v = 0; v < plan.views.size(); ++v) {
      state_of.push_back(keys[v].valid[row] != 0 ? static_cast<int>(row_keys.size()) : -1);
      if (keys[v].valid[row] != 0) row_keys.push_back({plan.views[v], keys[v].key(row)});
    }
  }
}

void FeatureReader::Impl::BeginRows(const ReadPlan& plan, size_t row_count) {
  if (rows.size() < row_count) rows.resize(row_count);
  if (vectors.size() < plan.views.size()) vectors.resize(plan.views.size());
  strings.Clear();
  service_needs.clear();
  if (plan.service < 0 || plan.outputs.size() == plan.features.size()) return;
  service_needs = services[static_cast<size_t>(plan.service)].needed_features();
  service_inputs.resize(service_needs.size());
  for (size_t i = 0; i < service_needs.size(); ++i) {
    const auto& view = definition.views[static_cast<size_t>(service_needs[i].view)];
    service_inputs[i].Clear();
    service_inputs[i].type = view.output_type(static_cast<size_t>(service_needs[i].output));
  }
}

// The value as it outlives the vector that it is of.
ValueView FeatureReader::Impl::Kept(ValueView value) {
  value.bytes = strings.Add(value.bytes);
  return value;
}

const FeatureVector& FeatureReader::Impl::VectorOf(const ReadPlan& plan, int view) const {
  for (size_t v = 0; v < plan.views.size(); ++v) {
    if (plan.views[v] == view) return vectors[v];
  }
  CheckFailed(__FILE__, __LINE__, "the view is in the plan");
}

// What the store gave of a row's views: states, or vectors that are finished.
void FeatureReader::Impl::ReadVectors(const ReadPlan& plan, Timestamp read_us,
                                      std::span<const ByteView> states,
                                      std::span<const Timestamp> state_read_us) {
  const bool finished = online != nullptr && online->finished();
  for (size_t v = 0; v < plan.views.size(); ++v) {
    FeatureVector& vector = vectors[v];
    if (finished && !states[v].empty()) {
      SKEWLESS_CHECK(DecodeVector(states[v], &vector).has_value());
      continue;
    }
    kernels[static_cast<size_t>(plan.views[v])]->Read(
        states[v], state_read_us.empty() ? read_us : state_read_us[v], &vector);
  }
}

// From the vectors of a row's views to its values.
void FeatureReader::Impl::FinishRow(const ReadPlan& plan, size_t row, Timestamp read_us) {
  ReadRow& out = rows[row];
  out.read_us = read_us;
  out.views.clear();
  out.values.clear();
  out.statuses.clear();
  out.newest_event_us.clear();
  for (size_t v = 0; v < plan.views.size(); ++v) {
    const FeatureVector& vector = vectors[v];
    out.views.push_back({plan.views[v], vector.status, vector.sequence, vector.newest_event_us});
  }
  for (const FeatureReference& feature : plan.features) {
    const FeatureVector& vector = VectorOf(plan, feature.view);
    out.values.push_back(Kept(vector.values[static_cast<size_t>(feature.output)]));
    out.statuses.push_back(vector.status);
    out.newest_event_us.push_back(vector.newest_event_us);
  }
  for (size_t i = 0; i < service_needs.size(); ++i) {
    const FeatureReference need = service_needs[i];
    AppendValue(service_inputs[i],
                Kept(VectorOf(plan, need.view).values[static_cast<size_t>(need.output)]));
  }
}

void FeatureReader::Impl::AddServiceDerived(const ReadPlan& plan, const std::vector<Column>& inputs,
                                            size_t row_count) {
  if (plan.service < 0 || plan.outputs.size() == plan.features.size()) return;
  ServiceKernel& service = services[static_cast<size_t>(plan.service)];
  std::vector<const Column*> request;
  for (size_t i = 0; i < plan.request.size(); ++i) request.push_back(&inputs[plan.keys.size() + i]);
  const auto feature = [&](FeatureReference wanted) -> const Column* {
    for (size_t i = 0; i < service_needs.size(); ++i) {
      if (service_needs[i].view == wanted.view && service_needs[i].output == wanted.output)
        return &service_inputs[i];
    }
    return nullptr;
  };
  const std::vector<Column>& derived = service.Evaluate(request, feature, row_count, scratch);
  for (size_t row = 0; row < row_count; ++row) {
    for (const Column& column : derived) {
      rows[row].values.push_back(ValueAt(column, row));
      rows[row].statuses.push_back(RowStatus::kPresent);
      rows[row].newest_event_us.push_back(0);
    }
  }
}

Result<std::span<const ReadRow>> FeatureReader::ReadMany(const ReadPlan& plan,
                                                         const std::vector<Column>& inputs,
                                                         size_t row_count) {
  Impl& impl = *impl_;
  SKEWLESS_CHECK(impl.online != nullptr);
  impl.EncodeViewKeys(plan, inputs, row_count);
  impl.BeginRows(plan, row_count);
  impl.read_bytes = 0;
  impl.online->set_most_bytes(row_count > 1 ? impl.most_bytes : SIZE_MAX);
  SKEWLESS_ASSIGN_OR_RETURN(const Timestamp read_us, impl.online->Read(impl.row_keys));
  if (read_us == kMinTimestamp) {
    return Fail(
        ErrorCode::kUnavailable,
        "the replay clock stands before the first event: there is no time to read at",
        "Try again when an event was taken: under --replay-waits, after POST /replay/advance. "
        "Where the sources are at their end, none could be: their dead letters say why.");
  }
  std::vector<ByteView> states(plan.views.size());
  for (size_t row = 0; row < row_count; ++row) {
    for (size_t v = 0; v < plan.views.size(); ++v) {
      const int state = impl.state_of[row * plan.views.size() + v];
      states[v] = state < 0 ? ByteView{} : impl.online->state(static_cast<size_t>(state));
      impl.read_bytes += states[v].size();
    }
    impl.ReadVectors(plan, read_us, states, {});
    impl.FinishRow(plan, row, read_us);
  }
  impl.AddServiceDerived(plan, inputs, row_count);
  return std::span<const ReadRow>(impl.rows.data(), row_count);
}

Result<std::vector<int>> FeatureReader::ClosedViews() {
  SKEWLESS_RETURN_IF_ERROR(ReadMany(ReadPlan{}, {}, 0));  // there is a time to read at
  return impl_->online->ClosedViews();
}

Status FeatureReader::Impl::MakeSingle(const ReadPlan& plan,
                                       const std::map<std::string, Value>& values) {
  single_strings.Clear();
  single.resize(plan.keys.size() + plan.request.size());
  for (size_t i = 0; i < single.size(); ++i) {
    const bool is_key = i < plan.keys.size();
    const ColumnSpec& spec = is_key ? plan.keys[i] : plan.request[i - plan.keys.size()];
    const auto found = values.find(spec.name);
    if (found == values.end()) {
      return Fail(
          ErrorCode::kInvalid,
          std::string(is_key ? "key" : "request column") + " '" + spec.name + "' is missing",
          "Give it, as in " + spec.name + "=...");
    }
    single[i].Clear();
    single[i].type = spec.type;
    ValueView value = found->second.view();
    value.bytes = single_strings.Add(value.bytes);
    AppendValue(single[i], value);
  }
  return {};
}

Result<const ReadRow*> FeatureReader::Read(const ReadPlan& plan,
                                           const std::map<std::string, Value>& inputs) {
  SKEWLESS_RETURN_IF_ERROR(impl_->MakeSingle(plan, inputs));
  SKEWLESS_ASSIGN_OR_RETURN(const auto rows, ReadMany(plan, impl_->single, 1));
  return &rows[0];
}

Result<const ReadRow*> FeatureReader::Finish(const ReadPlan& plan,
                                             const std::map<std::string, Value>& inputs,
                                             Timestamp read_us, const std::vector<ByteView>& states,
                                             std::span<const Timestamp> state_read_us) {
  SKEWLESS_RETURN_IF_ERROR(impl_->MakeSingle(plan, inputs));
  impl_->BeginRows(plan, 1);
  impl_->ReadVectors(plan, read_us, states, state_read_us);
  impl_->FinishRow(plan, 0, read_us);
  impl_->AddServiceDerived(plan, impl_->single, 1);
  return &impl_->rows[0];
}

}  // namespace skewless
