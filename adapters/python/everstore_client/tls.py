"""TLS to a server: its certificate and its name are always verified."""

from __future__ import annotations

import ssl

from .address import Address
from .errors import BadUrl


def context_for(address: Address) -> ssl.SSLContext:
    """What a connection to `address` is encrypted with: TLS 1.2 or later, and the CAs of the system or of its own.

    Raises:
        BadUrl: the file of its CA cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=address.ca or None)
    except OSError as error:
        raise BadUrl(f"the file of the option ca, {address.ca}, cannot be used: {error}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
