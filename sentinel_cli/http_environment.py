"""What a client of HTTP takes from the environment: proxies, and the file of certificates that it trusts."""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from urllib.request import getproxies

from sql.errors import SettingsError

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_CERTIFICATES = ("SSL_CERT_FILE", "SSLKEYLOGFILE")


@contextmanager
def usable_environment(*, proxies: bool = True) -> Iterator[None]:
    """
    Inside of it a client is made, which reads the environment; `proxies` says whether it reads those too.

    Raises:
        SettingsError: the environment names a proxy or a file of certificates that cannot be used.
    """
    try:
        for url in getproxies().values() if proxies else ():
            _ = urlsplit(url).port  # ValueError above 65535, which the client would only meet as it connects
        yield
    except OSError as error:
        raise SettingsError(f"{_named(_CERTIFICATES)} names a file that cannot be used: {error.strerror}.") from None
    except Exception:
        # A proxy's URL that is none, or of a protocol that is not installed; it may hold a password.
        raise SettingsError(f"{_named(_PROXIES)} must name an HTTP proxy, as http://host:port; not SOCKS.") from None


def _named(variables: Collection[str]) -> str:
    """Those of the variables that are set, as they are written."""
    return " or ".join(name for name in os.environ if name.upper() in variables) or "The system's proxy"
