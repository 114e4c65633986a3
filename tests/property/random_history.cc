#include "property/random_history.h"

#include <algorithm>
#include <map>

#include "property/random_values.h"
#include "property/source_columns.h"

namespace skewless::property {
namespace {

Timestamp FloorTo(Timestamp t, DurationUs step) {
  const DurationUs above = ((t % step) + step) % step;
  return SaturatingSub(t, above);
}

class HistoryDrawer {
 public:
  HistoryDrawer(Dice& dice, Case* c) : dice_(dice), case_(*c), hop_(c->hop_us) {
    wildness_ = dice.Pick({Wildness::kTame, Wildness::kMixed, Wildness::kMixed, Wildness::kWild});
    has_ends_of_time_ = dice.Chance(3);
    is_dense_ = dice.Chance(40);
    now_ = dice.Pick({Timestamp{0}, -7 * hop_, -100 * 365 * kDayUs, 1'356'998'400 * kSecondUs,
                      1'700'000'000'123'457});
    for (const SourceColumn& column : KeyColumns()) {
      const int64_t size = dice.Pick({1, 2, 2, 4});
      for (int64_t i = 0; i < size; ++i) {
        Value value = RandomValue(dice, column.type, Wildness::kMixed);
        while (!value.valid) value = RandomValue(dice, column.type, Wildness::kMixed);
        keys_[column.name].push_back(value);
      }
    }
  }

  void Draw() {
    const int64_t count = dice_.Chance(10) ? dice_.Between(200, 400) : dice_.Between(0, 120);
    const int batch_rows = dice_.Pick({1, 3, 20, 1000});
    int64_t left_in_batch = 0;
    for (int64_t i = 0; i < count; ++i) {
      Event event;
      event.record = NextRecord();
      const bool other_source =
          !case_.events.empty() && case_.events.back().record.source != event.record.source;
      if (left_in_batch <= 0 || other_source) {
        event.starts_batch = true;
        left_in_batch = dice_.Between(1, batch_rows);
      }
      --left_in_batch;
      event.record.sequence = MakeSequence(1, i + 1);
      case_.events.push_back(event);
    }
  }

 private:
  oracle::Record NextRecord() {
    Advance();
    oracle::Record record;
    if (!case_.events.empty() && dice_.Chance(8)) {
      record = dice_.Pick(case_.events).record;  // sent twice
    } else {
      // Sources take turns in runs.
      const bool same = !case_.events.empty() && dice_.Chance(80);
      record.source =
          same ? case_.events.back().record.source : static_cast<int>(dice_.Below(case_.sources));
      record.event_us = EventTime();
      DrawColumns(&record);
    }
    record.available_us = now_;
    record.applied = !dice_.Chance(5);
    return record;
  }

  void Advance() {
    if (is_dense_ && !dice_.Chance(5)) {  // many records a tile
      now_ += dice_.Chance(30) ? 0 : dice_.Below(hop_ / 10 + 2);
      return;
    }
    switch (dice_.Below(10)) {
      case 0:
      case 1:
      case 2:
        break;  // at the same instant
      case 3:
        now_ += 1;
        break;
      case 4:
        now_ += hop_;
        break;
      case 5:
        now_ = FloorTo(now_, hop_) + hop_;
        break;  // onto a tile's edge
      case 6:
        now_ += dice_.Chance(15) ? 400 * hop_ : 2 * hop_;
        break;
      default:
        now_ += dice_.Below(hop_ + 1);
        break;
    }
  }

  Timestamp EventTime() {
    if (is_dense_ && dice_.Chance(60)) return now_ - dice_.Below(hop_ + 1);
    if (has_ends_of_time_ && dice_.Chance(20)) {
      return dice_.Pick({kMinTimestamp, kMinTimestamp + 1, kMaxTimestamp, kMaxTimestamp - 1});
    }
    switch (dice_.Below(12)) {
      case 0:
        return now_ - dice_.Below(3 * hop_ + 1);
      case 1:
        return now_ - dice_.Below(70 * hop_ + 1);
      case 2:
        return FloorTo(now_, hop_) - dice_.Between(0, 1);  // around a tile's edge
      case 3:
        return FloorTo(now_, hop_) - hop_ * dice_.Between(0, 12) + dice_.Between(-1, 1);
      case 4:
        return now_ - hop_ * dice_.Pick({1, 2, 3, 5, 10, 60, 120, 300}) + dice_.Between(-1, 1);
      case 5:
        return now_ + dice_.Below(3 * hop_ + 1);  // of the future
      case 6:
        return dice_.Chance(20) ? now_ + 100 * hop_ : now_;
      case 7:
        return case_.events.empty() ? now_ : case_.events.back().record.event_us;
      default:
        return now_;
    }
  }

  void DrawColumns(oracle::Record* record) {
    for (const SourceColumn& column : KeyColumns()) {
      record->columns.push_back(dice_.Chance(2) ? Value::Null(column.type)
                                                : dice_.Pick(keys_[column.name]));
    }
    for (const SourceColumn& column : ValueColumns()) {
      record->columns.push_back(RandomValue(dice_, column.type, wildness_));
    }
    record->columns.push_back(Value::Int(record->event_us, {TypeKind::kTimestamp, false}));
  }

  Dice& dice_;
  Case& case_;
  const DurationUs hop_;
  Wildness wildness_ = Wildness::kTame;
  bool has_ends_of_time_ = false;
  bool is_dense_ = false;
  Timestamp now_ = 0;
  std::map<std::string, std::vector<Value>> keys_;
};

const EntityText& EntityOf(const Case& c, const ViewText& view) {
  return *std::find_if(c.entities.begin(), c.entities.end(),
                       [&](const EntityText& entity) { return entity.name == view.entity; });
}

size_t KeyColumnIndex(const std::string& name) {
  const auto& columns = KeyColumns();
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const SourceColumn& column) { return column.name == name; });
  return static_cast<size_t>(found - columns.begin());
}

std::vector<Value> LabelKey(Dice& dice, const Case& c, const ViewText& view) {
  std::vector<Value> key;
  const bool strange = c.events.empty() || dice.Chance(4);
  const oracle::Record* record = strange ? nullptr : &dice.Pick(c.events).record;
  for (const auto& [name, type] : EntityOf(c, view).keys) {
    const size_t column = KeyColumnIndex(name);
    key.push_back(strange ? RandomValue(dice, KeyColumns()[column].type, Wildness::kMixed)
                          : record->columns[column]);
  }
  return key;
}

Timestamp LabelTime(Dice& dice, const Case& c, const ViewText& view) {
  if (c.events.empty()) return dice.Between(-5, 5) * c.hop_us;
  const oracle::Record& record = dice.Pick(c.events).record;
  const Timestamp from = dice.Chance(70) ? record.available_us : record.event_us;
  const DurationUs nudge = dice.Between(-1, 1);
  switch (dice.Below(8)) {
    case 0:
    case 1:
      return SaturatingAdd(from, nudge);
    case 2:
      return SaturatingAdd(FloorTo(SaturatingAdd(from, c.hop_us), c.hop_us), nudge);
    case 3: {
      const DurationUs tiles = dice.Pick({1, 2, 3, 5, 10, 60, 120, 300});
      return SaturatingAdd(SaturatingAdd(from, c.hop_us * tiles), nudge);
    }
    case 4: {
      if (view.ttl.empty()) return from;
      return SaturatingAdd(SaturatingAdd(record.event_us, *ParseDuration(view.ttl)), nudge);
    }
    case 5:
      return SaturatingAdd(from, dice.Below(20 * c.hop_us + 1));
    case 6:
      return SaturatingAdd(c.events.back().record.available_us, dice.Below(5 * c.hop_us + 1));
    default:
      if (dice.Chance(90)) return record.available_us;
      return dice.Pick({kMinTimestamp, kMaxTimestamp, Timestamp{0},
                        SaturatingSub(c.events.front().record.available_us, 1)});
  }
}

}  // namespace

void DrawHistory(Dice& dice, Case* c) { HistoryDrawer(dice, c).Draw(); }

void DrawLabels(Dice& dice, Case* c) {
  const int64_t count = dice.Between(10, 60);
  for (int64_t i = 0; i < count; ++i) {
    Label label;
    label.view = static_cast<int>(dice.Below(static_cast<int64_t>(c->views.size())));
    const ViewText& view = c->views[static_cast<size_t>(label.view)];
    label.key = LabelKey(dice, *c, view);
    label.time_us = LabelTime(dice, *c, view);
    c->labels.push_back(label);
    if (dice.Chance(20)) c->labels.push_back(label);  // asked twice
  }
}

}  // namespace skewless::property
