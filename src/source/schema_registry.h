// A Confluent-compatible schema registry, over HTTP.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "decode/schema_source.h"
#include "source/http_get.h"

namespace skewless {

// `url`: "http://host:8081"; https is verified as `tls` says. `user`: "name:password", or empty.
// Nothing is asked of it here.
//
// Fetch asks up to three times; what does not answer, or answers with 429 or 5xx, is kUnavailable.
// Not thread-safe.
std::unique_ptr<SchemaSource> OpenSchemaRegistry(const std::string& url, const std::string& user,
                                                 HttpTls tls = {});

}  // namespace skewless
