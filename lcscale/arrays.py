"""The door for arrays: masks become NaN, units are converted, and what can be neither is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.errors import InputError
from lcscale.units import factor

_PLAIN = {float, int, bool, np.float64, np.float32, np.int64, np.bool_}
"""Types whose values carry neither mask nor unit."""


def floats(
    values: Any,
    what: str,
    unit: str = "",
    *,
    hours: bool = False,
    kinds: tuple[type[np.floating[Any]], ...] = (np.float64,),
) -> npt.NDArray[Any]:
    """`values` as floating-point numbers in `unit`; NaN for what a mask hides and for nulls.

    Parameters
    ----------
    values
        NumPy, `numpy.ma`, astropy (`Quantity`, `Masked`, `Column`), Arrow or pandas arrays, sequences of numbers.
    what
        What errors call them.
    unit
        Unit wanted, as astropy writes it; empty for pure numbers.
    hours
        Whether hours are those of right ascension.
    kinds
        Types that stay as they are; others become the last one.

    Raises
    ------
    InputError
        For values that are no real numbers (text, dates, complex ones), and for units that cannot be converted.

    Examples
    --------
    >>> floats(np.ma.array([1.0, 2.0], mask=[False, True]), "mag", "mag").tolist()
    [1.0, nan]
    """
    if type(values) is np.ndarray and values.dtype in kinds:
        return values
    numbers, mask, stated = _bare(values, what)
    if numbers.dtype not in kinds:
        numbers = numbers.astype(kinds[-1])
    by = factor(stated, unit, what, hours=hours)
    if by != 1.0:
        numbers = (numbers * by).astype(numbers.dtype)
    if mask is not None and mask.any():
        numbers = np.where(mask, numbers.dtype.type(np.nan), numbers)
    return numbers


def number(value: Any, what: str, unit: str = "", *, hours: bool = False) -> float:
    """One number in `unit`; `InputError` where it is masked or several.

    Examples
    --------
    >>> from astropy import units as u
    >>> number(2 * u.arcmin, "radius_arcsec", "arcsec")
    120.0
    """
    if type(value) in (float, int):
        return float(value)
    one = floats(value, what, unit, hours=hours)
    if one.size != 1:
        raise InputError(f"{what} must be one number, not {one.size}")
    if np.isnan(one).any() and not isinstance(value, np.floating):
        raise InputError(f"{what} is missing or masked: give a number")
    return float(one.reshape(())[()])


def one_each(values: Any, n: int, what: str, unit: str = "") -> npt.NDArray[np.float64]:
    """One number in `unit` for each of `n` objects, float64 [n]; a single one stands for all. See `floats`.

    Examples
    --------
    >>> one_each(0.5, 3, "period", "d").tolist()
    [0.5, 0.5, 0.5]
    """
    array = floats(values, what, unit)
    if array.shape not in ((), (n,)):
        raise InputError(f"{what} has shape {array.shape}; one number or {n}, one an object")
    return np.broadcast_to(array, (n,))


def integers(
    values: Any, what: str, kind: type[np.signedinteger[Any]] = np.int64, *, missing: int | None = None
) -> npt.NDArray[Any]:
    """`values` as whole numbers of type `kind`, `missing` where a mask hides one.

    Raises
    ------
    InputError
        Where one is not whole, or hidden while `missing` is None.

    Examples
    --------
    >>> integers([0.0, 2.0], "offsets").tolist()
    [0, 2]
    """
    if type(values) is np.ndarray and values.dtype == kind:
        return values
    numbers, mask, stated = _bare(values, what)
    factor(stated, "", what)
    if mask is not None and mask.any():
        if missing is None:
            raise InputError(f"{what} is masked in {int(np.count_nonzero(mask)):,} places, and cannot be missing")
        numbers = np.where(mask, missing, numbers)
    with np.errstate(invalid="ignore"):
        whole: npt.NDArray[Any] = numbers.astype(kind)
    if not np.array_equal(whole, numbers):
        raise InputError(f"{what} must be whole numbers that {np.dtype(kind)} can hold")
    return whole


def selection(values: Any, what: str) -> npt.NDArray[np.int64]:
    """Indices from whole numbers, or from a mask of bools; `InputError` where one is masked or missing.

    Examples
    --------
    >>> selection([True, False, True], "index").tolist()
    [0, 2]
    """
    indices = integers(values, what)
    return np.flatnonzero(indices) if _bare(values, what)[0].dtype == np.bool_ else indices


def flags(values: Any, n: int, what: str) -> npt.NDArray[np.bool_]:
    """`values` as bools [n]; `InputError` where one is masked, or they are something else.

    Examples
    --------
    >>> flags([True, False], 2, "mask").tolist()
    [True, False]
    """
    if type(values) is np.ndarray and values.dtype == np.bool_ and values.shape == (n,):
        return values
    plain = _bare(values, what)[0]
    if plain.dtype != np.bool_ or plain.shape != (n,):
        raise InputError(f"{what} must be {n} bools, not {plain.dtype} of shape {plain.shape}")
    integers(values, what)
    return plain


def texts(values: Any, what: str) -> npt.NDArray[np.object_]:
    """`values` as text, object [n]; None for what a mask hides and for nulls.

    Examples
    --------
    >>> texts(np.ma.array(["RRab", "EW"], mask=[False, True]), "label").tolist()
    ['RRab', None]
    """
    plain, mask = _unmasked(values), _mask_of(values)
    if _is_of_pandas(plain):
        plain = plain.to_numpy(object, na_value=None)
    plain = np.fromiter(plain, object) if isinstance(plain, list | tuple) else np.asarray(plain)
    array = (np.char.decode(plain, "utf-8") if plain.dtype.kind == "S" else plain).astype(object)
    hidden = np.array([each is None or each is np.ma.masked or each != each for each in array.ravel()], np.bool_)
    array[hidden.reshape(array.shape) | (False if mask is None else mask)] = None
    return array


def options_in(options: object, **units: str) -> None:
    """Turn fields of the frozen dataclass `options` into numbers of the given units; those that are None stay.

    ``options_in(self, radius_arcsec="arcsec")`` in a ``__post_init__`` lets a `Quantity` stand for the number.
    """
    for name, unit in units.items():
        value = getattr(options, name)
        if value is not None and type(value) not in (int, float):
            object.__setattr__(options, name, number(value, name, unit))


def modulo_360(ra: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Right ascension in [0, 360), degrees; the array itself where it is so already. NaN and infinity become NaN.

    The remainder of a tiny negative number rounds to 360, which is 0 again.

    Examples
    --------
    >>> modulo_360(np.array([-1e-18, -90.0, 360.0, 10.0])).tolist()
    [0.0, 270.0, 0.0, 10.0]
    """
    if not ((ra < 0) | (ra >= 360)).any():
        return ra
    with np.errstate(invalid="ignore"):
        turned: npt.NDArray[Any] = np.mod(ra, 360)
    return np.where(turned >= 360, ra.dtype.type(0), turned)


def _gathered(values: Any) -> Any:
    """A list of masked values or Quantities as one array of their kind; anything else as it is."""
    if not isinstance(values, list | tuple) or set(map(type, values)) <= _PLAIN:
        return values
    if any(_unit_of(value) is not None for value in values):
        from astropy.units import Quantity

        return Quantity(values)
    if any(_mask_of(value) is not None for value in values):
        return np.ma.stack([np.ma.array(_unmasked(value), mask=_mask_of(value)) for value in values])
    return values


def _is_of_pandas(values: Any) -> bool:
    return hasattr(values, "isna") and hasattr(values, "to_numpy")


def _unit_of(values: Any) -> Any:
    """The unit that an array of astropy (`unit`), pint or unyt (`units`) carries, or None."""
    if _is_of_pandas(values):
        return None
    unit = getattr(values, "unit", None)
    other = getattr(values, "units", None)
    return unit if unit is not None or other is None else str(other)


def _mask_of(values: Any) -> Any:
    """The mask of an array of numpy.ma or astropy (True hides), or None."""
    mask = None if _is_of_pandas(values) else getattr(values, "mask", None)
    return None if mask is None or callable(mask) else np.asarray(mask)


def _unmasked(values: Any) -> Any:
    """`values` without their mask and unit."""
    if isinstance(values, np.ma.MaskedArray):
        return np.asarray(values.data)
    values = getattr(values, "unmasked", values)
    return values.view(np.ndarray) if isinstance(values, np.ndarray) else getattr(values, "magnitude", values)


def _bare(values: Any, what: str) -> tuple[npt.NDArray[Any], Any, Any]:
    """`values` as a plain array of real numbers, their mask and their unit."""
    try:
        values = _gathered(values)
        plain = _unmasked(values)
        if _is_of_pandas(plain) and plain.dtype.kind not in "mMc":
            plain = plain.to_numpy(np.float64, na_value=np.nan)
        array = np.asarray(plain)
        if array.dtype.kind in "mMc":
            raise TypeError(f"they are {array.dtype}")
        if array.dtype.kind not in "iubf":
            array = array.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{what} must be real numbers (times in days): {error}") from error
    return array, _mask_of(values), _unit_of(values)
