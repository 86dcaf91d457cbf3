// Ranges of NVTX, whose header looks for a profiler at its first call. Toolkits that were installed in
// parts may lack the header; there are no ranges then.
#include <kernels/cuda/engine.hpp>

#if __has_include(<nvtx3/nvToolsExt.h>)
#include <nvtx3/nvToolsExt.h>

#include <cstdlib>
#include <string>
#endif

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

#if defined(NVTX_VERSION)

namespace {

nvtxDomainHandle_t domain() {
  static nvtxDomainHandle_t const mine = nvtxDomainCreateA("sloth");
  return mine;
}

void push(const char* name) {
  nvtxEventAttributes_t what{};
  what.version = NVTX_VERSION;
  what.size = NVTX_EVENT_ATTRIB_STRUCT_SIZE;
  what.messageType = NVTX_MESSAGE_TYPE_ASCII;
  what.message.ascii = name;
  nvtxDomainRangePushEx(domain(), &what);
}

}  // namespace

range::range(const char* kind, location where) {
  // How profilers attach: NVTX itself does not say whether one has. Names are not built for nobody.
  static bool const profiled = std::getenv("NVTX_INJECTION64_PATH") != nullptr;
  if (profiled && where.line > 0)
    push((kind + (" " + to_string(where))).c_str());
  else
    push(kind);
}
range::~range() { nvtxDomainRangePop(domain()); }

#else

range::range(const char*, location) {}
range::~range() {}

#endif

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
