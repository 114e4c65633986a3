#include "definition/yaml_document.h"

#include <gtest/gtest.h>

#include "definition/yaml_protection.h"

namespace skewless {
namespace {

std::unique_ptr<YamlDocument> Parsed(std::string text) {
  auto document = YamlDocument::Parse(std::move(text), "f.yaml");
  EXPECT_TRUE(document.has_value()) << (document ? "" : document.error().ToString());
  return document ? std::move(*document) : nullptr;
}

const YamlNode& At(const YamlDocument& document, std::initializer_list<std::string_view> path) {
  const YamlNode* node = &document.root();
  for (const std::string_view key : path) node = node->Find(key);
  return *node;
}

std::string Message(std::string text) {
  auto document = YamlDocument::Parse(std::move(text), "f.yaml");
  EXPECT_FALSE(document.has_value());
  return document ? std::string() : document.error().message;
}

TEST(YamlDocument, KeepsOrderAndPlaces) {
  const auto document = Parsed("b: 1\na: {x: two, y: [3, four]}\n");
  const YamlNode& root = document->root();
  ASSERT_EQ(root.entries.size(), 2U);
  EXPECT_EQ(root.entries[0].key->text, "b");
  const YamlNode& x = At(*document, {"a", "x"});
  EXPECT_EQ(x.text, "two");
  EXPECT_EQ(x.line, 2);
  EXPECT_EQ(x.column, 8);
  EXPECT_EQ(At(*document, {"a", "y"}).items[1]->column, 20);
}

TEST(YamlDocument, LetsParenthesesHoldCommasInFlow) {
  const auto document =
      Parsed("d: {share: a / nullif(b, 0), c: f(g(1, 2), '}'), t: timestamp[ms], l: int64[]}\n");
  EXPECT_EQ(At(*document, {"d", "share"}).text, "a / nullif(b, 0)");
  EXPECT_EQ(At(*document, {"d", "c"}).text, "f(g(1, 2), '}')");
  EXPECT_EQ(At(*document, {"d", "t"}).text, "timestamp[ms]");
  EXPECT_EQ(At(*document, {"d", "l"}).text, "int64[]");
}

TEST(YamlDocument, TakesListTypesWithAUnit) {
  const auto document = Parsed("d: {t: timestamp[ms][], u: x}\n");
  EXPECT_EQ(At(*document, {"d", "t"}).text, "timestamp[ms][]");
}

TEST(YamlDocument, DoesNotLetQuotedParenthesesReachOut) {
  const auto document = Parsed("d: {a: \"(\", b: [1, 2], c: ')'}\ne: it's (x\nf: [a, b]\n");
  EXPECT_EQ(At(*document, {"d", "a"}).text, "(");
  EXPECT_EQ(At(*document, {"d", "b"}).items.size(), 2U);
  EXPECT_EQ(At(*document, {"e"}).text, "it's (x");
  EXPECT_EQ(At(*document, {"f"}).items.size(), 2U);
}

TEST(YamlDocument, ProtectionIsUndone) {
  const std::string text = "a: {b: f(x, [y], {z}, '?')} # (a, b)\nc: \"q, [r]\"\n";
  EXPECT_NE(ProtectYaml(text), text);
  EXPECT_EQ(ProtectYaml(text).size(), text.size());
  EXPECT_EQ(UnprotectYaml(ProtectYaml(text)), text);
}

TEST(YamlDocument, KnowsNullWordsAsKeys) {
  const auto document = Parsed("csv: {null: NA, ~: x}\nempty:\n");
  EXPECT_EQ(At(*document, {"csv", "null"}).text, "NA");
  EXPECT_EQ(At(*document, {"csv", "~"}).text, "x");
  EXPECT_EQ(At(*document, {"empty"}).kind, YamlNode::Kind::kNull);
}

TEST(YamlDocument, FollowsAliases) {
  const auto document = Parsed("a: &c {x: int64}\nb: *c\nd: &t hello\ne: *t\n");
  EXPECT_EQ(At(*document, {"b", "x"}).text, "int64");
  EXPECT_EQ(At(*document, {"e"}).text, "hello");
  EXPECT_EQ(At(*document, {"d"}).column, 7);
}

TEST(YamlDocument, SkipsAByteOrderMarkAndTakesCarriageReturns) {
  const auto document = Parsed(
      "\xEF\xBB\xBF"
      "a: 1\r\nb: two\r\n");
  EXPECT_EQ(At(*document, {"a"}).column, 4);
  EXPECT_EQ(At(*document, {"b"}).text, "two");
}

struct InsideCase {
  const char* yaml;
  size_t offset;  // in the text of key "k"
  size_t source;  // in the file
};

class InsideTest : public testing::TestWithParam<InsideCase> {};

TEST_P(InsideTest, FindsTheByteAgain) {
  const auto document = Parsed(GetParam().yaml);
  EXPECT_EQ(LocateInScalar(At(*document, {"k"}), GetParam().offset), GetParam().source)
      << GetParam().yaml;
}

INSTANTIATE_TEST_SUITE_P(Plain, InsideTest,
                         testing::Values(InsideCase{"k: abc def\n", 0, 3},
                                         InsideCase{"k: abc def\n", 4, 7},
                                         InsideCase{"k: abc def\n", 7, 10},
                                         // Folded over two lines: "abc def".
                                         InsideCase{"k: abc\n   def\n", 4, 10},
                                         InsideCase{"k: abc\n   def\n", 6, 12},
                                         InsideCase{"k: {a: 1}\nk2: x\n", 0, 3}));
INSTANTIATE_TEST_SUITE_P(Quoted, InsideTest,
                         testing::Values(InsideCase{"k: 'abc'\n", 0, 4},
                                         InsideCase{"k: 'it''s x'\n", 5, 10},
                                         InsideCase{"k: \"a\\tb\"\n", 2, 7},
                                         InsideCase{"k: \"a\\u00e9b\"\n", 3, 11},
                                         InsideCase{"k: \"a\\\"b\"\n", 2, 7}));
INSTANTIATE_TEST_SUITE_P(Block, InsideTest,
                         testing::Values(InsideCase{"k: |\n  abc\n  def\n", 0, 7},
                                         InsideCase{"k: |\n  abc\n  def\n", 4, 13},
                                         InsideCase{"k: >-\n  abc\n  def\n", 5, 15},
                                         InsideCase{"k: |\n  abc\n    def\n", 6, 15}));

TEST(YamlDocument, RefusesWhatYamlWouldHide) {
  EXPECT_NE(Message("a: 1\nb: 2\na: 3\n").find("f.yaml:3:1: error: duplicate key 'a': line 1"),
            std::string::npos);
  EXPECT_NE(Message("a: {x: 1, x: 2}\n").find("f.yaml:1:11: error: duplicate key 'x'"),
            std::string::npos);
  EXPECT_NE(Message("a: \"abc\nb: 1\n").find("f.yaml:1:4: error: this quote is never closed"),
            std::string::npos);
  EXPECT_NE(Message("a: 1\n---\nb: 1\n").find("f.yaml:3:1: error: a second YAML document"),
            std::string::npos);
  EXPECT_NE(Message("a: !!binary x\n").find("YAML tags have no meaning"), std::string::npos);
  EXPECT_NE(Message("a: &b {c: *b}\n").find("an alias inside the node that it names"),
            std::string::npos);
  EXPECT_NE(Message("? [a]\n: b\n").find("a key must be a name"), std::string::npos);
}

TEST(YamlDocument, RefusesWhatIsNoText) {
  EXPECT_NE(Message(std::string("a: 1\nb: \x01\n")).find("f.yaml:2:4: error: a control character"),
            std::string::npos);
  EXPECT_NE(Message("a: \xFF\n").find("f.yaml:1:4: error: this is not UTF-8"), std::string::npos);
  EXPECT_NE(Message("a: \xED\xA0\x80\n").find("not UTF-8"), std::string::npos);
  EXPECT_NE(Message("a: \xC0\x80\n").find("not UTF-8"), std::string::npos);
  EXPECT_NE(Message("a: \xF4\x90\x80\x80\n").find("not UTF-8"), std::string::npos);
  EXPECT_NE(Message("").find("the file holds no definitions"), std::string::npos);
  EXPECT_NE(Message("# nothing\n").find("the file holds no definitions"), std::string::npos);
}

TEST(YamlDocument, ExplainsSyntaxErrors) {
  EXPECT_NE(Message("a: b: c\n").find("f.yaml:1:5: error: not valid YAML: a ': '"),
            std::string::npos);
  EXPECT_NE(Message("a: {b: c\nd: e\n").find("f.yaml:2:2: error: not valid YAML: a '{' or '['"),
            std::string::npos);
  EXPECT_NE(Message("a: *x\n").find("f.yaml:1:4: error: not valid YAML"), std::string::npos);
}

TEST(YamlDocument, SurvivesDeepNesting) {
  EXPECT_NE(Message(std::string(5000, '[')).find("not valid YAML"), std::string::npos);
}

}  // namespace
}  // namespace skewless
