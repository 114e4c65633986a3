// The check of what a definition sets of librdkafka, without a broker.
#pragma once

#include "base/result.h"
#include "definition/definition.h"

namespace skewless {

// Whether the library knows each setting, takes its value, and can make a client of them all: it
// reads their files then. Nobody is connected to. Errors show the setting's place.
Status CheckKafkaSettings(const Definition& definition);

}  // namespace skewless
