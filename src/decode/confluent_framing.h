// What the serializers of the schema registry put before a message: a zero byte, the schema's
// number, and for Protobuf the path to the message's type in its file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skewless {

// Takes the zero byte and the number from the front of `payload`. False where it has none: `reason`
// says what it begins with.
bool TakeSchemaId(std::string_view* payload, int32_t* id, std::string* reason);

// Takes the path: the message's place among those of the file, then of the message before. False
// where it breaks off, or is none.
bool TakeMessagePath(std::string_view* payload, std::vector<int>* path, std::string* reason);

}  // namespace skewless
