"""One web address to its bytes, with the standard library, within bounds.

The addresses a host name stands for are looked up once per hop, judged, and the connection is made to one of those
judged, so that a name that changes its answer (DNS rebinding) leads nowhere else. Proxies of the environment are not
used, for the same reason.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from ..errors import DocumentError

MAX_BYTES = 20 * 2**20
"""Bytes of a page, counted after decompression."""
MAX_REDIRECTS = 5
TIMEOUT = 30.0
"""Seconds for a page in all, redirects included."""

_HEADERS = {
    "User-Agent": "Mozilla/5.0 (compatible; khulasa)",
    "Accept": "text/html,application/xhtml+xml,application/pdf,text/plain;q=0.9,*/*;q=0.5",
    "Accept-Language": "ar,en;q=0.8",
    "Accept-Encoding": "gzip, deflate",
    "Connection": "close",
}
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class Page:
    """What an address gave: its bytes, decompressed; the address after redirects; its content type, or None."""

    data: bytes
    url: str
    content_type: str | None


def fetch(
    url: str,
    *,
    allow_private: bool = False,
    timeout: float = TIMEOUT,
    max_bytes: int = MAX_BYTES,
    max_redirects: int = MAX_REDIRECTS,
) -> Page:
    """Gets an http(s) address.

    timeout: seconds in all; max_bytes: after decompression; allow_private: connect to private, loopback, link-local
    and other addresses that are not public, too.

    Raises:
        DocumentError: not http(s), a status other than 200, too slow, too large, too many redirects, a private
            address, no such host, no connection.
    """
    deadline = time.monotonic() + timeout
    at = url
    for _ in range(max_redirects + 1):
        hop = _Hop(at, url, deadline, timeout, allow_private)
        page_or_next = hop.get(max_bytes)
        if isinstance(page_or_next, Page):
            return page_or_next
        at = page_or_next
    raise DocumentError(f"{url}: more than {max_redirects} redirects; give the page's own address")


class _Hop:
    """One request; ``url`` is named in messages, with ``at`` where a redirect led elsewhere."""

    def __init__(self, at: str, url: str, deadline: float, timeout: float, allow_private: bool) -> None:
        self.at, self.deadline, self.timeout, self.allow_private = at, deadline, timeout, allow_private
        self.name = url if at == url else f"{url} (redirected to {at})"
        self.socket: socket.socket | None = None
        self.expired = False

    def get(self, max_bytes: int) -> Page | str:
        """The page, or the address that the server names instead."""
        parts = self._split()
        timer = threading.Timer(max(self.deadline - time.monotonic(), 0.0), self._expire)
        timer.daemon = True
        timer.start()
        try:
            self._connect(parts)
            return self._exchange(parts, max_bytes)
        except DocumentError:
            if self.expired:
                raise self._too_slow() from None
            raise
        except ssl.SSLCertVerificationError as error:
            raise DocumentError(f"{self.name}: its certificate is not valid ({error.verify_message})") from None
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            if self.expired or isinstance(error, TimeoutError):
                raise self._too_slow() from None
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise DocumentError(f"{self.name}: no answer ({' '.join(reason.split())[:100]})") from None
        finally:
            timer.cancel()
            if self.socket is not None:
                self.socket.close()

    def _expire(self) -> None:
        # A server that sends a byte now and then never runs into a socket's own timeout: end it from outside.
        self.expired = True
        if self.socket is not None:
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)

    def _too_slow(self) -> DocumentError:
        return DocumentError(
            f"{self.name}: not read within {self.timeout:g} s; try later, or save the page and read that"
        )

    def _split(self) -> SplitResult:
        try:
            parts = urlsplit(self.at)
            host, _ = parts.hostname, parts.port
        except ValueError as error:
            raise DocumentError(f"{self.name}: not a valid address ({error})") from None
        if parts.scheme.lower() not in ("http", "https"):
            raise DocumentError(f"{self.name}: {parts.scheme}:// is not read; give an http:// or https:// address")
        if not host or re.search(r"[\s\x00-\x1f]", self.at):
            raise DocumentError(f"{self.name}: not a valid address; give one like https://example.org/page")
        return parts

    def _connect(self, parts: SplitResult) -> None:
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme.lower() == "https" else 80)
        last: OSError | None = None
        for family, address in self._addresses(host, port):
            if self.expired or time.monotonic() >= self.deadline:
                raise self._too_slow()
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.settimeout(max(self.deadline - time.monotonic(), 0.01))
            self.socket = sock
            try:
                sock.connect(address)
            except OSError as error:
                sock.close()
                last = error
                continue
            self._judge(sock.getpeername()[0], host)
            if parts.scheme.lower() == "https":
                context = ssl.create_default_context()
                self.socket = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
                self.socket.do_handshake()
            return
        raise last or OSError("no address")

    def _addresses(self, host: str, port: int) -> list[tuple[int, tuple]]:
        """Where ``host`` is, judged; all of its addresses must be public ones."""
        found: list[tuple] = []
        failed: list[Exception] = []

        def look_up() -> None:
            try:
                found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            except (OSError, UnicodeError) as error:
                failed.append(error)

        # A look-up has no time limit of its own.
        thread = threading.Thread(target=look_up, daemon=True)
        thread.start()
        thread.join(max(self.deadline - time.monotonic(), 0.0))
        if failed or not (found or thread.is_alive()):
            raise DocumentError(f"{self.name}: no such host as {host!r}; check the address and the network")
        if not found:
            raise self._too_slow()
        for entry in found:
            self._judge(entry[4][0], host)
        return [(entry[0], entry[4]) for entry in found]

    def _judge(self, address: str, host: str) -> None:
        if not self.allow_private and not is_public(address):
            where = host if host == address else f"{host} is {address}"
            raise DocumentError(f"{self.name}: a private address ({where}); --allow-private lets it be read")

    def _exchange(self, parts: SplitResult, max_bytes: int) -> Page | str:
        sock = self.socket
        assert sock is not None
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        connection.sock = sock
        target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._") or "/"
        if parts.query:
            target += "?" + quote(parts.query, safe="/?%:@!$&'()*+,;=~-._[]")
        headers = dict(_HEADERS)
        if parts.hostname and not parts.hostname.isascii():
            port = f":{parts.port}" if parts.port else ""
            headers["Host"] = parts.hostname.encode("idna").decode("ascii") + port
        connection.request("GET", target, headers=headers)
        response = connection.getresponse()
        try:
            if response.status in _REDIRECTS:
                location = response.getheader("Location")
                if not location:
                    raise DocumentError(f"{self.name}: status {response.status} without an address to go to")
                return urljoin(self.at, location.encode("latin-1", "replace").decode("utf-8", "replace"))
            if response.status != 200:
                raise DocumentError(f"{self.name}: status {response.status} {response.reason}".rstrip())
            content_type = response.getheader("Content-Type")
            self._refuse_media(content_type)
            return Page(self._body(response, max_bytes), self.at, content_type)
        finally:
            response.close()

    def _refuse_media(self, content_type: str | None) -> None:
        kind = (content_type or "").partition(";")[0].strip().lower()
        if kind.startswith(("image/", "audio/", "video/", "font/")):
            raise DocumentError(f"{self.name}: {kind}, not a document; give a page, PDF, DOCX, EPUB or text")

    def _body(self, response: http.client.HTTPResponse, max_bytes: int) -> bytes:
        too_large = DocumentError(f"{self.name}: larger than {max_bytes / 2**20:g} MB; save a part of it and read that")
        inflate = _Inflate((response.getheader("Content-Encoding") or "").strip().lower(), self.name)
        length = response.getheader("Content-Length") or ""
        if length.isdigit() and int(length) > max_bytes:
            raise too_large
        pieces: list[bytes] = []
        size = received = 0
        while block := response.read1(65536):
            received += len(block)
            piece = inflate(block, max_bytes + 1 - size)
            size += len(piece)
            pieces.append(piece)
            if size > max_bytes or received > max_bytes:
                raise too_large
        if self.expired:
            raise self._too_slow()
        if (length.isdigit() and received < int(length)) or not inflate.complete:
            raise DocumentError(f"{self.name}: the answer broke off after {received} bytes; try again")
        return b"".join(pieces)


class _Inflate:
    """Decompression of an answer block by block, never to more than is asked for."""

    def __init__(self, encoding: str, name: str) -> None:
        if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise DocumentError(f"{name}: compressed as {encoding[:20]!r}, which was not asked for and is not read")
        self.encoding, self.name, self.started = encoding, name, False
        plain = encoding in ("", "identity")
        self._inflate = None if plain else zlib.decompressobj(47)  # gzip or zlib, told by its header

    @property
    def complete(self) -> bool:
        return self._inflate is None or not self.started or self._inflate.eof

    def __call__(self, block: bytes, limit: int) -> bytes:
        if self._inflate is None:
            return block
        try:
            if not self.started and self.encoding == "deflate" and not _has_zlib_header(block):
                self._inflate = zlib.decompressobj(-15)  # raw deflate, as some servers send it
            self.started = True
            pieces = [self._inflate.decompress(block, limit)]
            # A gzip file may go on with another; what else follows its end is nobody's.
            while self._inflate.eof and self._inflate.unused_data.startswith(b"\x1f\x8b"):
                rest = self._inflate.unused_data
                self._inflate = zlib.decompressobj(47)
                pieces.append(self._inflate.decompress(rest, max(1, limit - sum(map(len, pieces)))))
            return b"".join(pieces)
        except zlib.error:
            raise DocumentError(f"{self.name}: says it is {self.encoding}, but cannot be decompressed") from None


def _has_zlib_header(block: bytes) -> bool:
    return len(block) < 2 or (block[0] & 15 == 8 and (block[0] * 256 + block[1]) % 31 == 0)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public network, by the IANA special-purpose registries.

    An IPv6 address that carries an IPv4 one (mapped, 6to4, Teredo, NAT64) is judged by that.

    >>> [is_public(a) for a in ("93.184.216.34", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1")]
    [True, False, False, False, False]
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in ipaddress.ip_network("64:ff9b:1::/48"):  # a network's own NAT64; not all Pythons know it
            return False
        carried = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
        if ip in ipaddress.ip_network("64:ff9b::/96") or (int(ip) >> 32 == 0 and int(ip) > 1):
            carried.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
        if any(inner is not None and not is_public(str(inner)) for inner in carried):
            return False
        if ip.ipv4_mapped is not None:
            return True
    return ip.is_global and not ip.is_multicast
