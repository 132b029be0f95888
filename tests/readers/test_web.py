"""Web addresses against a local server, a hostile one included."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from summarize.errors import DocumentError
from summarize.readers import read, web

from .article import HTML, TEXT, TITLE
from .pdfs import latin_page, make_pdf

PLAIN = "The river rose after a week of rain, and the town moved its market to the hill."
BODIES: dict[str, tuple[int, dict[str, str], bytes]] = {
    "/article": (200, {"Content-Type": "text/html; charset=utf-8"}, HTML.encode()),
    "/gzip": (200, {"Content-Type": "text/html", "Content-Encoding": "gzip"}, gzip.compress(HTML.encode())),
    "/deflate": (200, {"Content-Type": "text/html", "Content-Encoding": "deflate"}, zlib.compress(HTML.encode())),
    "/two-gzips": (
        200,
        {"Content-Type": "text/html", "Content-Encoding": "gzip"},
        gzip.compress(HTML.encode()[:500]) + gzip.compress(HTML.encode()[500:]) + b"rubbish",
    ),
    "/raw-deflate": (200, {"Content-Encoding": "deflate"}, zlib.compress(HTML.encode(), wbits=-15)),
    "/not-gzip": (200, {"Content-Encoding": "gzip"}, b"this is not gzip at all"),
    "/cut-gzip": (200, {"Content-Encoding": "gzip"}, gzip.compress(HTML.encode())[:-40]),
    "/brotli": (200, {"Content-Encoding": "br"}, b"\x0b\x02\x80abc\x03"),
    "/bomb": (200, {"Content-Encoding": "gzip"}, gzip.compress(bytes(40 * 2**20))),
    "/says-latin1": (200, {"Content-Type": "text/html; charset=iso-8859-1"}, HTML.encode()),
    "/says-utf8": (200, {"Content-Type": "text/html; charset=utf-8"}, HTML.encode("cp1256")),
    "/1256": (200, {"Content-Type": "text/html; charset=windows-1256"}, HTML.encode("cp1256")),
    "/meta-1256": (200, {"Content-Type": "text/html"}, HTML.replace("utf-8", "windows-1256").encode("cp1256")),
    "/nonsense-charset": (200, {"Content-Type": "text/html; charset=x-none"}, HTML.encode("cp1256")),
    "/no-type": (200, {}, HTML.encode()),
    "/plain": (200, {"Content-Type": "text/plain; charset=utf-8"}, PLAIN.encode()),
    "/pdf": (200, {"Content-Type": "application/octet-stream"}, make_pdf([latin_page([PLAIN[:40], PLAIN[41:]])])),
    "/image": (200, {"Content-Type": "image/png"}, b"\x89PNG\r\n\x1a\n" + bytes(100)),
    "/image-as-html": (200, {"Content-Type": "text/html"}, b"\x89PNG\r\n\x1a\n" + bytes(100)),
    "/program": (200, {"Content-Type": "application/x-msdownload"}, b"MZ" + bytes(100)),
    "/empty": (200, {"Content-Type": "text/html"}, b""),
    "/scripts": (200, {"Content-Type": "text/html"}, b"<html><body><script>draw()</script></body></html>"),
    "/missing": (404, {"Content-Type": "text/html"}, HTML.encode()),
    "/broken": (500, {}, b"oops"),
    "/loop": (302, {"Location": "/loop"}, b""),
    "/nowhere": (302, {}, b""),
    "/to-file": (302, {"Location": "file:///etc/passwd"}, b""),
    "/hop0": (302, {"Location": "/article"}, b""),
    **{f"/hop{n}": (307, {"Location": f"/hop{n - 1}"}, b"") for n in range(1, 6)},
    "/مقال": (200, {"Content-Type": "text/plain"}, PLAIN.encode()),
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        from urllib.parse import unquote

        path = unquote(self.path)
        special = getattr(self, "send_" + path[1:].replace("-", "_"), None) if path not in BODIES else None
        try:
            if special:
                special()
                return
            if path == "/to-private":
                host = f"http://127.0.0.2:{self.connection.getsockname()[1]}/article"
                status, headers, body = 302, {"Location": host}, b""
            else:
                status, headers, body = BODIES[path]
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass

    def start(self, **headers: str) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def send_endless(self) -> None:
        self.start(Content_Type="text/html")
        while True:
            self.wfile.write(b"<p>again and again</p>" * 3000)

    def send_huge_length(self) -> None:
        self.start(Content_Type="text/html", Content_Length=str(2**40))

    def send_drip(self) -> None:
        self.start(Content_Type="text/html")
        for _ in range(200):
            self.wfile.write(b"a")
            self.wfile.flush()
            time.sleep(0.05)

    def send_drip_headers(self) -> None:
        self.wfile.write(b"HTTP/1.0 200 OK\r\nX-Long: ")
        for _ in range(200):
            self.wfile.write(b"a")
            self.wfile.flush()
            time.sleep(0.05)

    def send_many_headers(self) -> None:
        self.wfile.write(b"HTTP/1.0 200 OK\r\n" + b"X-A: b\r\n" * 100000 + b"\r\n")

    def send_host(self) -> None:
        self.start(Content_Type="text/plain")
        self.wfile.write(str(self.headers["Host"]).encode())

    def send_silence(self) -> None:
        time.sleep(3)

    def send_short(self) -> None:
        self.start(Content_Type="text/plain", Content_Length="5000")
        self.wfile.write(PLAIN.encode())

    def send_garbage(self) -> None:
        self.wfile.write(b"\x00\x01\x02 not HTTP\r\n\r\n")

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    thread = threading.Thread(target=httpd.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_address[1]}"
    httpd.shutdown()
    httpd.server_close()


@pytest.mark.parametrize(
    "path",
    """/article /gzip /two-gzips /deflate /raw-deflate /says-latin1 /says-utf8 /1256 /meta-1256 /nonsense-charset
    /no-type /hop0 /hop4""".split(),
)
def test_a_page_is_read(server: str, path: str) -> None:
    document = read(server + path, allow_private=True)
    assert document.text == TEXT
    assert (document.title, document.format) == (TITLE, "html")
    if "hop" in path:
        assert document.source == server + "/article"


@pytest.mark.parametrize(("path", "kind"), [("/plain", "text"), ("/pdf", "pdf"), ("/مقال", "text")])
def test_other_kinds(server: str, path: str, kind: str) -> None:
    document = read(server + path, allow_private=True)
    assert (document.text, document.format) == (PLAIN, kind)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/missing", "status 404 Not Found"),
        ("/broken", "status 500 Internal Server Error"),
        ("/loop", "more than 5 redirects"),
        ("/hop5", "more than 5 redirects"),
        ("/nowhere", "status 302 without an address"),
        ("/to-file", "file:// is not read"),
        ("/endless", "larger than 20 MB"),
        ("/huge-length", "larger than 20 MB"),
        ("/bomb", "larger than 20 MB"),
        ("/not-gzip", "says it is gzip, but"),
        ("/cut-gzip", "broke off after"),
        ("/short", "broke off after"),
        ("/brotli", "compressed as 'br'"),
        ("/image", "image/png, not a document"),
        ("/image-as-html", "a PNG image"),
        ("/program", "application/x-msdownload, not a document"),
        ("/empty", "empty"),
        ("/scripts", "a page without text"),
        ("/garbage", "no answer"),
        ("/many-headers", "no answer"),
    ],
)
def test_what_goes_wrong_is_said_in_one_line(server: str, path: str, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read(server + path, allow_private=True)
    assert str(caught.value).startswith(server + path) or path in ("/scripts", "/empty", "/image-as-html")
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("path", ["/drip", "/drip-headers", "/silence"])
def test_time_is_limited_in_all(server: str, path: str) -> None:
    with pytest.raises(DocumentError, match="not read within 0.5 s"):
        web.fetch(server + path, allow_private=True, timeout=0.5)


def test_private_addresses_are_refused(server: str) -> None:
    port = server.rpartition(":")[2]
    for host in (
        "127.0.0.1",
        "localhost",
        "[::1]",
        "0.0.0.0",
        "10.1.2.3",
        "169.254.169.254",
        "2130706433",
        "[::ffff:127.0.0.1]",
    ):
        with pytest.raises(DocumentError, match="a private address .*--allow-private"):
            read(f"http://{host}:{port}/article")


def test_a_redirect_to_a_private_address_is_refused(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "is_public", lambda address: address == "127.0.0.1")  # as if it were
    assert read(server + "/hop1").text == TEXT
    with pytest.raises(DocumentError, match=r"redirected to http://127\.0\.0\.2.*a private address"):
        read(server + "/to-private")


def test_the_address_judged_is_the_address_connected_to(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["127.0.0.1", "127.0.0.2", "127.0.0.2"])
    asked: list[str] = []
    port = int(server.rpartition(":")[2])

    def rebinding(host: str, port: int, *rest: Any, **options: Any) -> list:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(web.socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(web, "is_public", lambda address: address == "127.0.0.1")
    assert web.fetch(f"http://rebinding.example:{port}/plain").data == PLAIN.encode()
    assert asked == ["rebinding.example"]  # no second look-up whose answer could differ
    with pytest.raises(DocumentError, match=r"a private address \(rebinding.example is 127.0.0.2\)"):
        web.fetch(f"http://rebinding.example:{port}/plain")


def test_a_host_in_arabic_letters_is_asked_for_by_its_ascii_name(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(server.rpartition(":")[2])
    here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(web.socket, "getaddrinfo", lambda *a, **k: here)
    page = web.fetch(f"http://مثال.إختبار:{port}/host", allow_private=True)
    assert page.data == f"xn--mgbh0fb.xn--kgbechtv:{port}".encode()


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("93.184.216.34", "192.168.1.1")]
    monkeypatch.setattr(web.socket, "getaddrinfo", lambda *a, **k: both)
    with pytest.raises(DocumentError, match=r"two.example is 192.168.1.1"):
        web.fetch("http://two.example/")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::8.8.8.8", True),
        *((a, False) for a in "127.0.0.1 10.0.0.1 172.16.0.1 192.168.0.1 169.254.169.254 100.64.0.1 0.0.0.0".split()),
        *((a, False) for a in "224.0.0.1 255.255.255.255 ::1 :: fe80::1 fe80::1%eth0 fc00::1 ff02::1".split()),
        *((a, False) for a in "64:ff9b:1::8.8.8.8 ::ffff:10.0.0.1 64:ff9b::10.0.0.1 2002:7f00:1:: ::127.0.0.1".split()),
    ],
)
def test_public(address: str, public: bool) -> None:
    assert web.is_public(address) is public


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://example.org/a", "ftp:// is not read; give an http:// or https://"),
        ("file:///etc/passwd", "file:// is not read"),
        ("http:///path", "not a valid address"),
        ("http://exa mple.org/", "not a valid address"),
        ("http://example.org:99999/", "not a valid address"),
        ("http://[::1", "not a valid address"),
        ("http://a.b\r\nX: y/", "not a valid address"),
    ],
)
def test_addresses_that_are_none(url: str, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        read(url)


def test_no_such_host_and_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: Any, **options: Any) -> list:
        raise socket.gaierror(-2, "Name or service not known")

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DocumentError, match="no answer .*refused"):
        read(f"http://127.0.0.1:{port}/", allow_private=True)
    monkeypatch.setattr(web.socket, "getaddrinfo", unknown)
    with pytest.raises(DocumentError, match="no such host as 'nobody.invalid'"):
        read("http://nobody.invalid/")
