#include "training/label_coverage.h"

#include <fmt/format.h>

#include <algorithm>

namespace skewless {
namespace {

// Of ten labels: so many that found nothing are nearly all.
constexpr int64_t kNearlyAll = 9;

bool CountsEventTimes(const JoinOptions& options) {
  return options.as_of == AsOf::kEvent || options.delay_us.has_value();
}

std::string Times(Timestamp first, Timestamp last) {
  return first == last ? FormatTimestamp(first)
                       : FormatTimestamp(first) + " to " + FormatTimestamp(last);
}

Error WithoutRecords(const SourceDefinition& source, std::string found_none) {
  return {ErrorCode::kNotFound,
          found_none + ": the history holds no record of source '" + source.name + "' for it",
          "Does the view's where leave no record? Or was the source renamed, or not read yet by "
          "`skewless run`, as far as a log is replayed?"};
}

Error BeforeRecords(const SourceDefinition& source, const JoinOptions& options,
                    const LabelCoverage& coverage, std::string found_none) {
  found_none +=
      fmt::format(": the labels' times are {}, and the view's records became available {}",
                  Times(coverage.first_label_us, coverage.last_label_us),
                  Times(coverage.counts.first_available_us, coverage.counts.last_available_us));
  if (CountsEventTimes(options) || source.tells_arrivals()) {
    return {ErrorCode::kNotFound, std::move(found_none),
            "Labels see what was available by their time: ask for later times, or read older "
            "records first."};
  }
  return {ErrorCode::kNotFound, std::move(found_none),
          "Records are available when the engine reads them, unless their source says otherwise: "
          "give '" +
              source.name +
              "' an arrival_timestamp or a delay and read it into a new log, or join with --delay "
              "10m, or with hindsight: --as-of event."};
}

}  // namespace

LabelCoverage CoverageOf(int view, std::span<const Timestamp> time_us, const ViewCounts& counts) {
  LabelCoverage coverage;
  coverage.view = view;
  coverage.counts = counts;
  for (const Timestamp time : time_us) {
    coverage.first_label_us = std::min(coverage.first_label_us, time);
    coverage.last_label_us = std::max(coverage.last_label_us, time);
    if (time < counts.first_available_us) ++coverage.before_first_record;
  }
  return coverage;
}

std::optional<Error> CoverageWarning(const Definition& definition, const JoinOptions& options,
                                     const LabelCoverage& coverage) {
  const ViewCounts& counts = coverage.counts;
  if (counts.labels == 0) return std::nullopt;
  const FeatureViewDefinition& view = definition.views[static_cast<size_t>(coverage.view)];
  const SourceDefinition& source = definition.sources[static_cast<size_t>(view.source)];
  if (counts.not_found * 10 >= counts.labels * kNearlyAll) {
    const std::string found_none = fmt::format("{} of {} label rows found no record of '{}'",
                                               counts.not_found, counts.labels, view.name);
    if (counts.records == 0) return WithoutRecords(source, found_none);
    if (coverage.before_first_record * 2 >= counts.not_found)
      return BeforeRecords(source, options, coverage, found_none);
    std::string keys;
    for (const ColumnSpec& key : definition.entities[static_cast<size_t>(view.entity)].keys)
      keys += (keys.empty() ? "" : ", ") + key.name;
    return Error{ErrorCode::kNotFound,
                 found_none + ", though the view has records from before their times",
                 "Are the labels' keys (" + keys +
                     ") those of the records? `skewless log --records 3` shows some."};
  }
  if (coverage.first_label_us > counts.last_available_us) {
    return Error{ErrorCode::kNotFound,
                 fmt::format("every label asks about a time after the last record of '{}' ({} and "
                             "{}): records from between, were there any, are not seen",
                             view.name, Times(coverage.first_label_us, coverage.last_label_us),
                             FormatTimestamp(counts.last_available_us)),
                 "Let `skewless run` read on past the labels' times, then join again."};
  }
  return std::nullopt;
}

}  // namespace skewless
