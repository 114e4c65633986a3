#include "oracle/aggregate_oracle.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "base/check.h"
#include "base/json_text.h"
#include "model/list.h"

namespace skewless::oracle {
namespace {

__extension__ using Wide = __int128;

bool IsFloatArgument(const FeatureDefinition& feature) { return IsFloat(feature.argument_type); }

// Does the aggregate take this record at all?
bool Takes(const FeatureDefinition& feature, const Input& input) {
  const bool counts_rows = feature.argument == nullptr;
  const bool is_by =
      feature.aggregate == AggregateKind::kMinBy || feature.aggregate == AggregateKind::kMaxBy;
  if (counts_rows || feature.respect_nulls) return true;
  return is_by ? input.y.valid : input.x.valid;
}

// NaN is the greatest float and equal to itself; 0.0 and -0.0 are equal; texts go by their bytes.
bool Less(const Value& a, const Value& b) {
  switch (PhysicalOf(a.type)) {
    case Physical::kInt:
      return a.int_value < b.int_value;
    case Physical::kDouble:
      if (std::isnan(a.double_value)) return false;
      return std::isnan(b.double_value) || a.double_value < b.double_value;
    case Physical::kBytes:
      break;
  }
  const size_t common = std::min(a.bytes.size(), b.bytes.size());
  for (size_t i = 0; i < common; ++i) {
    const auto left = static_cast<unsigned char>(a.bytes[i]);
    const auto right = static_cast<unsigned char>(b.bytes[i]);
    if (left != right) return left < right;
  }
  return a.bytes.size() < b.bytes.size();
}

bool IsEarlier(const Input& a, const Input& b) {
  if (a.event_us != b.event_us) return a.event_us < b.event_us;
  return a.sequence < b.sequence;
}

std::vector<Input> InOrderOfEvents(const std::vector<Tile>& tiles) {
  std::vector<Input> all;
  for (const Tile& tile : tiles) all.insert(all.end(), tile.begin(), tile.end());
  std::sort(all.begin(), all.end(), IsEarlier);
  return all;
}

int64_t Count(const std::vector<Tile>& tiles) {
  int64_t count = 0;
  for (const Tile& tile : tiles) count += static_cast<int64_t>(tile.size());
  return count;
}

Wide IntegerSum(const std::vector<Tile>& tiles) {
  Wide sum = 0;
  for (const Tile& tile : tiles) {
    for (const Input& input : tile) sum += input.x.int_value;
  }
  return sum;
}

// Each tile starts from its first value, and the sum of tiles from the oldest one's.
double FloatSum(const std::vector<Tile>& tiles) {
  double sum = 0;
  for (size_t i = 0; i < tiles.size(); ++i) {
    double of_tile = tiles[i][0].x.double_value;
    for (size_t j = 1; j < tiles[i].size(); ++j) of_tile += tiles[i][j].x.double_value;
    sum = i == 0 ? of_tile : sum + of_tile;
  }
  return sum;
}

Value Sum(const FeatureDefinition& feature, const std::vector<Tile>& tiles) {
  if (IsFloatArgument(feature)) return Value::Double(FloatSum(tiles), feature.type);
  const Wide sum = IntegerSum(tiles);
  const bool fits =
      sum >= std::numeric_limits<int64_t>::min() && sum <= std::numeric_limits<int64_t>::max();
  return fits ? Value::Int(static_cast<int64_t>(sum), feature.type) : Value::Null(feature.type);
}

Value Average(const FeatureDefinition& feature, const std::vector<Tile>& tiles) {
  const double sum =
      IsFloatArgument(feature) ? FloatSum(tiles) : static_cast<double>(IntegerSum(tiles));
  return Value::Double(sum / static_cast<double>(Count(tiles)), feature.type);
}

// The first one of equal values stays: within a tile the first folded, then that of the oldest
// tile.
Value Extreme(const std::vector<Tile>& tiles, bool least) {
  const auto beats = [&](const Value& a, const Value& b) {
    return least ? Less(a, b) : Less(b, a);
  };
  Value best;
  for (size_t i = 0; i < tiles.size(); ++i) {
    Value of_tile = tiles[i][0].x;
    for (const Input& input : tiles[i]) {
      if (beats(input.x, of_tile)) of_tile = input.x;
    }
    if (i == 0 || beats(of_tile, best)) best = of_tile;
  }
  return best;
}

struct Moments {
  double n = 0, mean = 0, m2 = 0;
};

// Welford's algorithm over a tile, Chan's between tiles.
Moments MomentsOf(const FeatureDefinition& feature, const std::vector<Tile>& tiles) {
  Moments all;
  for (size_t i = 0; i < tiles.size(); ++i) {
    Moments b;
    for (const Input& input : tiles[i]) {
      const double x =
          IsFloatArgument(feature) ? input.x.double_value : static_cast<double>(input.x.int_value);
      b.n += 1;
      const double d = x - b.mean;
      b.mean += d / b.n;
      b.m2 += d * (x - b.mean);
    }
    if (i == 0) {
      all = b;
      continue;
    }
    const Moments a = all;
    const double d = b.mean - a.mean;
    all.n = a.n + b.n;
    all.mean = a.mean + d * b.n / all.n;
    all.m2 = a.m2 + b.m2 + d * d * a.n * b.n / all.n;
  }
  return all;
}

Value Variance(const FeatureDefinition& feature, const std::vector<Tile>& tiles) {
  const AggregateKind kind = feature.aggregate;
  const bool sample = kind == AggregateKind::kVarSamp || kind == AggregateKind::kStddevSamp;
  const bool root = kind == AggregateKind::kStddevPop || kind == AggregateKind::kStddevSamp;
  const Moments moments = MomentsOf(feature, tiles);
  if (sample && moments.n < 2) return Value::Null(feature.type);
  const double variance = moments.m2 / (sample ? moments.n - 1 : moments.n);
  return Value::Double(root ? std::sqrt(variance) : variance, feature.type);
}

// The x where y is least or greatest; among equal ones that of the earliest record.
Value ExtremeBy(const std::vector<Tile>& tiles, bool least) {
  const std::vector<Input> all = InOrderOfEvents(tiles);
  const Input* best = &all[0];
  for (const Input& input : all) {
    if (least ? Less(input.y, best->y) : Less(best->y, input.y)) best = &input;
  }
  return best->x;
}

// The n latest or earliest, oldest first.
Value List(const FeatureDefinition& feature, const std::vector<Tile>& tiles, bool latest) {
  std::vector<Input> all = InOrderOfEvents(tiles);
  const auto n = static_cast<size_t>(feature.list_size);
  if (all.size() > n && latest) all.erase(all.begin(), all.end() - static_cast<ptrdiff_t>(n));
  if (all.size() > n) all.resize(n);
  ListBuilder list(feature.argument_type.kind);
  for (const Input& input : all) list.Add(input.x.view());
  return Value::String(std::string(list.Finish()), feature.type);
}

bool AllTrue(const std::vector<Tile>& tiles, bool at_least_one_is_enough) {
  size_t trues = 0;
  size_t falses = 0;
  for (const Tile& tile : tiles) {
    for (const Input& input : tile) ++(input.x.int_value != 0 ? trues : falses);
  }
  return at_least_one_is_enough ? trues > 0 : falses == 0;
}

double Half(Timestamp from, Timestamp to, DurationUs half_life) {
  if (to <= from) return 1;
  const Wide age = Wide{to} - from;
  const Wide most = std::numeric_limits<int64_t>::max();
  return std::exp2(-(static_cast<double>(static_cast<int64_t>(age > most ? most : age)) /
                     static_cast<double>(half_life)));
}

// A tile starts at its first value; whatever comes next is brought to the later of both times.
// Tiles likewise, oldest first; in the end all is brought to t.
struct Decayed {
  double sum = 0;
  Timestamp at = 0;
  void Take(double x, Timestamp event, DurationUs half_life) {
    if (event > at) {
      sum = sum * Half(at, event, half_life) + x;
      at = event;
    } else {
      sum = sum + x * Half(event, at, half_life);
    }
  }
};

Value DecayedSum(const FeatureDefinition& feature, const std::vector<Tile>& tiles, Timestamp t) {
  Decayed all;
  for (size_t i = 0; i < tiles.size(); ++i) {
    Decayed tile{tiles[i][0].x.double_value, tiles[i][0].event_us};
    for (size_t j = 1; j < tiles[i].size(); ++j) {
      tile.Take(tiles[i][j].x.double_value, tiles[i][j].event_us, feature.half_life_us);
    }
    if (i == 0) {
      all = tile;
    } else {
      all.Take(tile.sum, tile.at, feature.half_life_us);
    }
  }
  return Value::Double(all.sum * Half(all.at, t, feature.half_life_us), feature.type);
}

Value CountsByValue(const FeatureDefinition& feature, const std::vector<Tile>& tiles) {
  std::map<std::string, int64_t> counts;
  for (const Tile& tile : tiles) {
    for (const Input& input : tile) ++counts[input.x.bytes];
  }
  std::string json;
  for (const auto& [value, count] : counts) {
    json += json.empty() ? "{" : ",";
    AppendJsonString(json, value);
    json += ":" + std::to_string(count);
  }
  return Value::String(json + "}", feature.type);
}

Value TimeSinceLast(const FeatureDefinition& feature, const std::vector<Tile>& tiles, Timestamp t) {
  const Wide since = Wide{t} - InOrderOfEvents(tiles).back().event_us;
  if (since < 0) return Value::Int(0, feature.type);
  const Wide most = std::numeric_limits<int64_t>::max();
  return Value::Int(static_cast<int64_t>(since > most ? most : since), feature.type);
}

}  // namespace

Value Aggregate(const FeatureDefinition& feature, const std::vector<Tile>& all_tiles, Timestamp t) {
  std::vector<Tile> tiles;
  for (const Tile& tile : all_tiles) {
    Tile taken;
    for (const Input& input : tile) {
      if (Takes(feature, input)) taken.push_back(input);
    }
    if (!taken.empty()) tiles.push_back(taken);
  }
  if (feature.aggregate == AggregateKind::kCount) return Value::Int(Count(tiles), feature.type);
  if (tiles.empty()) return Value::Null(feature.type);
  switch (feature.aggregate) {
    case AggregateKind::kSum:
      return Sum(feature, tiles);
    case AggregateKind::kAvg:
      return Average(feature, tiles);
    case AggregateKind::kMin:
      return Extreme(tiles, true);
    case AggregateKind::kMax:
      return Extreme(tiles, false);
    case AggregateKind::kVarPop:
    case AggregateKind::kVarSamp:
    case AggregateKind::kStddevPop:
    case AggregateKind::kStddevSamp:
      return Variance(feature, tiles);
    case AggregateKind::kFirst:
      return InOrderOfEvents(tiles).front().x;
    case AggregateKind::kLast:
      return InOrderOfEvents(tiles).back().x;
    case AggregateKind::kBoolAnd:
      return Value::Int(AllTrue(tiles, false) ? 1 : 0, feature.type);
    case AggregateKind::kBoolOr:
      return Value::Int(AllTrue(tiles, true) ? 1 : 0, feature.type);
    case AggregateKind::kMinBy:
      return ExtremeBy(tiles, true);
    case AggregateKind::kMaxBy:
      return ExtremeBy(tiles, false);
    case AggregateKind::kLastN:
      return List(feature, tiles, true);
    case AggregateKind::kFirstN:
      return List(feature, tiles, false);
    case AggregateKind::kSumDecayed:
      return DecayedSum(feature, tiles, t);
    case AggregateKind::kCountBy:
      return CountsByValue(feature, tiles);
    case AggregateKind::kTimeSinceLast:
      return TimeSinceLast(feature, tiles, t);
    default:
      break;
  }
  SKEWLESS_CHECK(false);
}

}  // namespace skewless::oracle
