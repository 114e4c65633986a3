#include "decode/confluent_framing.h"

#include "decode/avro_wire.h"

namespace skewless {

namespace {
constexpr size_t kHeaderBytes = 5;
constexpr int64_t kMaxPath = 32;  // messages within messages
}  // namespace

bool TakeSchemaId(std::string_view* payload, int32_t* id, std::string* reason) {
  if (payload->empty() || (*payload)[0] != 0) {
    *reason = "not framed by a schema registry: ";
    *reason += payload->empty()
                   ? std::string("the message is empty")
                   : "the first byte is " +
                         std::to_string(static_cast<unsigned char>((*payload)[0])) + ", not 0";
    return false;
  }
  if (payload->size() < kHeaderBytes) {
    *reason = "not framed by a schema registry: ends inside the schema's id";
    return false;
  }
  uint32_t bits = 0;
  for (size_t i = 1; i < kHeaderBytes; ++i) {
    bits = (bits << 8) | static_cast<unsigned char>((*payload)[i]);
  }
  *id = static_cast<int32_t>(bits);
  payload->remove_prefix(kHeaderBytes);
  return true;
}

bool TakeMessagePath(std::string_view* payload, std::vector<int>* path, std::string* reason) {
  AvroWire in(*payload);  // its numbers are written as Avro's are
  const auto fail = [&](const std::string& what) {
    *reason = "not framed by a schema registry: the path of the message's type " + what;
    return false;
  };
  int64_t count = 0;
  path->clear();
  if (!in.ReadLong(&count)) return fail("breaks off");
  if (count < 0 || count > kMaxPath) return fail("has " + std::to_string(count) + " steps");
  for (int64_t i = 0; i < count; ++i) {
    int64_t index = 0;
    if (!in.ReadInt(&index)) return fail("breaks off");
    if (index < 0) return fail("has the step " + std::to_string(index));
    path->push_back(static_cast<int>(index));
  }
  if (count == 0) path->push_back(0);  // the usual case, written short
  payload->remove_prefix(in.offset());
  return true;
}

}  // namespace skewless
