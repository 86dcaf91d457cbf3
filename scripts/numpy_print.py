#!/usr/bin/env python3
"""Writes test/data/print.txt: arrays and what NumPy's print(x) says of them (NumPy 2.4)."""
import pathlib

import numpy as np

np.seterr(all='ignore')
DEFAULTS = dict(precision=8, threshold=1000, edgeitems=3, linewidth=75, suppress=False)
rng = np.random.default_rng(2024)
cases = []


def case(name, x, **options):
  cases.append((name, np.asarray(x), options))


def write_case(out, name, x, options):
  with np.printoptions(**DEFAULTS | options):
    text = str(x)
  base = x.base if isinstance(x.base, np.ndarray) else x
  if not (base.flags.c_contiguous and base.dtype == x.dtype):
    base = x = np.ascontiguousarray(x).reshape(x.shape)
  offset = (x.__array_interface__['data'][0] - base.__array_interface__['data'][0]) // x.itemsize
  stride = [s // x.itemsize for s in x.strides]
  flat = base.ravel()
  ramp = flat.size > 64 and (flat == np.arange(flat.size).astype(x.dtype)).all()
  o = DEFAULTS | options
  print('case', name, file=out)
  print('type', x.dtype.name, file=out)
  print('shape', *x.shape, file=out)
  print('stride', *stride, file=out)
  print('offset', offset, file=out)
  print('options', o['precision'], o['threshold'], o['edgeitems'], o['linewidth'],
        int(o['suppress']), file=out)
  print('ramp' if ramp else 'bytes', flat.size if ramp else flat.tobytes().hex(), file=out)
  print('text', text.count('\n') + 1, file=out)
  print(text, file=out)


# integers and bool
case('bool', [True, False, True])
case('bool 2-D', np.eye(3, dtype=bool))
case('bool rank 0', np.array(True))
for t in ('i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8'):
  info = np.iinfo(t)
  case(f'{t} limits', np.array([info.min, 0, 7, info.max], t))
  case(f'{t} rank 0', np.array(info.min, t))
  case(f'{t} wrapped', np.arange(100).astype(t))

# real
for t in ('f2', 'f4', 'f8'):
  info = np.finfo(t)
  real = lambda v: np.array(v, t)
  case(f'{t} whole', real([1, 2, 3]))
  case(f'{t} fractions', real([0.1, 0.25, 1 / 3, 2]))
  case(f'{t} negative', real([[-1.5, 2], [0, -0.0]]))
  case(f'{t} nan inf', real([np.nan, np.inf, -np.inf, 1.5]))
  case(f'{t} nan only', real([np.nan]))
  case(f'{t} inf only', real([np.inf, -np.inf]))
  case(f'{t} negative nan', np.copysign(real([np.nan]), -1))
  case(f'{t} zeros', real([0.0, -0.0]))
  case(f'{t} small', real([1e-5, 1]))
  case(f'{t} wide', real([0.001, 1.001]))
  case(f'{t} just wide', real([0.001, 1]))
  case(f'{t} extremes', real([info.max, info.tiny, info.smallest_subnormal, -info.max]))
  case(f'{t} nan in exponents', real([1e-7, np.nan, -np.inf]))
  case(f'{t} below limit', real([999, 1]))
  case(f'{t} limit f2', real([1000, 1]))
  case(f'{t} limit f4', real([1e6, 1e3 + 1]))
  case(f'{t} limit f8', real([1e8, 1e5 + 1]))
  case(f'{t} exact digits', real([0.1, 1.2345678901e4]))
  case(f'{t} random', rng.standard_normal((4, 5)).astype(t))
  case(f'{t} precision 3', real([1 / 3, 2 / 3, 5]), precision=3)
  case(f'{t} precision 0', real([0.5, 1.5, 2.5]), precision=0)
  case(f'{t} precision 17', real([0.1, 1 / 3]), precision=17)
  case(f'{t} suppress', real([1e-7, 1.5e-3, 100]), suppress=True)
  for v in (0.0, -0.0, 1, 0.1, 1e-4, 1e-5, 999, 1000, 123456, 1e6, 1e15, 1e16, np.nan, -np.inf):
    case(f'{t} rank 0 {v!r}', real(v))

# complex
for t in ('c8', 'c16'):
  z = lambda v: np.array(v, t)
  case(f'{t} plain', z([1 + 2j, -3.5 - 0.25j]))
  case(f'{t} nan', z([complex(np.nan, 1), complex(0, np.nan), complex(-np.inf, -np.inf)]))
  case(f'{t} exponents', z([1e-7 + 1j, 1e9 - 2e-9j]))
  case(f'{t} matrix', (rng.standard_normal((3, 3)) + 1j * rng.standard_normal((3, 3))).astype(t))
  for v in (1 + 2j, 2j, complex(-0.0, 1), 1.5 - 0.1j, 1e16 + 1e-5j, complex(np.nan, -np.inf),
            complex(0, np.nan), 0):
    case(f'{t} rank 0 {v!r}', z(v))

# shapes
for shape in ((0,), (0, 3), (3, 0), (2, 0, 4), (1,), (1, 1), (1, 1, 1), (2, 3), (2, 2, 3),
              (2, 1, 2, 3)):
  case(f'shape {shape}', np.arange(np.prod(shape), dtype='i8').reshape(shape))
  case(f'shape {shape} f8', np.arange(np.prod(shape), dtype='f8').reshape(shape) / 4)
case('rank 6', np.arange(64).reshape((2,) * 6))

# views
case('transposed', np.arange(6).reshape(2, 3).T)
case('reversed', np.arange(10.)[::-1])
case('strided', np.arange(24).reshape(4, 6)[::2, 1::2])
case('both reversed', np.arange(6).reshape(2, 3)[::-1, ::-1])
case('broadcast', np.broadcast_to(np.arange(3), (2, 3)))

# summaries and wrapping
case('wrapped floats', np.arange(40) / 8)
case('wrapped exponents', 10. ** np.arange(-12, 12))
case('wrapped matrix', np.arange(60).reshape(2, 30) * 1000)
case('wrapped cube', np.arange(96).reshape(2, 2, 24) * 100)
case('at threshold', np.arange(1000))
case('beyond threshold', np.arange(1001))
case('summary 2-D', np.arange(10000).reshape(100, 100))
case('summary floats', np.arange(2000.))
case('summary tall', np.arange(2000).reshape(1000, 2))
case('summary flat', np.arange(2000).reshape(2, 1000))
case('summary 3-D', np.arange(1331).reshape(11, 11, 11))
case('summary 4-D', np.arange(1296).reshape(6, 6, 6, 6))
case('summary 4-D cut', np.arange(2401).reshape(7, 7, 7, 7))
case('summary reversed', np.arange(1500)[::-1])
case('summary bool', np.arange(1500).astype(bool))
case('summary complex', np.arange(1500).astype('c16'))
case('threshold 5', np.arange(12).reshape(3, 4), threshold=5, edgeitems=1)
case('threshold 0', np.arange(3), threshold=0)
case('edge 1', np.arange(2000).reshape(40, 50), edgeitems=1)
case('edge 0', np.arange(100).reshape(10, 10), threshold=5, edgeitems=0)
case('narrow', np.arange(30), linewidth=20)
case('too narrow', np.arange(5) * 1000000, linewidth=4)
case('width 200', np.arange(100), linewidth=200)

path = pathlib.Path(__file__).parent.parent / 'test/data/print.txt'
with open(path, 'w') as out:
  for c in cases:
    write_case(out, *c)
print(len(cases), 'cases', path.stat().st_size, 'bytes')
