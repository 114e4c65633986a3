// Arbitrary bytes as a state: refused by Validate, or read, folded into and made compact inside
// their bounds. The fingerprint and the size are put right, so that inputs get past them.
#include <cstdlib>

#include "kernel/kernel_fixture.h"

namespace skewless {
namespace {

const TestView& View() {
  static const TestView view({{"c", "count(*) over 1m hop 1s"},
                              {"sum", "sum(x) over 1m hop 1s"},
                              {"var", "var_pop(n) over 5m hop 10s"},
                              {"text", "max(s) over 1m hop 1s"},
                              {"by", "max_by(s, s) over 5m hop 10s"},
                              {"exact", "last(n, 4) over 5s exact"},
                              {"texts", "last(s, 5)"},
                              {"last", "last(s) respect nulls"},
                              {"first", "first(x)"}});
  return view;
}

void Check(ByteView bytes) {
  const ViewKernel& kernel = View().kernel();
  if (bytes.size() < sizeof(StateHeader)) return;
  Bytes state(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(bytes.size() / 8 * 8));
  auto header = LoadStateHeader(state.data());
  header.magic = kStateMagic;
  header.fingerprint = kernel.fingerprint();
  header.size = static_cast<uint32_t>(state.size());
  StoreLe(state.data(), header);
  if (!kernel.Validate(state)) return;
  TestEntity entity(View());
  entity.set_state(state);
  const Timestamp now = LoadStateHeader(state.data()).available_us;
  entity.Show(now);
  entity.Apply(TestEvent{.event_us = 5 * kSecondUs, .n = 1, .x = 2.0, .s = "text", .b = true}, 6 * kSecondUs);
  entity.Show(6 * kSecondUs);
  Bytes compact;
  kernel.Compact(entity.state(), &compact);
  if (!kernel.Validate(compact)) abort();
}

}  // namespace
}  // namespace skewless

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  skewless::Check({data, size});
  return 0;
}
