#include <gtest/gtest.h>

#include "base/bytes.h"
#include "decode/avro_decoder.h"
#include "decode/avro_file.h"
#include "decode/avro_messages.h"
#include "decode/record_fixture.h"

namespace skewless {
namespace {

using Texts = std::vector<std::string>;

// A schema of a record with these fields.
SchemaText Record(const std::string& fields) {
  return {"event.avsc", R"({"type": "record", "name": "Event", "fields": [)" + fields + "]}"};
}

Result<std::shared_ptr<const AvroSchema>> ParseOne(const SchemaText& text) {
  return AvroSchema::Parse({&text, 1});
}

std::string ParseError(const std::string& text) {
  const auto schema = ParseOne({"event.avsc", text});
  return schema ? "" : schema.error().ToString();
}

// What is made of bare messages.
struct Decoded {
  Rows rows;
  Texts reasons;
};

Decoded DecodeAll(const std::string& fields, const Schema& columns, const Texts& payloads) {
  DecodeOptions options;
  options.schema = &columns;
  const auto schema = ParseOne(Record(fields));
  EXPECT_TRUE(schema.has_value()) << schema.error().message;
  const auto decoder = OpenAvroMessages(options, *schema, false);
  EXPECT_TRUE(decoder.has_value()) << decoder.error().message;
  std::vector<Message> messages;
  for (const std::string& payload : payloads) messages.push_back({payload, 0});
  Batch batch;
  std::vector<BadRecord> bad;
  batch.Reset(&columns, 0);
  EXPECT_TRUE((*decoder)->Decode(messages, &batch, &bad).has_value());
  Decoded decoded;
  for (size_t i = 0; i < batch.columns[0].size(); ++i) decoded.rows.push_back(RowText(batch, i));
  for (const BadRecord& record : bad) decoded.reasons.push_back(record.reason);
  return decoded;
}

std::string OpenError(const std::string& fields, const Schema& columns) {
  DecodeOptions options;
  options.schema = &columns;
  const auto decoder = OpenAvroMessages(options, *ParseOne(Record(fields)), false);
  return decoder ? "" : decoder.error().ToString();
}

TEST(AvroSchemaTest, ErrorsShowTheLine) {
  EXPECT_EQ(
      ParseError("{\n  \"type\": \"record\",,\n}"),
      "event.avsc:2:20: error: the schema is not valid JSON\n   2 |   \"type\": \"record\",,\n"
      "     |                    ^\n  An Avro schema is a JSON document.");
  // The library doesn't say where.
  EXPECT_EQ(ParseError(R"({"type": "int", "default": 8E888})"),
            "event.avsc:1:1: error: the schema has a number that is beyond all doubles\n"
            "   1 | {\"type\": \"int\", \"default\": 8E888}\n"
            "     | ^\n  Mend the number, as of a field's default.");
  EXPECT_EQ(ParseError("{\"type\": \"record\", \"name\": \"E\", \"fields\": [\n"
                       " {\"name\": \"a\", \"type\": \"strin\"}]}"),
            "event.avsc:2:24: error: there is no type 'strin'\n"
            "   2 |  {\"name\": \"a\", \"type\": \"strin\"}]}\n"
            "     |                        ^~~~~~~\n  Did you mean 'string'?");
  EXPECT_TRUE(
      Has(ParseError(Record(R"({"name": "a", "type": "int"}, {"name": "a", "type": "int"})").text),
          "the field 'a' is defined twice"));
  EXPECT_TRUE(Has(ParseError(R"({"type": "enum", "name": "E"})"), "the enum 'E' has no \"symbols"));
  EXPECT_TRUE(Has(ParseError(R"({"type": "fixed", "name": "E"})"), "the fixed 'E' has no \"size"));
  EXPECT_TRUE(Has(ParseError(R"({"type": "array"})"), "the array has no \"items\""));
  EXPECT_TRUE(Has(ParseError(R"([["null"]])"), "a union holds a union"));
  EXPECT_TRUE(Has(ParseError("17"), "expected a type, found a JSON number"));
  std::string deep = "\"int\"";
  for (int i = 0; i < 100; ++i) deep = "{\"type\": \"array\", \"items\": " + deep + "}";
  EXPECT_TRUE(Has(ParseError(deep), "types are nested deeper than 64"));
}

TEST(AvroSchemaTest, NamesAreFoundInTheirNamespaceFirst) {
  const Texts texts = {R"({"type": "enum", "name": "Kind", "namespace": "a", "symbols": ["x"]})",
                       R"({"type": "enum", "name": "Kind", "symbols": ["y"]})",
                       R"({"type": "record", "name": "Event", "namespace": "a", "fields": [
          {"name": "one", "type": "Kind"}, {"name": "next", "type": ["null", "a.Event"]}]})"};
  std::vector<SchemaText> named;
  for (const std::string& text : texts) named.push_back({"t", text});
  const auto schema = AvroSchema::Parse(named);
  ASSERT_TRUE(schema.has_value()) << schema.error().message;
  const AvroType& event = (*schema)->root();
  EXPECT_EQ(event.fields[0].type->symbols, (Texts{"x"}));
  EXPECT_EQ(event.fields[1].type->branches[1], &event);
}

TEST(AvroMessages, EachValueIsCheckedAgainstItsColumn) {
  const std::string fields = R"({"name": "i", "type": "long"}, {"name": "f", "type": "double"},
      {"name": "s", "type": "bytes"}, {"name": "t", "type": ["string", "long"]})";
  const Schema columns{{Spec("i", TypeKind::kInt32), Spec("f", TypeKind::kFloat32),
                        Spec("s", TypeKind::kString), Spec("t", TypeKind::kTimestamp)}};
  const std::string f("\0\0\0\0\0\0\xf8\x3f", 8);      // 1.5
  const std::string large("\0\0\0\0\0\0\xf0\x7e", 8);  // beyond float32
  const std::string s = "\x02"
                        "a",
                    t = std::string("\0\x28", 2) + "2024-01-01T00:00:00Z";
  const std::string big = "\x80\x80\x80\x80\x20";  // 2^32
  EXPECT_EQ(DecodeAll(fields, columns, {"\x04" + f + s + t}).rows,
            (Rows{"2, 1.5, 'a', 2024-01-01T00:00:00Z"}));
  EXPECT_EQ(DecodeAll(fields, columns,
                      {big + f + s + t, "\x04" + large + s + t, "\x04" + f + "\x02\xff" + t,
                       "\x04" + f + s + "\x02\x04", "\x04" + f + s + std::string("\0\x02x", 3)})
                .reasons,
            (Texts{"column 'i': 4294967296 is out of range for int32",
                   "column 'f': 2.7430620343968443e+303 is out of range for float32",
                   "column 's': not valid UTF-8",
                   "column 't': expected timestamp (RFC 3339), found a long",
                   "column 't': expected timestamp (RFC 3339), found \"x\""}));
}

TEST(AvroMessages, WhatIsNoAvroSaysWhere) {
  const std::string fields = R"({"name": "skip", "type": {"type": "array", "items": "string"}},
      {"name": "b", "type": "boolean"},
      {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["x"]}},
      {"name": "u", "type": ["null", "int"]})";
  const Schema columns{
      {Spec("b", TypeKind::kBool), Spec("e", TypeKind::kString), Spec("u", TypeKind::kInt32)}};
  const std::string prefix = "not valid Avro: field ";
  EXPECT_EQ(
      DecodeAll(fields, columns,
                {"", std::string("\0\x02", 2), std::string("\0\x01\x02", 3),
                 std::string("\0\x01\0\x04", 4), "\x02\x08 a", "\x02\x01", "\xff",
                 std::string("\0\x01\0\x02", 4) + "\x80\x80\x80\x80\x20",
                 std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00", 11),
                 "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02"})
          .reasons,
      (Texts{prefix + "'skip': ends inside a long, at byte 0",
             prefix + "'b': a boolean is neither 0 nor 1, at byte 1",
             prefix + "'e': symbol 1 of 1, at byte 3", prefix + "'u': branch 2 of 2, at byte 4",
             prefix + "'skip': 4 bytes are to follow where 2 are left, at byte 2",
             prefix + "'skip': a length is negative, at byte 2",
             prefix + "'skip': ends inside a long, at byte 0",
             prefix + "'u': an int has more than 32 bits, at byte 9",
             prefix + "'skip': a block has too many items, at byte 10",
             prefix + "'skip': a long has more than 64 bits, at byte 0"}));
}

// A block may say how many bytes it has, so that whoever doesn't want it can pass over it.
TEST(AvroMessages, AnArrayIsAllOfItsBlocks) {
  const std::string fields = R"({"name": "a", "type": {"type": "array", "items": "long"}},
      {"name": "b", "type": {"type": "array", "items": "long"}})";
  const std::string end("\0", 1);
  const std::string blocks = "\x04\x02\x04" + std::string("\x03\x04\x06\x08") + "\x02\x0a" + end;
  for (const char* name : {"a", "b"}) {
    const Schema columns{{Spec(name, TypeKind::kInt64, true)}};
    EXPECT_EQ(DecodeAll(fields, columns, {blocks + blocks}).rows, (Rows{"[1, 2, 3, 4, 5]"}));
  }
}

TEST(AvroMessages, NoMessageCostsMoreThanItsBytes) {
  const std::string fields = R"({"name": "a", "type": "long"},
      {"name": "n", "type": {"type": "array", "items": "null"}},
      {"name": "r", "type": {"type": "record", "name": "R", "fields": [
          {"name": "next", "type": ["null", "R"]}]}})";
  const std::string many = "\x80\x80\x80\x80\x80\x80\x40";
  const Schema unread{{Spec("a", TypeKind::kInt64)}};
  const std::string end("\0", 1);
  EXPECT_EQ(DecodeAll(fields, unread, {"\x02" + many + end + end}).rows, (Rows{"1"}));
  EXPECT_TRUE(Has(DecodeAll(fields, unread, {std::string("\x02\0", 2) + std::string(1000000, '\2')})
                      .reasons.at(0),
                  "field 'r': values are nested deeper than 64"));
  const Schema read{{Spec("n", TypeKind::kInt64, true)}};
  EXPECT_TRUE(Has(DecodeAll(fields, read, {"\x02" + many + end + end}).reasons.at(0),
                  "field 'n': an array has too many items"));
}

TEST(AvroMessages, ColumnsThatTheSchemaCannotFillAreErrors) {
  const std::string fields = R"({"name": "price", "type": ["null", "string"]},
      {"name": "cost", "type": {"type": "bytes", "logicalType": "decimal", "precision": 4}},
      {"name": "tags", "type": {"type": "array", "items": {"type": "map", "values": "int"}}})";
  EXPECT_EQ(OpenError(fields, {{Spec("price", TypeKind::kFloat64)}}),
            "field 'price' is a union of a null and a string and cannot be read as float64\n"
            "  Declare a type that holds its values.");
  EXPECT_TRUE(Has(OpenError(fields, {{Spec("prise", TypeKind::kString)}}),
                  "there is no field 'prise'; there are 'price', 'cost', 'tags'\n"
                  "  Did you mean 'price'?"));
  EXPECT_TRUE(Has(OpenError(fields, {{Spec("cost", TypeKind::kTimestamp)}}),
                  "field 'cost' is a bytes (decimal) and cannot be read as timestamp"));
  EXPECT_EQ(OpenError(fields, {{Spec("cost", TypeKind::kBytes)}}), "");
  EXPECT_TRUE(Has(OpenError(fields, {{Spec("tags", TypeKind::kString, true)}}),
                  "field 'tags' is an array of a map and cannot be read as string[]"));
  EXPECT_TRUE(Has(OpenError(fields, {{Spec("price", TypeKind::kString, true)}}), "cannot be read"));
}

TEST(AvroMessages, ADecimalIsANumberOrItsText) {
  const std::string fields = R"(
      {"name": "a", "type": {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}},
      {"name": "b", "type": ["null", {"type": "fixed", "name": "F", "size": 3,
                                      "logicalType": "decimal", "precision": 6, "scale": 1}]})";
  const std::string message("\x04\x04\xd2\x02\xff\xff\xfb", 7);  // 1234 of scale 2, -5 of scale 1
  const auto read = [&](TypeKind a, TypeKind b) {
    const Decoded decoded = DecodeAll(fields, {{Spec("a", a), Spec("b", b)}}, {message});
    return decoded.rows.empty() ? decoded.reasons.at(0) : decoded.rows.at(0);
  };
  EXPECT_EQ(read(TypeKind::kFloat64, TypeKind::kString), "12.34, '-0.5'");
  EXPECT_EQ(read(TypeKind::kString, TypeKind::kFloat32), "'12.34', -0.5");
  EXPECT_EQ(read(TypeKind::kInt64, TypeKind::kFloat64), "column 'a': expected int64, found 12.34");
  const std::string whole("\x04\x04\xb0\0", 4);  // 12.00, and null
  EXPECT_EQ(
      DecodeAll(fields, {{Spec("a", TypeKind::kInt32), Spec("b", TypeKind::kInt64)}}, {whole}).rows,
      (Rows{"12, null"}));
  // More digits than any decimal has.
  const std::string huge = "\x42" + std::string(33, '\x11') + std::string(1, '\0');
  EXPECT_EQ(DecodeAll(fields, {{Spec("a", TypeKind::kFloat64)}}, {huge, message}).reasons,
            (Texts{"column 'a': a decimal of more than 32 bytes"}));
  // Where it tells no scale of a decimal, nobody knows where the point is.
  const std::string odd =
      R"({"name": "a", "type": {"type": "bytes", "logicalType": "decimal", "scale": -1}})";
  EXPECT_TRUE(Has(OpenError(odd, {{Spec("a", TypeKind::kFloat64)}}), "cannot be read as float64"));
}

TEST(AvroMessages, AFieldThatWasRenamedFillsTheColumnOfItsAlias) {
  const std::string fields = R"({"name": "uid", "aliases": ["user", "id"], "type": "long"},
      {"name": "other", "aliases": ["uid", "id"], "type": "long"})";
  const auto read = [&](const std::string& column) {
    return DecodeAll(fields, {{Spec(column, TypeKind::kInt64)}}, {"\x02\x04"}).rows.at(0);
  };
  EXPECT_EQ(read("user"), "1");
  EXPECT_EQ(read("id"), "1");   // the first that had it
  EXPECT_EQ(read("uid"), "1");  // a field's own name counts before another's alias
  EXPECT_EQ(read("other"), "2");
}

TEST(AvroMessages, ARequiredColumnMustHaveAValue) {
  const Schema columns{{Spec("ts", TypeKind::kTimestamp, false, TimestampUnit::kSeconds)}};
  DecodeOptions options;
  options.schema = &columns;
  options.required.push_back({0, "event_timestamp"});
  const auto decoder = OpenAvroMessages(
      options, *ParseOne(Record(R"({"name": "ts", "type": ["null", "long"]})")), true);
  const std::string null("\0\0\0\0\x07\0", 6), one("\0\0\0\0\x07\x02\x04", 7), bare("\x02\x04");
  const std::vector<Message> messages = {{null, 5}, {one, 6}, {bare, 7}};
  Batch batch;
  std::vector<BadRecord> bad;
  batch.Reset(&columns, 0);
  ASSERT_TRUE((*decoder)->Decode(messages, &batch, &bad).has_value());
  ASSERT_EQ(batch.columns[0].size(), 1U);
  EXPECT_EQ(batch.columns[0].ints[0], 2'000'000);
  ASSERT_EQ(bad.size(), 2U);
  EXPECT_EQ(bad[0].record, 5);
  EXPECT_EQ(bad[0].reason, "no event_timestamp (column 'ts' is null)");
  EXPECT_EQ(bad[0].text, null);
  EXPECT_EQ(bad[1].reason, "not framed by a schema registry: the first byte is 2, not 0");
}

// A container file without compression: blocks of the records' bytes.
std::string Container(const std::string& schema, const std::vector<Texts>& blocks,
                      const std::string& codec = "null") {
  const auto text = [](const std::string& bytes) {
    std::string out;
    for (auto size = bytes.size() * 2;; size >>= 7) {
      out += static_cast<char>(size > 127 ? (size & 127) | 128 : size);
      if (size <= 127) break;
    }
    return out + bytes;
  };
  const std::string sync(16, 's');
  std::string file = "Obj\x01\x04" + text("avro.schema") + text(schema) + text("avro.codec") +
                     text(codec) + std::string(1, '\0') + sync;
  for (const Texts& records : blocks) {
    std::string bytes;
    for (const std::string& record : records) bytes += record;
    file += static_cast<char>(records.size() * 2) + text(bytes) + sync;
  }
  return file;
}

class AvroFileTest : public testing::Test {
 protected:
  ReadRecords Read(const std::string& contents, size_t max_records = 100, int64_t skip = 0) {
    DecodeOptions options;
    options.schema = &columns_;
    return ReadAll(OpenAvroFile(SystemFiles(), folder_.Write("a.avro", contents), options),
                   columns_, max_records, skip);
  }
  std::string path() const { return folder_.File("a.avro"); }

  TemporaryFolder folder_;
  Schema columns_{{Spec("a", TypeKind::kInt32)}};
  std::string schema_ = Record(R"({"name": "a", "type": "long"})").text;
};

TEST_F(AvroFileTest, BadValuesAreBadRecordsAndTheRestIsRead) {
  const std::string big = "\x80\x80\x80\x80\x20";
  const std::string file = Container(schema_, {{"\x02", big, "\x04"}, {}, {"\x06"}});
  for (const size_t at_once : {1, 2, 100}) {
    const ReadRecords read = Read(file, at_once);
    EXPECT_EQ(read.error, "");
    EXPECT_EQ(read.rows, (Rows{"1", "2", "3"}));
    ASSERT_EQ(read.bad.size(), 1U);
    EXPECT_EQ(read.bad[0].record, 1);
    EXPECT_EQ(read.bad[0].text, big);
  }
  EXPECT_EQ(Read(file, 100, 2).rows, (Rows{"2", "3"}));
  EXPECT_EQ(Read(file, 100, 3).rows, (Rows{"3"}));
  EXPECT_EQ(Read(file, 100, 4).rows, (Rows{}));
  EXPECT_EQ(Read(file, 100, 5).error, path() + ": has 4 records, but 5 were read from it before");
}

TEST_F(AvroFileTest, DamageNamesTheFileAndTheByte) {
  const std::string file = Container(schema_, {{"\x02"}, {"\x04", "\x06"}});
  EXPECT_EQ(Read("").rows, (Rows{}));
  EXPECT_EQ(Read("").error, "");
  EXPECT_EQ(Read("id,a\n").error, path() + ": is no Avro file");
  EXPECT_TRUE(Has(Read(file.substr(0, 30)).error, "a.avro: its header "));
  EXPECT_TRUE(Has(Read(file.substr(0, file.size() - 1)).error, "a.avro: ends inside the block at"));
  std::string other = file;
  other.back() = 'x';
  const ReadRecords read = Read(other);
  EXPECT_TRUE(Has(read.error, "doesn't end with the file's marker"));
  EXPECT_TRUE(Has(Read(Container(schema_, {{"\x02\x04"}})).error, "1 bytes follow its records"));
  EXPECT_TRUE(Has(Read(Container(schema_, {{"\x02"}, {"\x80"}})).error,
                  "record 1: not valid Avro: field 'a': ends inside a long, at byte 0"));
  EXPECT_TRUE(Has(Read(Container(schema_, {{"\x02"}}, "xz")).error,
                  "a.avro: is compressed by the codec 'xz'"));
  for (const std::string codec : {"deflate", "snappy", "zstandard"}) {
    EXPECT_TRUE(Has(Read(Container(schema_, {{"\xff\xff\xff\xff\xff"}}, codec)).error, "is no "))
        << codec;
  }
}

TEST_F(AvroFileTest, TheSchemaMustHaveTheColumns) {
  columns_ = {{Spec("b", TypeKind::kInt64)}};
  EXPECT_TRUE(Has(Read(Container(schema_, {})).error, "a.avro: there is no field 'b'"));
  columns_ = {{Spec("a", TypeKind::kString)}};
  EXPECT_TRUE(Has(Read(Container(schema_, {})).error,
                  "a.avro: field 'a' is a long and cannot be read as string"));
  EXPECT_TRUE(Has(Read(Container("\"long\"", {})).error, "the schema is a long, no record"));
}

constexpr char kNested[] = R"({"name": "id", "type": "long"},
  {"name": "user", "type": ["null", "string", {"type": "record", "name": "User", "fields": [
    {"name": "skipped", "type": "string"},
    {"name": "age", "type": "int"},
    {"name": "geo", "type": {"type": "record", "name": "Geo", "fields": [
      {"name": "country", "type": ["null", "string"]}]}},
    {"name": "tags", "type": {"type": "array", "items": "string"}}]}]},
  {"name": "labels", "type": {"type": "map", "values": ["null", "long", "Geo"]}})";

Schema NestedColumns() {
  return {{Spec("id", TypeKind::kInt64), At(Spec("years", TypeKind::kInt32), {"user", "age"}),
           At(Spec("country", TypeKind::kString), {"user", "geo", "country"}),
           At(Spec("tags", TypeKind::kString, true), {"user", "tags"})}};
}

TEST(AvroMessages, ColumnsLieWithinRecords) {
  const std::string none("\0", 1);  // of a map, or the union's null
  const std::string user =
      "\x04"  // the record's branch
      "\x02x\x0e\x02\x04NO\x02\x02t" +
      none;
  EXPECT_EQ(DecodeAll(kNested, NestedColumns(),
                      {"\x02" + user + none, "\x02" + none + none,
                       "\x02\x04\x02x\x0e" + none + none + none})
                .rows,
            (Rows{"1, 7, 'NO', ['t']", "1, null, null, null", "1, 7, null, []"}));
  EXPECT_EQ(DecodeAll(kNested, NestedColumns(), {"\x02\x02\x02x" + none}).reasons,
            (Texts{"field 'user': expected a record, found a string"}));
  EXPECT_EQ(DecodeAll(kNested, NestedColumns(), {"\x02\x04\x02x"}).reasons,
            (Texts{"not valid Avro: field 'user': ends inside a long, at byte 4"}));
}

TEST(AvroMessages, ColumnsAreValuesOfMaps) {
  const Schema columns{{At(Spec("a", TypeKind::kInt64), {"labels", "a"}),
                        At(Spec("country", TypeKind::kString), {"labels", "b", "country"})}};
  const std::string start("\x02\0", 2), none("\0", 1);
  const std::string a5 = "\x02"
                         "a\x02\x0a",
                    a_null =
                        "\x02"
                        "a" +
                        none,
                    b = "\x02"
                        "b\x04\x02\x04NO",
                    b_empty =
                        "\x02"
                        "b\x04" +
                        none,
                    b_null =
                        "\x02"
                        "b" +
                        none,
                    other = "\x02x\x02\x0a";
  const auto map = [&](const std::string& count, const std::string& entries) {
    return start + count + entries + none;
  };
  EXPECT_EQ(
      DecodeAll(kNested, columns,
                {map("\x06", a5 + other + b), map("\x02", other), start + none,
                 map("\x06", b + a5 + a_null), map("\x04", b + b_empty), map("\x04", b + b_null)})
          .rows,
      (Rows{"5, 'NO'", "null, null", "null, null", "null, 'NO'", "null, null", "null, null"}));
  EXPECT_EQ(DecodeAll(kNested, columns,
                      {map("\x02",
                           "\x02"
                           "a\x04" +
                               none)})
                .reasons,
            (Texts{"column 'a': expected int64, found a record (Geo)"}));
}

TEST(AvroMessages, FieldsOfRecordsAreFoundOrNamed) {
  const auto error = [](const std::string& fields, std::vector<std::string> field) {
    return OpenError(fields, {{At(Spec("c", TypeKind::kString), std::move(field))}});
  };
  EXPECT_EQ(error(kNested, {"user", "geo", "county"}),
            "there is no field 'county' in 'user.geo'; there are 'country'\n"
            "  Did you mean 'country'?");
  EXPECT_TRUE(Has(error(kNested, {"usr", "geo"}), "there is no field 'usr'; there are 'id', "));
  EXPECT_EQ(error(kNested, {"id", "x"}),
            "field 'id' is a long, and no column can lie in it\n"
            "  Name a field of a record under 'fields'.");
  EXPECT_TRUE(Has(error(kNested, {"user", "tags", "x"}),
                  "field 'user.tags' is an array of a string, and no column can lie in it"));
  EXPECT_EQ(error(kNested, {"user", "geo"}),
            "field 'user.geo' is a record (Geo) and cannot be read as string\n"
            "  Say under 'fields' which of its fields the column is.");
  EXPECT_EQ(error(kNested, {"user", "geo", "country"}), "");
}

// As columns of that type are.
TEST(AvroMessages, ARecordThatIsAlwaysNullIsNull) {
  const Schema columns{{At(Spec("c", TypeKind::kString), {"geo", "place", "country"})}};
  for (const std::string type : {R"("null")", R"(["null"])"}) {
    const std::string bytes(type[0] == '[' ? 1 : 0, '\0');
    EXPECT_EQ(DecodeAll(R"({"name": "geo", "type": )" + type + "}", columns, {bytes}).rows,
              (Rows{"null"}));
  }
}

TEST(AvroMessages, AFieldOfARecordIsFoundByItsOldName) {
  const std::string fields = R"({"name": "geo", "type": {"type": "record", "name": "Geo",
    "fields": [{"name": "nation", "aliases": ["country"], "type": "string"}]}})";
  EXPECT_EQ(
      DecodeAll(fields, {{At(Spec("c", TypeKind::kString), {"geo", "country"})}}, {"\x04NO"}).rows,
      (Rows{"'NO'"}));
}

// Of a recursive schema there would be 3^16 ways to the field.
TEST(AvroMessages, RecursiveUnionsArePlannedOnce) {
  const std::string fields = R"({"name": "a", "type": ["null", "Event",
    {"type": "record", "name": "B", "fields": [{"name": "a", "type": ["Event", "B"]}]},
    {"type": "record", "name": "C", "fields": [{"name": "a", "type": ["Event", "B", "C"]},
                                               {"name": "z", "type": "long"}]}]})";
  std::vector<std::string> field(15, "a");
  field.emplace_back("z");
  const std::string none("\0", 1);
  EXPECT_EQ(DecodeAll(fields, {{At(Spec("z", TypeKind::kInt64), field)}}, {none}).rows,
            (Rows{"null"}));
}

}  // namespace
}  // namespace skewless
