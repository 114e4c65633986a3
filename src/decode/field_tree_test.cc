#include "decode/field_tree.h"

#include "decode/record_fixture.h"

namespace skewless {
namespace {

using Texts = std::vector<std::string>;

TEST(FieldTreeTest, HoldsTheRecordsThatLeadToColumns) {
  const Schema schema{{Spec("id", TypeKind::kInt64),
                       At(Spec("country", TypeKind::kString), {"user", "geo", "country"}),
                       At(Spec("ts", TypeKind::kTimestamp), {"@timestamp"}),
                       At(Spec("name", TypeKind::kString), {"user", "name"})}};
  const FieldTree tree(schema);
  EXPECT_EQ(tree.records(), 3U);
  EXPECT_EQ(tree.names(0), (Texts{"@timestamp", "id", "user"}));
  EXPECT_EQ(tree.Find(0, "id").column, 0);
  EXPECT_EQ(tree.Find(0, "@timestamp").column, 2);
  EXPECT_FALSE(tree.Find(0, "ts").is_wanted());
  EXPECT_FALSE(tree.Find(0, "country").is_wanted());
  const int user = tree.Find(0, "user").record;
  const int geo = tree.Find(user, "geo").record;
  EXPECT_EQ(tree.Find(0, "user").column, -1);
  EXPECT_EQ(tree.path(user), "user");
  EXPECT_EQ(tree.path(geo), "user.geo");
  EXPECT_EQ(tree.columns(user), (std::vector<size_t>{1, 3}));
  EXPECT_EQ(tree.columns(geo), (std::vector<size_t>{1}));
  EXPECT_EQ(tree.Find(geo, "country").column, 1);
  EXPECT_EQ(tree.Find(user, "name").column, 3);
}

}  // namespace
}  // namespace skewless
