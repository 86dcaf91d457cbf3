// Memory shared with other libraries by DLPack.
#include <dsl/dlpack.hpp>
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>

#include <vector>

using namespace sloth;

// What dlpack.h 1.0 declares.
extern "C" {
enum DLDeviceType { kDLCPU = 1, kDLCUDA = 2 };
struct DLDevice {
  DLDeviceType device_type;
  std::int32_t device_id;
};
struct DLDataType {
  std::uint8_t code, bits;
  std::uint16_t lanes;
};
struct DLTensor {
  void* data;
  DLDevice device;
  std::int32_t ndim;
  DLDataType dtype;
  std::int64_t *shape, *strides;
  std::uint64_t byte_offset;
};
struct DLManagedTensor {
  DLTensor dl_tensor;
  void* manager_ctx;
  void (*deleter)(DLManagedTensor*);
};
struct DLPackVersion {
  std::uint32_t major, minor;
};
struct DLManagedTensorVersioned {
  DLPackVersion version;
  void* manager_ctx;
  void (*deleter)(DLManagedTensorVersioned*);
  std::uint64_t flags;
  DLTensor dl_tensor;
};
}

BOOST_AUTO_TEST_SUITE(dlpack)

namespace {

int deleted = 0;  // tensors of a producer

/// A tensor over six floats, 0 to 5.
template <class Managed>
struct producer {
  std::vector<float> values{0, 1, 2, 3, 4, 5};
  std::vector<std::int64_t> shape, strides;
  Managed tensor{};

  producer(std::vector<std::int64_t> extents, std::vector<std::int64_t> steps)
      : shape(std::move(extents)), strides(std::move(steps)) {
    auto& t = tensor.dl_tensor;
    t.data = values.data();
    t.device = {kDLCPU, 0};
    t.ndim = static_cast<std::int32_t>(shape.size());
    t.dtype = {2, 32, 1};
    t.shape = shape.data();
    t.strides = strides.empty() ? nullptr : strides.data();
    tensor.deleter = [](Managed*) { ++deleted; };
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_row_major_tensor_is_read_and_written_where_it_lies) {
  device_scope const here(host);
  deleted = 0;
  producer<DLManagedTensor> from({2, 3}, {});
  {
    array<float> x = from_dlpack<float>(&from.tensor);
    BOOST_TEST(x.shape() == (extents{2, 3}));
    BOOST_TEST(x.data() == from.values.data());
    BOOST_TEST(to_string(x) == "[[0. 1. 2.]\n [3. 4. 5.]]");
    x(1, _) = 7;
    BOOST_TEST(from.values[4] == 7);
    from.values[0] = 9;
    BOOST_TEST((x(0, 0) == 9.f).item());
    BOOST_TEST(deleted == 0);
  }
  BOOST_TEST(deleted == 1);
}

BOOST_AUTO_TEST_CASE(other_tensors_are_copied) {
  deleted = 0;
  auto const is = [](auto& from, extents const& shape, std::vector<float> const& values) {
    int const before = deleted;
    array<float> const x = from_dlpack<float>(&from.tensor);
    BOOST_TEST(deleted == before + 1);
    BOOST_TEST(x.shape() == shape);
    BOOST_TEST(x.to_vector() == values, boost::test_tools::per_element());
    BOOST_TEST(x.data() != from.values.data());
  };
  producer<DLManagedTensor> columns({3, 2}, {1, 3});
  is(columns, {3, 2}, {0, 3, 1, 4, 2, 5});
  producer<DLManagedTensorVersioned> turned({2, 3}, {3, -1});
  turned.tensor.dl_tensor.byte_offset = 2 * sizeof(float);
  is(turned, {2, 3}, {2, 1, 0, 5, 4, 3});
  producer<DLManagedTensor> repeated({2, 2}, {0, 1});
  is(repeated, {2, 2}, {0, 1, 0, 1});
  producer<DLManagedTensorVersioned> read_only({6}, {1});
  read_only.tensor.flags = 1;
  is(read_only, {6}, {0, 1, 2, 3, 4, 5});
}

BOOST_AUTO_TEST_CASE(scalars_and_empty_tensors) {
  deleted = 0;
  producer<DLManagedTensor> scalar({}, {}), empty({0, 3}, {});
  scalar.tensor.dl_tensor.byte_offset = 3 * sizeof(float);
  empty.tensor.dl_tensor.data = nullptr;
  BOOST_TEST(from_dlpack<float>(&scalar.tensor).item() == 3);
  BOOST_TEST(from_dlpack<float>(&empty.tensor).shape() == (extents{0, 3}));
  BOOST_TEST(deleted == 2);
}

BOOST_AUTO_TEST_CASE(tensors_of_other_types_are_refused_and_stay_the_callers) {
  deleted = 0;
  producer<DLManagedTensor> from({2, 3}, {});
  auto const refuses = [&]<class T>(T, DLDataType type, std::string const& text) {
    from.tensor.dl_tensor.dtype = type;
    REFUSES_HERE(dtype_error, "from_dlpack: the tensor is of " + text,
                 (void)from_dlpack<T>(&from.tensor));
  };
  refuses(std::int32_t{}, {2, 32, 1}, "float32, the array of int32");
  refuses(double{}, {2, 32, 1}, "float32, the array of float64");
  refuses(f16{}, {4, 16, 1}, "bfloat16, the array of float16");
  refuses(std::int32_t{}, {0, 32, 4}, "int32 x 4, the array of int32");
  refuses(float{}, {9, 32, 1}, "type 9 of 32, the array of float32");
  BOOST_TEST(deleted == 0);
}

BOOST_AUTO_TEST_CASE(tensors_of_other_places_and_shapes_are_refused_and_stay_the_callers) {
  deleted = 0;
  producer<DLManagedTensor> from({2, 3}, {});
  auto& t = from.tensor.dl_tensor;
  auto const refuses = [&](int type, int id, std::string const& name) {
    t.device = {static_cast<DLDeviceType>(type), id};
    REFUSES_HERE(device_error,
                 "from_dlpack: device " + name + " is neither the host nor the first GPU",
                 (void)from_dlpack<float>(&from.tensor));
  };
  refuses(2, 1, "2:1");
  refuses(10, 0, "10:0");
  t.device = {kDLCPU, 0};
  from.shape[1] = -3;
  REFUSES_HERE(shape_error, "from_dlpack: a negative extent: (2, -3)",
               (void)from_dlpack<float>(&from.tensor));
  BOOST_TEST(deleted == 0);
}

BOOST_AUTO_TEST_CASE(an_array_is_lent_as_it_is_and_later_writes_go_elsewhere) {
  array<double> x = arange<double>(6.).reshape(2, 3);
  auto* const lent = to_dlpack<DLManagedTensorVersioned>(x);
  auto const& t = lent->dl_tensor;
  BOOST_TEST(lent->version.major == 1u);
  BOOST_TEST(lent->flags == 1u);
  BOOST_TEST(t.ndim == 2);
  BOOST_TEST(t.shape[0] == 2);
  BOOST_TEST(t.shape[1] == 3);
  BOOST_TEST(t.strides[0] == 3);
  BOOST_TEST(t.strides[1] == 1);
  BOOST_TEST((t.device.device_type == kDLCUDA) == (current_device() == gpu));
  x += 1;
  BOOST_TEST((x(0, 0) == 1.).item());
  {  // there and back
    auto const back = from_dlpack<double>(lent);
    BOOST_TEST(back.to_vector() == (std::vector<double>{0, 1, 2, 3, 4, 5}),
               boost::test_tools::per_element());
  }
  array<bool> const none(extents{0, 2});
  auto* const empty = to_dlpack<DLManagedTensor>(none);
  BOOST_TEST(empty->dl_tensor.shape[1] == 2);
  empty->deleter(empty);
}

BOOST_AUTO_TEST_CASE(every_element_type_goes_there_and_back) {
  auto const check = []<class T>(T) {
    array<T> const x = (arange<double>(5.) - 2.).template astype<T>();
    array<T> const back = from_dlpack<T>(to_dlpack<DLManagedTensor>(x));
    BOOST_TEST(bool(all(back == x)), to_string(dtype_of<T>));
  };
  for (int type = 0; type < dtype_count; ++type)
    visit(static_cast<dtype>(type), [&]<class T>() { check(T{}); });
}

BOOST_AUTO_TEST_SUITE_END()
