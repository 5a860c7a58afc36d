"""The errors a user meets: each message says what is wrong, where, and what to do about it."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


def meant(missing: Iterable[str], present: Sequence[str]) -> str:
    """What an error adds where names that are missing are there in capitals, without, or spelled nearly so; or nothing.

    Examples
    --------
    >>> meant(["vartype", "mag"], ["VarType", "Period"])
    " (did you mean 'VarType'? Capitals count)"
    >>> meant(["clas", "x"], ["class", "period"])
    " (did you mean 'class'?)"
    """
    missing = list(missing)
    alike = [name for wanted in missing for name in present if name.lower() == wanted.lower()]
    near = [name for wanted in missing for name in get_close_matches(wanted, present, 1, 0.75)]
    names = ", ".join(map(repr, dict.fromkeys(alike or near)))
    return f" (did you mean {names}?{' Capitals count' if alike else ''})" if names else ""


def abridged(names: Sequence[str], most: int = 60) -> str:
    """Names in an error; of hundreds the first.

    Examples
    --------
    >>> abridged(["ra", "dec", "mag"]), abridged(["ra", "dec", "mag"], 2)
    ('ra, dec, mag', 'ra, dec and 1 more')
    """
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


class LcscaleError(Exception):
    """Anything lcscale stops for on purpose; the command line prints its text and exits with `exit_status`."""

    exit_status = 1


class InputError(LcscaleError, ValueError):
    """A name, path, column or parameter given by the caller does not fit."""

    exit_status = 2


class QuarantineError(LcscaleError):
    """The job finished, but some partitions or files could not be processed and were set aside."""

    exit_status = 3


class ConflictError(LcscaleError):
    """Somebody else published the same name, or the name already holds the result of another plan."""


class ModelError(InputError):
    """A model's files are damaged, of a forbidden kind, or do not fit the catalog it is asked about."""


class DeviceError(InputError):
    """The device asked for is not there. Every task would meet it: the job stops."""

    stops = True
