#include <gtest/gtest.h>

#include "decode/protobuf_messages.h"
#include "decode/record_fixture.h"

namespace skewless {
namespace {

using Texts = std::vector<std::string>;

Result<std::shared_ptr<const ProtobufSchema>> ParseOne(const std::string& text) {
  const SchemaText named{"event.proto", text};
  return ProtobufSchema::Parse({&named, 1});
}

std::string ParseError(const std::string& text) {
  const auto schema = ParseOne(text);
  return schema ? "" : schema.error().ToString();
}

constexpr const char* kEvent = R"(syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
enum Kind { NONE = 0; CLICK = 1; }
message Other { int32 x = 1; }
message Event {
  uint64 u = 1;
  string s = 2;
  Kind kind = 3;
  google.protobuf.Timestamp ts = 4;
  repeated double d = 5;
  map<string, int32> m = 6;
  Other other = 7;
})";

struct Decoded {
  Rows rows;
  Texts reasons;
};

Decoded DecodeAll(const Schema& columns, const std::string& message, bool framed,
                  const Texts& payloads, const char* schema = kEvent) {
  DecodeOptions options;
  options.schema = &columns;
  const auto decoder = OpenProtobufMessages(options, *ParseOne(schema), message, framed);
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

std::string OpenError(const Schema& columns, const std::string& message) {
  DecodeOptions options;
  options.schema = &columns;
  const auto decoder = OpenProtobufMessages(options, *ParseOne(kEvent), message, false);
  return decoder ? "" : decoder.error().ToString();
}

TEST(ProtobufSchemaTest, ErrorsShowTheLine) {
  EXPECT_EQ(ParseError("syntax = \"proto3\";\nmessage A {\n  int23 a = 1;\n}\n"),
            "event.proto:3:3: error: \"int23\" is not defined.\n   3 |   int23 a = 1;\n"
            "     |   ^");
  EXPECT_TRUE(Begins(ParseError("syntax = \"proto3\";\nmessage A { int32 a }\n"),
                     "event.proto:2:21: error: Missing field number."));
  EXPECT_TRUE(Has(ParseError("syntax = \"proto3\";\nimport \"absent.proto\";\n"),
                  "absent.proto: File not found."));
}

TEST(ProtobufMessages, AbsentIsNullWhereTheFieldTellsIt) {
  const Schema columns{{Spec("u", TypeKind::kInt64), Spec("s", TypeKind::kString),
                        Spec("kind", TypeKind::kString), Spec("ts", TypeKind::kTimestamp),
                        Spec("d", TypeKind::kFloat64, true)}};
  EXPECT_EQ(DecodeAll(columns, "Event", false, {"", std::string("\x22\0", 2)}).rows,
            (Rows{"0, '', 'NONE', null, []", "0, '', 'NONE', 1970-01-01T00:00:00Z, []"}));
}

TEST(ProtobufMessages, EachValueIsCheckedAgainstItsColumn) {
  const Schema columns{{Spec("u", TypeKind::kInt64), Spec("s", TypeKind::kString),
                        Spec("kind", TypeKind::kString), Spec("ts", TypeKind::kTimestamp)}};
  const std::string beyond = "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
  EXPECT_EQ(DecodeAll(columns, "shop.Event", false,
                      {beyond, "\x12\x01\xff", "\x18\x09", "\x22\x06\x10\x80\x94\xeb\xdc\x03"})
                .reasons,
            (Texts{"column 'u': 18446744073709551615 is out of range for int64",
                   "column 's': not valid UTF-8", "column 'kind': 9 is no value of shop.Kind",
                   "column 'ts': expected timestamp (RFC 3339), found 0 s and 1000000000 ns"}));
  // An enum may be read as its number; any number is one.
  EXPECT_EQ(DecodeAll({{Spec("kind", TypeKind::kInt32)}}, "Event", false, {"\x18\x09"}).rows,
            (Rows{"9"}));
  // Of a field that comes twice the last counts, also where the first does not fit.
  EXPECT_EQ(DecodeAll(columns, "Event", false, {beyond + "\x08\x05"}).rows,
            (Rows{"5, '', 'NONE', null"}));
}

constexpr const char* kOld = R"(syntax = "proto2";
enum Kind { NONE = 0; CLICK = 1; }
message Old {
  oneof one { string s = 1; Kind kind = 2; }
  repeated int32 apart = 3 [packed = false];
  repeated int32 packed = 4 [packed = true];
})";

// A closed enum's unknown value is an unknown field: it is not there.
TEST(ProtobufMessages, AnUnknownValueTakesNothingFromItsOneof) {
  const std::string text("\x0a\x01x", 3), click("\x10\x01"), unknown("\x10\x09");
  EXPECT_EQ(DecodeAll({{Spec("s", TypeKind::kString)}}, "Old", false,
                      {text + unknown, text + click, click + text}, kOld)
                .rows,
            (Rows{"'x'", "null", "'x'"}));
}

// Whichever of the two the schema says.
TEST(ProtobufMessages, RepeatedNumbersComePackedOrOneByOne) {
  const Schema columns{
      {Spec("apart", TypeKind::kInt32, true), Spec("packed", TypeKind::kInt32, true)}};
  EXPECT_EQ(
      DecodeAll(columns, "Old", false, {"\x1a\x02\x05\x06\x18\x07\x22\x02\x05\x06\x20\x07"}, kOld)
          .rows,
      (Rows{"[5, 6, 7], [5, 6, 7]"}));
}

TEST(ProtobufMessages, WhatIsNoProtobufSaysWhere) {
  const Schema columns{{Spec("u", TypeKind::kInt64), Spec("d", TypeKind::kFloat64, true)}};
  const std::string prefix = "not valid Protobuf of shop.Event";
  EXPECT_EQ(DecodeAll(columns, "Event", false,
                      {"\x08", "\x12\x05 ab", std::string("\0", 1), "\x2a\x03 ab", "\x0c"})
                .reasons,
            (Texts{prefix + ": field 'u', at byte 1", prefix + ": field 's', at byte 5",
                   prefix + ", at byte 1", prefix + ": field 'd', at byte 5",
                   prefix + ": field 'u', at byte 1"}));
}

TEST(ProtobufMessages, FramedOnesNameTheirType) {
  const Schema columns{{Spec("u", TypeKind::kInt64)}};
  const std::string id("\0\0\0\0\1", 5), event("\x02\x02", 2), other("\0", 1);
  const Decoded any = DecodeAll(columns, "", true, {id + event + "\x08\x05", id + other});
  EXPECT_EQ(any.rows, (Rows{"5", "null"}));
  const Decoded one = DecodeAll(
      columns, "Event", true,
      {id + event + "\x08\x05", id + other, id, id + "\x02\x0a", id + "\x01", id + "\x02", event});
  EXPECT_EQ(one.rows, (Rows{"5"}));
  const std::string path = "not framed by a schema registry: the path of the message's type ";
  EXPECT_EQ(one.reasons, (Texts{"is of type shop.Other, not shop.Event", path + "breaks off",
                                "the message's type is none of its schema", path + "has -1 steps",
                                path + "breaks off",
                                "not framed by a schema registry: the first byte is 2, not 0"}));
}

TEST(ProtobufMessages, ColumnsThatTheTypeCannotFillAreErrors) {
  EXPECT_TRUE(Has(OpenError({{Spec("u", TypeKind::kString)}}, "Event"),
                  "field 'u' is of type uint64 and cannot be read as string"));
  EXPECT_TRUE(Has(OpenError({{Spec("d", TypeKind::kFloat64)}}, "Event"),
                  "field 'd' is repeated double and cannot be read as float64"));
  EXPECT_TRUE(Has(OpenError({{Spec("m", TypeKind::kInt32, true)}}, "Event"),
                  "field 'm' is a map and cannot be read as int32[]"));
  EXPECT_TRUE(Has(OpenError({{Spec("other", TypeKind::kString)}}, "Event"),
                  "field 'other' is of type shop.Other and cannot be read as string"));
  EXPECT_TRUE(Has(OpenError({{Spec("uu", TypeKind::kInt64)}}, "Event"),
                  "there is no field 'uu'; there are 'u', 's'"));
  EXPECT_EQ(OpenError({{Spec("u", TypeKind::kInt64)}}, "Evnt"),
            "event.proto: has no message 'Evnt'\n  It has 'shop.Other', 'shop.Event'.");
  EXPECT_TRUE(Has(OpenError({{Spec("u", TypeKind::kInt64)}}, ""),
                  "event.proto: has several messages: 'shop.Other', 'shop.Event'\n"
                  "  Say which one, as in 'message: shop.Other'."));
}

constexpr const char* kNested = R"(syntax = "proto3";
package shop;
message Geo { string country = 1; optional int32 zone = 2; repeated int32 path = 3; }
message User { Geo geo = 1; string name = 2; }
message Event {
  int64 id = 1;
  User user = 2;
  oneof place { Geo geo = 3; string text = 4; }
  map<string, int64> counts = 5;
  map<int32, Geo> places = 6;
  repeated Geo stops = 7;
})";

TEST(ProtobufMessages, ColumnsLieWithinMessages) {
  const Schema columns{{Spec("id", TypeKind::kInt64),
                        At(Spec("country", TypeKind::kString), {"user", "geo", "country"}),
                        At(Spec("zone", TypeKind::kInt32), {"user", "geo", "zone"}),
                        At(Spec("path", TypeKind::kInt32, true), {"user", "geo", "path"})}};
  const std::string country("\x0a\x02NO"), zone("\x10\x05"), path("\x1a\x02\x01\x02");
  const auto message = [](const std::string& tag, const std::string& bytes) {
    return tag + static_cast<char>(bytes.size()) + bytes;
  };
  const auto user = [&](const std::string& geo) { return message("\x12", message("\x0a", geo)); };
  EXPECT_EQ(DecodeAll(columns, "Event", false,
                      {"\x08\x01" + user(country + zone + path), "", message("\x12", ""), user(""),
                       // Messages that come again are merged.
                       user(country + path) + user(zone + path)},
                      kNested)
                .rows,
            (Rows{"1, 'NO', 5, [1, 2]", "0, null, null, null", "0, null, null, null",
                  "0, '', null, []", "0, 'NO', 5, [1, 2, 1, 2]"}));
  EXPECT_EQ(DecodeAll(columns, "Event", false,
                      {"\x08\x01" + user("\x0a\x05NO"), user("\x0a\x01\xff")}, kNested)
                .reasons,
            (Texts{"not valid Protobuf of shop.Geo: field 'country', at byte 8",
                   "column 'country': not valid UTF-8"}));
}

TEST(ProtobufMessages, AMessageOfAOneofGoesWithAllThatItHolds) {
  const Schema columns{{At(Spec("country", TypeKind::kString), {"geo", "country"}),
                        At(Spec("zone", TypeKind::kInt32), {"geo", "zone"}),
                        At(Spec("path", TypeKind::kInt32, true), {"geo", "path"})}};
  const std::string country("\x1a\x04\x0a\x02NO"), zone("\x1a\x02\x10\x05"),
      path("\x1a\x04\x1a\x02\x01\x02"), text("\x22\x01x");
  EXPECT_EQ(
      DecodeAll(columns, "Event", false,
                {country + zone, country + path + text, country + path + text + zone}, kNested)
          .rows,
      (Rows{"'NO', 5, []", "null, null, null", "'', 5, []"}));
}

TEST(ProtobufMessages, ColumnsAreValuesOfMaps) {
  const Schema columns{{At(Spec("clicks", TypeKind::kInt64), {"counts", "clicks"}),
                        At(Spec("country", TypeKind::kString), {"places", "-7", "country"})}};
  const std::string clicks(
      "\x2a\x0a\x0a\x06"
      "clicks\x10\x05"),
      no_value(
          "\x2a\x08\x0a\x06"
          "clicks"),
      other("\x2a\x05\x0a\x01x\x10\x05"),
      // -7 as its ten bytes.
      place("\x32\x11\x08\xf9\xff\xff\xff\xff\xff\xff\xff\xff\x01\x12\x04\x0a\x02NO"),
      no_place("\x32\x0b\x08\xf9\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  EXPECT_EQ(DecodeAll(columns, "Event", false,
                      {clicks + other + place, other, clicks + no_value, place + no_place}, kNested)
                .rows,
            (Rows{"5, 'NO'", "null, null", "0, null", "null, ''"}));
}

// As it is for libprotobuf, which keeps it with the fields that it doesn't know.
TEST(ProtobufMessages, AnEntryOfNoValueOfItsEnumIsNone) {
  const char* const schema = R"(syntax = "proto2";
enum Kind { NONE = 0; BUY = 2; }
message Event { map<string, Kind> kinds = 1; })";
  const Schema columns{{At(Spec("kind", TypeKind::kString), {"kinds", "a"})}};
  const std::string buy(
      "\x0a\x05\x0a\x01"
      "a\x10\x02"),
      unknown(
          "\x0a\x05\x0a\x01"
          "a\x10\x07"),
      no_value(
          "\x0a\x03\x0a\x01"
          "a"),
      broken(
          "\x0a\x04\x0a\x01"
          "a\x10");
  EXPECT_EQ(
      DecodeAll(columns, "Event", false, {buy, unknown, buy + unknown, no_value}, schema).rows,
      (Rows{"'BUY'", "null", "'BUY'", "'NONE'"}));
  EXPECT_EQ(DecodeAll(columns, "Event", false, {broken}, schema).reasons.size(), 1U);
}

TEST(ProtobufMessages, FieldsOfMessagesAreFoundOrNamed) {
  const auto error = [](std::vector<std::string> field) {
    const Schema columns{{At(Spec("c", TypeKind::kString), std::move(field))}};
    DecodeOptions options;
    options.schema = &columns;
    const auto decoder = OpenProtobufMessages(options, *ParseOne(kNested), "Event", false);
    return decoder ? "" : decoder.error().ToString();
  };
  EXPECT_EQ(error({"user", "geo", "county"}),
            "there is no field 'county' in 'user.geo'; there are 'country', 'zone', 'path'\n"
            "  Did you mean 'country'?");
  EXPECT_TRUE(Has(error({"id", "x"}), "field 'id' is of type int64, and no column can lie in it"));
  EXPECT_TRUE(Has(error({"stops", "country"}),
                  "field 'stops' is repeated shop.Geo, and no column can lie in it"));
  EXPECT_TRUE(Has(error({"counts", "clicks"}), "and cannot be read as string"));
  EXPECT_EQ(error({"user", "geo"}),
            "field 'user.geo' is of type shop.Geo and cannot be read as string\n"
            "  Say under 'fields' which of its fields the column is.");
}

}  // namespace
}  // namespace skewless
