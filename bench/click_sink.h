// Where bench_freshness writes its clicks: a file that an engine follows, or a Kafka topic.
#pragma once

#include <memory>
#include <string>

namespace skewless::bench {

class ClickSink {
 public:
  virtual ~ClickSink() = default;
  virtual void Add(int64_t user, const std::string& json) = 0;
  // Writes what was added, in its order; false where it could not.
  virtual bool Write() = 0;
  // Waits until all of it has arrived.
  virtual bool Finish() = 0;
};

// `where`: a path, or kafka://HOST:PORT/TOPIC. Null where it can't be opened.
std::unique_ptr<ClickSink> OpenClickSink(const std::string& where);

}  // namespace skewless::bench
