// bench_http_constant PORT BYTES: libmicrohttpd as Skewless runs it, answering every request with
// the same BYTES bytes. What it reaches is the most a server on this library could.
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/types.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

constexpr unsigned kThreads = 2;

// Bodies are read to their end, piece by piece, as a server that wanted them would.
MHD_Result Answer(void* body, MHD_Connection* connection, const char* /*url*/,
                  const char* /*method*/, const char* /*version*/, const char* /*upload*/,
                  size_t* upload_size, void** seen) {
  static int mark;
  if (*seen == nullptr) {
    *seen = &mark;
    return MHD_YES;
  }
  if (*upload_size > 0) {
    *upload_size = 0;
    return MHD_YES;
  }
  auto& text = *static_cast<std::string*>(body);
  MHD_Response* response =
      MHD_create_response_from_buffer(text.size(), text.data(), MHD_RESPMEM_MUST_COPY);
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
  const MHD_Result queued = MHD_queue_response(connection, MHD_HTTP_OK, response);
  MHD_destroy_response(response);
  return queued;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: bench_http_constant PORT BYTES\n", stderr);
    return 2;
  }
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);

  std::string body(std::strtoull(argv[2], nullptr, 10), 'x');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(std::strtoul(argv[1], nullptr, 10)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  MHD_Daemon* daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO, 0, nullptr,
                                        nullptr, &Answer, &body, MHD_OPTION_SOCK_ADDR, &address,
                                        MHD_OPTION_THREAD_POOL_SIZE, kThreads, MHD_OPTION_END);
  if (daemon == nullptr) {
    std::perror("bench_http_constant");
    return 1;
  }
  int received = 0;
  sigwait(&stop, &received);
  MHD_stop_daemon(daemon);
  return 0;
}
