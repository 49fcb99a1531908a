"""An authority and a server's certificate of this test session, for 127.0.0.1."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificates:
    authority: Path
    certificate: Path
    key: Path


def make_certificates(folder: Path) -> Certificates:
    made = Certificates(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
    ours, theirs = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = _name("an authority of these tests")
    constraints = x509.BasicConstraints(ca=True, path_length=0)
    authority = (
        _begun(issuer, issuer, ours)
        .add_extension(constraints, critical=True)
        .sign(ours, hashes.SHA256())
    )
    here = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    certificate = (
        _begun(_name("a server of these tests"), issuer, theirs)
        .add_extension(here, critical=False)
        .sign(ours, hashes.SHA256())
    )
    for path, pem in ((made.authority, authority), (made.certificate, certificate)):
        path.write_bytes(pem.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        theirs.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return made


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
    )
