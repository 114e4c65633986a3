#include "property/random_case.h"

#include "property/dice.h"
#include "property/random_definition.h"
#include "property/random_history.h"
#include "property/source_columns.h"

namespace skewless::property {

Case RandomCase(uint64_t seed) {
  Dice dice(seed);
  Case c;
  c.seed = seed;
  DrawDefinition(dice, &c);
  DrawHistory(dice, &c);
  DrawLabels(dice, &c);
  return c;
}

std::string Describe(const Case& c) {
  std::string out = YamlOf(c) + "events (batches are set apart by lines):\n";
  for (const Event& event : c.events) {
    const oracle::Record& record = event.record;
    if (event.starts_batch) out += "  ---\n";
    out += "  #" + std::to_string(CounterOf(record.sequence)) + " s" +
           std::to_string(record.source) + " event " + std::to_string(record.event_us) +
           " available " + std::to_string(record.available_us) + (record.applied ? "" : " REFUSED");
    for (size_t i = 0; i < record.columns.size(); ++i) {
      const Value& value = record.columns[i];
      const std::string& name = SourceColumns()[i].name;
      if (value.valid && name != "ts") out += " " + name + "=" + FormatValue(value.view());
    }
    out += "\n";
  }
  out += "asked:\n";
  for (const Label& label : c.labels) {
    out += "  " + c.views[static_cast<size_t>(label.view)].name + " [";
    for (const Value& value : label.key) out += " " + FormatValue(value.view());
    out += " ] at " + std::to_string(label.time_us) + "\n";
  }
  return out;
}

}  // namespace skewless::property
