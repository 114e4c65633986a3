#include "pipeline/online_of.h"

#include "base/environment.h"
#include "definition/storage_option.h"
#include "pipeline/values_layout.h"
#include "training/record_availability.h"

namespace skewless {
namespace {

tl::unexpected<Error> NotAvailable(const std::string& what) {
  return Fail(ErrorCode::kUnsupported, what + " is not available in this version",
              "Use online: {type: embedded, path: ...} or {type: redis, address: ...}.");
}

Result<std::string> PasswordOf(const StorageDefinition& storage) {
  const std::string name = OptionOf(storage, "password_env");
  if (name.empty()) return OptionOf(storage, "password");
  return EnvironmentVariable(name, "online.password_env", "the password of Redis");
}

// Paths of files are relative to the repository, as everywhere.
std::string FileOf(const Definition& definition, const std::string& key) {
  const std::string file = OptionOf(definition.online, key);
  return file.empty() ? file : definition.ResolvePath(file);
}

}  // namespace

Result<EmbeddedOptions> EmbeddedStoreOf(const Definition& definition, const KernelSet& kernels) {
  EmbeddedOptions store;
  const bool embedded = definition.online.type == "embedded";
  store.directory = embedded ? definition.ResolvePath(definition.online.path)
                             : JoinPath(definition.ResolvePath(definition.log_path), "state");
  store.views = ViewNames(kernels);
  store.fingerprints = Fingerprints(kernels);
  store.in_place = !embedded;  // the row writer reads it, nobody else
  return store;
}

std::vector<DurationUs> ExpireAfter(const Definition& definition) {
  std::vector<DurationUs> after;
  for (const FeatureViewDefinition& view : definition.views)
    after.push_back(view.expire_after_us.value_or(0));
  return after;
}

Result<RedisOptions> RedisStoreOf(const Definition& definition, const KernelSet& kernels) {
  const StorageDefinition& online = definition.online;
  if (online.type != "redis") return NotAvailable("online store '" + online.type + "'");
  RedisOptions store;
  store.address = OptionOf(online, "address");
  store.cluster = OptionOf(online, "cluster") == "true";
  store.username = OptionOf(online, "username");
  SKEWLESS_ASSIGN_OR_RETURN(store.password, PasswordOf(online));
  const std::string database = OptionOf(online, "database");
  store.database = database.empty() ? 0 : std::stoi(database);
  store.tls.enabled = OptionOf(online, "tls") == "true";
  store.tls.ca_file = FileOf(definition, "tls_ca");
  store.tls.cert_file = FileOf(definition, "tls_cert");
  store.tls.key_file = FileOf(definition, "tls_key");
  store.key_prefix = OptionOf(online, "key_prefix");
  store.project = definition.project;
  store.views = ViewNames(kernels);
  if (online.keeps_values()) {
    for (const auto& kernel : kernels) {
      store.values.push_back(ValuesViewOf(definition, *kernel));
      store.fingerprints.push_back(ValuesFingerprint(*kernel));
    }
  } else {
    store.fingerprints = Fingerprints(kernels);
  }
  for (const auto& kernel : kernels) {
    const bool adds = kernel->view().write == WriteStrategy::kIncrement;
    store.increments.push_back(adds ? kernel.get() : nullptr);
  }
  store.expire_after_us = ExpireAfter(definition);
  return store;
}

Result<std::unique_ptr<RemoteRows>> OpenRemoteRows(const Definition& definition,
                                                   const KernelSet& kernels,
                                                   uint64_t log_identity) {
  if (definition.online.type == "embedded") return nullptr;
  SKEWLESS_ASSIGN_OR_RETURN(RedisOptions redis, RedisStoreOf(definition, kernels));
  redis.log_identity = log_identity;
  return OpenRedisRows(redis);
}

std::vector<StampedView> StampedViewsOf(const Definition& definition, const KernelSet& kernels) {
  std::vector<StampedView> views;
  for (const auto& kernel : kernels) {
    views.push_back(StampedViewOf(definition, *kernel));
    views.back().values = definition.online.keeps_values();
    // The state's layout is the same, and the rows are others, under keys of their own.
    if (!views.back().values && kernel->view().write == WriteStrategy::kIncrement)
      views.back().fingerprint = ~views.back().fingerprint;
  }
  return views;
}

Result<std::unique_ptr<OnlineReader>> OpenOnlineReader(const Definition& definition,
                                                       const KernelSet& kernels) {
  if (definition.online.type == "redis") {
    SKEWLESS_ASSIGN_OR_RETURN(const RedisOptions redis, RedisStoreOf(definition, kernels));
    return OpenRedisReader(redis);
  }
  if (definition.online.type != "embedded")
    return NotAvailable("online store '" + definition.online.type + "'");
  SKEWLESS_ASSIGN_OR_RETURN(EmbeddedOptions store, EmbeddedStoreOf(definition, kernels));
  return OpenEmbeddedReader(store.directory, std::move(store.views), std::move(store.fingerprints));
}

}  // namespace skewless
