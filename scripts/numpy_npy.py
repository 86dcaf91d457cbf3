#!/usr/bin/env python3
"""Writes test/data/npy/: small files by NumPy, and files.txt, which says what they hold.

A line of files.txt: name, dtype, rank and shape, fortran_order, big endian, the number of lines of
print(x), which follow.
"""
import pathlib
import warnings

import numpy as np

warnings.simplefilter('ignore')  # versions 2 and 3 warn
folder = pathlib.Path(__file__).parent.parent / 'test/data/npy'
folder.mkdir(parents=True, exist_ok=True)
manifest = open(folder / 'files.txt', 'w')


def write(name, x, version=None, listed=True):
  with open(folder / name, 'wb') as out:
    np.lib.format.write_array(out, x, version)
  if not listed:
    return
  fortran = int(x.flags.f_contiguous and not x.flags.c_contiguous)
  big = int(x.dtype.byteorder == '>')
  text = str(x)
  print(name, x.dtype.name, x.ndim, *x.shape, fortran, big, text.count('\n') + 1, file=manifest)
  print(text, file=manifest)


types = ('b1', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', 'f2', 'f4', 'f8', 'c8', 'c16')
for t in types:
  x = np.arange(6).reshape(2, 3)
  if t[0] in 'fc':
    x = x / 4 - 0.5
  elif t[0] == 'b':
    x = x % 2
  if t[0] == 'c':
    x = x + 1j * x[::-1]
  if t[0] == 'i':
    x = x - 2
  x = x.astype(t)
  write(f'{t}.npy', x)
  write(f'{t}_fortran.npy', np.asfortranarray(x))
  if x.itemsize > 1:
    write(f'{t}_big.npy', x.astype('>' + t))
write('big_fortran.npy', np.asfortranarray(np.arange(24).reshape(2, 3, 4)).astype('>i4', order='F'))
write('rank0.npy', np.array(2.5))
write('rank1.npy', np.arange(5, dtype='i4'))
write('rank3.npy', np.arange(24, dtype='f4').reshape(2, 3, 4))
write('rank7.npy', np.arange(2, dtype='i2').reshape(1, 1, 1, 1, 1, 1, 2))
write('empty.npy', np.zeros((0,)))
write('empty_2d.npy', np.zeros((3, 0, 2), 'i4'))
write('version2.npy', np.arange(4.), (2, 0))
write('version3.npy', np.arange(4.), (3, 0))
write('object.npy', np.array([1, 'a'], object), listed=False)
write('structured.npy', np.zeros(2, [('a', 'i4'), ('b', 'f8')]), listed=False)
write('string.npy', np.array(['ab', 'c']), listed=False)
write('bytes.npy', np.array([b'ab', b'c']), listed=False)
write('date.npy', np.array(['2024-01-01'], 'M8[D]'), listed=False)
write('longdouble.npy', np.zeros(2, np.longdouble), listed=False)
write('void2.npy', np.zeros(2, 'V2'), listed=False)
