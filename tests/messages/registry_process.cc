#include "messages/registry_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace skewless {
namespace {

std::string Python() {
  const char* const python = std::getenv("SKEWLESS_PYTHON");
  return python == nullptr ? "" : python;
}

// Starts a script; `input` and `output`, where given, become its standard input and output.
pid_t Start(std::vector<std::string> arguments, int input, int output) {
  const std::string python = Python();
  arguments[0].insert(0, "tests/messages/");
  arguments.insert(arguments.begin(), python);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (input >= 0) posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  if (output >= 0) posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, python.c_str(), &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? pid : -1;
}

}  // namespace

RegistryProcess::RegistryProcess(const std::string& protos, int port, const std::string& user,
                                 const std::string& certificate, const std::string& key) {
  int input[2], output[2];
  if (::pipe2(input, O_CLOEXEC) != 0 || ::pipe2(output, O_CLOEXEC) != 0) return;
  std::vector<std::string> arguments = {"registry.py", protos, std::to_string(port)};
  if (!user.empty() || !certificate.empty()) arguments.push_back(user);
  if (!certificate.empty()) arguments.insert(arguments.end(), {certificate, key});
  pid_ = Start(std::move(arguments), input[0], output[1]);
  ::close(input[0]);
  ::close(output[1]);
  input_ = input[1];
  std::string line;
  char c = 0;
  while (::read(output[0], &c, 1) == 1 && c != '\n') line += c;
  ::close(output[0]);
  port_ = std::atoi(line.c_str());
}

RegistryProcess::~RegistryProcess() {
  if (input_ >= 0) ::close(input_);
  if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
}

bool RunScript(const std::vector<std::string>& arguments) {
  const pid_t pid = Start(arguments, -1, -1);
  int status = -1;
  return pid > 0 && ::waitpid(pid, &status, 0) == pid && status == 0;
}

}  // namespace skewless
