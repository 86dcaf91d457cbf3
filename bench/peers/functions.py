"""The cases of bench/gpu/functions.cpp and bench/host/functions.cpp in Python's array libraries: NAMES says
for each its operands and its function under NumPy's names; TORCH has PyTorch's where those are others.
`lib` is a library of gpu_libraries.py, `lib.np` its module."""

COUNT = 1000000


def normal_matrices(lib, type, shape):
    """Symmetric and well conditioned; right sides that fit."""
    count, n = (1,) * (2 - len(shape)) + tuple(shape)
    batch = () if len(shape) == 1 else (count,)
    r = lib.operand(batch + (n, n), type, 1)
    a = lib.eye(n, type) + (r + r.swapaxes(-1, -2)) / (4 * n ** 0.5)
    return a, lib.operand((n,) if not batch else batch + (n, 1), type, 2)


def values(lib, type, shape, seed):
    if type in ("i32", "i64"):
        return lib.integers(2 ** 31 - 1, shape, type, seed)
    return lib.operand(shape, type, seed)


def one(lib, type, shape):
    return (values(lib, type, (shape[0],), 1),)


def matrix(lib, type, shape):
    return (values(lib, type, tuple(shape), 1),)


def matrices(lib, type, shape):
    return values(lib, type, tuple(shape), 1), values(lib, type, tuple(shape), 2)


def two(lib, type, shape):
    return values(lib, type, (shape[0],), 1), values(lib, type, (shape[0],), 2)


def three_squares(lib, type, shape):
    return tuple(values(lib, type, (shape[0],) * 2, seed) for seed in (1, 2, 3))


def true(lib, type, shape):
    return (lib.operand((shape[0],), "f32", 1) > -2,)


def false(lib, type, shape):
    return (lib.operand((shape[0],), "f32", 1) < -2,)


def below(limit):
    return lambda lib, type, shape: (lib.integers(limit, (shape[0],), type, 1),)


def halves(lib, type, shape):
    return tuple(lib.operand((shape[0] // 2,), type, k) for k in (1, 2))


def between(low, high):
    return lambda lib, type, shape: (lib.between(low, high, (shape[0],), type, 1),)


def indices(lib, below, shape, seed):
    return lib.integers(below, shape, "i64", seed)


def sorted_and_values(lib, type, shape):
    return lib.sort(lib.operand((shape[0],), type, 1)), lib.operand((shape[1],), type, 2)


def with_edges(lib, type, shape):
    return lib.operand((shape[0],), type, 1), lib.linspace(-1, 1, 257, type)


def rows_and_indices(lib, type, shape):
    return lib.operand(tuple(shape), type, 1), indices(lib, shape[0], (shape[0],), 2)


def elements_and_indices(lib, type, shape):
    return lib.operand((shape[0],), type, 1), indices(lib, shape[0], (shape[1],), 2)


def columns_and_indices(lib, type, shape):
    return lib.operand(tuple(shape), type, 1), indices(lib, shape[1], tuple(shape), 2)


def target_indices_values(lib, type, shape):
    return (lib.operand((shape[0],), type, 1), indices(lib, shape[0], (shape[1],), 2),
            lib.operand((shape[1],), type, 3))


def weighted_choice(lib, count):
    kept = []

    def draw(x):
        if not kept:
            kept.append(x / x.sum())
        return lib.rng.choice(len(x), count, p=kept[0])
    return draw


# name -> (operands, function of the library and the sizes that returns the job)
NAMES = {
    "argsort": (one, lambda lib, s: lambda x: lib.np.argsort(x)),
    "sort_rows": (matrix, lambda lib, s: lambda x: lib.np.sort(x, -1)),
    "sort_columns": (matrix, lambda lib, s: lambda x: lib.np.sort(x, 0)),
    "partition": (one, lambda lib, s: lambda x: lib.np.partition(x, s[1])),
    "topk": (one, lambda lib, s: lambda x: lib.topk(x, s[1])),
    "median": (one, lambda lib, s: lambda x: lib.np.median(x)),
    "percentile": (one, lambda lib, s: lambda x: lib.np.percentile(x, 99)),
    "median_rows": (matrix, lambda lib, s: lambda x: lib.np.median(x, 1)),
    "searchsorted": (sorted_and_values, lambda lib, s: lambda a, v: lib.np.searchsorted(a, v)),
    "digitize": (with_edges, lambda lib, s: lambda x, edges: lib.np.digitize(x, edges)),
    "histogram": (one, lambda lib, s: lambda x: lib.np.histogram(x, 256, (-1, 1))[0]),
    "unique": (lambda lib, type, s: (below(COUNT) if type[0] == "i" else one)(lib, type, s),
               lambda lib, s: lambda x: lib.np.unique(x)),
    "take_rows": (rows_and_indices, lambda lib, s: lambda x, i: lib.np.take(x, i, 0)),
    "take": (elements_and_indices, lambda lib, s: lambda x, i: lib.np.take(x, i)),
    "take_along_axis": (columns_and_indices,
                        lambda lib, s: lambda x, i: lib.np.take_along_axis(x, i, -1)),
    "put": (target_indices_values, lambda lib, s: lib.in_place(lib.put)),
    "add_at": (target_indices_values, lambda lib, s: lib.in_place(lib.add_at)),
    "flags": (one, lambda lib, s: lambda x: x[x > 0]),
    "nonzero": (one, lambda lib, s: lambda x: lib.np.nonzero(x > 0)),
    "cumsum_columns": (matrix, lambda lib, s: lambda x: lib.np.cumsum(x, 0)),
    "cumprod": (between(0.9999, 1.0001), lambda lib, s: lambda x: lib.np.cumprod(x, 0)),
    "gradient": (one, lambda lib, s: lambda x: lib.np.gradient(x)),
    "roll": (one, lambda lib, s: lambda x: lib.np.roll(x, 12345)),
    "concatenate": (halves, lambda lib, s: lambda x, y: lib.np.concatenate((x, y))),
    "repeat": (one, lambda lib, s: lambda x: lib.np.repeat(x, 4)),
    "pad": (matrix, lambda lib, s: lambda x: lib.np.pad(x, 1)),
    "argmax_rows": (matrix, lambda lib, s: lambda x: lib.np.argmax(x, 1)),
    "argmax_columns": (matrix, lambda lib, s: lambda x: lib.np.argmax(x, 0)),
    "erf": (between(-3, 3), lambda lib, s: lambda x: lib.special.erf(x)),
    "erfinv": (between(-0.999, 0.999), lambda lib, s: lambda x: lib.special.erfinv(x)),
    "gammaln": (between(0.5, 20), lambda lib, s: lambda x: lib.special.gammaln(x)),
    "i0": (between(-5, 5), lambda lib, s: lambda x: lib.np.i0(x)),
    "complex_multiply": (two, lambda lib, s: lambda x, y: x * y),
    "complex_exp": (one, lambda lib, s: lambda x: lib.exp(x)),
    "solve": (normal_matrices, lambda lib, s: lambda a, b: lib.linalg.solve(a, b)),
    "inv": (normal_matrices, lambda lib, s: lambda a, b: lib.linalg.inv(a)),
    "det": (normal_matrices, lambda lib, s: lambda a, b: lib.linalg.det(a)),
    "cholesky": (normal_matrices, lambda lib, s: lambda a, b: lib.linalg.cholesky(a)),
}
# On the host alone.
NAMES.update({
    "cumsum": (one, lambda lib, s: lambda x: lib.np.cumsum(x)),
    "cumsum_rows": (matrix, lambda lib, s: lambda x: lib.np.cumsum(x, 1)),
    "diff": (one, lambda lib, s: lambda x: lib.np.diff(x)),
    "diff_columns": (matrix, lambda lib, s: lambda x: lib.np.diff(x, axis=0)),
    "sort": (one, lambda lib, s: lambda x: lib.np.sort(x)),
    "argsort_rows": (matrix, lambda lib, s: lambda x: lib.np.argsort(x, -1)),
    "argsort_columns": (matrix, lambda lib, s: lambda x: lib.np.argsort(x, 0)),
    "median_columns": (matrix, lambda lib, s: lambda x: lib.np.median(x, 0)),
    "histogram_edges": (one, lambda lib, s: lambda x: lib.np.histogram(
        x, lib.np.concatenate([[-1.0], lib.np.linspace(-0.5, 1, 255)]))[0]),
    "bincount": (below(256), lambda lib, s: lambda x: lib.np.bincount(x)),
    "unique_few": (below(100), lambda lib, s: lambda x: lib.np.unique(x)),
    "isin": (lambda lib, type, s: (lib.integers(2 * s[1], (s[0],), type, 1),
                                   lib.integers(2 * s[1], (s[1],), type, 2)),
             lambda lib, s: lambda x, among: lib.np.isin(x, among)),
    "nonzero_matrix": (matrix, lambda lib, s: lambda x: lib.np.nonzero(x > 0)),
    "flatnonzero": (one, lambda lib, s: lambda x: lib.np.flatnonzero(x > 0)),
    "put_flags": (one, lambda lib, s: lib.in_place(lib.put_flags)),
    "where": (two, lambda lib, s: lambda x, y: lib.np.where(x > 0, x, y)),
    "repeat_rows": (matrix, lambda lib, s: lambda x: lib.np.repeat(x, 4, 0)),
    "repeat_counts": (lambda lib, type, s: (values(lib, type, (s[0],), 1),
                                            lib.integers(8, (s[0],), "i64", 2)),
                      lambda lib, s: lambda x, counts: lib.np.repeat(x, counts)),
    "tile": (matrix, lambda lib, s: lambda x: lib.np.tile(x, (2, 2))),
    "roll_rows": (matrix, lambda lib, s: lambda x: lib.np.roll(x, 100, 1)),
    "flip": (one, lambda lib, s: lambda x: lib.np.flip(x).copy()),
    "flip_rows": (matrix, lambda lib, s: lambda x: lib.np.flip(x, 1).copy()),
    "concatenate_columns": (matrices,
                            lambda lib, s: lambda x, y: lib.np.concatenate((x, y), 1)),
    "stack": (two, lambda lib, s: lambda x, y: lib.np.stack((x, y))),
    "stack_last": (two, lambda lib, s: lambda x, y: lib.np.stack((x, y), -1)),
    "pad_edge": (matrix, lambda lib, s: lambda x: lib.np.pad(x, 3, "edge")),
    "argmax": (one, lambda lib, s: lambda x: lib.np.argmax(x)),
    "max_columns": (matrix, lambda lib, s: lambda x: lib.np.max(x, 0)),
    "all": (true, lambda lib, s: lambda x: lib.np.all(x)),
    "any": (false, lambda lib, s: lambda x: lib.np.any(x)),
    "all_rows": (matrix, lambda lib, s: lambda x: lib.np.all(x != 0, 1)),
    "count_nonzero": (one, lambda lib, s: lambda x: lib.np.count_nonzero(x)),
    "count_true": (true, lambda lib, s: lambda x: lib.np.count_nonzero(x)),
    "std_rows": (matrix, lambda lib, s: lambda x: lib.np.std(x, 1)),
    "std_columns": (matrix, lambda lib, s: lambda x: lib.np.std(x, 0)),
    "var_rows": (matrix, lambda lib, s: lambda x: lib.np.var(x, 1)),
    "var_columns": (matrix, lambda lib, s: lambda x: lib.np.var(x, 0)),
    "cov": (matrix, lambda lib, s: lambda x: lib.np.cov(x)),
    "einsum": (three_squares, lambda lib, s: lambda x, y, z: lib.np.einsum(
        "ij,jk,kl->il", x, y, z, optimize=True)),
    "einsum_batched": (matrices, lambda lib, s: lambda x, y: lib.np.einsum("ij,ij->i", x, y)),
    "tensordot": (lambda lib, type, s: (values(lib, type, (s[0],) * 3, 1),
                                        values(lib, type, (s[0],) * 3, 2)),
                  lambda lib, s: lambda x, y: lib.np.tensordot(x, y)),
    "kron": (matrices, lambda lib, s: lambda x, y: lib.np.kron(x, y)),
    "outer": (two, lambda lib, s: lambda x, y: lib.np.outer(x, y)),
    "complex_abs": (one, lambda lib, s: lambda x: lib.np.abs(x)),
    "to_i32": (between(-1000, 1000), lambda lib, s: lambda x: x.astype(lib.np.int32)),
    "to_f32": (one, lambda lib, s: lambda x: x.astype(lib.np.float32)),
    "shuffle": (one, lambda lib, s: lambda x: lib.rng.shuffle(x)),
    "permuted_rows": (matrix, lambda lib, s: lambda x: lib.rng.permutation(x)),
    "choice_of": (one, lambda lib, s: lambda x: lib.rng.choice(x, s[0])),
    "choice_weighted": (between(0.5, 1.5), lambda lib, s: weighted_choice(lib, s[1])),
})
for name in ("solve", "inv", "det", "cholesky"):
    NAMES[name + "_batched"] = NAMES[name]

TORCH = {
    "argsort": lambda lib, s: lambda x: lib.torch.sort(x, stable=True)[1],
    "sort_rows": lambda lib, s: lambda x: lib.torch.sort(x, -1)[0],
    "sort_columns": lambda lib, s: lambda x: lib.torch.sort(x, 0)[0],
    "partition": lambda lib, s: lambda x: lib.torch.kthvalue(x, s[1] + 1),
    "topk": lambda lib, s: lambda x: lib.torch.topk(x, s[1]),
    # of an even number the lower of the two in the middle
    "median": lambda lib, s: lambda x: lib.torch.median(x),
    "median_rows": lambda lib, s: lambda x: lib.torch.median(x, 1)[0],
    "percentile": lambda lib, s: lambda x: lib.torch.quantile(x, 0.99),
    "digitize": lambda lib, s: lambda x, edges: lib.torch.bucketize(x, edges, right=True),
    "histogram": lambda lib, s: lambda x: lib.torch.histc(x, 256, -1, 1),
    "take_rows": lambda lib, s: lambda x, i: lib.torch.index_select(x, 0, i),
    "take_along_axis": lambda lib, s: lambda x, i: lib.torch.gather(x, -1, i),
    "gradient": lambda lib, s: lambda x: lib.torch.gradient(x),
    "repeat": lambda lib, s: lambda x: lib.torch.repeat_interleave(x, 4),
    "pad": lambda lib, s: lambda x: lib.torch.nn.functional.pad(x, (1, 1, 1, 1)),
}

# Their results' shapes depend on the data, or they compile themselves: not under jit.
NOT_COMPILED = ("unique", "flags", "nonzero", "put", "add_at")

# name -> function of the library, the size and the type that returns the draw
DRAWS = {
    "standard_normal": lambda lib, n, type: lambda: lib.draw_normal(n, type),
    "exponential": lambda lib, n, type: lambda: lib.draw_exponential(n, type),
    "gamma": lambda lib, n, type: lambda: lib.draw_gamma(2.5, n, type),
    "poisson": lambda lib, n, type: lambda: lib.draw_poisson(10, n),
    "integers": lambda lib, n, type: lambda: lib.draw_integers(1000, n),
    "permutation": lambda lib, n, type: lambda: lib.draw_permutation(n),
    "uniform": lambda lib, n, type: lambda: lib.rng.uniform(-1, 1, n),
    "poisson_great": lambda lib, n, type: lambda: lib.draw_poisson(1000, n),
    "choice": lambda lib, n, type: lambda: lib.rng.choice(1000, n),
    "choice_once": lambda lib, n, type: lambda: lib.rng.choice(n, n // 4, replace=False),
    "random": lambda lib, n, type: lambda: lib.rng.random(n, dtype=lib.type(type)),
}


def job_of(lib, name, type, shape):
    """The case as a function without arguments, or None where it is none of these."""
    if name not in NAMES:
        return None
    type = "f32" if type == "bool" else type  # what flags are made of
    operands_of, function_of = NAMES[name]
    if hasattr(lib, "torch"):
        function_of = TORCH.get(name, function_of)
    operands = operands_of(lib, type, shape)
    function = function_of(lib, shape)
    if name not in NOT_COMPILED:
        function = lib.compiled(function)
    return lambda: function(*operands)
