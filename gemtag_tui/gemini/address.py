"""Where the API is: base address, version and proxy, checked once."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from gemtag_tui.core.errors import SettingsError

DEFAULT_BASE = "https://generativelanguage.googleapis.com"
BASE_VARIABLE = "GOOGLE_GEMINI_BASE_URL"
VERSION_VARIABLE = "GOOGLE_GENAI_API_VERSION"
DEFAULT_VERSION = "v1"


@dataclass(frozen=True, slots=True)
class Address:
    """An address that can be used.

    Attributes:
        root: base and version, without a slash at the end.
        host: of the base.
        secure: whether the key travels encrypted, or stays on this machine.
        proxy: address of an HTTP proxy, "" when none is used. May hold a password: never shown.
    """

    root: str
    host: str
    secure: bool
    proxy: str = ""

    @staticmethod
    def named(environ: Mapping[str, str]) -> tuple[str, str]:
        """Return base address and API version that the environment names, or the defaults."""
        version = environ.get(VERSION_VARIABLE, "").strip() or DEFAULT_VERSION
        version = "v1beta" if version == "beta" else version
        return environ.get(BASE_VARIABLE, "").strip() or DEFAULT_BASE, version

    @classmethod
    def of(cls, base_url: str, api_version: str, environ: Mapping[str, str]) -> Address:
        """Check an address.

        Raises:
            SettingsError: it is no address of a web service, or its proxy is of no usable kind.
        """
        parts = _split(base_url)
        host = parts.hostname or ""
        if not api_version.replace(".", "").isalnum():
            raise SettingsError(f"{VERSION_VARIABLE} must be like v1 or v1beta.")
        local = is_loopback(host)
        return cls(
            root=f"{base_url.rstrip('/')}/{api_version}",
            host=host,
            secure=parts.scheme == "https" or local,
            proxy="" if local else proxy_for(parts.scheme, host, environ),
        )


def _split(base_url: str) -> SplitResult:
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if (
        not usable
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
        or not base_url.isprintable()
    ):
        raise SettingsError(
            f"{BASE_VARIABLE} must be an address such as {DEFAULT_BASE}, without user, query or"
            " fragment."
        )
    return parts


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def proxy_for(scheme: str, host: str, environ: Mapping[str, str]) -> str:
    """Return the proxy that the environment sets for a host, as curl reads it; "" for none.

    Looked up once: asking anew for every call costs more than the rest of the request.

    Raises:
        SettingsError: the proxy is not an HTTP one.
    """
    no_proxy = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if no_proxy and _bypassed(host, no_proxy):
        return ""
    for name in (f"{scheme}_proxy", "all_proxy"):
        # HTTP_PROXY in capitals can be set by a web request's header where CGI is in play
        value = (
            environ.get(name) or (environ.get(name.upper()) if name != "http_proxy" else "") or ""
        )
        if value:
            return _usable_proxy(name, value)
    return ""


def _bypassed(host: str, no_proxy: str) -> bool:
    import urllib.request  # noqa: PLC0415  lazy: it brings half of the standard library along

    bypass = urllib.request.proxy_bypass_environment  # type: ignore[attr-defined]
    return bool(bypass(host, {"no": no_proxy}))


def _usable_proxy(name: str, value: str) -> str:
    address = value if "://" in value else f"http://{value}"
    if urlsplit(address).scheme not in {"http", "https"}:
        raise SettingsError(
            f"{name} names a kind of proxy that gemtag cannot use: give an http:// one."
        )
    return address
