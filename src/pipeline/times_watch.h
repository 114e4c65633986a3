// Tells the operator of times that are most likely mistaken: in another unit than declared, or
// arrivals in another time zone. Once each, as what is wrong with one record mostly is with all.
#pragma once

#include <string>

#include "model/batch.h"

namespace skewless {

// A source's; one thread's.
class TimesWatch {
 public:
  explicit TimesWatch(std::string source) : source_(std::move(source)) {}
  void Look(const Batch& batch);

 private:
  void LookAtEvents(const Batch& batch);
  void LookAtArrival(Timestamp event_us, Timestamp arrival_us);

  const std::string source_;
  bool told_of_events_ = false, told_of_arrivals_ = false, told_of_haste_ = false;
};

}  // namespace skewless
