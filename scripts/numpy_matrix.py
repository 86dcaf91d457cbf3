#!/usr/bin/env python3
"""Writes examples/data/: a matrix by NumPy and NumPy's own product of it with itself."""
import pathlib

import numpy as np

folder = pathlib.Path(__file__).parent.parent / 'examples/data'
folder.mkdir(parents=True, exist_ok=True)
x = np.random.default_rng(1).standard_normal((24, 24))
np.save(folder / 'matrix.npy', x)
np.save(folder / 'product.npy', x @ x)
