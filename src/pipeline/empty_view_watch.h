// Tells the operator of a view that takes none of its source's events: mostly a column is called
// otherwise in the records, so that the key is null in all of them, or `where` never holds. Nothing
// else would show it but readers that find nothing.
#pragma once

#include <string>
#include <vector>

#include "definition/definition.h"
#include "kernel/view_kernel.h"

namespace skewless {

// The engine thread's.
class EmptyViewWatch {
 public:
  explicit EmptyViewWatch(const Definition& definition);
  // The view has rows already.
  void NoteRows(size_t view) { views_[view].settled = true; }
  // A batch of the view's source, prepared for it.
  void Look(size_t view, const ViewInput& input) {
    if (!views_[view].settled) Count(view, input);
  }
  // At the end: also of views whose sources had few events.
  void Finish();

 private:
  struct View {
    bool settled = false;  // it takes events, or was told of
    int64_t events = 0, without_key = 0;
  };
  void Count(size_t view, const ViewInput& input);
  void Tell(size_t view);

  const Definition& definition_;
  std::vector<View> views_;
};

// Whose key is null: they are in no row of the view.
int64_t EventsWithoutKey(const ViewInput& input);

}  // namespace skewless
