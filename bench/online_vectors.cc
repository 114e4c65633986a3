#include "online_vectors.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "model/key.h"
#include "pipeline/online_of.h"

namespace skewless::bench {

void EndWith(const Error& error) {
  std::fprintf(stderr, "%s\n", error.ToString().c_str());
  std::exit(1);
}

OnlineVectors::OnlineVectors(const std::string& repository, const std::string& service)
    : definition_(Must(LoadDefinition(repository))),
      kernels_(Must(CompileKernels(*definition_))),
      plan_(Must(PlanService(*definition_, service))),
      reader_(std::make_unique<FeatureReader>(*definition_, kernels_,
                                              Must(OpenOnlineReader(*definition_, kernels_)))),
      states_(Must(OpenOnlineReader(*definition_, kernels_))),
      inputs_(1) {
  inputs_[0].type = plan_.keys.at(0).type;
  inputs_[0].AppendInt(0);
}

void OnlineVectors::AwaitOpen() {
  for (;;) {
    const auto read = reader_->ReadMany(plan_, inputs_, 1);
    if (read.has_value()) return;
    if (read.error().code != ErrorCode::kUnavailable) EndWith(read.error());
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

const ReadRow& OnlineVectors::Read(int64_t key) {
  inputs_[0].ints[0] = key;
  return Must(reader_->ReadMany(plan_, inputs_, 1))[0];
}

ByteView OnlineVectors::ReadState(int64_t key) {
  const RowKey row{plan_.views.at(0), {reinterpret_cast<const uint8_t*>(&key), sizeof key}};
  Must(states_->Read({&row, 1}));
  return states_->state(0);
}

}  // namespace skewless::bench
