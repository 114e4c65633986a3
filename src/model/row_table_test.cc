#include "model/row_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace skewless {
namespace {

TEST(RowTable, FindsWhatIsInItAndNothingElse) {
  std::mt19937_64 random(3);
  for (const uint64_t hashes : {uint64_t{3}, uint64_t{50}, UINT64_MAX}) {
    RowTable table;
    std::map<std::pair<uint32_t, std::string>, RowTable::Id> known;
    for (int step = 0; step < 20'000; ++step) {
      const auto view = static_cast<uint32_t>(random() % 3);
      const std::string key = "key " + std::to_string(random() % 300);
      // Few hashes, so that probes are long and wrap around.
      const uint64_t hash = Hash64(AsBytes(key)) % hashes;
      const RowTable::Id id = table.Find(view, AsBytes(key), hash);
      const auto at = known.find({view, key});
      ASSERT_EQ(id, at == known.end() ? RowTable::kNone : at->second);
      if (id == RowTable::kNone) {
        const RowTable::Id added = table.Add(view, AsBytes(key), hash);
        known[{view, key}] = added;
        ASSERT_EQ(table.key(added).bytes, key);
        ASSERT_LT(added, table.limit());
      } else if (random() % 2 == 0) {
        table.Remove(id);
        known.erase(at);
      }
      ASSERT_EQ(table.size(), known.size());
    }
    ASSERT_LE(table.limit(), 900u);
  }
}

}  // namespace
}  // namespace skewless
