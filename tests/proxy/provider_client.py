"""A client that sends exact bytes, and shows an answer as it arrives.

Rules: nothing is added to what a test gives but `Host` and `Content-Length`; paths are not touched; an answer that breaks
off raises `BrokenOffError` with what had come.
"""

import http.client
import json
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from provider import LONGEST_WAIT


class BrokenOffError(Exception):
    """The connection ended before the answer did."""

    def __init__(self, came):
        super().__init__(f"broke off after {len(came)} bytes")
        self.came = came


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: int
    headers: list
    body: bytes

    @property
    def value(self):
        """The body as JSON."""
        return json.loads(self.body)

    def header(self, name):
        """The value of a header, `None` without it."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Stream:
    """An answer that is read as it comes."""

    def __init__(self, connection, response):
        self.connection = connection
        self.response = response
        self.status = response.status
        self.headers = response.getheaders()
        self._came = b""

    def until(self, count):
        """The next `count` bytes, or fewer where the answer ends."""
        found = b""
        while len(found) < count:
            piece = self._some(count - len(found))
            if not piece:
                break
            found += piece
        return found

    def rest(self):
        """Everything to the end."""
        found = b""
        while piece := self._some(2**16):
            found += piece
        return found

    def _some(self, count):
        try:
            piece = self.response.read1(count)
        except (http.client.HTTPException, ConnectionError, ValueError) as error:
            raise BrokenOffError(self._came) from error
        self._came += piece
        left = self.response.length
        if not piece and left:
            raise BrokenOffError(self._came)
        return piece

    def leave(self):
        """Go away in the middle."""
        self.response.close()
        self.connection.close()


class Client:
    """Requests to one base URL, whose path is put in front of every other.

    `headers` (lower-case names) go with every request that gives none of that name; a request gives pairs.
    """

    def __init__(self, url, headers=()):
        parts = urlsplit(url)
        self.host, self.port, self.prefix = parts.hostname, parts.port, parts.path
        self.headers = dict(headers)

    def open(self, path, body=None, headers=(), method="POST"):
        """Send a request; returns when the headers of the answer are here."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=LONGEST_WAIT)
        own = {name.lower() for name, _ in headers}
        given = [*((name, value) for name, value in self.headers.items() if name not in own), *headers]
        names = {name.lower() for name, _ in given}
        connection.putrequest(method, self.prefix + path, skip_host="host" in names, skip_accept_encoding=True)
        for name, value in given:
            connection.putheader(name, value)
        if body is not None and not names & {"content-length", "transfer-encoding"}:
            connection.putheader("content-length", str(len(body)))
        try:
            connection.endheaders(body)
            return Stream(connection, connection.getresponse())
        except (http.client.HTTPException, ConnectionError) as error:
            connection.close()
            raise BrokenOffError(b"") from error

    def send(self, path, body=None, headers=(), method="POST"):
        """Send a request and read the whole answer."""
        stream = self.open(path, body, headers, method)
        try:
            return Answer(stream.status, stream.headers, stream.rest())
        finally:
            stream.leave()

    def connected(self):
        """A connection on which nothing was said yet."""
        return socket.create_connection((self.host, self.port), LONGEST_WAIT)

    def raw(self, sent, ends=False):
        """Send bytes as they are, and give back whatever comes until the other side closes; `ends`: our side does first."""
        with self.connected() as connection:
            connection.sendall(sent)
            if ends:
                connection.shutdown(socket.SHUT_WR)
            found = b""
            try:
                while piece := connection.recv(2**16):
                    found += piece
            except ConnectionError:
                pass
            return found
