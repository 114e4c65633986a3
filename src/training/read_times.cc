#include "training/read_times.h"

#include <algorithm>

#include "log/stamp_log.h"
#include "training/label_index.h"
#include "training/record_availability.h"

namespace skewless {
namespace {

// From when on readers were let in to the rows of a writer.
struct Era {
  Timestamp opened_us = kMaxTimestamp;
  bool values = false;
};

// The later one is that which was readable later: where a store lost rows, an old write that was
// still under way may have come once more.
struct Write {
  Timestamp available_us = kMinTimestamp;
  Timestamp computed_us = kMinTimestamp;
  auto operator<=>(const Write&) const = default;
};

class ReadTimes {
 public:
  ReadTimes(StampedView view, std::vector<Era> eras, ViewLabels* labels)
      : view_(std::move(view)),
        eras_(std::move(eras)),
        labels_(*labels),
        index_(labels->keys, labels->time_us, LabelIndex::Bound::kLastLabel),
        seen_(index_.positions()) {}

  const StampedView& view() const { return view_; }

  // Noted at the first label that saw the write; whether later ones saw a later one is for Move to
  // find.
  void Add(ByteView key, const Stamp& stamp) {
    const uint32_t entity = index_.number(index_.Find(HashKey(key), key));
    if (entity == LabelIndex::kNone) return;
    uint32_t begin = index_.begin(entity), end = index_.end(entity);
    while (begin < end) {
      const uint32_t middle = begin + (end - begin) / 2;
      if (index_.time(middle) < stamp.available_us) {
        begin = middle + 1;
      } else {
        end = middle;
      }
    }
    if (begin == index_.end(entity)) return;
    seen_[begin] = std::max(seen_[begin], {stamp.available_us, stamp.computed_us});
  }

  void Move() {
    for (uint32_t entity = 0; entity < index_.entity_count(); ++entity) {
      Timestamp computed = kMinTimestamp;
      for (uint32_t at = index_.begin(entity); at < index_.end(entity); ++at) {
        if (seen_[at].available_us != kMinTimestamp) computed = seen_[at].computed_us;
        if (SawValues(index_.time(at))) labels_.time_us[index_.label(at)] = computed;
      }
    }
  }

 private:
  bool SawValues(Timestamp t) const {
    for (auto era = eras_.rbegin(); era != eras_.rend(); ++era) {
      if (era->opened_us <= t) return era->values;
    }
    return false;
  }

  const StampedView view_;
  const std::vector<Era> eras_;  // in the order of their writers
  ViewLabels& labels_;
  LabelIndex index_;
  std::vector<Write> seen_;  // by position: the last by then that no earlier label saw
};

// A writer without the view has it in a store that needs no stamps, or nobody reads it.
std::vector<Era> ErasOf(const std::vector<StampLogReader::Writer>& writers,
                        const StampedView& view) {
  std::vector<Era> eras;
  for (const StampLogReader::Writer& writer : writers) {
    const bool values = std::any_of(
        writer.views.begin(), writer.views.end(),
        [&](const StampedView& stamped) { return stamped.values && stamped.IsSameView(view); });
    eras.push_back({writer.opened_us, values});
  }
  const bool any = std::any_of(eras.begin(), eras.end(), [](const Era& era) { return era.values; });
  return any ? eras : std::vector<Era>{};
}

Status AddStamps(StampLogReader* reader, std::vector<std::unique_ptr<ReadTimes>>* views) {
  StampLogReader::Frame frame;
  for (;;) {
    SKEWLESS_ASSIGN_OR_RETURN(const bool more, reader->Next(&frame));
    if (!more) return {};
    for (const LoggedStamp& logged : frame.stamps) {
      const StampedView& stamped = (*frame.views)[logged.view];
      if (!stamped.values) continue;
      for (const auto& view : *views) {
        if (view->view().IsSameView(stamped)) view->Add(logged.key, logged.stamp);
      }
    }
  }
}

}  // namespace

Status MoveToReadTimes(FileSystem& files, const Definition& definition, const KernelSet& kernels,
                       std::span<ViewLabels> labels) {
  const std::string directory = StampDirectory(definition.ResolvePath(definition.log_path));
  if (!files.Exists(directory)) return {};
  SKEWLESS_ASSIGN_OR_RETURN(auto reader, StampLogReader::Open(files, directory));
  SKEWLESS_ASSIGN_OR_RETURN(const auto writers, reader->Writers());
  std::vector<std::unique_ptr<ReadTimes>> views;
  for (ViewLabels& one : labels) {
    const ViewKernel& kernel = *kernels[static_cast<size_t>(one.view)];
    const StampedView view = StampedViewOf(definition, kernel);
    std::vector<Era> eras = ErasOf(writers, view);
    if (!eras.empty()) views.push_back(std::make_unique<ReadTimes>(view, std::move(eras), &one));
  }
  if (views.empty()) return {};
  SKEWLESS_RETURN_IF_ERROR(AddStamps(reader.get(), &views));
  for (const auto& view : views) view->Move();
  return {};
}

}  // namespace skewless
