#include "training/training_set.h"

#include <arrow/api.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "kernel/service_kernel.h"
#include "training/join_passes.h"
#include "training/read_times.h"

namespace skewless {
namespace {

// What the output's columns are: views' outputs, then a service's derived ones.
struct Wanted {
  std::vector<FeatureReference> features;
  int service = -1;
  std::vector<int> views;  // distinct, of the features and of what a service's derived read
};

bool HasKeys(const Definition& definition, const FeatureViewDefinition& view,
             const LabelTable& labels) {
  const auto& keys = definition.entities[static_cast<size_t>(view.entity)].keys;
  return std::all_of(keys.begin(), keys.end(),
                     [&](const ColumnSpec& key) { return HasColumn(labels, key.name); });
}

Result<std::vector<FeatureReference>> AllThatFit(const Definition& definition,
                                                 const LabelTable& labels) {
  std::vector<FeatureReference> features;
  std::set<std::string> keys;
  for (size_t i = 0; i < definition.views.size(); ++i) {
    const FeatureViewDefinition& view = definition.views[i];
    for (const ColumnSpec& key : definition.entities[static_cast<size_t>(view.entity)].keys)
      keys.insert(key.name);
    if (!HasKeys(definition, view, labels)) continue;
    for (size_t output = 0; output < view.output_count(); ++output) {
      features.push_back({static_cast<int>(i), static_cast<int>(output)});
    }
  }
  if (!features.empty()) return features;
  std::string names;
  for (const std::string& key : keys) names += (names.empty() ? "" : ", ") + key;
  return Fail(ErrorCode::kInvalid, labels.path + ": has the key columns of no entity",
              "A label row names its entity by its key columns: " + names + ".");
}

Result<Wanted> Resolve(const Definition& definition, const std::vector<std::string>& names,
                       const LabelTable& labels) {
  Wanted wanted;
  if (names.empty()) {
    SKEWLESS_ASSIGN_OR_RETURN(wanted.features, AllThatFit(definition, labels));
  } else if (names.size() == 1 && definition.FindService(names[0]) >= 0 &&
             definition.FindView(names[0]) < 0) {
    wanted.service = definition.FindService(names[0]);
    const FeatureServiceDefinition& service =
        definition.services[static_cast<size_t>(wanted.service)];
    wanted.features = service.features;
    for (const FeatureReference& need : ServiceKernel(service).needed_features())
      wanted.views.push_back(need.view);
  } else {
    SKEWLESS_ASSIGN_OR_RETURN(wanted.features, ResolveFeatures(definition, names));
  }
  for (const FeatureReference& feature : wanted.features) wanted.views.push_back(feature.view);
  std::sort(wanted.views.begin(), wanted.views.end());
  wanted.views.erase(std::unique(wanted.views.begin(), wanted.views.end()), wanted.views.end());
  return wanted;
}

Result<ViewLabels> LabelsOf(const Definition& definition, int view, const LabelTable& labels,
                            StringArena* arena) {
  ViewLabels out;
  out.view = view;
  out.time_us = labels.time_us;
  std::vector<Column> columns;
  const int entity = definition.views[static_cast<size_t>(view)].entity;
  const std::string role =
      "a key of entity '" + definition.entities[static_cast<size_t>(entity)].name + "'";
  for (const ColumnSpec& key : definition.entities[static_cast<size_t>(entity)].keys) {
    SKEWLESS_ASSIGN_OR_RETURN(Column column, LabelColumn(labels, key.name, key.type, arena, role));
    columns.push_back(std::move(column));
  }
  std::vector<const Column*> pointers;
  for (const Column& column : columns) pointers.push_back(&column);
  EncodeKeys(pointers, labels.time_us.size(), &out.keys);
  return out;
}

// Names that two outputs share, or that the labels have, are an error: no column is renamed
// silently.
Status CheckNames(const LabelTable& labels, const std::vector<std::string>& names) {
  std::set<std::string> taken;
  for (const std::string& name : labels.table->ColumnNames()) taken.insert(name);
  for (const std::string& name : names) {
    if (taken.insert(name).second) continue;
    return Fail(ErrorCode::kInvalid, "two columns of the training set are called '" + name + "'",
                "Use --full-feature-names, or name fewer features with --features.");
  }
  return {};
}

Error UnreadWarning(const UnreadRecords& unread) {
  return {ErrorCode::kInvalid,
          std::to_string(unread.count) +
              (unread.count == 1 ? " record of the sources' files could not be read: "
                                 : " records of the sources' files could not be read, first ") +
              unread.first,
          "No label sees such records. `skewless run` keeps each with its reason."};
}

class TrainingSetMaker {
 public:
  TrainingSetMaker(const Definition& definition, const TrainingSetRequest& request)
      : definition_(definition), request_(request) {}

  Result<TrainingSetResult> Make(FileSystem& files) {
    SKEWLESS_ASSIGN_OR_RETURN(const KernelSet kernels, CompileKernels(definition_));
    SKEWLESS_ASSIGN_OR_RETURN(const TableFormat format, TableFormatOf(request_.output_path));
    SKEWLESS_RETURN_IF_ERROR(CheckOutputPath(request_.labels_path, request_.output_path));
    SKEWLESS_ASSIGN_OR_RETURN(
        labels_, ReadLabels(request_.labels_path, request_.timestamp_column, TextOf(format)));
    SKEWLESS_RETURN_IF_ERROR(CheckCanHold(labels_, request_.output_path));
    SKEWLESS_ASSIGN_OR_RETURN(wanted_, Resolve(definition_, request_.features, labels_));
    result_.feature_columns = FeatureNames();
    SKEWLESS_RETURN_IF_ERROR(CheckNames(labels_, result_.feature_columns));
    SKEWLESS_RETURN_IF_ERROR(ReadRequestColumns());
    SKEWLESS_RETURN_IF_ERROR(Join(files, kernels));
    CollectColumns();
    SKEWLESS_RETURN_IF_ERROR(WriteTrainingSet(labels_, columns_, request_.output_path));
    result_.rows = labels_.rows();
    return result_;
  }

 private:
  // Keys and request columns are what the definition says, whatever their values look like.
  CsvText TextOf(TableFormat output) const {
    CsvText text;
    text.all = output == TableFormat::kCsv;
    const auto add = [&](const std::vector<ColumnSpec>& columns) {
      for (const ColumnSpec& column : columns) {
        const TypeKind kind = column.type.kind;
        if (kind == TypeKind::kString || kind == TypeKind::kBytes || column.type.is_list) {
          text.columns.push_back(column.name);
        } else if (kind == TypeKind::kFloat32 || kind == TypeKind::kFloat64) {
          text.floats.push_back(column.name);
        }
      }
    };
    for (const EntityDefinition& entity : definition_.entities) add(entity.keys);
    for (const FeatureServiceDefinition& service : definition_.services) add(service.request);
    return text;
  }

  Status Join(FileSystem& files, const KernelSet& kernels) {
    std::vector<ViewLabels> view_labels;
    std::vector<std::vector<int>> outputs;
    for (const int view : wanted_.views) {
      SKEWLESS_ASSIGN_OR_RETURN(ViewLabels one, LabelsOf(definition_, view, labels_, &strings_));
      view_labels.push_back(std::move(one));
      std::set<int> needed;
      for (const FeatureReference& feature : wanted_.features) {
        if (feature.view == view) needed.insert(feature.output);
      }
      if (wanted_.service >= 0) {
        const auto& service = definition_.services[static_cast<size_t>(wanted_.service)];
        for (const FeatureReference& need : ServiceKernel(service).needed_features()) {
          if (need.view == view) needed.insert(need.output);
        }
      }
      outputs.emplace_back(needed.begin(), needed.end());
    }
    const JoinOptions& asked = request_.join;
    if (request_.history == HistoryKind::kLog && asked.as_of == AsOf::kAvailable && !asked.delay_us)
      SKEWLESS_RETURN_IF_ERROR(MoveToReadTimes(files, definition_, kernels, view_labels));
    // Files mostly lie in the order of arrivals; only those that don't are sorted.
    for (const FileOrder order : {FileOrder::kAsTheyLie, FileOrder::kSort}) {
      const auto open = [&]() -> Result<History> {
        SKEWLESS_ASSIGN_OR_RETURN(
            History history,
            OpenHistory(files, definition_, request_.history, wanted_.views,
                        {order, request_.sort_memory_bytes, request_.join.spill_directory}));
        unread_ = history.unread;
        if (request_.history == HistoryKind::kLog) {
          SKEWLESS_ASSIGN_OR_RETURN(
              history.availability,
              OpenAvailability(files, definition_, kernels, StampTime::kComputed));
        }
        return history;
      };
      JoinOptions options = request_.join;
      options.provenance = false;
      options.available_ascends = true;
      result_.counts = {};
      bool out_of_order = false;
      auto answers = JoinInPasses(kernels, open, view_labels, outputs, std::move(options),
                                  &result_.counts, &out_of_order);
      if (!answers && out_of_order) continue;
      SKEWLESS_ASSIGN_OR_RETURN(answers_, std::move(answers));
      CoverViews(view_labels);
      if (unread_->count > 0) result_.warnings.push_back(UnreadWarning(*unread_));
      return {};
    }
    return Fail(ErrorCode::kInternal, "sorted files came out of order");
  }

  void CoverViews(const std::vector<ViewLabels>& view_labels) {
    for (size_t i = 0; i < view_labels.size(); ++i) {
      result_.coverage.push_back(
          CoverageOf(view_labels[i].view, labels_.time_us, result_.counts.views[i]));
      // Of a history without records there is more to say than this.
      if (result_.counts.history_records == 0) continue;
      auto warning = CoverageWarning(definition_, request_.join, result_.coverage.back());
      if (warning) result_.warnings.push_back(std::move(*warning));
    }
  }

  const Column* Answer(FeatureReference feature) const {
    const auto at = std::lower_bound(wanted_.views.begin(), wanted_.views.end(), feature.view) -
                    wanted_.views.begin();
    return &answers_[static_cast<size_t>(at)].outputs[static_cast<size_t>(feature.output)];
  }

  std::vector<std::string> FeatureNames() const {
    std::vector<std::string> names;
    const auto add = [&](const std::string& of, const std::string& name) {
      names.push_back(request_.full_feature_names ? of + "__" + name : name);
    };
    for (const FeatureReference& feature : wanted_.features) {
      const FeatureViewDefinition& view = definition_.views[static_cast<size_t>(feature.view)];
      add(view.name, view.output_name(static_cast<size_t>(feature.output)));
    }
    if (wanted_.service < 0) return names;
    const auto& service = definition_.services[static_cast<size_t>(wanted_.service)];
    for (const auto& derived : service.derived) add(service.name, derived.name);
    return names;
  }

  Status ReadRequestColumns() {
    if (wanted_.service < 0) return {};
    const auto& service = definition_.services[static_cast<size_t>(wanted_.service)];
    for (const ColumnSpec& column : service.request) {
      SKEWLESS_ASSIGN_OR_RETURN(Column read,
                                LabelColumn(labels_, column.name, column.type, &strings_,
                                            "a request column of service '" + service.name + "'"));
      request_inputs_.push_back(std::move(read));
    }
    return {};
  }

  // As FeatureNames names them.
  void CollectColumns() {
    const auto add = [this](const Column* column) {
      columns_.push_back({result_.feature_columns[columns_.size()], column});
    };
    for (const FeatureReference& feature : wanted_.features) add(Answer(feature));
    if (wanted_.service < 0) return;
    std::vector<const Column*> request_columns;
    for (const Column& column : request_inputs_) request_columns.push_back(&column);
    service_.emplace(definition_.services[static_cast<size_t>(wanted_.service)]);
    const auto& derived = service_->Evaluate(
        request_columns, [this](FeatureReference feature) { return Answer(feature); },
        static_cast<size_t>(labels_.rows()), scratch_);
    for (const Column& column : derived) add(&column);
  }

  const Definition& definition_;
  const TrainingSetRequest& request_;
  LabelTable labels_;
  Wanted wanted_;
  StringArena strings_;
  std::shared_ptr<UnreadRecords> unread_;
  std::vector<ViewAnswers> answers_;
  std::deque<Column> request_inputs_;
  std::optional<ServiceKernel> service_;
  EvaluationScratch scratch_;
  std::vector<OutputColumn> columns_;
  TrainingSetResult result_;
};

}  // namespace

Result<TrainingSetResult> MakeTrainingSet(FileSystem& files, const Definition& definition,
                                          const TrainingSetRequest& request) {
  return TrainingSetMaker(definition, request).Make(files);
}

}  // namespace skewless
