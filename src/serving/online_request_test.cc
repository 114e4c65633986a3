#include "serving/online_request.h"

#include <simdjson.h>

#include "serving/serving_fixture.h"

namespace skewless {
namespace {

constexpr Timestamp kT = kTestStart;

class OnlineRequestTest : public ::testing::Test {
 protected:
  OnlineRequestTest() : plans_(store_.definition()) {}

  HttpError Error(const std::string& body) {
    const auto parsed = ParseOnlineRequest(body, parser_, plans_, &request_);
    EXPECT_FALSE(parsed.has_value()) << body;
    return parsed.has_value() ? HttpError{} : parsed.error();
  }
  void Parse(const std::string& body) {
    const auto parsed = ParseOnlineRequest(body, parser_, plans_, &request_);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  }
  // Request columns of the service `typed`, as text.
  std::string Typed(const std::string& column, const std::string& json) {
    const std::pair<std::string, std::string> all[] = {{"b", "true"}, {"i", "1"}, {"n", "1"},
                                                       {"f", "1"},    {"d", "1"}, {"s", "\"x\""},
                                                       {"y", "\"\""}, {"t", "0"}, {"l", "[1]"}};
    std::string body = R"({"feature_service":"typed","entities":{"user":[1])";
    for (const auto& [name, value] : all)
      body += ",\"" + name + "\":[" + (name == column ? json : value) + "]";
    const auto parsed = ParseOnlineRequest(body + "}}", parser_, plans_, &request_);
    if (!parsed) return "error: " + parsed.error().message;
    for (size_t i = 0; i < request_.plan->request.size(); ++i) {
      if (request_.plan->request[i].name == column)
        return FormatValue(ValueAt(request_.inputs[1 + i], 0));
    }
    return "no such column";
  }
  std::string Reply() {
    FeatureReader reader = store_.Reader();
    const auto rows = reader.ReadMany(*request_.plan, request_.inputs, request_.rows);
    if (!rows) return rows.error().ToString();
    std::string out;
    AppendOnlineReply(store_.definition(), request_, *rows, out);
    return out;
  }

  ServedStore store_;
  simdjson::dom::parser parser_;
  PlanCache plans_;
  OnlineRequest request_;
};

TEST_F(OnlineRequestTest, ValuesOfEveryType) {
  EXPECT_EQ(Typed("b", "false"), "false");
  EXPECT_EQ(Typed("b", "\"true\""), "true");
  EXPECT_EQ(Typed("i", "-2147483648"), "-2147483648");
  EXPECT_EQ(Typed("i", "7.0"), "7");
  EXPECT_EQ(Typed("n", "9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(Typed("n", "1001.0"), "1001");
  EXPECT_EQ(Typed("n", "\"1001\""), "1001");
  EXPECT_EQ(
      Typed("f", "0.1"),
      FormatValue(Value::Double(static_cast<double>(0.1f), {TypeKind::kFloat32, false}).view()));
  EXPECT_EQ(Typed("d", "0.1"), "0.1");
  EXPECT_EQ(Typed("d", "3"), "3.0");
  EXPECT_EQ(Typed("s", "\"\\u00e9\\n\""), FormatValue(Value::String("\xC3\xA9\n").view()));
  EXPECT_EQ(Typed("y", "\"AP8=\""),
            FormatValue(Value::String(std::string("\0\xff", 2), {TypeKind::kBytes, false}).view()));
  EXPECT_EQ(Typed("t", "1577836800"), "2020-01-01T00:00:00Z");
  EXPECT_EQ(Typed("t", "253402300799"), "9999-12-31T23:59:59Z");
  EXPECT_EQ(
      Typed("t", "253402300800"),
      "error: entities: 't' takes timestamp, not 253402300800: numbers are seconds since 1970");
  EXPECT_EQ(Typed("t", "\"2020-01-01T00:00:00.25Z\""), "2020-01-01T00:00:00.250Z");
  EXPECT_EQ(Typed("l", "[3,null,\"4\"]"), "[3, null, 4]");
  EXPECT_EQ(Typed("l", "[]"), "[]");
  for (const char* column : {"b", "i", "n", "f", "d", "s", "y", "t", "l"})
    EXPECT_EQ(Typed(column, "null"), "null") << column;
}

TEST_F(OnlineRequestTest, ValuesThatDoNotFitAreNamed) {
  const std::pair<std::string, std::string> wrong[] = {{"b", "1"},
                                                       {"b", "\"maybe\""},
                                                       {"i", "2147483648"},
                                                       {"i", "1.5"},
                                                       {"n", "9223372036854775808"},
                                                       {"n", "1e300"},
                                                       {"n", "9007199254740993.0"},
                                                       {"n", "true"},
                                                       {"n", "\"x\""},
                                                       {"n", "[1]"},
                                                       {"f", "\"abc\""},
                                                       {"f", "1e39"},
                                                       {"f", "-1e300"},
                                                       {"d", "true"},
                                                       {"d", "{}"},
                                                       {"s", "1"},
                                                       {"s", "[]"},
                                                       {"y", "\"***\""},
                                                       {"t", "1.5"},
                                                       {"t", "\"soon\""},
                                                       {"t", "9223372036854775807"},
                                                       {"t", "1577836800000"},
                                                       {"l", "1"},
                                                       {"l", "[\"x\"]"},
                                                       {"l", "[[1]]"},
                                                       {"l", "\"[1]\""}};
  for (const auto& [column, json] : wrong) {
    if (column == "l" && json == "\"[1]\"") continue;
    const std::string found = Typed(column, json);
    EXPECT_EQ(found.find("error: entities: '" + column + "' takes "), 0u)
        << column << " " << json << ": " << found;
  }
}

TEST_F(OnlineRequestTest, BodiesThatAreNoRequest) {
  for (const std::string body : {"", "[]", "1", "{", "{\"features\":", "\xff\xfe", "null"}) {
    const HttpError error = Error(body);
    EXPECT_EQ(error.status, 422) << body;
    EXPECT_NE(error.message.find("the body is not a JSON object"), std::string::npos)
        << error.message;
    EXPECT_EQ(error.message.find("_ERROR"), std::string::npos) << error.message;
  }
  EXPECT_EQ(Error("{}").message,
            "give \"features\": [\"view:feature\", ...] or \"feature_service\": \"name\"");
  EXPECT_EQ(Error(R"({"features":"activity:visits","entities":{}})").status, 422);
  EXPECT_EQ(Error(R"({"features":[1],"entities":{}})").message, "features takes a list of names");
  EXPECT_EQ(Error(R"({"features":[],"entities":{"user":[1]}})").status, 422);
  EXPECT_EQ(Error(R"({"features":["activity:visits"]})").message,
            "give \"entities\": {\"key\": [values]}");
  EXPECT_EQ(Error(R"({"features":["activity:visits"],"entities":[]})").status, 422);
  EXPECT_EQ(Error(R"({"features":["activity:visits"],"entities":{}})").message,
            "entities: 'user' is missing");
  EXPECT_EQ(Error(R"({"features":["activity:visits"],"entities":{"user":1}})").message,
            "entities: 'user' takes a list of values");
  EXPECT_EQ(
      Error(R"({"features":["pairs:visits"],"entities":{"item":["a"],"user":[1,2]}})").message,
      "entities: 'user' has 2 values where others have 1");
  EXPECT_EQ(Error(R"({"feature_service":"ranking","entities":{"user":[1],"item":["a"]}})").message,
            "entities: 'cart' is missing");
}

// Clients in Python write them unasked.
TEST_F(OnlineRequestTest, NumbersThatJsonDoesNotHaveAreNamed) {
  for (const std::string number : {"NaN", "Infinity", "-Infinity"}) {
    const std::string body = R"({"features":["activity:visits"],"entities":{"user":[1,)";
    EXPECT_EQ(Error(body + number + "]}}").message,
              "the body is not a JSON object: JSON has no NaN and no Infinity: send null, or to a "
              "column of floats \"NaN\" as text");
  }
  EXPECT_EQ(Error(R"({"features":["NaN"],})").message.find("JSON has no"), std::string::npos);
  EXPECT_EQ(Typed("d", "\"NaN\""), "NaN");
}

// Python writes a float that is whole so where it was an integer.
TEST_F(OnlineRequestTest, WholeNumbersBeyond64BitsAreFloats) {
  EXPECT_EQ(Typed("d", "10000000000000000000"), "1e+19");
  EXPECT_EQ(Typed("d", "18446744073709551616"), "18446744073709551616.0");
  EXPECT_EQ(Typed("d", "-9223372036854775809"), "-9223372036854775808.0");
  EXPECT_EQ(Typed("f", "100000000000000000000 "), "1e+20");
  EXPECT_EQ(Typed("l", "[1,1" + std::string(30, '0') + "]"),
            "error: entities: 'l' takes int64, not 1e+30");
  EXPECT_EQ(Typed("n", "1" + std::string(30, '0')), "error: entities: 'n' takes int64, not 1e+30");
  EXPECT_EQ(Typed("d", "1" + std::string(400, '0')).find("error: the body is not a JSON object: "),
            0u);
  // Others in the same body keep all of their digits, and texts are texts.
  const std::string huge = "100000000000000000000000";
  Parse(
      R"({"features":["pairs:visits"],"entities":{"user":[9223372036854775807,-9223372036854775808],)"
      R"("item":["\\\"100000000000000000000000","100000000000000000000000"]},"more":[)" +
      huge + "," + huge + "]}");
  EXPECT_EQ(request_.inputs[1].ints, (std::vector<int64_t>{INT64_MAX, INT64_MIN}));
  EXPECT_EQ(request_.inputs[0].strings[0], "\\\"" + huge);
  EXPECT_EQ(request_.inputs[0].strings[1], huge);
}

TEST_F(OnlineRequestTest, LongTextsAreShownByTheirBegin) {
  const std::string text(1'000'000, 'x');
  EXPECT_LT(Typed("n", "\"" + text + "\"").size(), 150u);
  EXPECT_LT(Typed("y", "\"" + text + "*\"").size(), 150u);
  const HttpError error = Error(R"({"features":[")" + text + R"("],"entities":{"user":[1]}})");
  const std::string body = ErrorBody(error);
  EXPECT_LT(body.size(), 5000u);
  EXPECT_NE(body.find("xxx...\\\"}"), std::string::npos) << body.substr(4000);
}

TEST_F(OnlineRequestTest, FullNamesAreAskedForByTrueAlone) {
  const std::string ask = R"({"features":["activity:visits"],"entities":{"user":[1]},)";
  for (const std::string no_bool : {"\"true\"", "1", "[]"}) {
    const HttpError error = Error(ask + "\"full_feature_names\":" + no_bool + "}");
    EXPECT_EQ(error.status, 422);
    EXPECT_EQ(error.message, "full_feature_names takes true or false, not " + no_bool);
  }
  for (const std::string flag : {"true", "null", "false"}) {
    Parse(ask + "\"full_feature_names\":" + flag + "}");
    EXPECT_EQ(request_.full_feature_names, flag == "true") << flag;
  }
}

TEST_F(OnlineRequestTest, ColumnsOfOneNameAreAskedForByFullNames) {
  const std::string ask =
      R"({"features":["activity:visits","popular"],"entities":{"user":[1],"item":["a"]})";
  const HttpError error = Error(ask + "}");
  EXPECT_EQ(error.status, 422);
  EXPECT_EQ(error.error_class, "FeatureNameCollisionError");
  EXPECT_EQ(error.message,
            "two columns are called 'visits': ask with \"full_feature_names\": true");
  Parse(ask + R"(,"full_feature_names":true})");
  EXPECT_TRUE(request_.full_feature_names);
  // The same feature, asked for twice, is one column.
  Parse(R"({"features":["popular","popular:visits"],"entities":{"item":["a"]}})");
}

TEST_F(OnlineRequestTest, AServiceAndFeaturesAreOneTooMany) {
  const HttpError both = Error(
      R"({"feature_service":"ranking","features":["activity:visits"],"entities":{"user":[1]}})");
  EXPECT_EQ(both.status, 422);
  EXPECT_EQ(both.message, "give \"features\" or \"feature_service\", not both");
}

// In a list its derived features, which need a request, would be left out.
TEST_F(OnlineRequestTest, AServiceWithFeaturesOfItsOwnIsNotOneOfAList) {
  const HttpError error = Error(R"({"features":["ranking"],"entities":{"user":[1]}})");
  EXPECT_EQ(error.status, 422);
  EXPECT_NE(error.message.find("derived features of its own"), std::string::npos) << error.message;
  // It is alone in its list: the way out must be one.
  EXPECT_NE(error.message.find("as \"feature_service\""), std::string::npos) << error.message;
}

TEST_F(OnlineRequestTest, NamesThatAreNotThere) {
  const HttpError view = Error(R"({"features":["activty:visits"],"entities":{"user":[1]}})");
  EXPECT_EQ(view.status, 404);
  EXPECT_EQ(view.error_class, "FeatureViewNotFoundException");
  EXPECT_NE(view.message.find("activity"), std::string::npos) << view.message;
  const HttpError service = Error(R"({"feature_service":"rankin","entities":{"user":[1]}})");
  EXPECT_EQ(service.status, 404);
  EXPECT_EQ(service.error_class, "FeatureServiceNotFoundException");
  EXPECT_NE(service.message.find("'ranking'"), std::string::npos) << service.message;
}

TEST_F(OnlineRequestTest, ErrorsAreJsonWithinAJsonString) {
  const std::string body = ErrorBody({404, "FeatureViewNotFoundException", "no \"x\"\n"});
  EXPECT_EQ(
      body,
      "\"{\\\"module\\\":\\\"feast.errors\\\",\\\"class\\\":\\\"FeatureViewNotFoundException\\\","
      "\\\"message\\\":\\\"no \\\\\\\"x\\\\\\\"\\\\n\\\"}\"");
  const simdjson::dom::element outer = parser_.parse(body);
  const std::string inner(outer.get_string().value());
  simdjson::dom::parser second;
  EXPECT_EQ(second.parse(inner)["class"].get_string().value(), "FeatureViewNotFoundException");
}

TEST_F(OnlineRequestTest, TheReplyToTheByte) {
  store_.Click("7", "a", "2.0", kT, "AP8=", "2020-01-01T00:00:05.9Z");
  store_.Click("7", "b", "1.0", kT + kSecondUs + 250'000, "", "1969-12-31T23:59:59.5Z");
  store_.MoveTo(kT + 2 * kSecondUs);
  Parse(
      R"({"features":["activity:visits","activity:spend","activity:blob","activity:seen","activity:prices",)"
      R"("activity:times","activity:cheap","activity:per_visit"],"entities":{"user":[7,8]},"full_feature_names":false})");
  const std::string epochs =
      R"("event_timestamps":["2020-01-01T00:00:01.250Z","1970-01-01T00:00:00Z"]})";
  const std::string found = R"("statuses":["PRESENT","NOT_FOUND"],)";
  EXPECT_EQ(
      Reply(),
      R"({"results":[)"
      R"({"values":[7,8],"statuses":["PRESENT","PRESENT"],"event_timestamps":["1970-01-01T00:00:00Z","1970-01-01T00:00:00Z"]},)"
      R"({"values":[2,null],)" +
          found + epochs + "," + R"({"values":[3.0,null],)" + found + epochs + "," +
          R"({"values":["AP8=",null],)" + found + epochs + "," + R"({"values":[-1,null],)" + found +
          epochs + "," + R"({"values":[[2.0,1.0],null],)" + found + epochs + "," +
          R"({"values":[[1577836805,-1],null],)" + found + epochs + "," +
          R"({"values":[null,null],"statuses":["NULL_VALUE","NOT_FOUND"],)" + epochs + "," +
          R"({"values":[1.5,null],)" + found + epochs +
          R"(],"metadata":{"feature_names":["user","visits","spend","blob","seen","prices","times","cheap","per_visit"]},)" +
          R"("skewless":{"read_timestamp_us":)" + std::to_string(kT + 2 * kSecondUs) +
          R"(,"views":[{"name":"activity","sequences":[2,0]}]}})");
}

TEST_F(OnlineRequestTest, FullNamesOfAServiceAndValuesPastTheirTime) {
  store_.Click("7", "a", "2.0", kT);
  store_.MoveTo(kT + kDayUs + 1);
  Parse(
      R"({"feature_service":"ranking","entities":{"user":[7],"item":["a"],"cart":[1]},"full_feature_names":true})");
  const std::string reply = Reply();
  EXPECT_NE(
      reply.find(
          R"("feature_names":["user","item","activity__spend","popular__visits","ranking__share","ranking__many"])"),
      std::string::npos)
      << reply;
  EXPECT_NE(
      reply.find(
          R"({"values":[null],"statuses":["OUTSIDE_MAX_AGE"],"event_timestamps":["2020-01-01T00:00:00Z"]})"),
      std::string::npos)
      << reply;
  EXPECT_NE(
      reply.find(
          R"({"values":[1],"statuses":["PRESENT"],"event_timestamps":["2020-01-01T00:00:00Z"]})"),
      std::string::npos)
      << reply;
  EXPECT_NE(
      reply.find(
          R"({"values":[null],"statuses":["NULL_VALUE"],"event_timestamps":["1970-01-01T00:00:00Z"]})"),
      std::string::npos)
      << reply;
}

TEST_F(OnlineRequestTest, NoRowsAreNoError) {
  store_.Click("7", "a", "2.0", kT);
  Parse(R"({"features":["activity:visits"],"entities":{"user":[]}})");
  EXPECT_EQ(request_.rows, 0u);
  EXPECT_EQ(Reply(),
            R"({"results":[{"values":[],"statuses":[],"event_timestamps":[]},)"
            R"({"values":[],"statuses":[],"event_timestamps":[]}],)"
            R"("metadata":{"feature_names":["user","visits"]},)"
            R"("skewless":{"read_timestamp_us":0,"views":[{"name":"activity","sequences":[]}]}})");
}

// A reply is made in the engine's memory.
TEST_F(OnlineRequestTest, MoreThanAReplyMayHoldIsRefused) {
  const auto ask = [](const std::string& features, size_t entities) {
    std::string body = R"({"features":[)" + features + R"(],"entities":{"user":[1)";
    for (size_t i = 1; i < entities; ++i) body += ",1";
    return body + "]}}";
  };
  Parse(ask("\"activity:visits\"", 100'000));
  EXPECT_EQ(request_.rows, 100'000u);
  const HttpError entities = Error(ask("\"activity:visits\"", 100'001));
  EXPECT_EQ(entities.status, 413);
  EXPECT_EQ(entities.message,
            "the request is for 100001 entities, and one may be for 100000: ask for fewer entities "
            "at a time");
  // Two keys and ten outputs.
  std::string body = ask("\"activity\",\"popular\",\"pairs\"", 100'000);
  std::string items = R"("a")";
  for (size_t i = 1; i < 100'000; ++i) items += R"(,"a")";
  body.replace(body.size() - 2, 2, R"(,"item":[)" + items + R"(]},"full_feature_names":true})");
  const HttpError values = Error(body);
  EXPECT_EQ(values.status, 413);
  EXPECT_NE(values.message.find("for 1200000 values, and one may be for 1000000"),
            std::string::npos)
      << values.message;
}

// A client that asks for something else each time must not fill the memory; plans stay right.
TEST_F(OnlineRequestTest, PlansAreKeptWithinBounds) {
  for (int i = 0; i < 3000; ++i) {
    std::vector<std::string> names;
    for (int bit = 0; bit < 12; ++bit)
      names.push_back((i >> bit) & 1 ? "activity:visits" : "popular:visits");
    const auto plan = plans_.Features(names);
    ASSERT_TRUE(plan.has_value());
    EXPECT_EQ((*plan)->views.size(), (i & 4095) == 0 || (i & 4095) == 4095 ? 1u : 2u);
  }
}

}  // namespace
}  // namespace skewless
