// Another process that times the same cases: `CASE REPEAT` on a line asks it, the seconds on a line
// answer, or `unknown`. It waits for its turn without using the CPU.
#pragma once

#include <bench/harness.hpp>

#include <memory>
#include <sys/wait.h>

namespace bench {

class peer {
 public:
  /// Starts `command` in a shell. Throws std::runtime_error when that fails.
  peer(std::string name, std::string const& command) : name_(std::move(name)) {
    int to[2], from[2];
    if (pipe(to) != 0 || pipe(from) != 0) throw std::runtime_error("peer: no pipe");
    child_ = fork();
    if (child_ < 0) throw std::runtime_error("peer: no process");
    if (child_ == 0) {
      dup2(to[0], STDIN_FILENO);
      dup2(from[1], STDOUT_FILENO);
      for (int f : {to[0], to[1], from[0], from[1]}) close(f);
      execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
    close(to[0]);
    close(from[1]);
    ask_ = fdopen(to[1], "w");
    answer_ = fdopen(from[0], "r");
  }
  ~peer() {
    std::fclose(ask_);
    std::fclose(answer_);
    waitpid(child_, nullptr, 0);
  }
  peer(peer const&) = delete;
  peer& operator=(peer const&) = delete;

  [[nodiscard]] bool knows(std::string const& name) { return asked(name, 1) >= 0; }
  [[nodiscard]] alternative measures(std::string const& name, double target) {
    return {name_, [this, name](int repeat) { return asked(name, repeat); }, target};
  }

 private:
  double asked(std::string const& name, int repeat) {
    std::fprintf(ask_, "%s %d\n", name.c_str(), repeat);
    std::fflush(ask_);
    char line[128];
    if (std::fgets(line, sizeof line, answer_) == nullptr)
      throw std::runtime_error(name_ + " ended at " + name);
    char* end = line;
    double const seconds = std::strtod(line, &end);
    return end == line ? -1 : seconds;
  }

  std::string name_;
  pid_t child_ = -1;
  std::FILE *ask_ = nullptr, *answer_ = nullptr;
};

}  // namespace bench
