// Who may write, in the server: the scripts that claim a clock, and that open its rows to readers
// where the claim still stands. In a cluster each slot has a clock, so both are called by name.
#pragma once

#include "online/redis/script.h"

namespace skewless::redis {

// KEYS: a clock's and the `open` key beside it. ARGV: the writer that claims it, and its layouts as
// `open` names them. Returns who holds it now: that one, unless a later one did. Of the layouts
// that are open those that aren't the writer's no longer are: nobody keeps their rows up to date.
const Script& ClaimScript();

// KEYS: a clock's and the `open` key beside it. ARGV: the writer, and what `open` is to hold. Sets
// it where the clock is claimed by that writer. Returns who claimed it, 0: nobody.
const Script& OpenScript();

}  // namespace skewless::redis
