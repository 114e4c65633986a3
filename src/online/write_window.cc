#include "online/write_window.h"

#include <algorithm>

namespace skewless {
namespace {

constexpr int64_t kPeriodNanos = 10'000'000'000;

}  // namespace

void WriteWindow::NoteLatency(int64_t latency_nanos, int64_t now_nanos) {
  if (period_began_nanos_ == INT64_MIN || now_nanos - period_began_nanos_ > kPeriodNanos) {
    period_began_nanos_ = now_nanos;
    shortest_before_ = shortest_;
    shortest_ = INT64_MAX;
  }
  shortest_ = std::min(shortest_, latency_nanos);
}

void WriteWindow::Answered(int64_t sent_nanos, int64_t now_nanos, bool was_full) {
  const int64_t latency = std::max<int64_t>(now_nanos - sent_nanos, 0);
  NoteLatency(latency, now_nanos);
  if (sent_nanos < halved_nanos_) return;
  ++answers_;
  latency_sum_ += latency;
  was_full_ |= was_full;
  if (answers_ >= size_) EndRound(now_nanos);
}

void WriteWindow::EndRound(int64_t now_nanos) {
  const int64_t mean = latency_sum_ / static_cast<int64_t>(answers_);
  const int64_t shortest = std::min(shortest_, shortest_before_);
  const bool late = mean > shortest + std::max(shortest, options_.patience_us * 1000);
  const bool was_full = was_full_;
  answers_ = 0;
  latency_sum_ = 0;
  was_full_ = false;
  if (late) {
    Halve(now_nanos);
  } else if (was_full) {
    size_ = std::min(size_ + options_.step, options_.most);
  }
}

void WriteWindow::Failed(int64_t sent_nanos, int64_t now_nanos) {
  if (sent_nanos >= halved_nanos_) Halve(now_nanos);
}

void WriteWindow::Halve(int64_t now_nanos) {
  size_ = std::max(size_ / 2, options_.least);
  // Of what is in flight now the window has made up its mind.
  halved_nanos_ = now_nanos + 1;
  answers_ = 0;
  latency_sum_ = 0;
  was_full_ = false;
}

}  // namespace skewless
