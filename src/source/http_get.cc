#include "source/http_get.h"

#include <curl/curl.h>

#include <mutex>
#include <utility>

#include "base/check.h"

namespace skewless {
namespace {

constexpr long kConnectMillis = 3'000;
constexpr long kTotalMillis = 10'000;
constexpr size_t kMaxBodyBytes = 16 << 20;

size_t AppendBody(char* data, size_t size, size_t count, void* to) {
  auto& body = *static_cast<std::string*>(to);
  if (body.size() + size * count > kMaxBodyBytes) return 0;
  body.append(data, size * count);
  return size * count;
}

}  // namespace

struct HttpGetter::Impl {
  CURL* handle = nullptr;
  HttpTls tls;

  void SetTls() const {
    const auto set = [&](CURLoption option, const std::string& file) {
      if (!file.empty()) curl_easy_setopt(handle, option, file.c_str());
    };
    set(CURLOPT_CAINFO, tls.ca_file);
    set(CURLOPT_SSLCERT, tls.cert_file);
    set(CURLOPT_SSLKEY, tls.key_file);
    if (!tls.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);  // it alone
  }
};

HttpGetter::HttpGetter(HttpTls tls) : impl_(std::make_unique<Impl>()) {
  impl_->tls = std::move(tls);
  static std::once_flag once;
  std::call_once(once, [] { SKEWLESS_CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
  impl_->handle = curl_easy_init();
  SKEWLESS_CHECK(impl_->handle != nullptr);
}

HttpGetter::~HttpGetter() { curl_easy_cleanup(impl_->handle); }

Result<HttpReply> HttpGetter::Get(const std::string& url, const std::string& user,
                                  const std::string& accept) {
  CURL* const handle = impl_->handle;
  HttpReply reply;
  char problem[CURL_ERROR_SIZE] = "";
  curl_easy_reset(handle);  // keeps connections
  curl_slist* const headers = curl_slist_append(nullptr, ("Accept: " + accept).c_str());
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
  if (!user.empty()) {
    curl_easy_setopt(handle, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(handle, CURLOPT_USERPWD, user.c_str());
  }
  impl_->SetTls();
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, AppendBody);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &reply.body);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, kConnectMillis);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, kTotalMillis);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);  // no signal handlers in a program with threads
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, problem);
  const CURLcode code = curl_easy_perform(handle);
  curl_slist_free_all(headers);
  if (code != CURLE_OK) {
    return Fail(ErrorCode::kUnavailable, problem[0] != '\0' ? problem : curl_easy_strerror(code),
                code == CURLE_PEER_FAILED_VERIFICATION
                    ? "Where its authority is none that the system knows, name its file as "
                      "schema_registry_ca."
                    : "");
  }
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &reply.status);
  return reply;
}

}  // namespace skewless
