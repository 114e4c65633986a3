#include "simulation/scenario_shrink.h"

#include <algorithm>

namespace skewless::simulation {
namespace {

class Shrinker {
 public:
  Shrinker(Scenario failing, const Fails& fails, int trials)
      : best_(std::move(failing)), fails_(fails), trials_(trials) {}

  Scenario Run() {
    for (bool smaller = true; smaller && trials_ > 0;) {
      smaller = DropLives();
      smaller |= CalmLives();
      smaller |= DropDeliveries();
      smaller |= DropViews();
      for (size_t view = 0; view < best_.drawn.views.size(); ++view) {
        smaller |= DropFromView(view, &property::ViewText::derived);
        smaller |= DropFromView(view, &property::ViewText::features);
        smaller |= Simplify([&](Scenario* s) { return Clear(&s->drawn.views[view].where); });
        smaller |= Simplify([&](Scenario* s) { return Clear(&s->drawn.views[view].ttl); });
      }
      smaller |= DropLabels();
      smaller |= Simplify([](Scenario* s) { return std::exchange(s->offline, false); });
      smaller |= Simplify([](Scenario* s) { return std::exchange(s->company, 0) != 0; });
      for (size_t i = 0; i < best_.lateness.size(); ++i) {
        smaller |= Simplify([&](Scenario* s) {
          const bool had = s->lateness[i].allowed_us || s->lateness[i].max_ahead_us;
          s->lateness[i] = {};
          return had;
        });
      }
    }
    return best_;
  }

 private:
  bool Keep(Scenario changed) {
    if (trials_ <= 0) return false;
    --trials_;
    if (!fails_(changed)) return false;
    best_ = std::move(changed);
    return true;
  }

  template <typename Change>
  bool Simplify(const Change& change) {
    Scenario changed = best_;
    return change(&changed) && Keep(std::move(changed));
  }

  static bool Clear(std::string* text) {
    const bool had = !text->empty();
    text->clear();
    return had;
  }

  // Half of them, then a quarter at each place, and so on to single ones.
  template <typename List>
  bool DropRuns(const List& list_of) {
    bool any = false;
    for (size_t run = list_of(&best_)->size(); run > 0; run /= 2) {
      for (size_t at = 0; at < list_of(&best_)->size() && trials_ > 0;) {
        Scenario changed = best_;
        auto& items = *list_of(&changed);
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

  bool DropLives() {
    return DropRuns([](Scenario* s) { return &s->lives; });
  }
  bool DropLabels() {
    return DropRuns([](Scenario* s) { return &s->drawn.labels; });
  }
  bool DropDeliveries() {
    bool any = false;
    for (size_t i = 0; i < best_.streams.size(); ++i) {
      any |= DropRuns([i](Scenario* s) { return &s->streams[i].deliveries; });
    }
    return any;
  }

  // Milder endings, earlier ones.
  bool CalmLives() {
    bool any = false;
    for (size_t i = 0; i < best_.lives.size(); ++i) {
      any |= Simplify([i](Scenario* s) { return std::exchange(s->lives[i].decays, false); });
      any |= Simplify([i](Scenario* s) {
        return std::exchange(s->lives[i].ending, Ending::kDropped) != Ending::kDropped;
      });
      any |= Simplify([i](Scenario* s) {
        s->lives[i].at /= 2;
        return s->lives[i].at > 0;
      });
    }
    return any;
  }

  bool DropViews() {
    bool any = false;
    for (size_t view = best_.drawn.views.size(); view-- > 0 && best_.drawn.views.size() > 1;) {
      any |= Simplify([view](Scenario* s) {
        const auto index = static_cast<int>(view);
        const std::string name = s->drawn.views[view].name;
        s->drawn.views.erase(s->drawn.views.begin() + index);
        std::erase_if(s->redefined,
                      [&](const property::ViewText& other) { return other.name == name; });
        std::erase_if(s->drawn.labels,
                      [&](const property::Label& label) { return label.view == index; });
        for (property::Label& label : s->drawn.labels) label.view -= label.view > index ? 1 : 0;
        return true;
      });
    }
    return any;
  }

  template <typename T>
  bool DropFromView(size_t view, T property::ViewText::*list) {
    bool any = false;
    for (size_t i = (best_.drawn.views[view].*list).size(); i-- > 0;) {
      any |= Simplify([&](Scenario* s) {
        auto& items = s->drawn.views[view].*list;
        items.erase(items.begin() + static_cast<ptrdiff_t>(i));
        return true;
      });
    }
    return any;
  }

  Scenario best_;
  const Fails& fails_;
  int trials_;
};

}  // namespace

Scenario ShrinkScenario(Scenario failing, const Fails& fails, int trials) {
  return Shrinker(std::move(failing), fails, trials).Run();
}

}  // namespace skewless::simulation
