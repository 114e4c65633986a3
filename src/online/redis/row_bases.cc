#include "online/redis/row_bases.h"

namespace skewless::redis {
namespace {

// Of a list's node and a map's, about.
constexpr size_t kOverheadBytes = 160;

}  // namespace

std::string RowBases::NameOf(int view, ByteView key) {
  std::string name(sizeof view, '\0');
  std::memcpy(name.data(), &view, sizeof view);
  name += AsText(key);
  return name;
}

size_t RowBases::BytesOf(const Base& base) {
  return kOverheadBytes + base.name.capacity() + base.state.capacity();
}

void RowBases::Remove(Bases::iterator base) {
  bytes_ -= BytesOf(*base);
  by_name_.erase(base->name);
  bases_.erase(base);
}

ByteView RowBases::Find(int view, ByteView key) const {
  const auto found = by_name_.find(NameOf(view, key));
  return found == by_name_.end() ? ByteView() : ByteView(found->second->state);
}

void RowBases::Set(int view, ByteView key, ByteView state) {
  std::string name = NameOf(view, key);
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    bases_.push_back({std::move(name), {}});
    by_name_.emplace(bases_.back().name, std::prev(bases_.end()));
  } else {
    bytes_ -= BytesOf(*found->second);
    bases_.splice(bases_.end(), bases_, found->second);
  }
  Base& base = bases_.back();
  base.state.assign(state.begin(), state.end());
  bytes_ += BytesOf(base);
  while (bytes_ > most_bytes_) Remove(bases_.begin());
}

void RowBases::Forget(int view, ByteView key) {
  const auto found = by_name_.find(NameOf(view, key));
  if (found != by_name_.end()) Remove(found->second);
}

void RowBases::Clear() {
  by_name_.clear();
  bases_.clear();
  bytes_ = 0;
}

}  // namespace skewless::redis
