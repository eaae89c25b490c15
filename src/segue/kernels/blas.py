"""BLAS and LAPACK inside compiled loops: SciPy's own, called without going through Python.

SciPy hands out the addresses of its routines for Cython. They are given to LLVM under names of our own, so that
compiled code refers to a name instead of an address and can be cached on disk.

An array behind an address (`array.ctypes.data`) must outlive the call: make it outside the kernel that calls, and pass
it in. To BLAS a matrix is column by column, so that a C-contiguous (n, m) array is the (m, n) transpose of what we see.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, Final

import llvmlite.binding
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from scipy.linalg import cython_blas, cython_lapack

from segue.kernels.compile import kernel

_ADDRESS, _INT = types.uintp, types.int64
_AS_IS, _TRANSPOSED, _LOWER, _UPPER = (ord(letter) for letter in "NTLU")


def _routine(module: Any, name: str, n_arguments: int) -> Callable[..., None]:
    """A routine of SciPy as a function that kernels may call; every argument is an address."""
    capsule = module.__pyx_capi__[name]
    signature_of = ctypes.pythonapi.PyCapsule_GetName
    signature_of.restype, signature_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
    address_of = ctypes.pythonapi.PyCapsule_GetPointer
    address_of.restype, address_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    symbol = f"segue_{name}"
    llvmlite.binding.add_symbol(symbol, address_of(capsule, signature_of(capsule)))
    routine: Callable[..., None] = types.ExternalFunction(symbol, types.void(*[_ADDRESS] * n_arguments))
    return routine


_sgemm: Final = _routine(cython_blas, "sgemm", 13)
_ssyrk: Final = _routine(cython_blas, "ssyrk", 10)
_spotrf: Final = _routine(cython_lapack, "spotrf", 5)
_spotrs: Final = _routine(cython_lapack, "spotrs", 8)


@intrinsic
def _reference(_typing_context: Any, value: Any) -> Any:
    """The address of a copy of a number on the stack of the calling kernel."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        place = cgutils.alloca_once(builder, arguments[0].type)
        builder.store(arguments[0], place)
        return builder.ptrtoint(place, context.get_value_type(_ADDRESS))

    return _ADDRESS(value), generate


@intrinsic
def _int_at(_typing_context: Any, address: Any) -> Any:
    """The int32 at an address."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.load(builder.inttoptr(arguments[0], ir.IntType(32).as_pointer()))

    return types.int32(address), generate


@kernel([types.void(_INT, _INT, _INT, _ADDRESS, _INT, _ADDRESS, _INT, _ADDRESS, _INT)])
def product(m: int, n: int, d: int, a: int, a_step: int, b: int, b_step: int, c: int, c_step: int) -> None:
    """C = A @ B.T for float32 A (m, d), B (n, d) and C (m, n), given by address and distance between rows."""
    _sgemm(
        _reference(types.uint8(_TRANSPOSED)),
        _reference(types.uint8(_AS_IS)),
        _reference(types.int32(n)),
        _reference(types.int32(m)),
        _reference(types.int32(d)),
        _reference(types.float32(1.0)),
        b,
        _reference(types.int32(b_step)),
        a,
        _reference(types.int32(a_step)),
        _reference(types.float32(0.0)),
        c,
        _reference(types.int32(c_step)),
    )


@kernel([types.void(_INT, _INT, _INT, _ADDRESS, _INT, _ADDRESS, _INT, _ADDRESS, _INT)])
def subtract_product(m: int, n: int, d: int, a: int, a_step: int, b: int, b_step: int, c: int, c_step: int) -> None:
    """C -= A @ B.T, for what `product` takes."""
    _sgemm(
        _reference(types.uint8(_TRANSPOSED)),
        _reference(types.uint8(_AS_IS)),
        _reference(types.int32(n)),
        _reference(types.int32(m)),
        _reference(types.int32(d)),
        _reference(types.float32(-1.0)),
        b,
        _reference(types.int32(b_step)),
        a,
        _reference(types.int32(a_step)),
        _reference(types.float32(1.0)),
        c,
        _reference(types.int32(c_step)),
    )


@kernel([types.void(_INT, _INT, _ADDRESS, _ADDRESS)])
def add_gram(n: int, d: int, a: int, c: int) -> None:
    """C += A.T @ A in the lower triangle, for C-contiguous float32 A (n, d) and C (d, d), given by address."""
    _ssyrk(
        _reference(types.uint8(_UPPER)),  # the lower triangle as we see it
        _reference(types.uint8(_AS_IS)),
        _reference(types.int32(d)),
        _reference(types.int32(n)),
        _reference(types.float32(1.0)),
        a,
        _reference(types.int32(d)),
        _reference(types.float32(1.0)),
        c,
        _reference(types.int32(d)),
    )


@kernel([types.void(_INT, _INT, _ADDRESS, _ADDRESS)])
def add_outer_gram(n: int, d: int, a: int, c: int) -> None:
    """C += A @ A.T in the lower triangle, for C-contiguous float32 A (n, d) and C (n, n), given by address."""
    _ssyrk(
        _reference(types.uint8(_UPPER)),
        _reference(types.uint8(_TRANSPOSED)),
        _reference(types.int32(n)),
        _reference(types.int32(d)),
        _reference(types.float32(1.0)),
        a,
        _reference(types.int32(d)),
        _reference(types.float32(1.0)),
        c,
        _reference(types.int32(n)),
    )


@kernel([_INT(_INT, _ADDRESS, _ADDRESS)])
def solve_positive(n: int, a: int, b: int) -> int:
    """Solves A x = b in place of b by Cholesky, A being float32 (n, n) with its lower triangle filled.

    Returns 0, or the order of the leading minor that is not positive; b is then as it was.
    """
    status = _reference(types.int32(0))
    triangle = _reference(types.uint8(_UPPER))
    size = _reference(types.int32(n))
    _spotrf(triangle, size, a, size, status)
    failed = _int_at(status)
    if failed == 0:
        _spotrs(triangle, size, _reference(types.int32(1)), a, size, b, size, status)
    return failed
