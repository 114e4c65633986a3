// Damaged states: refused by Validate, or read, folded into and made compact inside their bounds.
// An input is a list of strikes (u16 place, u8 what to flip) on a sound state; or, behind a zero
// byte, a state of its own. The head's magic, fingerprint and size are put right, so that inputs
// get past them.
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

const Bytes& SoundState() {
  static const Bytes state = [] {
    TestEntity entity(View());
    for (int i = 0; i < 40; ++i) {
      const Timestamp now = i * kSecondUs / 3;
      entity.Apply(TestEvent{.event_us = now - i % 4 * kSecondUs,
                             .n = i,
                             .x = i / 7.0,
                             .s = std::string(static_cast<size_t>(i * 5 % 23), 'a'),
                             .b = true},
                   now);
    }
    // Without the room behind it: a head that counts that in is refused at once.
    Bytes used = entity.state();
    used.resize(LoadStateHeader(used.data()).size);
    SKEWLESS_CHECK(View().kernel().Validate(used).has_value());
    return used;
  }();
  return state;
}

Bytes StateOf(ByteView input) {
  if (!input.empty() && input[0] == 0) {
    return Bytes(input.begin() + 1,
                 input.begin() + 1 + static_cast<ptrdiff_t>((input.size() - 1) / 8 * 8));
  }
  Bytes state = SoundState();
  for (size_t at = 0; at + 3 <= input.size(); at += 3) {
    state[LoadLe<uint16_t>(input.data() + at) % state.size()] ^= input[at + 2];
  }
  return state;
}

void Check(ByteView input) {
  const ViewKernel& kernel = View().kernel();
  Bytes state = StateOf(input);
  if (state.size() < sizeof(StateHeader)) return;
  state.shrink_to_fit();
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
  entity.Apply(TestEvent{.event_us = 5 * kSecondUs, .n = 1, .x = 2.0, .s = "text", .b = true},
               6 * kSecondUs);
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
