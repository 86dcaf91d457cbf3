"""Python's array libraries under one set of names, NumPy's, as the jobs of gpu.py need them."""

import os
import time


class NumPy:
    """What the jobs need of a library, in NumPy's names; the others replace what differs."""

    jobs = None  # all

    def __init__(self, module=None):
        if module is None:
            import numpy as module
        self.np = module
        for name in "exp sin sqrt abs log argmax matmul".split():
            setattr(self, name, getattr(module, name))
        self.linalg = module.linalg

    @property
    def special(self):
        import scipy.special
        return scipy.special

    def compiled(self, f):
        return f

    def type(self, name):
        names = {"f32": "float32", "f64": "float64", "complex64": "complex64", "f16": "float16",
                 "complex128": "complex128", "i32": "int32", "i64": "int64"}
        return self.np.dtype(names[name]) if name in names else None

    def between(self, low, high, shape, type, seed):
        rng = self.np.random.default_rng(seed)
        return rng.uniform(low, high, shape).astype(self.type(type))

    def operand(self, shape, type, seed):
        parts = {"complex64": "f32", "complex128": "f64"}.get(type)
        x = self.between(-1, 1, shape, parts or type, seed)
        if parts:
            x = x + self.type(type).type(1j) * self.between(-1, 1, shape, parts, seed + 100)
        return x

    def integers(self, below, shape, type, seed):
        return self.np.random.default_rng(seed).integers(0, below, shape, dtype=self.type(type))

    def eye(self, n, type):
        return self.np.eye(n, dtype=self.type(type))

    def linspace(self, low, high, count, type):
        return self.np.linspace(low, high, count, dtype=self.type(type))

    def rand(self, shape, type):
        return self.np.random.default_rng().random(shape, dtype=self.type(type))

    def draw_normal(self, n, type):
        return self.rng.standard_normal(n, dtype=self.type(type))

    def draw_exponential(self, n, type):
        return 2 * self.rng.standard_exponential(n, dtype=self.type(type))

    def draw_gamma(self, a, n, type):
        return 2 * self.rng.standard_gamma(a, n, dtype=self.type(type))

    def draw_poisson(self, lam, n):
        return self.rng.poisson(lam, n)

    def draw_integers(self, below, n):
        return self.rng.integers(0, below, n)

    def draw_permutation(self, n):
        return self.rng.permutation(n)

    @property
    def rng(self):
        if not hasattr(self, "kept_rng"):
            self.kept_rng = self.np.random.default_rng()
        return self.kept_rng

    def normal(self, n):
        return self.np.random.default_rng().standard_normal(n, dtype=self.np.float32)

    def erfc(self, x):
        raise NotImplementedError("NumPy has no erfc")

    def relu(self, x):
        return self.np.maximum(x, 0)

    def topk(self, x, k):
        places = self.np.argpartition(x, len(x) - k)[len(x) - k:]
        order = places[self.np.argsort(-x[places])]
        return x[order], order

    def in_place(self, f):
        """f that changes its first operand, or returns it changed."""
        return f

    def put(self, x, indices, values):
        x[indices] = values

    def add_at(self, x, indices, values):
        self.np.add.at(x, indices, values)

    def put_flags(self, x):
        x[x > 0.5] = 0.25

    def sum(self, x, axis=None):
        return x.sum(axis)

    def cumsum(self, x):
        return self.np.cumsum(x)

    def sort(self, x):
        return self.np.sort(x)

    def max(self, x):
        return x.max()

    def mean(self, x):
        return x.mean()

    def var(self, x):
        return x.var()

    def norm(self, x):
        return self.np.linalg.norm(x)

    def softmax(self, m):
        e = self.exp(m - m.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)

    def layer_norm(self, m):
        return (m - m.mean(-1, keepdims=True)) / self.sqrt(m.var(-1, keepdims=True) + 1e-5)

    # Row-major results: by default m.T stays a reading of m, and nothing is turned.
    def transpose_add(self, m, m2):
        return self.np.add(m.T, m2, order="C")

    def transpose_scale(self, m):
        return self.np.multiply(2, m.T, order="C")

    def tf32(self, a, b):
        raise NotImplementedError("no TF32")

    def synchronize(self, result=None):
        pass

    def by_events(self, job, repeat):
        return self.by_clock(job, repeat)

    def by_clock(self, job, repeat):
        self.synchronize()
        start = time.perf_counter()
        result = None
        for _ in range(repeat):
            result = job()
        self.synchronize(result)
        return time.perf_counter() - start

    def free(self):
        pass


class CuPy(NumPy):
    def __init__(self):
        import cupy
        super().__init__(cupy)

    def between(self, low, high, shape, type, seed):
        self.np.random.seed(seed)
        wide = "f32" if type == "f16" else type
        x = self.np.random.random_sample(shape, dtype=self.type(wide))
        x *= high - low
        x += low
        return x.astype(self.type(type), copy=False)

    def rand(self, shape, type):
        return self.np.random.random_sample(shape, dtype=self.type(type))

    def normal(self, n):
        return self.np.random.standard_normal(n, dtype=self.np.float32)

    @property
    def special(self):
        import cupyx.scipy.special
        return cupyx.scipy.special

    def integers(self, below, shape, type, seed):
        self.np.random.seed(seed)
        return self.np.random.randint(0, below, shape, dtype=self.type(type))

    def draw_permutation(self, n):
        return self.np.random.permutation(n)  # its Generator has none

    def erfc(self, x):
        return self.special.erfc(x)

    def transpose_add(self, m, m2):
        return self.np.add(m.T, m2, out=self.np.empty_like(m2))

    def transpose_scale(self, m):
        return self.np.multiply(m.T, 2, out=self.np.empty(m.T.shape, m.dtype))

    def synchronize(self, result=None):
        self.np.cuda.Device().synchronize()

    def by_events(self, job, repeat):
        start, stop = self.np.cuda.Event(), self.np.cuda.Event()
        start.record()
        for _ in range(repeat):
            job()
        stop.record()
        stop.synchronize()
        return 1e-3 * self.np.cuda.get_elapsed_time(start, stop)

    def free(self):
        self.np.get_default_memory_pool().free_all_blocks()


class CuPyFuse(CuPy):
    jobs = ("chain1", "heavy", "black_scholes", "row_column", "row", "column", "sum_fused",
            "multiply_add")

    def compiled(self, f):
        return self.np.fuse(f)

    def sum(self, x, axis=None):
        return self.np.sum(x, axis)  # what is fused has no methods


class Torch(NumPy):
    device = "cuda"

    def __init__(self):
        import torch
        self.np = self.torch = torch
        for name in "exp sin sqrt abs log argmax matmul erfc".split():
            setattr(self, name, getattr(torch, name))
        self.norm = torch.linalg.vector_norm
        self.linalg = torch.linalg
        self.relu = torch.relu
        torch.set_float32_matmul_precision("highest")
        torch.set_grad_enabled(False)

    @property
    def special(self):
        return self.torch.special

    def type(self, name):
        names = {"f16": "float16", "bf16": "bfloat16", "f32": "float32", "f64": "float64",
                 "complex64": "complex64", "i32": "int32", "i64": "int64"}
        return getattr(self.torch, names[name]) if name in names else None

    def between(self, low, high, shape, type, seed):
        rng = self.torch.Generator(self.device).manual_seed(seed)
        wide = self.type("f64" if type == "f64" else "f32")
        x = self.torch.rand(shape, generator=rng, device=self.device, dtype=wide)
        return x.mul_(high - low).add_(low).to(self.type(type))

    def operand(self, shape, type, seed):
        if type != "complex64":
            return self.between(-1, 1, shape, type, seed)
        return self.torch.complex(self.between(-1, 1, shape, "f32", seed),
                                  self.between(-1, 1, shape, "f32", seed + 100))

    def integers(self, below, shape, type, seed):
        rng = self.torch.Generator(self.device).manual_seed(seed)
        return self.torch.randint(below, shape, generator=rng, device=self.device,
                                  dtype=self.type(type))

    def eye(self, n, type):
        return self.torch.eye(n, device=self.device, dtype=self.type(type))

    def linspace(self, low, high, count, type):
        return self.torch.linspace(low, high, count, device=self.device, dtype=self.type(type))

    def add_at(self, x, indices, values):
        x.index_add_(0, indices, values)

    def draw_normal(self, n, type):
        return self.torch.randn(n, device=self.device, dtype=self.type(type))

    def draw_exponential(self, n, type):
        return self.torch.empty(n, device=self.device, dtype=self.type(type)).exponential_(0.5)

    def draw_gamma(self, a, n, type):
        whole = self.torch.full((n,), a, device=self.device, dtype=self.type(type))
        return 2 * self.torch._standard_gamma(whole)

    def draw_poisson(self, lam, n):
        return self.torch.poisson(self.torch.full((n,), float(lam), device=self.device))

    def draw_integers(self, below, n):
        return self.torch.randint(below, (n,), device=self.device)

    def draw_permutation(self, n):
        return self.torch.randperm(n, device=self.device)

    def rand(self, shape, type):
        return self.torch.rand(shape, device=self.device, dtype=self.type(type))

    def normal(self, n):
        return self.torch.randn(n, device=self.device)

    def sum(self, x, axis=None):
        return x.sum() if axis is None else x.sum(axis)

    def cumsum(self, x):
        return self.torch.cumsum(x, 0)

    def sort(self, x):
        return self.torch.sort(x)[0]

    def var(self, x):
        return x.var(correction=0)

    def softmax(self, m):
        return self.torch.softmax(m, -1)

    def layer_norm(self, m):
        return self.torch.nn.functional.layer_norm(m, (m.shape[-1],), eps=1e-5)

    def transpose_add(self, m, m2):
        return self.torch.add(m.T, m2, out=self.torch.empty_like(m2))

    def transpose_scale(self, m):
        out = self.torch.empty(m.T.shape, device=m.device, dtype=m.dtype)
        return self.torch.mul(m.T, 2, out=out)

    def tf32(self, a, b):
        self.torch.set_float32_matmul_precision("high")
        c = a @ b
        self.torch.set_float32_matmul_precision("highest")
        return c

    def synchronize(self, result=None):
        self.torch.cuda.synchronize()

    def by_events(self, job, repeat):
        start, stop = (self.torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        for _ in range(repeat):
            job()
        stop.record()
        stop.synchronize()
        return 1e-3 * start.elapsed_time(stop)

    def free(self):
        self.torch.cuda.empty_cache()


class TorchCompile(Torch):
    # Products alone are cuBLAS's either way.
    jobs = ("chain1", "chain1_misaligned", "chain1_stride2", "heavy", "black_scholes", "row_column",
            "row", "column", "transpose_add", "transpose_scale", "outer", "image", "sum",
            "sum_fused", "max", "argmax", "mean", "var", "norm", "row_sums", "column_sums",
            "softmax", "layer_norm", "rand", "normal", "sum_exp_rand", "multiply_add", "chain",
            "dense", "symmetric")

    def compiled(self, f):
        return self.torch.compile(f, dynamic=False)

    def transpose_add(self, m, m2):
        return (m.T + m2).contiguous()

    def transpose_scale(self, m):
        return (2 * m.T).contiguous()

    def free(self):
        self.torch._dynamo.reset()  # the next case's code is compiled for its own shapes
        super().free()


class Jax(NumPy):
    def __init__(self):
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
        import jax
        jax.config.update("jax_enable_x64", True)
        jax.config.update("jax_default_matmul_precision", "highest")
        super().__init__(jax.numpy)
        self.jax = jax
        self.key = jax.random.PRNGKey(0)

    def compiled(self, f):
        return self.jax.jit(f)

    def type(self, name):
        return self.np.bfloat16 if name == "bf16" else super().type(name)

    def between(self, low, high, shape, type, seed):
        wide = self.type("f64" if type == "f64" else "f32")
        x = self.jax.random.uniform(self.jax.random.PRNGKey(seed), shape, wide, low, high)
        return x.astype(self.type(type))

    @property
    def special(self):
        return self.jax.scipy.special

    def integers(self, below, shape, type, seed):
        return self.jax.random.randint(self.jax.random.PRNGKey(seed), shape, 0, below,
                                       self.type(type))

    def topk(self, x, k):
        return self.jax.lax.top_k(x, k)

    def in_place(self, f):
        job, kept = self.jax.jit(f, donate_argnums=0), []

        def steps(x, *others):
            # x itself is not given away: the next call begins with the last one's result
            kept[:] = [job(kept[0] if kept else x + 0, *others)]
            return kept[0]
        return steps

    def put(self, x, indices, values):
        return x.at[indices].set(values)

    def add_at(self, x, indices, values):
        return x.at[indices].add(values)

    def draw_normal(self, n, type):
        return self.jax.random.normal(self.draw_key, (n,), self.type(type))

    def draw_exponential(self, n, type):
        return 2 * self.jax.random.exponential(self.draw_key, (n,), self.type(type))

    def draw_gamma(self, a, n, type):
        return 2 * self.jax.random.gamma(self.draw_key, a, (n,), self.type(type))

    def draw_poisson(self, lam, n):
        return self.jax.random.poisson(self.draw_key, lam, (n,), "int64")

    def draw_integers(self, below, n):
        return self.jax.random.randint(self.draw_key, (n,), 0, below, "int64")

    def draw_permutation(self, n):
        return self.jax.random.permutation(self.draw_key, n)

    def next_key(self):
        self.key, key = self.jax.random.split(self.key)
        return key

    def rand(self, shape, type):
        shape = (shape,) if isinstance(shape, int) else shape
        return self.jax.random.uniform(self.draw_key, shape, self.type(type))

    def normal(self, n):
        return self.jax.random.normal(self.draw_key, (n,), self.np.float32)

    def erfc(self, x):
        return self.jax.scipy.special.erfc(x)

    def softmax(self, m):
        return self.jax.nn.softmax(m, -1)

    def transpose_add(self, m, m2):
        return m.T + m2

    def transpose_scale(self, m):
        return 2 * m.T

    def tf32(self, a, b):
        return self.np.matmul(a, b, precision="tensorfloat32")

    def synchronize(self, result=None):
        if result is not None:
            self.jax.block_until_ready(result)

    def free(self):
        self.jax.clear_caches()


LIBRARIES = {"cupy": CuPy, "cupy_fuse": CuPyFuse, "torch": Torch, "torch_compile": TorchCompile,
             "jax": Jax, "numpy": NumPy}
