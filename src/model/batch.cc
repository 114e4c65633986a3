#include "model/batch.h"

namespace skewless {

void Batch::Reset(const Schema* new_schema, uint32_t new_source) {
  schema = new_schema;
  source = new_source;
  columns.resize(schema->columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    columns[i].type = schema->columns[i].type;
    columns[i].Clear();
  }
  event_us.clear();
  arrival_us.clear();
  positions.clear();
  runs.clear();
  strings.Clear();
  sequence.clear();
  processing_us.clear();
  available_us.clear();
  applied.clear();
}

}  // namespace skewless
