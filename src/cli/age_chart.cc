#include "cli/age_chart.h"

#include <cairo-svg.h>
#include <cairo.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace skewless {
namespace {

constexpr double kWidth = 960, kHeight = 440;
constexpr double kLeft = 92, kRight = 24, kTop = 76, kBottom = 52;

struct Colour {
  double red, green, blue;
};
constexpr Colour kInk{0.13, 0.15, 0.18}, kFaint{0.88, 0.89, 0.91}, kSoft{0.42, 0.45, 0.50};
constexpr Colour kStreaming{0.00, 0.45, 0.70},
    kBatch{0.84, 0.37, 0.00};  // safe for colour-blind eyes

void SetColour(cairo_t* cairo, Colour colour, double alpha = 1) {
  cairo_set_source_rgba(cairo, colour.red, colour.green, colour.blue, alpha);
}

enum class Align { kStart, kMiddle, kEnd };

void Text(cairo_t* cairo, double x, double y, const std::string& text, double size, Colour colour,
          Align align, bool bold = false) {
  cairo_select_font_face(cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                         bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(cairo, size);
  cairo_text_extents_t extents;
  cairo_text_extents(cairo, text.c_str(), &extents);
  const double shift = align == Align::kStart    ? 0
                       : align == Align::kMiddle ? extents.x_advance / 2
                                                 : extents.x_advance;
  SetColour(cairo, colour);
  cairo_move_to(cairo, x - shift, y);
  cairo_show_text(cairo, text.c_str());
}

// Ages on a logarithmic axis between round ages: streaming and batch lie orders apart.
class AgeAxis {
 public:
  explicit AgeAxis(const std::vector<AgePoint>& points) {
    DurationUs least = kDayUs;
    DurationUs greatest = kSecondUs;
    for (const AgePoint& point : points) {
      least = std::min(least, std::max<DurationUs>(point.streaming_us, 1000));
      greatest = std::max({greatest, point.streaming_us, point.batch_us});
    }
    for (const DurationUs age :
         {int64_t{1000}, int64_t{10'000}, int64_t{100'000}, kSecondUs, 10 * kSecondUs, kMinuteUs,
          10 * kMinuteUs, kHourUs, 3 * kHourUs, 6 * kHourUs, 12 * kHourUs, kDayUs, 2 * kDayUs,
          4 * kDayUs, 7 * kDayUs, 30 * kDayUs, 365 * kDayUs}) {
      ticks_.push_back(age);
      if (age <= least) ticks_ = {age};
      if (age >= greatest) break;
    }
  }
  double Y(DurationUs age) const {
    const double low = std::log(static_cast<double>(ticks_.front()));
    const double high = std::log(static_cast<double>(ticks_.back()));
    const double at =
        (std::log(static_cast<double>(std::max<DurationUs>(age, ticks_.front()))) - low) /
        std::max(high - low, 1e-9);
    return kHeight - kBottom - at * (kHeight - kTop - kBottom);
  }
  const std::vector<DurationUs>& ticks() const { return ticks_; }

 private:
  std::vector<DurationUs> ticks_;
};

class Chart {
 public:
  Chart(cairo_t* cairo, const ViewAge& age, const std::string& title)
      : cairo_(cairo), age_(age), title_(title), axis_(age.points) {}

  void Draw() {
    cairo_set_source_rgb(cairo_, 1, 1, 1);
    cairo_paint(cairo_);
    Text(cairo_, kLeft, 32, title_, 17, kInk, Align::kStart, true);
    DrawLegend();
    DrawGrid();
    DrawLine(&AgePoint::batch_us, kBatch, 1.6, 0.10);
    DrawLine(&AgePoint::streaming_us, kStreaming, 2.0, 0.14);
  }

 private:
  double X(Timestamp time) const {
    const double span = static_cast<double>(
        std::max<DurationUs>(1, age_.points.back().time_us - age_.points.front().time_us));
    return kLeft + static_cast<double>(time - age_.points.front().time_us) / span *
                       (kWidth - kLeft - kRight);
  }

  void DrawLegend() {
    const auto entry = [this](double x, Colour colour, const std::string& text) {
      SetColour(cairo_, colour);
      cairo_rectangle(cairo_, x, 48, 12, 12);
      cairo_fill(cairo_);
      Text(cairo_, x + 18, 58, text, 13, kInk, Align::kStart);
    };
    entry(kLeft, kStreaming,
          "streaming: p50 " + FormatAge(age_.streaming_p50_us) + ", p99 " +
              FormatAge(age_.streaming_p99_us));
    entry(kLeft + 330, kBatch,
          "daily batch: p50 " + FormatAge(age_.batch_p50_us) + ", p99 " +
              FormatAge(age_.batch_p99_us));
  }

  void DrawGrid() {
    cairo_set_line_width(cairo_, 1);
    for (const DurationUs tick : axis_.ticks()) {
      const double y = std::floor(axis_.Y(tick)) + 0.5;
      SetColour(cairo_, kFaint);
      cairo_move_to(cairo_, kLeft, y);
      cairo_line_to(cairo_, kWidth - kRight, y);
      cairo_stroke(cairo_);
      Text(cairo_, kLeft - 10, y + 4, FormatAge(tick), 12, kSoft, Align::kEnd);
    }
    const DurationUs span = age_.points.back().time_us - age_.points.front().time_us;
    const bool by_date = span > 2 * kDayUs;
    constexpr int kLabels = 7;
    for (int i = 0; i < kLabels; ++i) {
      const Timestamp time = age_.points.front().time_us + span * i / (kLabels - 1);
      const std::string text = FormatTimestamp(time);
      const Align align = i == 0 ? Align::kStart : i == kLabels - 1 ? Align::kEnd : Align::kMiddle;
      Text(cairo_, X(time), kHeight - kBottom + 22,
           by_date ? text.substr(0, 10) : text.substr(5, 14), 12, kSoft, align);
    }
    Text(cairo_, kLeft, kHeight - 10,
         "age of the newest event that a reader could see (log scale), UTC", 12, kSoft,
         Align::kStart);
  }

  void DrawLine(DurationUs AgePoint::*value, Colour colour, double width, double fill) {
    const auto trace = [&] {
      bool drawing = false;
      for (const AgePoint& point : age_.points) {
        if (point.*value < 0) continue;
        drawing ? cairo_line_to(cairo_, X(point.time_us), axis_.Y(point.*value))
                : cairo_move_to(cairo_, X(point.time_us), axis_.Y(point.*value));
        drawing = true;
      }
      return drawing;
    };
    if (!trace()) return;
    SetColour(cairo_, colour);
    cairo_set_line_width(cairo_, width);
    cairo_set_line_join(cairo_, CAIRO_LINE_JOIN_ROUND);
    cairo_stroke_preserve(cairo_);
    cairo_line_to(cairo_, X(age_.points.back().time_us), kHeight - kBottom);
    cairo_line_to(cairo_, X(age_.points.front().time_us), kHeight - kBottom);
    cairo_close_path(cairo_);
    SetColour(cairo_, colour, fill);
    cairo_fill(cairo_);
  }

  cairo_t* cairo_;
  const ViewAge& age_;
  const std::string& title_;
  AgeAxis axis_;
};

}  // namespace

std::string FormatAge(DurationUs age) {
  if (age < 1000) return fmt::format("{} us", age);
  if (age < kSecondUs) return fmt::format("{} ms", age / 1000);
  if (age < kMinuteUs) return fmt::format("{} s", age / kSecondUs);
  if (age < kHourUs) return fmt::format("{} min", age / kMinuteUs);
  const auto two = [](int64_t big, const char* unit, int64_t small, const char* small_unit) {
    return small == 0 ? fmt::format("{} {}", big, unit)
                      : fmt::format("{} {} {} {}", big, unit, small, small_unit);
  };
  if (age < kDayUs) return two(age / kHourUs, "h", age % kHourUs / kMinuteUs, "min");
  return two(age / kDayUs, "d", age % kDayUs / kHourUs, "h");
}

Status DrawAgeChart(const ViewAge& age, const std::string& title, const std::string& path) {
  const bool svg = path.ends_with(".svg");
  if (!svg && !path.ends_with(".png")) {
    return Fail(ErrorCode::kInvalid, path + ": unknown picture format",
                "Name the file .svg or .png.");
  }
  if (age.points.size() < 2) {
    return Fail(ErrorCode::kInvalid, "view '" + age.view + "' has too few records to draw",
                "Choose a longer time.");
  }
  constexpr double kScale = 2;  // PNG for dense screens
  cairo_surface_t* surface =
      svg ? cairo_svg_surface_create(path.c_str(), kWidth, kHeight)
          : cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(kWidth * kScale),
                                       static_cast<int>(kHeight * kScale));
  cairo_t* cairo = cairo_create(surface);
  if (!svg) cairo_scale(cairo, kScale, kScale);
  Chart(cairo, age, title).Draw();
  cairo_destroy(cairo);
  cairo_status_t status =
      svg ? CAIRO_STATUS_SUCCESS : cairo_surface_write_to_png(surface, path.c_str());
  cairo_surface_finish(surface);
  if (status == CAIRO_STATUS_SUCCESS) status = cairo_surface_status(surface);
  cairo_surface_destroy(surface);
  if (status == CAIRO_STATUS_SUCCESS) return {};
  return Fail(ErrorCode::kIo, path + ": " + cairo_status_to_string(status), "May you write there?");
}

}  // namespace skewless
