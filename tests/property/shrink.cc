#include "property/shrink.h"

#include <algorithm>

namespace skewless::property {
namespace {

class Shrinker {
 public:
  Shrinker(Case failing, const Path& path, int trials)
      : best_(std::move(failing)), path_(path), trials_(trials) {}

  Case Run() {
    bool smaller = true;
    while (smaller && trials_ > 0) {
      smaller = DropViews();
      smaller |= DropRuns(&Case::labels);
      smaller |= DropRuns(&Case::events);
      for (size_t view = 0; view < best_.views.size(); ++view) {
        smaller |= DropFromView(view, &ViewText::derived);
        smaller |= DropFromView(view, &ViewText::features);
        smaller |= Simplify([&](Case* c) { return Clear(&c->views[view].where); });
        smaller |= Simplify([&](Case* c) { return Clear(&c->views[view].ttl); });
      }
      smaller |= JoinBatches();
      smaller |= DropColumns();
    }
    return best_;
  }

 private:
  // Keeps the changed case if it fails, too.
  bool Keep(Case changed) {
    if (trials_ <= 0) return false;
    --trials_;
    std::string error;
    const auto compiled = CompiledCase::Compile(changed, &error);
    if (compiled == nullptr || !path_(*compiled)) return false;
    best_ = std::move(changed);
    return true;
  }

  template <typename Change>
  bool Simplify(const Change& change) {
    Case changed = best_;
    return change(&changed) && Keep(std::move(changed));
  }

  static bool Clear(std::string* text) {
    const bool had = !text->empty();
    text->clear();
    return had;
  }

  bool DropViews() {
    bool any = false;
    for (size_t view = best_.views.size(); view-- > 0 && best_.views.size() > 1;) {
      Case changed = best_;
      const auto index = static_cast<int>(view);
      changed.views.erase(changed.views.begin() + index);
      std::erase_if(changed.labels, [&](const Label& label) { return label.view == index; });
      for (Label& label : changed.labels) label.view -= label.view > index ? 1 : 0;
      any |= Keep(std::move(changed));
    }
    return any;
  }

  // Half of them, then a quarter at each place, and so on to single ones.
  template <typename T>
  bool DropRuns(std::vector<T> Case::*list) {
    bool any = false;
    for (size_t run = (best_.*list).size(); run > 0; run /= 2) {
      for (size_t at = 0; at < (best_.*list).size() && trials_ > 0;) {
        Case changed = best_;
        auto& items = changed.*list;
        const size_t end = std::min(at + run, items.size());
        items.erase(items.begin() + static_cast<ptrdiff_t>(at),
                    items.begin() + static_cast<ptrdiff_t>(end));
        if (Keep(std::move(changed))) {
          any = true;
        } else {
          at += run;
        }
      }
    }
    return any;
  }

  template <typename T>
  bool DropFromView(size_t view, T ViewText::*list) {
    bool any = false;
    for (size_t i = (best_.views[view].*list).size(); i-- > 0;) {
      any |= Simplify([&](Case* c) {
        auto& items = c->views[view].*list;
        items.erase(items.begin() + static_cast<ptrdiff_t>(i));
        return true;
      });
    }
    return any;
  }

  bool JoinBatches() {
    bool any = false;
    for (size_t i = 1; i < best_.events.size(); ++i) {
      if (!best_.events[i].starts_batch) continue;
      any |= Simplify([&](Case* c) {
        c->events[i].starts_batch = false;
        return true;
      });
    }
    return any;
  }

  // Nulls where any value will do.
  bool DropColumns() {
    if (best_.events.empty()) return false;
    bool any = false;
    for (size_t column = 0; column + 1 < best_.events[0].record.columns.size(); ++column) {
      any |= Simplify([&](Case* c) {
        bool had = false;
        for (Event& event : c->events) {
          Value& value = event.record.columns[column];
          had |= value.valid;
          value = Value::Null(value.type);
        }
        return had;
      });
    }
    return any;
  }

  Case best_;
  const Path& path_;
  int trials_;
};

}  // namespace

Case Shrink(Case failing, const Path& path, int trials) {
  return Shrinker(std::move(failing), path, trials).Run();
}

}  // namespace skewless::property
