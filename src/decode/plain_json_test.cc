#include "decode/plain_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/bytes.h"
#include "decode/json_lines.h"
#include "decode/record_fixture.h"
#include "decode/record_fuzzing.h"

namespace skewless {
namespace {

// Lines as the library reads them, alone, and after one that has their fields.
class PlainJsonTest : public ::testing::Test {
 protected:
  ReadRecords Read(const std::string& text) {
    DecodeOptions options;
    options.schema = &schema_;
    return ReadAll(
        ReadJsonLines(std::make_unique<PieceStream>(AsBytes(text), text.size()), "lines", options),
        schema_);
  }

  // The same row, or the same reason, in both.
  void ExpectTheSame(const std::string& first, const std::string& line) {
    const ReadRecords alone = Read(line + "\n");
    ReadRecords after = Read(first + "\n" + line + "\n");
    ASSERT_FALSE(after.rows.empty()) << first;
    after.rows.erase(after.rows.begin());
    EXPECT_EQ(after.rows, alone.rows) << line;
    ASSERT_EQ(after.bad.size(), alone.bad.size()) << line;
    if (alone.bad.empty()) return;
    EXPECT_EQ(after.bad[0].reason, alone.bad[0].reason);
    EXPECT_EQ(after.bad[0].text, line);
    EXPECT_EQ(after.bad[0].line, 2);
  }

  // Where the short way ends in `line` once it knows `first`; nothing where it refuses.
  std::string Taken(const std::vector<std::string>& keys, std::string line) {
    const FieldTree tree(schema_);
    PlainJsonReader reader(schema_, tree);
    for (size_t i = 0; i < keys.size(); ++i) reader.Learn(0, i, keys[i], tree.Find(0, keys[i]));
    Batch batch;
    batch.Reset(&schema_, 0);
    RowBuilder rows(schema_, {});
    rows.Begin(&batch, 1);
    const size_t size = line.size();
    line.append(TextInput::kPadding + 1, '\0');
    const char* const end = reader.Read(line.data(), rows);
    rows.End();
    return end == nullptr ? ""
                          : line.substr(0, std::min(size, static_cast<size_t>(end - &line[0])));
  }

  Schema schema_{{Spec("i", TypeKind::kInt64), Spec("n", TypeKind::kInt32),
                  Spec("d", TypeKind::kFloat64), Spec("f", TypeKind::kFloat32),
                  Spec("s", TypeKind::kString), Spec("b", TypeKind::kBool),
                  Spec("t", TypeKind::kTimestamp, false, TimestampUnit::kNanos),
                  Spec("w", TypeKind::kTimestamp), Spec("y", TypeKind::kBytes),
                  Spec("l", TypeKind::kInt64, true)}};
};

const char* const kValues[] = {"0",
                               "-0",
                               "00",
                               "01",
                               "-",
                               "-1",
                               "1",
                               "12345678",
                               "123456789",
                               "1234567890123456",
                               "12345678901234567",
                               "1234567890123456789",
                               "9223372036854775807",
                               "9223372036854775808",
                               "-9223372036854775807",
                               "-9223372036854775808",
                               "18446744073709551616",
                               "99999999999999999999",
                               "100000000000000000000000000",
                               "2147483647",
                               "2147483648",
                               "-2147483648",
                               "-2147483649",
                               "0.0",
                               "-0.0",
                               "0.5",
                               ".5",
                               "5.",
                               "1.5e3",
                               "1e5",
                               "1E-5",
                               "1.0000000000000000001",
                               "9007199254740992",
                               "9007199254740993",
                               "9007199254740.993",
                               "0.1234567890123456789",
                               "0.00000000000000000001",
                               "123456789012345678.9",
                               "1844674407370955161.7",
                               "1e400",
                               "3.4e38",
                               "1e39",
                               "+1",
                               "0x10",
                               "1a",
                               "NaN",
                               "true",
                               "false",
                               "null",
                               "tru",
                               "truee",
                               "nul",
                               "nulll",
                               "falsey",
                               "[1]",
                               "[]",
                               "{\"i\":1}",
                               "\"\"",
                               "\"a\"",
                               "\"fifteen bytes..\"",
                               "\"sixteen bytes...\"",
                               "\"seventeen bytes..\"",
                               "\"and so long that it takes more than two blocks\"",
                               "\"é\"",
                               "\"and so long, and behind it é, that it takes two\"",
                               "\"\xff\"",
                               "\"\xc3\"",
                               "\"long before what is not UTF-8: \xed\xa0\x80\"",
                               "\"\xff in front of a block that is\"",
                               "\"a\tb\"",
                               "\"a\x1f\"",
                               "\"a\\tb\"",
                               "\"a\\\"b\"",
                               "\"a\\qb\"",
                               "\"a\\\\\"",
                               "\"a\\\tb\"",
                               "\"a\\\xff\"",
                               "{\"x\":[{},\"}\\\"\"]}",
                               "{\"x\":[}",
                               "{\"x\":\"\xff\"}",
                               "[\\\"]\"]",
                               "[1,[2]",
                               "{]",
                               "\"open",
                               "\"a\x7f\"",
                               "\"2013-01-01T05:00:00.5Z\"",
                               "\"2013-02-29T00:00:00Z\"",
                               "'a'",
                               "",
                               " 1",
                               "  1",
                               "1 ",
                               "\t1",
                               "1,",
                               "1}"};

TEST_F(PlainJsonTest, ReadsWhatTheLibraryReads) {
  for (const ColumnSpec& column : schema_.columns) {
    const std::string key = "{\"" + column.name + "\":";
    for (const std::string value : kValues) {
      ExpectTheSame(key + "null}", key + value + "}");
      ExpectTheSame(key + "null,\"x\":1}", key + value + ",\"x\":" + value + "}");
      ExpectTheSame("{\"x\":1,\"" + column.name + "\": null}",
                    "{\"x\":" + value + ", \"" + column.name + "\": " + value + "}");
    }
  }
}

TEST_F(PlainJsonTest, ReadsObjectsThatDifferFromTheOneBefore) {
  const std::string first = "{\"i\":1,\"s\":\"a\",\"other\":2}";
  for (const std::string line : {"{}",
                                 "{\"i\":1}",
                                 "{\"i\":1,}",
                                 "{\"i\":1,\"s\":\"b\"}",
                                 "{\"s\":\"b\",\"i\":1}",
                                 "{\"i\":1,\"i\":2}",
                                 "{\"i\":1,\"s\":\"b\",\"other\":2,\"d\":1.5}",
                                 "{\"i\" :1,\"s\":\"b\"}",
                                 "{\"i\":1 ,\"s\":\"b\"}",
                                 "{ \"i\":1,\"s\":\"b\"}",
                                 " {\"i\":1,\"s\":\"b\"}",
                                 "{\"i\":1,\"s\":\"b\"}\r",
                                 "{\"i\":1,\"s\":\"b\"}\r\r",
                                 "{\"i\":1,\"s\":\"b\"} ",
                                 "{\"i\":1,\"s\":\"b\"}}",
                                 "{\"i\":1,\"s\":\"b\"}{}",
                                 "{\"i\":1,\"s\":\"b\"",
                                 "{\"i\":1;}",
                                 "{\"i\"1}",
                                 "{\"i\":1,,\"s\":\"b\"}",
                                 "{\"\\u0069\":3,\"s\":\"b\"}",
                                 "{\"i\":7,\"S\":\"b\"}"}) {
    ExpectTheSame(first, line);
  }
  ExpectTheSame("{\"i\":1,\"i\":2,\"s\":\"a\"}", "{\"i\":3,\"i\":4,\"s\":\"b\"}");
  ExpectTheSame("{\"i\":1,\"i\":2,\"s\":\"a\"}", "{\"i\":3,\"i\":null,\"s\":\"b\"}");
  ExpectTheSame("{\"\\u0069\":1,\"s\":\"a\"}", "{\"\":1,\"s\":\"b\"}");
}

TEST_F(PlainJsonTest, ReadsKeysOfEveryLength) {
  for (size_t size = 0; size < 80; ++size) {
    const std::string key(size, 'k'), longer = key + "k";
    schema_ = {{Spec(key, TypeKind::kInt64)}};
    ExpectTheSame("{\"" + key + "\":1}", "{\"" + key + "\":2}");
    ExpectTheSame("{\"" + key + "\":1}", "{\"" + longer + "\":2}");
    ExpectTheSame("{\"" + longer + "\":1}", "{\"" + key + "\":2}");
    const std::string line = "{\"" + key + "\":2}";
    EXPECT_EQ(Taken({key}, line), size <= TextInput::kPadding - 2 ? line : "");
    EXPECT_EQ(Taken({longer}, line), "");
  }
}

TEST_F(PlainJsonTest, RoundsDecimalsAsTheLibraryDoes) {
  std::mt19937_64 random(7);
  std::string lines;
  for (int i = 0; i < 20'000; ++i) {
    const auto digits = random() >> random() % 64;
    std::string text = std::to_string(digits);
    const size_t places = random() % 22;
    if (places > 0 && places < text.size()) text.insert(text.size() - places, ".");
    lines += "{\"d\":" + std::string(random() % 2 == 0 ? "-" : "") + text + "}\n";
  }
  const ReadRecords learned = Read("{\"d\":null}\n" + lines);
  ASSERT_EQ(learned.rows.size(), 20'001U);
  for (size_t i = 1, at = 0; i < learned.rows.size(); ++i) {
    const size_t end = lines.find('\n', at);
    EXPECT_EQ(learned.rows[i], Read(lines.substr(at, end + 1 - at)).rows.at(0));
    at = end + 1;
  }
}

// Else the tests above compare the library with itself.
TEST_F(PlainJsonTest, TakesTheShortWayThroughPlainObjects) {
  for (const std::string line :
       {"{\"i\":1,\"d\":-2.25,\"s\":\"é\",\"t\":1700000000000000000,\"x\":\"y\",\"b\":true}",
        "{\"i\": 1, \"d\": 10, \"s\": \"\", \"t\": null, \"x\": -1.5e3, \"b\": false}",
        "{\"i\":1,\"d\":3}", R"({"i":1,"d":3,"s":"","t":0,"x":{"s":["}",{"y": "\"]"}]},"b":true})",
        R"({"i":1,"d":3,"s":"","t":0,"x":[],"b":true})",
        R"({"i":1,"d":3,"s":"","t":0,"x":"\"\\","b":true})"}) {
    EXPECT_EQ(Taken({"i", "d", "s", "t", "x", "b"}, line), line);
    EXPECT_EQ(Taken({"i", "d", "s", "t", "x", "b"}, line + " \n"), line);
    EXPECT_EQ(Taken({"d", "i", "s", "t", "x", "b"}, line), "");
  }
}

// A stream of objects that aren't plain costs few tries, and one that becomes plain is noticed.
TEST_F(PlainJsonTest, TriesLessOftenWhereItIsRefused) {
  const FieldTree tree(schema_);
  PlainJsonReader reader(schema_, tree);
  reader.Learn(0, 0, "i", tree.Find(0, "i"));
  Batch batch;
  batch.Reset(&schema_, 0);
  RowBuilder rows(schema_, {});
  rows.Begin(&batch, 1);
  const std::string plain = "{\"i\":1}" + std::string(TextInput::kPadding + 1, '\0');
  const std::string nested = "{\"i\":[1]}" + std::string(TextInput::kPadding + 1, '\0');
  EXPECT_EQ(reader.Read(nested.data(), rows), nullptr);
  EXPECT_NE(reader.Read(plain.data(), rows), nullptr);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(reader.Read(nested.data(), rows), nullptr);
  int refused = 0;
  while (reader.Read(plain.data(), rows) == nullptr) ++refused;
  EXPECT_LE(refused, 63);
  EXPECT_NE(reader.Read(plain.data(), rows), nullptr);
  rows.End();
}

}  // namespace
}  // namespace skewless
