// What the store is known to hold of rows that are written by increments: the states last
// acknowledged, from which the next increments are reckoned. Bounded; the rows written longest ago
// leave first, and are written whole the next time.
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/bytes.h"

namespace skewless::redis {

class RowBases {
 public:
  explicit RowBases(size_t most_bytes) : most_bytes_(most_bytes) {}

  // Empty where it is not known. Valid until the next call that is not a Find.
  ByteView Find(int view, ByteView key) const;
  void Set(int view, ByteView key, ByteView state);
  void Forget(int view, ByteView key);
  void Clear();
  size_t size() const { return bases_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  struct Base {
    std::string name;  // view and key
    Bytes state;
  };
  using Bases = std::list<Base>;

  static std::string NameOf(int view, ByteView key);
  static size_t BytesOf(const Base& base);
  void Remove(Bases::iterator base);

  const size_t most_bytes_;
  size_t bytes_ = 0;
  Bases bases_;  // the one that was set last comes last
  std::unordered_map<std::string_view, Bases::iterator> by_name_;
};

}  // namespace skewless::redis
