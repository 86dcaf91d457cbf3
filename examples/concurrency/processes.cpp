#include "processes.hpp"

#include <cstdio>
#include <fcntl.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

void run_again(std::vector<std::vector<std::string>> options,
               std::function<void(std::string const&)> const& report) {
  int ends[2];  // one pipe for all: a line is written at once
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  posix_spawn_file_actions_t to_pipe;
  posix_spawn_file_actions_init(&to_pipe);
  posix_spawn_file_actions_adddup2(&to_pipe, ends[1], STDOUT_FILENO);
  std::vector<pid_t> children;
  int error = 0;
  for (auto& words : options) {
    std::vector<char*> arguments{program_invocation_name};
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child;
    error = posix_spawn(&child, "/proc/self/exe", &to_pipe, nullptr, arguments.data(), environ);
    if (error != 0) break;
    children.push_back(child);
  }
  posix_spawn_file_actions_destroy(&to_pipe);
  close(ends[1]);  // so that the reading ends with the last child

  std::FILE* const lines = fdopen(ends[0], "r");
  for (char line[4096]; std::fgets(line, sizeof line, lines);) report(line);
  std::fclose(lines);
  int failed = 0;
  for (pid_t child : children) {
    int status;
    failed += waitpid(child, &status, 0) != child || status != 0;
  }
  if (error != 0) throw std::system_error(error, std::generic_category(), "a process");
  if (failed != 0) throw std::runtime_error(std::to_string(failed) + " of the processes failed");
}
