"""``python -m lydigital.kernels``: compiles what is not compiled yet, beside the program at its first start."""

from lydigital.kernels import jit

jit.compile_backwards()
