// Another process that times the same cases: `CASE REPEAT` on a line asks it, the seconds on a line
// answer, or `unknown`. It waits for its turn without using the CPU.
#pragma once

#include <bench/harness.hpp>

#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>

namespace bench {

class peer {
 public:
  /// Starts `command` in a shell. Throws std::runtime_error when that fails.
  peer(std::string name, std::string const& command) : name_(std::move(name)) {
    // Closed in children that are started later, or this one would not see the end of its input. One
    // that has ended is found by its answer, not by a signal.
    std::signal(SIGPIPE, SIG_IGN);
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0)
      throw std::runtime_error("peer: no pipe");
    child_ = fork();
    if (child_ < 0) throw std::runtime_error("peer: no process");
    if (child_ == 0) {
      dup2(to[0], STDIN_FILENO);
      dup2(from[1], STDOUT_FILENO);
      std::signal(SIGPIPE, SIG_DFL);
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

  [[nodiscard]] bool knows(std::string const& name) { return ask(name, 1) && answer_seconds_ >= 0; }
  /// It drops the operands of its last case.
  void release() { (void)ask("nothing", 1); }
  [[nodiscard]] alternative measures(std::string const& name, double target) {
    return {name_, [this, name](int repeat) { return asked(name, repeat); }, target, 0};
  }

 private:
  double asked(std::string const& name, int repeat) {
    if (!ask(name, repeat)) throw std::runtime_error(name_ + " has ended");
    return answer_seconds_;
  }
  /// The answer goes to answer_seconds_, -1 for `unknown`. False when the peer has ended.
  bool ask(std::string const& name, int repeat) {
    if (ended_) return false;
    std::fprintf(ask_, "%s %d\n", name.c_str(), repeat);
    std::fflush(ask_);
    char line[128];
    if (std::fgets(line, sizeof line, answer_) == nullptr) {
      std::fprintf(stderr, "%s ended at %s\n", name_.c_str(), name.c_str());
      ended_ = true;
      return false;
    }
    char* end = line;
    answer_seconds_ = std::strtod(line, &end);
    if (end == line) answer_seconds_ = -1;
    return true;
  }

  std::string name_;
  pid_t child_ = -1;
  bool ended_ = false;
  double answer_seconds_ = -1;
  std::FILE *ask_ = nullptr, *answer_ = nullptr;
};

}  // namespace bench
