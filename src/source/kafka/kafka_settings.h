// What a definition sets of librdkafka: the check of it, without a broker, and what follows from
// it.
#pragma once

#include "base/result.h"
#include "definition/definition.h"

namespace skewless {

// Whether the library knows each setting, takes its value, and can make a client of them all: it
// reads their files then. Nobody is connected to. Errors show the setting's place.
Status CheckKafkaSettings(const Definition& definition);

// A number among settings that matters to us, too.
int64_t KafkaNumber(const KafkaSettings& settings, const std::string& name, int64_t otherwise);

// heartbeat.interval.ms where `settings`, with those of the environment, have none: the heart of a
// group's member beats thrice a session. librdkafka's own 3 s, with a shorter session, has it put
// out of the group again and again.
int64_t HeartbeatMillis(const KafkaSettings& settings);

}  // namespace skewless
