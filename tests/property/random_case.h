// A case of the property tests: a definition, a history and the moments to ask for, all drawn from
// one seed. Kept as parts, so that a failing case can be cut down.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "oracle/view_oracle.h"

namespace skewless::property {

struct ViewText {
  std::string name;
  int source = 0;
  std::string entity;
  std::vector<std::pair<std::string, std::string>> keys;  // key of the entity: column
  std::string where;                                      // "": none
  std::string ttl;                                        // "": none
  std::vector<std::pair<std::string, std::string>> features;
  std::vector<std::pair<std::string, std::string>> derived;
};

struct EntityText {
  std::string name;
  std::vector<std::pair<std::string, std::string>> keys;  // name: type
};

// What is asked of one view at one moment.
struct Label {
  int view = 0;
  std::vector<Value> key;  // may hold a null
  Timestamp time_us = 0;
};

struct Event {
  oracle::Record record;
  bool starts_batch = false;
};

struct Case {
  uint64_t seed = 0;
  DurationUs hop_us = 1;  // that windows, disorder and moments are drawn around
  int sources = 1;
  std::vector<EntityText> entities;
  std::vector<ViewText> views;
  std::vector<Event> events;  // in sequence order; availability never decreases
  std::vector<Label> labels;
};

Case RandomCase(uint64_t seed);

// The definition as a user would write it.
std::string YamlOf(const Case& c);

// All of it, for people who look for a bug.
std::string Describe(const Case& c);

}  // namespace skewless::property
