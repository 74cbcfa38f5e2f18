"""What may stand between a proxy and its provider: TLS with a certificate of one's own, and a proxy that is asked by CONNECT.

Each listens on loopback in threads of its own, and hands bytes on as they come.
"""

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading

from provider import LONGEST_WAIT

OPENSSL = shutil.which("openssl")


def certificate(folder, name="localhost"):
    """A certificate that vouches for itself, with its key, as one file."""
    key, cert, both = folder / "key.pem", folder / "cert.pem", folder / "both.pem"
    subprocess.run(
        [
            *(OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
            *("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", str(key), "-out", str(cert)),
        ],
        check=True,
        capture_output=True,
        timeout=LONGEST_WAIT,
    )
    both.write_bytes(key.read_bytes() + cert.read_bytes())
    return both, cert


class Relay:
    """Accepts connections and joins each to another one."""

    def __init__(self):
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):  # it was closed
            while True:
                connection, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError):  # a side that left, or a certificate that was refused
            connection.settimeout(LONGEST_WAIT)
            near, far = self.joined(connection)
            self._open += [near, far]
            threading.Thread(target=_pump, args=(far, near), daemon=True).start()
            _pump(near, far)

    def joined(self, connection):
        """Both sides of an accepted connection."""
        raise NotImplementedError

    def close(self):
        """Listen no more, and drop every connection."""
        for each in (self._listening, *self._open):
            with contextlib.suppress(OSError):  # it has ended already
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def _pump(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(2**16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


class Tls(Relay):
    """TLS in front of a server that has none."""

    def __init__(self, certificate, port):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._to = port
        super().__init__()

    def joined(self, connection):
        return self._context.wrap_socket(connection, server_side=True), socket.create_connection(
            ("127.0.0.1", self._to), LONGEST_WAIT
        )


class ConnectProxy(Relay):
    """A proxy that leads wherever it is asked to, on this machine; keeps what it was asked."""

    def __init__(self):
        self.asked = []
        super().__init__()

    def joined(self, connection):
        head = b""
        while b"\r\n\r\n" not in head:
            data = connection.recv(2**16)
            if not data:
                raise ConnectionResetError
            head += data
        self.asked.append(head.decode())
        _, target, _ = head.split(b" ", 2)
        far = socket.create_connection(("127.0.0.1", int(target.rsplit(b":", 1)[1])), LONGEST_WAIT)
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return connection, far
