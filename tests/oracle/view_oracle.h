// The consistency contract, executed literally: the records of an entity that are available at T,
// in sequence order, tile by tile. No state is kept, nothing is folded ahead of the question, and
// no code is the kernel's. Slow, and meant to be read beside the contract.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "definition/definition.h"
#include "model/batch.h"
#include "model/value.h"
#include "oracle/aggregate_oracle.h"

namespace skewless::oracle {

// An event as the log holds it.
struct Record {
  int source = 0;
  Sequence sequence = 0;
  Timestamp event_us = 0;
  Timestamp available_us = 0;
  bool applied = true;
  std::vector<Value> columns;  // of the source's schema
};

enum class Standing { kPresent = 0, kNotFound = 1, kOutsideMaxAge = 2 };

struct Vector {
  Standing standing = Standing::kNotFound;
  Sequence sequence = 0;
  Timestamp newest_event_us = 0;
  std::vector<Value> values;  // features, then derived
};

// When a record counts as available: as the log says, or in hindsight.
using Availability = std::function<Timestamp(const Record&)>;
Timestamp AsLogged(const Record& record);
Timestamp AsOfEvent(const Record& record);
Availability WithDelay(DurationUs delay_us);

class ViewOracle {
 public:
  // `history` is in sequence order. The definition outlives the oracle.
  ViewOracle(const Definition& definition, int view, const std::vector<Record>& history,
             const Availability& availability = AsLogged);

  // read(S(view, key, t), t). A key with a null has no records.
  Vector Read(const std::vector<Value>& key, Timestamp t) const;
  // The same of the records up to `last`, from whenever on they were available: what a row of
  // finished values tells that names both.
  Vector ReadUpTo(const std::vector<Value>& key, Sequence last, Timestamp t) const;
  // Of the entities that have records.
  std::vector<std::vector<Value>> Keys() const;

 private:
  // A record of this view: what each feature takes of it, nothing where its filter refuses it.
  struct Seen {
    Sequence sequence = 0;
    Timestamp event_us = 0;
    Timestamp available_us = 0;
    std::vector<std::optional<Input>> inputs;
  };
  struct Entity {
    std::vector<Value> key;
    std::vector<Seen> records;
  };

  Seen See(const Record& record, Timestamp available_us) const;
  // The entity's records of which that holds.
  template <typename Condition>
  std::vector<const Seen*> Select(const std::vector<Value>& key, const Condition& condition) const;
  Vector ReadOf(const std::vector<const Seen*>& records, Timestamp t) const;
  Entity* FindOrAdd(const std::vector<Value>& key);
  std::vector<Tile> TilesAt(size_t feature, const std::vector<const Seen*>& records,
                            Timestamp t) const;
  void Derive(std::vector<Value>* values) const;

  const FeatureViewDefinition& view_;
  const Schema& schema_;
  std::vector<Entity> entities_;
};

}  // namespace skewless::oracle
