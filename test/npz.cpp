// .npz files: NumPy's are read, its reader's are written, and no bytes do harm.
#include <dsl/deflate.hpp>
#include <dsl/sloth.hpp>
#include <test/files.hpp>
#include <test/refuses.hpp>

#include <random>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(npz)

namespace {

std::string const folder = SLOTH_TEST_DATA "/npz/";

// One member "x", [1. 2.], as savez writes it.
std::string one_array(scratch const& tmp) {
  savez(tmp.path + "one.npz", {{"x", array<double>{1, 2}}});
  return contents(tmp.path + "one.npz");
}

template <class Field>
void patch(std::string& file, std::size_t at, Field value) {
  std::memcpy(file.data() + at, &value, sizeof value);
}

}  // namespace

// numpy.npz: numpy.savez(f, a=arange(6.).reshape(2, 3), fortran=asfortranarray(arange(6, dtype=i4)
// .reshape(2, 3)), big=array([1, 2, 258], '>u2'), flag=array([True, False]), scalar=array(2.5,
// float32), none=zeros((0, 3)), z=array([1 + 2j])); compressed.npz: savez_compressed(f, x=zeros(100)).
BOOST_AUTO_TEST_CASE(files_of_numpy) {
  auto const file = load_npz(folder + "numpy.npz");
  BOOST_TEST((file.names() ==
              std::vector<std::string>{"a", "fortran", "big", "flag", "scalar", "none", "z"}));
  BOOST_TEST((file.contains("a") && !file.contains("a.npy") && !file.contains("")));
  array<double> const a = file["a"];
  BOOST_TEST(bool(all(a == arange<double>(6).reshape({2, 3}))));
  array<std::int32_t> const fortran = file["fortran"];
  BOOST_TEST(to_string(fortran) == "[[0 1 2]\n [3 4 5]]");
  array<std::uint16_t> const big = file["big"];
  BOOST_TEST(to_string(big) == "[  1   2 258]");
  array<bool> const flag = file["flag"];
  BOOST_TEST(to_string(flag) == "[ True False]");
  array<float> const scalar = file["scalar"];
  BOOST_TEST((scalar.shape() == extents{} && scalar.item() == 2.5f));
  BOOST_TEST(to_string(array<double>(file["none"]).shape()) == "(0, 3)");
  BOOST_TEST((array<complex128>(file["z"]).item() == complex128{1, 2}));
  BOOST_TEST((file["big"].type() == dtype::u16 && file["a"].shape() == extents{2, 3}));

  std::string const path = folder + "numpy.npz";
  REFUSES(dtype_error,
          "load_npz: '" + path +
              "' holds float64, which does not cast safely to float32; use "
              "load_npz(path)[\"a\"].astype<T>()",
          array<float>(file["a"]));
  REFUSES(
      io_error,
      path + ": expected an array 'b', found 'a', 'fortran', 'big', 'flag', 'scalar', 'none', 'z'",
      file["b"]);
}

// sloth.npz was read by numpy.load, by Python's zipfile and by unzip -t.
BOOST_AUTO_TEST_CASE(written_files_are_those_that_numpy_reads) {
  scratch tmp;
  std::string const path = tmp.path + "x.npz";
  array<double> const x{{1, 2, 3}, {4, 5, 6}};
  savez(path, {{"x", x},
               {"sum", sum(x)},
               {"columns", x.T().astype<float>()},
               {"deep/flags", x > 2.},
               {"none", zeros<std::int16_t>(0, 2)},
               {"long", arange<std::int16_t>(1000)}});
  BOOST_TEST((contents(path) == contents(folder + "sloth.npz")));
  BOOST_TEST(tmp.files() == 1);
  auto const back = load_npz(path);
  BOOST_TEST(back.names().size() == 6u);
  BOOST_TEST(bool(all(array<double>(back["x"]) == x)));
  BOOST_TEST(array<double>(back["sum"]).item() == 21.);
  BOOST_TEST(bool(all(array<float>(back["columns"]) == x.T())));
  BOOST_TEST(bool(all(array<bool>(back["deep/flags"]) == (x > 2.))));
  BOOST_TEST((array<std::int16_t>(back["none"]).shape() == extents{0, 2}));
  BOOST_TEST(bool(all(array<std::int16_t>(back["long"]) == arange<std::int16_t>(1000))));

  std::vector<named_values> list;  // replaces the file that `back` has opened
  for (auto const* name : {"w0", "w1", "w2"}) list.emplace_back(name, x * double(list.size()));
  savez(path, list);
  BOOST_TEST(bool(all(array<double>(load_npz(path)["w2"]) == 2 * x)));
  BOOST_CHECK_THROW((void)back["columns"], io_error);
  savez(path, {});
  BOOST_TEST(load_npz(path).names().empty());
  REFUSES(io_error, path + ": expected an array 'x', found no arrays", load_npz(path)["x"]);

  std::string const forty(40, 'n');
  auto const names = ": expected names of 1 to 65531 bytes without a zero byte, found ";
  REFUSES(io_error, path + names + "''", (savez(path, {{"", x}}), 0));
  REFUSES(io_error, path + names + "'a\\x00b'", (savez(path, {{std::string("a\0b", 3), x}}), 0));
  REFUSES(io_error, path + names + "'" + forty + "...'",
          (savez(path, {{std::string(65532, 'n'), x}}), 0));
  REFUSES(io_error, path + ": expected each name once, found a second 'x'",
          (savez(path, {{"x", x}, {"x", x}}), 0));
  REFUSES(io_error,
          path +
              ": 'h': expected an element type that NumPy has, found bfloat16: save "
              "x.astype<float>() instead",
          (savez(path, {{"h", x.astype<bf16>()}}), 0));
  BOOST_TEST(load_npz(path).names().empty());  // what was there before
}

// Written with numpy.savez_compressed, and with savez_compressed, whose files numpy.load has read.
BOOST_AUTO_TEST_CASE(compressed_files) {
  scratch tmp;
  std::string const path = tmp.path + "x.npz", member = folder + "compressed.npz: 'x.npy': ";
  auto const of_numpy = load_npz(folder + "compressed.npz");
  BOOST_TEST((of_numpy.names() == std::vector<std::string>{"x"}));
  array<double> const x = arange<double>(300'000).reshape(300, 1000) / 7;
  if (!files::has_zlib()) {
    REFUSES(io_error,
            member +
                "expected an uncompressed member, found a deflated one, and this library was "
                "built without zlib",
            of_numpy["x"]);
    REFUSES(io_error,
            path +
                ": expected savez, found savez_compressed, and this library was built without "
                "zlib",
            (savez_compressed(path, {{"x", x}}), 0));
    return;
  }
  array<double> const zero = of_numpy["x"];
  BOOST_TEST((array_equal(zero, zeros(100))));

  savez_compressed(path, {{"x", x},
                          {"columns", x.T().astype<float>()},
                          {"flags", x > 2.},
                          {"none", zeros<std::int16_t>(0, 2)},
                          {"one", sum(x)}});
  BOOST_TEST(contents(path).size() < 3'000'000u);  // of 3.9 million bytes of elements
  auto const back = load_npz(path);
  BOOST_TEST(array_equal(array<double>(back["x"]), x));
  BOOST_TEST(array_equal(array<float>(back["columns"]), x.T().astype<float>()));
  BOOST_TEST(array_equal(array<bool>(back["flags"]), x > 2.));
  BOOST_TEST((array<std::int16_t>(back["none"]).shape() == extents{0, 2}));
  BOOST_TEST(array<double>(back["one"]).item() == sum(x).item());

  // Bytes that were changed, cut off, or are of another method.
  std::string const good = contents(path);
  std::size_t const central = good.find("PK\1\2");
  BOOST_REQUIRE(central != good.npos);
  auto const refused = [&](std::size_t at, auto value) {
    std::string file = good;
    patch(file, at, value);
    put(path, file);
    std::string const text = message([&] { (void)load_npz(path)["x"]; });
    std::string const head = "io_error: " + path + ": 'x.npy': expected ";
    BOOST_TEST(text.starts_with(head), text);
    return text.substr(std::min(head.size(), text.size()));
  };
  std::string const whole = std::to_string(128 + x.size() * 8) + " bytes, deflated, found ";
  BOOST_TEST(refused(55, std::uint8_t{0xff}) == whole + "damaged or fewer bytes");
  BOOST_TEST(refused(central + 10, std::uint16_t{9}) ==
             "a stored or deflated member, found compression method 9");
  BOOST_TEST(refused(central + 16, std::uint32_t{1}).starts_with("the CRC-32 1, found "));
  std::size_t const sizes = central + 46 + 5 + 4;  // behind the name, in the ZIP64 field
  BOOST_TEST(refused(sizes + 8, std::uint64_t{1000}) == whole + "damaged or fewer bytes");
  BOOST_TEST(refused(sizes, std::uint64_t(128 + x.size() * 8 - 8))
                 .starts_with(std::to_string(x.size() * 8) +
                              " bytes for shape (300, 1000) of float64, found "));
}

BOOST_AUTO_TEST_CASE(malformed_archives) {
  scratch tmp;
  std::string const good = one_array(tmp), path = tmp.path + "bad.npz";
  std::size_t const local = 30 + 5 + 20, start = 128, data = 16, central = local + start + data;
  std::size_t const end64 = central + 46 + 5 + 28, locator = end64 + 56, end = locator + 20;
  BOOST_REQUIRE(good.size() == end + 22);
  auto const refused = [&](std::string const& file) {
    put(path, file);
    std::string const text = message([&] { (void)load_npz(path)["x"]; });
    std::string const head = "io_error: " + path + ": expected ";
    std::string const member = "io_error: " + path + ": 'x.npy': expected ";
    BOOST_TEST((text.starts_with(head) || text.starts_with(member)), text);
    return text.substr(text.starts_with(head) ? head.size() : std::min(member.size(), text.size()));
  };
  auto const with = [&](std::size_t at, auto value) {
    std::string file = good;
    patch(file, at, value);
    return refused(file);
  };
  std::uint32_t const full = 0xffffffff;
  std::string const a_zip = "a .npz file, which ends with a ZIP directory, found ";
  BOOST_TEST(refused("") == a_zip + "an empty file");
  BOOST_TEST(refused("hello") == a_zip + "a file that starts with 'hell'");
  BOOST_TEST(refused(good.substr(0, end)) == a_zip + "a ZIP file that was cut off");
  BOOST_TEST(refused(good + "x") == a_zip + "a ZIP file that was cut off");
  BOOST_TEST(refused(std::string(100000, 'a')) == a_zip + "a file that starts with 'aaaa'");
  BOOST_TEST(refused(good.substr(0, 40) + good.substr(end)).ends_with("found a file of 62 bytes"));
  BOOST_TEST(with(locator + 8, std::uint64_t{1} << 63) ==
             "56 bytes of the ZIP64 directory's end at byte 9223372036854775808, found a file of " +
                 std::to_string(good.size()) + " bytes");
  BOOST_TEST(with(locator + 8, std::uint64_t{0}) ==
             "the ZIP64 directory's end at byte 0, found 'PK\\x03\\x04'");
  BOOST_TEST(with(end64 + 40, ~std::uint64_t{0}).starts_with("18446744073709551615 bytes of the "));
  BOOST_TEST(with(end64 + 32, std::uint64_t{2}) ==
             "a ZIP directory of 2 members, found the end of the directory in member 2");
  BOOST_TEST(with(end64 + 32, ~std::uint64_t{0}).ends_with("in member 2"));
  BOOST_TEST(with(central, full) == "a member of the ZIP directory, found '\\xff\\xff\\xff\\xff'");
  BOOST_TEST(with(central + 28, std::uint16_t{60000}).ends_with("directory in member 1"));
  BOOST_TEST(with(central + 46 + 5, std::uint16_t{2}) == "a ZIP64 field for its sizes, found none");
  BOOST_TEST(with(central + 46 + 5 + 2, std::uint16_t{20}) ==
             "8 bytes of a ZIP64 size, found 4 bytes");
  BOOST_TEST(with(central + 46 + 5 + 2, std::uint16_t{25}) ==
             "a ZIP64 field for its sizes, found none");
  BOOST_TEST(with(central + 8, std::uint16_t{1}) ==
             "a member without encryption, found an encrypted one");
  BOOST_TEST(with(central + 46 + 5 + 4, std::uint64_t{7}) ==
             "7 bytes of an uncompressed member, found 144 bytes");
  BOOST_TEST(with(central + 46 + 5 + 20, std::uint64_t{1}) ==
             "a member at byte 1, found 'K\\x03\\x04-'");
  BOOST_TEST(with(30, 'y') == "the directory's name at the member, found 'y.npy'");
  BOOST_TEST(with(local, 'x') ==
             "a .npy file, which starts with '\\x93NUMPY', found 'x" + std::string("NUMPY'"));
  BOOST_TEST(with(28, std::uint16_t{60000})
                 .starts_with("144 bytes of the member 'x.npy' at byte 60035, found a file of "));
  BOOST_TEST(with(local + start, 'x').starts_with("the CRC-32 "));
  std::string grown = good;
  grown.replace(grown.find("(2,)"), 4, "(3,)");
  BOOST_TEST(refused(grown) == "24 bytes for shape (3,) of float64, found 16 bytes");
  grown.replace(grown.find("(3,)"), 4, "(1,)");
  BOOST_TEST(refused(grown) == "8 bytes for shape (1,) of float64, found 16 bytes");
  std::string twice = good;  // one entry, two times
  twice.insert(end64, good.substr(central, end64 - central));
  patch(twice, 2 * end64 - central + 32, std::uint64_t{2});
  patch(twice, 2 * end64 - central + 40, std::uint64_t{2 * (end64 - central)});
  patch(twice, locator + end64 - central + 8, std::uint64_t{2 * end64 - central});
  BOOST_TEST(refused(twice) == "each member once, found a second 'x.npy'");
  BOOST_TEST(message([&] { (void)load_npz(tmp.path); }) ==
             "io_error: " + tmp.path + ": expected a .npz file, found a folder");
  std::string commented = good + "comment";
  patch(commented, end + 20, std::uint16_t{7});
  put(path, commented);
  BOOST_TEST(array<double>(load_npz(path)["x"]).item(1) == 2.);
}

BOOST_AUTO_TEST_CASE(members_beyond_4_gib) {
  scratch tmp;
  std::string file = one_array(tmp);
  std::string const path = tmp.path + "far.npz";
  std::uint64_t const hole = std::uint64_t{5} << 30;  // of a sparse file
  std::size_t const central = 30 + 5 + 20 + 144, end64 = central + 46 + 5 + 28;
  patch(file, end64 - 8, hole);
  patch(file, end64 + 48, hole + central);
  patch(file, end64 + 56 + 8, hole + end64);
  put(path, "");
  fs::resize_file(path, hole);
  std::ofstream(path, std::ios::binary | std::ios::app) << file;
  BOOST_TEST(to_string(array<double>(load_npz(path)["x"])) == "[1. 2.]");
}

// Whatever the bytes, reading succeeds or throws io_error, and asks for no more than is there.
BOOST_AUTO_TEST_CASE(mutations) {
  scratch tmp;
  std::mt19937 random(20261128);
  auto const below = [&](std::size_t n) { return random() % n; };
  std::vector<std::string> const seeds{contents(folder + "numpy.npz"), one_array(tmp)};
  std::string const path = tmp.path + "x.npz";
  int good = 0, bad = 0;
  for (int i = 0; i < 4000; ++i) {
    std::string file = seeds[below(2)];
    for (std::size_t n = 1 + below(3); n > 0 && !file.empty(); --n) {
      // mostly near the end, where the directory is
      std::size_t const at = below(3)
                                 ? file.size() - 1 - below(std::min<std::size_t>(file.size(), 180))
                                 : below(file.size());
      switch (below(5)) {
        case 0: file[at] = static_cast<char>(file[at] ^ (1 << below(8))); break;
        case 1: file[at] = static_cast<char>(random()); break;
        case 2: file[at] = '\xff'; break;
        case 3: file.erase(at, 1 + below(8)); break;
        default: file.insert(at, 1 + below(8), static_cast<char>(random()));
      }
    }
    put(path, file);
    try {
      npz_file const opened(path);
      for (auto const& name : opened.names()) {
        std::vector<std::byte> data;
        (void)opened.read(name, [&](npy_header const& header) {
          BOOST_REQUIRE(header.data_size() <= file.size());
          data.resize(header.data_size());
          return data.data();
        });
      }
      ++good;
    } catch (io_error const&) {
      ++bad;
    }
  }
  BOOST_TEST(good > 100);
  BOOST_TEST(bad > 1000);
}

BOOST_AUTO_TEST_SUITE_END()
