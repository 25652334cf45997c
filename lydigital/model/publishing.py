"""Who publishes warnings and where they are handed over: part of the preferences, all off until written there."""

from __future__ import annotations

from typing import Literal

import msgspec


class Hook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place products are handed over to.

    Attributes
    ----------
    kind
        ``folder`` (a copy of the package), ``mail`` (SMTP) or ``post`` (HTTP POST of the CAP message).
    enabled
        False until somebody switches it on.
    internal
        Whether it may get what is not public.
    folder
        Of a folder hook.
    server, port, security, user, sender, recipients
        Of a mail hook; its password is the environment variable named by ``password_from``.
    url
        Of a post hook; what ``token_from`` names is sent as bearer token. ``https`` unless the host is this machine.
    tries, wait_s, timeout_s
        How often it is tried, seconds before the second try (doubled each time), and seconds until one is given up.
    """

    name: str
    kind: Literal["folder", "mail", "post"]
    enabled: bool = False
    internal: bool = False
    folder: str = ""
    server: str = ""
    port: int = 465
    security: Literal["tls", "starttls", "none"] = "tls"
    user: str = ""
    password_from: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    url: str = ""
    token_from: str = ""
    tries: int = 3
    wait_s: float = 2.0
    timeout_s: float = 20.0


class Publishing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who an office is in messages, and its hooks.

    Attributes
    ----------
    adcode
        GB/T 2260.
    organisation, unit, office
        GB/T 4657 and the digits after it in identifiers of GB/T 35965.1; 000 stands for "not assigned yet".
    sender
        CAP ``sender``: no blanks, commas or ``<``, ``&``.
    approval
        Number of the map review (审图号). Without one pictures say that they are internal.
    hooks
        Where products are handed over.
    """

    adcode: str = "410300"
    organisation: str = "000"
    unit: str = "000"
    office: str = "00"
    sender: str = "lydigital@410300"
    contact: str = ""
    approval: str = ""
    producer: str = ""
    hooks: tuple[Hook, ...] = ()
