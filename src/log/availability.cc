#include "log/availability.h"

#include <algorithm>

#include "log/log_format.h"
#include "model/key.h"

namespace skewless {

Result<std::unique_ptr<Availability>> Availability::Open(FileSystem& files,
                                                         const std::string& log_directory,
                                                         const std::vector<StampedView>& views,
                                                         StampTime time) {
  const std::string directory = StampDirectory(log_directory);
  if (!files.Exists(directory)) return nullptr;
  SKEWLESS_ASSIGN_OR_RETURN(auto reader, StampLogReader::Open(files, directory));
  std::unique_ptr<Availability> availability(new Availability(std::move(reader), views, time));
  SKEWLESS_RETURN_IF_ERROR(availability->LookForOpenings());
  if (availability->opened_us_.empty()) return nullptr;
  return availability;
}

Availability::Availability(std::unique_ptr<StampLogReader> reader,
                           const std::vector<StampedView>& views, StampTime time)
    : reader_(std::move(reader)), time_(time) {
  for (const StampedView& view : views) views_.push_back({view, {}, {}});
}

Status Availability::LookForOpenings() {
  SKEWLESS_ASSIGN_OR_RETURN(const auto writers, reader_->Writers());
  for (const StampLogReader::Writer& writer : writers) {
    opened_us_[writer.epoch] = writer.opened_us;
    NoteWriter(writer.epoch, writer.views, writer.opened_us);
  }
  return {};
}

// Later ones are of writers without the view, or with another condition, and behind them no writer
// with the view has let readers in yet (OfLogged).
Sequence Availability::SettledThrough() const {
  const int64_t last = opened_us_.rbegin()->first;
  int64_t through = last;
  for (const View& view : views_) {
    int64_t opened = 0;
    for (const auto& [epoch, writer] : view.writers)
      if (writer.opened_us != kMaxTimestamp) opened = epoch;
    const auto had_the_records = [&](int64_t epoch) {
      const auto writer = view.writers.find(epoch);
      return writer != view.writers.end() && writer->second.records == view.name.records;
    };
    // What the last of them was owed counts from an opening, too.
    int64_t epoch = opened;
    while (epoch < last && had_the_records(epoch + 1)) ++epoch;
    const bool opened_with_others = opened > 0 && !had_the_records(opened);
    if (epoch < last || opened_with_others) epoch = opened - 1;
    through = std::min(through, epoch);
  }
  return MakeSequence(through + 1, 0) - 1;
}

// What rows of `stamped`, which is our `view`, are made of: where it isn't told, as ours.
uint64_t Availability::RecordsOf(const StampedView& stamped, const View& view) {
  return stamped.keys != 0 ? stamped.records : view.name.records;
}

void Availability::NoteWriter(int64_t epoch, const std::vector<StampedView>& views,
                              Timestamp opened_us) {
  for (View& view : views_) {
    for (const StampedView& stamped : views) {
      if (stamped.earlier || !stamped.IsSameView(view.name)) continue;
      const uint64_t records = RecordsOf(stamped, view);
      const auto [writer, is_new] =
          view.writers.try_emplace(epoch, Writer{opened_us, stamped.values, records});
      writer->second.opened_us = std::min(writer->second.opened_us, opened_us);
    }
  }
}

Status Availability::Advance(Sequence sequence) {
  StampLogReader::Frame frame;
  while (known_.known_sequence < sequence) {
    SKEWLESS_ASSIGN_OR_RETURN(const bool more, reader_->Next(&frame));
    if (!more) break;
    TakeFrame(frame);
  }
  if (table_.size() > 2 * rows_when_dropped_ + 1024) DropPassed();
  return {};
}

Status Availability::ReadToEnd() {
  StampLogReader::Frame frame;
  for (;;) {
    SKEWLESS_ASSIGN_OR_RETURN(const bool more, reader_->Next(&frame));
    if (!more) return {};
    TakeFrame(frame);
  }
}

void Availability::TakeFrame(const StampLogReader::Frame& frame) {
  const Sequence after = most_known_;
  known_ = frame.known;
  most_known_ = std::max(most_known_, known_.known_sequence);
  if (frame.views != writer_views_) {
    writer_views_ = frame.views;
    NoteWriter(frame.epoch, *frame.views, kMaxTimestamp);  // where it came since
    ours_.clear();
    for (const StampedView& view : *frame.views) {
      const auto found = std::find_if(views_.begin(), views_.end(),
                                      [&](const View& ours) { return ours.name.IsSameView(view); });
      ours_.push_back(found == views_.end() ? -1 : static_cast<int>(found - views_.begin()));
    }
  }
  for (const LoggedStamp& stamp : frame.stamps) {
    if (ours_[stamp.view] < 0) continue;
    const auto view = static_cast<uint32_t>(ours_[stamp.view]);
    Told told = ToldBy(frame.epoch, stamp);
    told.after = after;
    AddStamp(TableOf(view, RecordsOf((*frame.views)[stamp.view], views_[view])), stamp.key, told);
  }
  if (!wants_lost_) return;
  for (const LostWrite& write : frame.lost) {
    if (ours_[write.view] < 0) continue;
    const auto view = static_cast<uint32_t>(ours_[write.view]);
    if (!wants_lost_(view, write.key)) continue;
    lost_.push_back({view, (*frame.views)[write.view].values,
                     Bytes(write.key.begin(), write.key.end()), write.sequence, write.from_us,
                     write.until_us});
  }
}

uint32_t Availability::TableOf(uint32_t view, uint64_t records) {
  auto& tables = views_[view].tables;
  for (const auto& [of, table] : tables) {
    if (of == records) return table;
  }
  return tables.emplace_back(records, tables_++).second;
}

Availability::Told Availability::ToldBy(int64_t epoch, const LoggedStamp& logged) const {
  const bool computed = time_ == StampTime::kComputed && (*writer_views_)[logged.view].values;
  return {logged.stamp.sequence, computed ? logged.stamp.computed_us : logged.stamp.available_us,
          epoch, 0};
}

void Availability::AddStamp(uint32_t table, ByteView key, const Told& stamp) {
  if (stamp.sequence < passed_ || stamp.sequence <= stamp.after) return;
  const uint64_t hash = HashKey(key);
  RowTable::Id id = table_.Find(table, key, hash);
  if (id == RowTable::kNone) {
    id = table_.Add(table, key, hash);
    if (id == rows_.size()) rows_.emplace_back();
    rows_[id].stamps.clear();
    rows_[id].next = 0;
  }
  Row& row = rows_[id];
  std::vector<Told>& stamps = row.stamps;
  Insert(stamp, &row);
  if (row.next < 64 || row.next * 2 < stamps.size()) return;
  stamps.erase(stamps.begin(), stamps.begin() + static_cast<std::ptrdiff_t>(row.next));
  row.next = 0;
}

// Sequences and times ascend. Stamps come in their order but where one was found later, in a row
// that a dead writer left. One that another covers tells nothing: a row that was lost and written
// again, or told of twice.
void Availability::Insert(const Told& stamp, Row* row) {
  std::vector<Told>& stamps = row->stamps;
  auto at = stamps.end();
  while (at != stamps.begin() && (at - 1)->sequence >= stamp.sequence) --at;
  if (at != stamps.end() && at->available_us <= stamp.available_us) return;
  auto covered = at;
  while (covered != stamps.begin() && (covered - 1)->available_us >= stamp.available_us) --covered;
  at = stamps.erase(covered, at);
  row->next = std::min(row->next, static_cast<size_t>(at - stamps.begin()));
  stamps.insert(at, stamp);
}

Timestamp Availability::Of(uint32_t view, ByteView key, uint64_t key_hash, Sequence sequence,
                           Timestamp logged_us) {
  passed_ = std::max(passed_, sequence);
  const View& asked = views_[view];
  const int64_t epoch = EpochOf(sequence);
  const auto writer = asked.writers.find(epoch);
  const bool had_it = writer != asked.writers.end();
  if (had_it && writer->second.records == asked.name.records)
    return OfOwn(FirstWith(TableOf(view, asked.name.records), key, key_hash, sequence), epoch);
  // Where its own writer had no such rows: from when it was in those that are asked for, whoever
  // brought it there, or by what that writer had. With the condition of then the record may not
  // have been in the row.
  const Told* const told =
      had_it ? FirstWith(TableOf(view, writer->second.records), key, key_hash, sequence) : nullptr;
  const Timestamp own = told != nullptr ? OfOwn(told, epoch) : OfLogged(asked, epoch, logged_us);
  const Told* const brought = FirstWith(TableOf(view, asked.name.records), key, key_hash, sequence);
  return brought == nullptr ? own : std::min(own, brought->available_us);
}

// By rows of the condition that its own writer had: which stamp tells of it first, if one does.
Timestamp Availability::OfOwn(const Told* told, int64_t epoch) const {
  if (told == nullptr) return OpenedBetween(epoch, kMaxEpoch + 1);
  if (told->epoch == epoch) return told->available_us;
  return std::min(told->available_us, OpenedBetween(epoch, told->epoch));
}

const Availability::Told* Availability::FirstWith(uint32_t table, ByteView key, uint64_t key_hash,
                                                  Sequence sequence) {
  const RowTable::Id id = table_.Find(table, key, key_hash);
  if (id == RowTable::kNone) return nullptr;
  Row& row = rows_[id];
  while (row.next < row.stamps.size() && row.stamps[row.next].sequence < sequence) ++row.next;
  if (row.next == row.stamps.size()) return nullptr;
  // A stamp that came when all up to the record had: of later records.
  const Told& told = row.stamps[row.next];
  return told.after >= sequence ? nullptr : &told;
}

// The first time that a writer between these two let readers in. Its store held all of the log that
// was there before it; where it is one that gives stamps, it tells of them before, so this is one
// of another kind, or has the view no more.
Timestamp Availability::OpenedBetween(int64_t after_epoch, int64_t before_epoch) const {
  auto next = opened_us_.upper_bound(after_epoch);
  while (next != opened_us_.end() && next->second == kMaxTimestamp) ++next;
  return next == opened_us_.end() || next->first >= before_epoch ? kMaxTimestamp : next->second;
}

// Until its writer, or one behind it, let readers in, what earlier ones had written was read,
// without it, and by another clock than the one that the log was stamped by: while none did, nobody
// can read it. The first later writer with the view that let readers in had brought all that was
// there before it into its store. What a writer of values computes is for later times than all that
// was logged before it.
Timestamp Availability::OfLogged(const View& view, int64_t epoch, Timestamp logged_us) const {
  if (opened_us_.contains(epoch))
    logged_us = std::max(logged_us, OpenedBetween(epoch - 1, kMaxEpoch + 1));
  auto next = view.writers.upper_bound(epoch);
  while (next != view.writers.end() && next->second.opened_us == kMaxTimestamp) ++next;
  if (next == view.writers.end()) return logged_us;
  if (time_ == StampTime::kComputed && next->second.values) return logged_us;
  return std::min(logged_us, next->second.opened_us);
}

void Availability::DropPassed() {
  for (RowTable::Id id = 0; id < table_.limit(); ++id) {
    Row& row = rows_[id];
    if (row.stamps.empty() || row.stamps.back().sequence >= passed_) continue;
    table_.Remove(id);
    row = {};
  }
  rows_when_dropped_ = table_.size();
}

}  // namespace skewless
