// An entity's key as text that a person can type: for stores whose keys people look up.
//   int32, int64        decimal
//   bool                true, false
//   timestamp           RFC 3339
//   string, bytes       the bytes themselves, but for %XX where one is a control character, '%',
//                       ',', '{' or '}', and in `bytes` also where one is not ASCII
// Several columns are separated by ','. Two keys never have the same text.
#pragma once

#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "model/type.h"

namespace skewless {

// Appends the text of a key that EncodeKeys made of columns of these types; kCorrupt where it has
// others.
Status AppendKeyText(std::span<const Type> types, ByteView key, std::string* out);

}  // namespace skewless
