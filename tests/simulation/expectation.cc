#include "simulation/expectation.h"

namespace skewless::simulation {

using property::Label;

Finding Expectation::Load(const LogBook& book) {
  const Scenario& scenario = world_.scenario();
  const Definition& definition = world_.definition();
  if (scenario.remote) {
    if (auto found = truth_.Load(&world_)) return found;
  }
  for (size_t i = 0; i < definition.views.size(); ++i) {
    const int view = static_cast<int>(i);
    available_.emplace_back(
        definition, view, book.records,
        [this, view](const oracle::Record& record) { return AvailableOf(view, record); });
    if (!scenario.values) continue;
    computed_.emplace_back(
        definition, view, book.records,
        [this, view](const oracle::Record& record) { return truth_.ComputedOf(view, record); });
  }
  return std::nullopt;
}

// From when the record was readable: as the log says, or as the store elsewhere did.
Timestamp Expectation::AvailableOf(int view, const oracle::Record& record) const {
  if (!world_.scenario().remote || !record.applied) return record.available_us;
  return truth_.AvailableOf(view, record);
}

oracle::Vector Expectation::At(const Label& label, Timestamp t) const {
  if (!world_.scenario().values) return AsAvailable(label, t);
  const auto view = static_cast<size_t>(label.view);
  const auto key = world_.KeyOf(label);
  // Before readers were let in nobody saw values: a label stays at its own time.
  if (!key || t < truth_.opened_us()) return computed_[view].Read(label.key, t);
  const auto last = truth_.LastBy(label.view, std::string(AsText(*key)), t);
  return last ? OfRow(label, last->sequence, last->computed_us) : OfRow(label, 0, t);
}

oracle::Vector Expectation::OfRow(const Label& label, Sequence last, Timestamp computed_us) const {
  return available_[static_cast<size_t>(label.view)].ReadUpTo(label.key, last, computed_us);
}

oracle::Vector Expectation::AsAvailable(const Label& label, Timestamp t) const {
  return available_[static_cast<size_t>(label.view)].Read(label.key, t);
}

bool Expectation::IsForgotten(const Label& label, Timestamp t) const {
  if (!world_.scenario().remote) return false;
  const auto key = world_.KeyOf(label);
  return key && truth_.IsForgotten(label.view, std::string(AsText(*key)), t);
}

}  // namespace skewless::simulation
