#include <dsl/deflate.hpp>
#include <dsl/file.hpp>
#include <dsl/npz.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <set>
#include <sstream>
#include <utility>

namespace sloth::inline SLOTH_ABI {

using namespace files;

namespace {

constexpr std::string_view suffix = ".npy";
constexpr std::uint32_t local_magic = 0x04034b50, central_magic = 0x02014b50,
                        end_magic = 0x06054b50, end64_magic = 0x06064b50,
                        locator_magic = 0x07064b50;
constexpr std::size_t local_size = 30, central_size = 46, end_size = 22, end64_size = 56,
                      locator_size = 20;
constexpr std::uint16_t zip64_field = 1, version_with_zip64 = 45, names_are_utf8 = 1 << 11,
                        encrypted = 1, method_stored = 0, method_deflated = 8;
constexpr const char* without_zlib = ", and this library was built without zlib";
constexpr std::uint64_t in_zip64 = 0xffffffff;  // the value is in the ZIP64 field
constexpr std::uint16_t first_of_january_1980 = 0x21;

// CRC-32 of IEEE 802.3, eight bytes a step: table[k] advances a byte over k zero bytes.
constexpr auto crc_tables = [] {
  std::array<std::array<std::uint32_t, 256>, 8> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0u);
    table[0][i] = c;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t i = 0; i < 256; ++i)
      table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 255];
  }
  return table;
}();

std::uint32_t crc32(void const* data, std::size_t size, std::uint32_t before = 0) {
  auto const* p = static_cast<unsigned char const*>(data);
  std::uint32_t c = ~before;
  for (; size >= 8; size -= 8, p += 8) {
    std::uint64_t word;
    std::memcpy(&word, p, 8);
    word ^= c;
    c = 0;
    for (std::size_t k = 0; k < 8; ++k) c ^= crc_tables[7 - k][word >> (8 * k) & 255];
  }
  for (; size > 0; --size) c = c >> 8 ^ crc_tables[0][(c ^ *p++) & 255];
  return ~c;
}

// Fields are little endian and lie without gaps.
template <class... Field>
std::string record(Field... field) {
  std::string out;
  (out.append(reinterpret_cast<char const*>(&field), sizeof field), ...);
  return out;
}

template <class Field>
Field at(std::string_view record, std::size_t offset) {
  Field value;
  std::memcpy(&value, record.data() + offset, sizeof value);
  return value;
}

/// A file of a known size, of which any part may be read.
class archive {
 public:
  explicit archive(std::string const& path) : path_(path), in_(open_to_read(path, ".npz file")) {
    std::streamoff const end = in_.seekg(0, std::ios::end).tellg();
    if (!in_ || end < 0) fail(path, "a .npz file", "one that has no end, as a pipe");
    size_ = static_cast<std::uint64_t>(end);
  }
  [[nodiscard]] std::uint64_t size() const { return size_; }

  void require(std::uint64_t offset, std::uint64_t size, std::string const& what) const {
    if (offset > size_ || size > size_ - offset) {
      fail(path_, bytes(size) + " of " + what + " at byte " + std::to_string(offset),
           "a file of " + bytes(size_));
    }
  }
  void read(void* to, std::uint64_t offset, std::uint64_t size, std::string const& what) {
    require(offset, size, what);
    in_.clear();
    in_.seekg(static_cast<std::streamoff>(offset));
    in_.read(static_cast<char*>(to), static_cast<std::streamsize>(size));
    if (!in_) fail(path_, bytes(size) + " of " + what, "an error while reading");
  }
  std::string read(std::uint64_t offset, std::uint64_t size, std::string const& what) {
    require(offset, size, what);
    std::string data(size, '\0');
    read(data.data(), offset, size, what);
    return data;
  }
  /// A record that starts with its four magic bytes.
  std::string read_record(std::uint64_t offset, std::uint64_t size, std::uint32_t magic,
                          std::string const& what) {
    std::string data = read(offset, size, what);
    if (at<std::uint32_t>(data, 0) != magic)
      fail(path_, what + " at byte " + std::to_string(offset), in_quotes(data.substr(0, 4)));
    return data;
  }

 private:
  std::string path_;
  std::ifstream in_;
  std::uint64_t size_ = 0;
};

struct directory {
  std::uint64_t offset, size, count;
};

// Sections 4.3.14 to 4.3.16. The end record is last, but for a comment that says its own length.
directory find_directory(archive& file, std::string const& path) {
  constexpr std::uint64_t longest_comment = 65535;
  std::uint64_t const tail_size = std::min(file.size(), end_size + longest_comment);
  std::uint64_t const tail_offset = file.size() - tail_size;
  std::string const tail = file.read(tail_offset, tail_size, "the end of the file");
  std::size_t end = tail.size();
  for (std::size_t i = tail.size() < end_size ? 0 : tail.size() - end_size + 1; i-- > 0;) {
    std::size_t const comment = tail.size() - end_size - i;
    if (at<std::uint32_t>(tail, i) == end_magic && at<std::uint16_t>(tail, i + 20) == comment) {
      end = i;
      break;
    }
  }
  if (end == tail.size()) {
    auto const start = file.read(0, std::min<std::uint64_t>(file.size(), 4), "the file's start");
    fail(path, "a .npz file, which ends with a ZIP directory",
         tail.empty()                ? "an empty file"
         : start.starts_with("PK\3") ? "a ZIP file that was cut off"
                                     : "a file that starts with " + in_quotes(start));
  }
  auto const field = std::string_view(tail).substr(end);
  directory found{at<std::uint32_t>(field, 16), at<std::uint32_t>(field, 12),
                  at<std::uint16_t>(field, 10)};
  std::uint64_t const end_offset = tail_offset + end;
  if (end_offset >= locator_size) {
    auto const locator = file.read(end_offset - locator_size, locator_size, "the ZIP64 locator");
    if (at<std::uint32_t>(locator, 0) == locator_magic) {
      auto const end64 = file.read_record(at<std::uint64_t>(locator, 8), end64_size, end64_magic,
                                          "the ZIP64 directory's end");
      found = {at<std::uint64_t>(end64, 48), at<std::uint64_t>(end64, 40),
               at<std::uint64_t>(end64, 32)};
    }
  }
  return found;
}

// Section 4.5.3: the 64-bit values of those among size, stored size and offset that are full.
void read_zip64(std::string_view extra, std::string const& name,
                std::initializer_list<std::uint64_t*> values) {
  auto const is_full = [](std::uint64_t* value) { return *value == in_zip64; };
  if (std::none_of(values.begin(), values.end(), is_full)) return;
  while (extra.size() >= 4) {
    auto const id = at<std::uint16_t>(extra, 0), size = at<std::uint16_t>(extra, 2);
    if (size > extra.size() - 4) break;
    if (id == zip64_field) {
      std::string_view field = extra.substr(4, size);
      for (auto* value : values) {
        if (!is_full(value)) continue;
        if (field.size() < 8) fail(name, "8 bytes of a ZIP64 size", bytes(field.size()));
        *value = at<std::uint64_t>(field, 0);
        field.remove_prefix(8);
      }
      return;
    }
    extra.remove_prefix(4 + std::size_t{size});
  }
  fail(name, "a ZIP64 field for its sizes", "none");
}

/// What a member holds: the bytes as they lie there, or inflated.
class content : public inflater::source {
 public:
  content(archive& file, std::uint64_t offset, std::uint64_t stored_size, bool is_deflated,
          std::string what)
      : file_(file), at_(offset), end_(offset + stored_size), what_(std::move(what)) {
    if (is_deflated) inflater_ = std::make_unique<inflater>(*this);
  }
  /// The next `size` bytes; fewer where there are no more.
  std::uint64_t read_next(void* to, std::uint64_t size) {
    return inflater_ ? inflater_->read(to, size) : read(to, size);
  }
  [[nodiscard]] bool at_end() { return inflater_ ? inflater_->at_end() : at_ == end_; }

 private:
  std::size_t read(void* to, std::size_t size) override {
    std::size_t const n = std::min<std::uint64_t>(size, end_ - at_);
    file_.read(to, at_, n, what_);
    at_ += n;
    return n;
  }

  archive& file_;
  std::uint64_t at_, end_;
  std::string what_;
  std::unique_ptr<inflater> inflater_;
};

std::string of_member(std::string const& path, std::string const& name) {
  return path + ": " + in_quotes(name);
}

}  // namespace

npz_file::npz_file(std::string path) : path_(std::move(path)) {
  archive file(path_);
  directory const where = find_directory(file, path_);
  std::string const all = file.read(where.offset, where.size, "the directory");
  std::string_view rest = all;
  std::set<std::string_view> seen;
  for (std::uint64_t i = 0; i < where.count; ++i) {
    auto const require = [&](std::size_t size) {
      if (rest.size() < size) {
        fail(path_, "a ZIP directory of " + std::to_string(where.count) + " members",
             "the end of the directory in member " + std::to_string(i + 1));
      }
    };
    require(central_size);
    if (at<std::uint32_t>(rest, 0) != central_magic)
      fail(path_, "a member of the ZIP directory", in_quotes(rest.substr(0, 4)));
    std::size_t const name_size = at<std::uint16_t>(rest, 28),
                      extra_size = at<std::uint16_t>(rest, 30),
                      comment_size = at<std::uint16_t>(rest, 32);
    require(central_size + name_size + extra_size + comment_size);
    std::string_view const name = rest.substr(central_size, name_size);
    member m{std::string(name),           at<std::uint32_t>(rest, 42), at<std::uint32_t>(rest, 20),
             at<std::uint32_t>(rest, 24), at<std::uint32_t>(rest, 16), at<std::uint16_t>(rest, 8),
             at<std::uint16_t>(rest, 10)};
    read_zip64(rest.substr(central_size + name_size, extra_size), of_member(path_, m.name),
               {&m.size, &m.stored_size, &m.offset});
    if (!seen.insert(name).second) fail(path_, "each member once", "a second " + in_quotes(name));
    if (name.ends_with(suffix)) members_.push_back(std::move(m));
    rest.remove_prefix(central_size + name_size + extra_size + comment_size);
  }
}

std::vector<std::string> npz_file::names() const {
  std::vector<std::string> list;
  for (auto const& m : members_) list.push_back(m.name.substr(0, m.name.size() - suffix.size()));
  return list;
}

npz_file::member const* npz_file::find(std::string const& name) const {
  auto const found = std::find_if(members_.begin(), members_.end(), [&](member const& m) {
    return m.name.size() == name.size() + suffix.size() && m.name.starts_with(name);
  });
  return found == members_.end() ? nullptr : &*found;
}

npy_header npz_file::read(std::string const& name, npy_allocate const& allocate) const {
  member const* const m = find(name);
  if (!m) {
    std::string list;
    for (auto const& other : names()) list += (list.empty() ? "" : ", ") + in_quotes(other);
    fail(path_, "an array " + in_quotes(name), list.empty() ? "no arrays" : list);
  }
  std::string const place = of_member(path_, m->name);
  if (m->flags & encrypted) fail(place, "a member without encryption", "an encrypted one");
  bool const is_deflated = m->method == method_deflated;
  if (m->method != method_stored && !is_deflated)
    fail(place, "a stored or deflated member", "compression method " + std::to_string(m->method));
  if (is_deflated && !has_zlib())
    fail(place, "an uncompressed member", std::string("a deflated one") + without_zlib);
  if (!is_deflated && m->size != m->stored_size)
    fail(place, bytes(m->size) + " of an uncompressed member", bytes(m->stored_size));

  archive file(path_);
  auto const local = file.read_record(m->offset, local_size, local_magic, "a member");
  std::size_t const name_size = at<std::uint16_t>(local, 26);
  auto const local_name = file.read(m->offset + local_size, name_size, "a member's name");
  if (local_name != m->name)
    fail(place, "the directory's name at the member", in_quotes(local_name));
  std::uint64_t const offset = m->offset + local_size + name_size + at<std::uint16_t>(local, 28);
  std::string const what = "the member " + in_quotes(m->name);
  file.require(offset, m->stored_size, what);

  content bytes_of_member(file, offset, m->stored_size, is_deflated, what);
  auto const read_next = [&](void* to, std::uint64_t size) {
    std::uint64_t const n = bytes_of_member.read_next(to, size);
    if (n < size) fail(place, bytes(m->size) + ", deflated", "damaged or fewer bytes");
  };
  std::string start(std::min<std::uint64_t>(m->size, npy_longest_start), '\0');
  read_next(start.data(), start.size());
  std::istringstream in(start);
  npy_header const header = read_npy_header(in, place);
  std::uint64_t const elements = m->size - header.data_offset;  // the header was inside
  if (elements != header.data_size()) {
    fail(place,
         bytes(header.data_size()) + " for shape " + to_string(header.shape) + " of " +
             to_string(header.type),
         bytes(elements));
  }
  void* const data = allocate(header);
  std::uint64_t const already = std::min(elements, start.size() - header.data_offset);
  if (already > 0) std::memcpy(data, start.data() + header.data_offset, already);
  read_next(static_cast<std::byte*>(data) + already, elements - already);
  if (!bytes_of_member.at_end()) fail(place, bytes(m->size) + ", deflated", "more bytes");
  std::uint32_t const crc = crc32(data, elements, crc32(start.data(), header.data_offset));
  if (crc != m->crc)
    fail(place, "the CRC-32 " + std::to_string(m->crc), std::to_string(crc) + ": damaged bytes");
  npy_to_native(header, data);
  return header;
}

void write_npz(std::string const& path, std::span<npz_values const> members, bool compressed) {
  if (compressed && !has_zlib())
    fail(path, "savez", std::string("savez_compressed") + without_zlib);
  std::vector<std::string> starts;
  std::set<std::string_view> seen;
  for (auto const& m : members) {
    bool const fits = !m.name.empty() && m.name.size() <= 65535 - suffix.size() &&
                      m.name.find('\0') == m.name.npos;
    if (!fits) fail(path, "names of 1 to 65531 bytes without a zero byte", in_quotes(m.name));
    if (!seen.insert(m.name).second) fail(path, "each name once", "a second " + in_quotes(m.name));
    starts.push_back(npy_header_text(of_member(path, m.name), m.type, m.shape));
  }
  new_file file(path);
  std::uint64_t offset = 0;
  std::string central;
  for (std::size_t i = 0; i < members.size(); ++i) {
    auto const& m = members[i];
    std::uint64_t const data_size = static_cast<std::uint64_t>(m.shape.size() * size_of(m.type)),
                        size = starts[i].size() + data_size;
    std::uint32_t const crc =
        crc32(m.row_major_data, data_size, crc32(starts[i].data(), starts[i].size()));
    std::string const small =
        compressed ? deflated(starts[i], m.row_major_data, data_size) : std::string();
    std::uint64_t const stored_size = compressed ? small.size() : size;
    std::string const name = m.name + std::string(suffix);
    // sections 4.3.7 and 4.3.12: version, flags, method, time, date, CRC, sizes, lengths
    std::string const common =
        record(version_with_zip64, names_are_utf8, compressed ? method_deflated : method_stored,
               std::uint16_t{0}, first_of_january_1980, crc, std::uint32_t{in_zip64},
               std::uint32_t{in_zip64}, static_cast<std::uint16_t>(name.size()));
    std::string const local = record(local_magic) + common + record(std::uint16_t{20}) + name +
                              record(zip64_field, std::uint16_t{16}, size, stored_size);
    // no comment, disk 0, no attributes, the offset
    central += record(central_magic, version_with_zip64) + common + record(std::uint16_t{28}) +
               record(std::uint16_t{0}, std::uint16_t{0}, std::uint16_t{0}, std::uint32_t{0},
                      std::uint32_t{in_zip64}) +
               name + record(zip64_field, std::uint16_t{24}, size, stored_size, offset);
    file.write(local);
    file.write(compressed ? small : starts[i]);
    if (!compressed) file.write(m.row_major_data, data_size);
    offset += local.size() + stored_size;
  }
  std::uint64_t const count = members.size(), end64 = offset + central.size();
  file.write(central);
  file.write(record(end64_magic, std::uint64_t{end64_size - 12}, version_with_zip64,
                    version_with_zip64, std::uint32_t{0}, std::uint32_t{0}, count, count,
                    std::uint64_t{central.size()}, offset));
  file.write(record(locator_magic, std::uint32_t{0}, end64, std::uint32_t{1}));
  auto const none = std::uint16_t{0xffff};
  file.write(record(end_magic, std::uint16_t{0}, std::uint16_t{0}, none, none,
                    std::uint32_t{in_zip64}, std::uint32_t{in_zip64}, std::uint16_t{0}));
  file.publish();
}

}  // namespace sloth::inline SLOTH_ABI
