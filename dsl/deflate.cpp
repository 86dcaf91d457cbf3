#include <dsl/deflate.hpp>

#if defined(SLOTH_ZLIB)
#include <zlib.h>
#endif

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <new>

namespace sloth::inline SLOTH_ABI {

namespace files {

#if defined(SLOTH_ZLIB)

namespace {
constexpr std::uint64_t most = std::numeric_limits<uInt>::max();  // that zlib takes in one call
constexpr int raw_window = -15;                                   // without zlib's own header
void require(int status) {
  if (status == Z_MEM_ERROR) throw std::bad_alloc();
}
}  // namespace

bool has_zlib() noexcept { return true; }

std::string deflated(std::string const& before, void const* data, std::uint64_t size) {
  z_stream z{};
  require(deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, raw_window, 8, Z_DEFAULT_STRATEGY));
  struct ending {
    z_stream& of;
    ~ending() { deflateEnd(&of); }
  } const at_exit{z};
  std::string out;
  char room[1 << 16];
  auto const add = [&](void const* bytes, std::uint64_t n, bool last) {
    auto const* next = static_cast<Bytef const*>(bytes);
    do {
      z.next_in = const_cast<Bytef*>(next);
      z.avail_in = static_cast<uInt>(std::min(n, most));
      next += z.avail_in;
      n -= z.avail_in;
      do {
        z.next_out = reinterpret_cast<Bytef*>(room);
        z.avail_out = sizeof room;
        ::deflate(&z, last && n == 0 ? Z_FINISH : Z_NO_FLUSH);
        out.append(room, sizeof room - z.avail_out);
      } while (z.avail_out == 0);
    } while (n > 0);
  };
  add(before.data(), before.size(), false);
  add(data, size, true);
  return out;
}

struct inflater::state {
  source& from;
  z_stream z{};
  bool ended = false, damaged = false;
  Bytef room[1 << 16];

  explicit state(source& s) : from(s) {}
};

inflater::inflater(source& from) : state_(std::make_unique<state>(from)) {
  require(inflateInit2(&state_->z, raw_window));
}
inflater::~inflater() { inflateEnd(&state_->z); }

std::uint64_t inflater::read(void* to, std::uint64_t size) {
  state& s = *state_;
  std::uint64_t done = 0;
  while (done < size && !s.ended && !s.damaged) {
    if (s.z.avail_in == 0) {
      s.z.next_in = s.room;
      s.z.avail_in = static_cast<uInt>(s.from.read(s.room, sizeof s.room));
    }
    s.z.next_out = static_cast<Bytef*>(to) + done;
    s.z.avail_out = static_cast<uInt>(std::min(size - done, most));
    uInt const wanted = s.z.avail_out;
    int const status = ::inflate(&s.z, Z_NO_FLUSH);
    require(status);
    done += wanted - s.z.avail_out;
    s.ended = status == Z_STREAM_END;
    s.damaged = status != Z_OK && !s.ended;  // Z_BUF_ERROR too: the bytes have come to an end
  }
  return done;
}
bool inflater::at_end() {
  char more;
  return read(&more, 1) == 0 && state_->ended;
}

#else

bool has_zlib() noexcept { return false; }
std::string deflated(std::string const&, void const*, std::uint64_t) { std::abort(); }
struct inflater::state {};
inflater::inflater(source&) { std::abort(); }
inflater::~inflater() = default;
std::uint64_t inflater::read(void*, std::uint64_t) { std::abort(); }
bool inflater::at_end() { std::abort(); }

#endif

}  // namespace files

}  // namespace sloth::inline SLOTH_ABI
