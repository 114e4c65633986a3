#include "end_to_end/outside_check.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/bytes.h"
#include "base/check.h"
#include "base/file.h"
#include "model/list.h"

namespace skewless::outside {
namespace {

constexpr int64_t kTrail = 6;  // last(note, 6)

// As kill_test.py makes it: "user:number:" and as many times 'a' + number % 26 as the number says.
bool IsNote(std::string_view note, int64_t user, int64_t count, int64_t* number) {
  const std::string begin = std::to_string(user) + ":";
  if (!note.starts_with(begin)) return false;
  note.remove_prefix(begin.size());
  const auto [end, error] = std::from_chars(note.data(), note.data() + note.size(), *number);
  if (error != std::errc() || *number < 1 || *number > count) return false;
  note.remove_prefix(static_cast<size_t>(end - note.data()));
  if (!note.starts_with(':')) return false;
  note.remove_prefix(1);
  const char letter = static_cast<char>('a' + *number % 26);
  return static_cast<int64_t>(note.size()) == *number * 37 % 241 &&
         std::all_of(note.begin(), note.end(), [letter](char c) { return c == letter; });
}

}  // namespace

Result<History> History::Load(const std::string& path) {
  SKEWLESS_ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(SystemFiles(), path));
  History history;
  for (size_t at = 0; at + 4 <= bytes.size(); at += 4) {
    const auto user = LoadLe<uint32_t>(AsBytes(bytes).data() + at);
    if (user >= history.positions_.size()) history.positions_.resize(user + 1);
    history.positions_[user].push_back(static_cast<int64_t>(at / 4) + 1);
  }
  return history;
}

int64_t History::CountOf(int64_t user, int64_t events) const {
  const std::vector<int64_t>& positions = positions_[static_cast<size_t>(user)];
  return std::upper_bound(positions.begin(), positions.end(), events) - positions.begin();
}

size_t RowCheck::OutputOf(const char* name) const {
  for (size_t i = 0; i < plan_.outputs.size(); ++i) {
    if (plan_.outputs[i].name == name) return i;
  }
  CheckFailed(__FILE__, __LINE__, name);
}

bool RowCheck::Int(const char* name, const ReadRow& row, int64_t* out) const {
  const ValueView& value = row.values[OutputOf(name)];
  *out = value.int_value;
  return value.valid;
}

void RowCheck::Expect(const char* name, const ReadRow& row, int64_t wanted) {
  int64_t found = 0;
  const bool valid = Int(name, row, &found);
  if (valid && found == wanted) return;
  problem_ += std::string(" ") + name + " is " + (valid ? std::to_string(found) : "null") +
              " where " + std::to_string(wanted) + " belongs;";
}

// The notes were written with the other values of their events: each of the right user and length,
// none twice, none from the future of this row.
void RowCheck::CheckTrail(int64_t user, int64_t count, const ReadRow& row) {
  const ValueView& trail = row.values[OutputOf("trail")];
  if (!trail.valid || !DecodeList(TypeKind::kString, trail.bytes, &elements_) ||
      static_cast<int64_t>(elements_.size()) != std::min(count, kTrail)) {
    problem_ += " the trail has not min(count, 6) notes;";
    return;
  }
  std::vector<int64_t> numbers;
  for (const ValueView& note : elements_) {
    int64_t number = 0;
    if (!note.valid || !IsNote(note.bytes, user, count, &number)) {
      problem_ += " a note is torn: '" + std::string(note.bytes) + "';";
    }
    numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  if (std::adjacent_find(numbers.begin(), numbers.end()) != numbers.end()) {
    problem_ += " a note is in the trail twice;";
  }
}

void RowCheck::CheckUser(int64_t user, int64_t count, const ReadRow& row) {
  const ReadRow::ViewRead& view = row.views[0];
  if (count == 0) {
    if (view.status != RowStatus::kNotFound || view.sequence != 0) {
      problem_ += " a user without events was found;";
    }
    return;
  }
  Expect("visits", row, count);
  Expect("ones", row, count);
  Expect("numbers", row, count * (count + 1) / 2);
  Expect("squares", row, count * (count + 1) * (2 * count + 1) / 6);
  Expect("greatest", row, count);
  Expect("least", row, 1);
  CheckTrail(user, count, row);
  const ValueView& mean = row.values[OutputOf("mean")];
  if (!mean.valid || mean.double_value != static_cast<double>(count + 1) / 2) {
    problem_ += " mean is not (visits + 1) / 2;";
  }
  int64_t hour = 0;
  if (!Int("visits_1h", row, &hour) || hour < 0 || hour > count) {
    problem_ += " visits_1h is beyond visits;";
  }
  if (view.sequence <= 0 || view.sequence > row.views[1].sequence) {
    problem_ += " the user's row rests on a record that the world's lacks;";
  }
}

std::string RowCheck::Check(int64_t user, const ReadRow& row, Moment* moment) {
  problem_.clear();
  int64_t events = 0;
  const bool any = row.views[1].status == RowStatus::kPresent && Int("events", row, &events);
  *moment = {row.read_us, events, row.views[1].sequence};
  if (any) {
    Expect("positions", row, events * (events + 1) / 2);
    Expect("newest_position", row, events);
  } else if (row.views[1].status != RowStatus::kNotFound) {
    problem_ += " the world is there without events;";
  }
  CheckUser(user, history_.CountOf(user, events), row);
  if (problem_.empty()) return {};
  return "T " + std::to_string(row.read_us) + " user " + std::to_string(user) + " events " +
         std::to_string(events) + ":" + problem_;
}

std::string CheckOrder(const Moment& one, const Moment& other) {
  const Moment& earlier = one.read_us <= other.read_us ? one : other;
  const Moment& later = one.read_us <= other.read_us ? other : one;
  const bool equal = one.read_us == other.read_us;
  const bool good = equal ? one.events == other.events && one.sequence == other.sequence
                          : earlier.events <= later.events && earlier.sequence <= later.sequence;
  if (good) return {};
  const auto text = [](const Moment& moment) {
    return "T " + std::to_string(moment.read_us) + " events " + std::to_string(moment.events) +
           " sequence " + std::to_string(moment.sequence);
  };
  return text(earlier) + " and " + text(later) + " cannot both be true";
}

}  // namespace skewless::outside
