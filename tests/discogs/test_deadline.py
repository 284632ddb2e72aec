"""The deadline at the socket, below TLS too."""

import datetime as dt
import ipaddress
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from discogs import deadline
from discogs.errors import Unavailable

HERE = ipaddress.ip_address("127.0.0.1")


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """A certificate for this machine, which the machine's own setting declares trusted."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "here")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(HERE)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "here.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


@pytest.fixture
def over_tls(raw_server, certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    plain = raw_server._serve
    raw_server._serve = lambda conn: plain(context.wrap_socket(conn, server_side=True))
    return raw_server


def test_a_call_goes_through_tls_with_its_permit_looked_at_after_the_greeting(over_tls, over_the_wire, budget):
    client = over_the_wire(url=over_tls.url.replace("http:", "https:"))
    assert client.identity().username == "u"
    assert (budget.looks, budget.told) == (1, [(200, None, None)])


def test_a_drip_below_tls_ends_at_the_deadline(over_tls, over_the_wire):
    def drip(conn):
        conn.sendall(b"HTTP/1.1 200 OK\r\n")
        while not over_tls.over.wait(0.02):
            conn.sendall(b"X-Drop: 1\r\n")

    over_tls.answer = drip
    with pytest.raises(Unavailable, match="in time"):
        over_the_wire(url=over_tls.url.replace("http:", "https:"), deadline_seconds=0.5).identity()


def test_a_server_that_never_greets_ends_with_the_connection_and_nothing_was_sent(
    raw_server, certificate, over_the_wire, budget
):
    raw_server._serve = lambda conn: (raw_server.over.wait(10), conn.close())
    client = over_the_wire(url=raw_server.url.replace("http:", "https:"), connect_seconds=0.2)
    with pytest.raises(Unavailable, match="cannot be reached"):
        client.identity()
    assert (budget.unused, budget.told) == (1, [])


def test_outside_of_a_call_there_is_no_deadline():
    assert not deadline.has_passed()
    with deadline.within(0):
        assert deadline.has_passed()
        deadline.restart(60)
        assert not deadline.has_passed()
    assert not deadline.has_passed()
