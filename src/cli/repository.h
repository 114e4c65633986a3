// A loaded feature repository, as every command but `init` starts with.
#pragma once

#include <memory>

#include "cli/commands.h"
#include "definition/definition.h"
#include "kernel/kernel_set.h"
#include "online/online_store.h"

namespace skewless {

struct Repository {
  std::unique_ptr<Definition> definition;
  KernelSet kernels;
};

Result<Repository> LoadRepository(const Session& session);
// On standard error: sources that the log has records of and the definition doesn't.
void WarnOfUnknownSources(const Definition& definition);
// A reader of the repository's online store.
Result<std::unique_ptr<OnlineReader>> OpenOnlineReader(const Repository& repository);
// "user_id=42 cart=9.5": values typed by `columns`; those named in `nulls` are null. Unknown names
// and bad values are errors.
Result<std::map<std::string, Value>> ParseInputs(const std::vector<std::string>& words,
                                                 const std::vector<std::string>& nulls,
                                                 const std::vector<ColumnSpec>& columns);

}  // namespace skewless
