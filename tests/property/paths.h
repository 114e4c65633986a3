// The ways by which a vector is read in the product. Each answers a case's labels and says where it
// first differs from the oracle, if anywhere. What a path leaves open (buffer sizes, threads, where
// a process restarts) is drawn from the case's seed.
#pragma once

#include <optional>
#include <string>

#include "property/compiled_case.h"

namespace skewless::property {

using Finding = std::optional<std::string>;

// Apply record by record, Read at each label while more is folded.
Finding FoldAndRead(const CompiledCase& c);
// The same with states that are validated, compacted, and go on from their compact form.
Finding FoldCompacted(const CompiledCase& c);

// The training join over the batches: as they were available, in hindsight, under stated delays.
Finding JoinAvailable(const CompiledCase& c);
Finding JoinInHindsight(const CompiledCase& c);
// The training join over what a log, or the encoding of batches, gives back.
Finding JoinDecoded(const CompiledCase& c);
Finding JoinFromLog(const CompiledCase& c);

// The embedded store under the replay clock, read at every label's time while the replay goes on.
Finding ServeStepped(const CompiledCase& c);
// The same read at any moment: between an announcement and its commit, amid folding, after
// restarts; whatever T the store gives.
Finding ServeAnytime(const CompiledCase& c);
// Under the wall clock, which stamps the records; the events move along with it.
Finding ServeLive(const CompiledCase& c);
// From a real Redis that stamps the rows of each view on its own: of views without what can't be
// incremented, some written by increments and some whole; rows are lost, engines follow each other.
Finding ServeFromRedis(const CompiledCase& c);

}  // namespace skewless::property
