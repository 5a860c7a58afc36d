"""How the browser is served: address, password, certificate, cache."""

from __future__ import annotations

import ipaddress
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from lcscale.errors import InputError

_SHORTEST_PASSWORD = 8


@dataclass(frozen=True)
class ServerOptions:
    """Where the server listens, who may come in, and where it keeps what it computes."""

    host: str = "127.0.0.1"
    """Address to listen at; any but this machine's own demands a password."""
    port: int = 0
    """Port; 0 takes a free one."""
    password_file: Path | None = None
    """File whose first line is the password; readable by its owner alone."""
    certificate: Path | None = None
    """TLS certificate (PEM); without one, what is sent is not encrypted."""
    certificate_key: Path | None = None
    """Key of the certificate, where it does not stand in the same file."""
    cache: Path = field(default_factory=lambda: cache_folder())
    """Folder of what is computed once for a version of a catalog."""
    models: tuple[str, ...] = ()
    """Folders of models to look for the candidates' in, beside the shipped ones."""

    def __post_init__(self) -> None:
        if not 0 <= self.port < 1 << 16:
            raise InputError(f"--port is {self.port}; it must be 0 to 65535")
        if not self.is_loopback and self.password_file is None:
            raise InputError(
                f"--host {self.host} lets other machines in: give --password-file FILE (its first line is the password)"
            )
        if self.certificate_key is not None and self.certificate is None:
            raise InputError("--certificate-key belongs to --certificate")
        for name, path in (("certificate", self.certificate), ("certificate-key", self.certificate_key)):
            if path is not None and not path.is_file():
                raise InputError(f"--{name} {path}: there is no such file")

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def password(self) -> str | None:
        """The password; None where the one-time address is enough.

        Raises
        ------
        InputError
            The file is not there, others may read it, or the password is shorter than 8 characters.
        """
        if self.password_file is None:
            return None
        try:
            mode = self.password_file.stat().st_mode
            word = self.password_file.read_text("utf-8").partition("\n")[0].strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"cannot read --password-file {self.password_file}: {error}") from error
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise InputError(f"others may read {self.password_file}: run chmod 600 {self.password_file}")
        if len(word) < _SHORTEST_PASSWORD:
            raise InputError(f"the password in {self.password_file} has fewer than {_SHORTEST_PASSWORD} characters")
        return word


def cache_folder() -> Path:
    """The user's cache folder for the browser (``$XDG_CACHE_HOME/lcscale/browse``)."""
    root = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(root) / "lcscale" / "browse"
