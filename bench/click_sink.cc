#include "click_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <string_view>

#include "kafka_producer.h"

namespace skewless::bench {
namespace {

class FileSink final : public ClickSink {
 public:
  explicit FileSink(int file) : file_(file) {}
  ~FileSink() override { ::close(file_); }
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

  void Add(int64_t /*user*/, const std::string& json) override { text_.append(json).append("\n"); }
  bool Write() override {
    const bool whole =
        ::write(file_, text_.data(), text_.size()) == static_cast<ssize_t>(text_.size());
    text_.clear();
    return whole;
  }
  bool Finish() override { return true; }

 private:
  const int file_;
  std::string text_;
};

// Keyed by user. A batch waits a millisecond for more, as a producer's would.
class KafkaSink final : public ClickSink {
 public:
  KafkaSink(const std::string& brokers, const std::string& topic)
      : kafka_(brokers, topic, {{"linger.ms", "1"}},
               [this](bool arrived, int64_t) { whole_ &= arrived; }) {}

  void Add(int64_t user, const std::string& json) override {
    kafka_.Send(std::to_string(user), json);
  }
  bool Write() override {
    kafka_.Serve(0);
    return whole_;
  }
  bool Finish() override {
    kafka_.Finish();
    return whole_;
  }

 private:
  bool whole_ = true;
  KafkaProducer kafka_;
};

}  // namespace

std::unique_ptr<ClickSink> OpenClickSink(const std::string& where) {
  constexpr std::string_view kKafka = "kafka://";
  const size_t slash = where.rfind('/');
  if (where.starts_with(kKafka))
    return std::make_unique<KafkaSink>(where.substr(kKafka.size(), slash - kKafka.size()),
                                       where.substr(slash + 1));
  const int file = ::open(where.c_str(), O_WRONLY | O_APPEND);
  if (file < 0) return nullptr;
  return std::make_unique<FileSink>(file);
}

}  // namespace skewless::bench
