#include "pipeline/online_of.h"

namespace skewless {

Result<EmbeddedOptions> EmbeddedStoreOf(const Definition& definition, const KernelSet& kernels) {
  if (definition.online.type != "embedded") {
    return Fail(ErrorCode::kUnsupported,
                "online store '" + definition.online.type + "' is not available in this version",
                "Use online: {type: embedded, path: ...}.");
  }
  EmbeddedOptions store;
  store.directory = definition.ResolvePath(definition.online.path);
  store.views = ViewNames(kernels);
  store.fingerprints = Fingerprints(kernels);
  return store;
}

Result<std::unique_ptr<OnlineReader>> OpenOnlineReader(const Definition& definition,
                                                       const KernelSet& kernels) {
  SKEWLESS_ASSIGN_OR_RETURN(EmbeddedOptions store, EmbeddedStoreOf(definition, kernels));
  return OpenEmbeddedReader(store.directory, std::move(store.views), std::move(store.fingerprints));
}

}  // namespace skewless
