"""Nobody comes in without the printed address; nothing from outside reaches files, SQL or markup."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import json
import os
import sys

import pytest
import requests
from candidates import HOSTILE
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lcscale.browse.options import ServerOptions
from lcscale.cli import main
from lcscale.errors import InputError

C = {"catalog": "variable_candidates"}


def test_the_printed_address_opens_once(serve_lake, browse_lake):
    served = serve_lake(browse_lake)
    address = served.prepared.address
    assert requests.get(served.url, timeout=20).status_code == 401
    assert requests.get(served.url + "api/lake", timeout=20).status_code == 401
    assert requests.get(served.url + "?token=wrong", timeout=20).status_code == 403
    browser = requests.Session()
    assert browser.get(address, timeout=20).status_code == 200
    assert browser.get(served.url + "api/lake", timeout=20).status_code == 200
    assert requests.get(address, timeout=20).status_code == 403


def test_the_cookie_is_for_this_site_and_not_for_scripts(serve_lake, browse_lake):
    served = serve_lake(browse_lake)
    cookie = requests.get(served.prepared.address, allow_redirects=False, timeout=20).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()


def test_every_path_but_the_doors_own_files_needs_a_session(served):
    paths = ["", "main.js", "api/openapi.json", "api/lake", "api/rows", "api/labels/mine", "docs", "redoc"]
    assert {requests.get(served.url + path, timeout=20).status_code for path in paths} == {401}
    assert requests.post(served.url + "api/labels/mine", json={"object_id": "x"}, timeout=20).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example:80"}, 400),
        ({"Host": "127.0.0.1"}, 400),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_other_hosts_and_other_origins_are_refused(served, headers, status):
    assert served.session.get(served.url + "api/lake", headers=headers, timeout=20).status_code == status


def test_a_form_of_another_site_cannot_judge(served):
    answer = served.session.post(
        served.url + "api/labels/crossed", json={"object_id": "x"}, headers={"Sec-Fetch-Site": "cross-site"}, timeout=20
    )
    assert answer.status_code == 403
    assert served.get("api/labels/crossed").json()["count"] == 0


def test_pages_may_load_from_this_server_alone_and_no_script_stands_in_them(served):
    answer = served.get("")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    text = answer.text
    assert text.count("<script") == text.count('<script type="module" src="')
    assert "http://" not in text
    assert "https://" not in text


@pytest.mark.parametrize(
    "path",
    [
        "../pyproject.toml",
        "..%2f..%2fpyproject.toml",
        "%2e%2e/%2e%2e/etc/passwd",
        "application.py",
        "/etc/passwd",
        "a/b",
    ],
)
def test_no_path_reaches_the_file_system(served, path):
    prepared = requests.Request("GET", served.url + path, cookies=served.session.cookies).prepare()
    prepared.url = served.url + path
    answer = served.session.send(prepared, timeout=20)
    assert answer.status_code == 404
    assert "root:" not in answer.text


@pytest.mark.parametrize("name", ["../stars", "..", "stars/../../x", "a b", "", "x" * 190, "/etc"])
def test_names_of_catalogs_and_labels_are_names(served, name):
    assert served.get("api/rows", catalog=name).status_code in (400, 422)
    assert served.post(f"api/labels/{name}", json={"object_id": "x"}).status_code in (404, 405, 422)
    assert {path.name for path in served.lake.root.iterdir()} <= {"stars", "variable_candidates", "labels"}


@pytest.mark.parametrize(
    "text",
    [
        "1 = 1; drop table rows",
        "'a' = 'a' union select * from read_csv('/etc/passwd')",
        "read_text('/etc/passwd') = 'x'",
        "period > 1) or (select 1) = (1",
        "object_id in @'/etc/passwd'",
        "random() > 0.5",
        '`period" > 1 -- ` > 1',
    ],
)
def test_conditions_never_become_sql(served, text):
    answer = served.get("api/rows", **C, where=text)
    assert answer.status_code == 400, answer.text
    assert "root:" not in answer.text
    assert served.get("api/counts", **C).json()["count"] == 160


@pytest.mark.parametrize("column", ['"; drop table rows; --', "period from rows; --", "rowid"])
def test_columns_are_columns(served, column):
    assert served.get("api/rows", **C, sort=column).status_code == 400
    assert served.get("api/rows", **C, columns=column).status_code == 400
    assert served.get("api/histogram", **C, column=column).status_code == 400


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_names_of_stars(served, name):
    star = served.get("api/star", **C, object_id=name).json()
    assert star["object_id"] == name
    made = served.post("api/labels/hostile", json={"object_id": name, "class_name": "EA", "comment": name})
    assert made.status_code == 201
    assert name in {label["object_id"] for label in served.get("api/labels/hostile").json()["labels"]}


@pytest.mark.parametrize(
    "label",
    [
        {"object_id": ""},
        {"object_id": "x" * 201},
        {"object_id": "x", "comment": "c" * 2001},
        {"object_id": "x", "tags": ["t"] * 17},
        {"object_id": "x", "tags": ["t" * 41]},
        {"object_id": "x", "period": -1},
        {"object_id": "x", "period": 1e999},
        {"object_id": "x", "class_name": "NO_SUCH"},
        {"object_id": "x", "anything": 1},
    ],
)
def test_labels_are_bounded(served, label):
    answer = served.post("api/labels/bounds", data=json.dumps(label), headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    assert served.get("api/labels/bounds").json()["count"] == 0


def test_large_bodies_are_refused_told_or_untold(served):
    body = b'{"object_id": "' + b"x" * (70 << 10) + b'"}'
    headers = {"Content-Type": "application/json"}
    assert served.post("api/labels/bounds", data=body, headers=headers).status_code == 413

    def parts():
        for _ in range(40):
            yield b"x" * 4096

    with contextlib.suppress(requests.ConnectionError):  # it may hang up
        assert served.post("api/labels/bounds", data=parts(), headers=headers).status_code >= 400
    assert served.get("api/labels/bounds").json()["count"] == 0


def test_other_machines_need_a_password(tmp_path):
    with pytest.raises(InputError, match="--password-file"):
        ServerOptions(host="0.0.0.0")
    assert ServerOptions(host="::1").is_loopback
    file = tmp_path / "password"
    file.write_text("correct horse\n")
    os.chmod(file, 0o644)
    with pytest.raises(InputError, match="chmod 600"):
        ServerOptions(host="0.0.0.0", password_file=file).password()
    os.chmod(file, 0o600)
    assert ServerOptions(host="0.0.0.0", password_file=file).password() == "correct horse"
    file.write_text("short\n")
    with pytest.raises(InputError, match="fewer than 8"):
        ServerOptions(host="0.0.0.0", password_file=file).password()


def test_a_password_opens_and_a_wrong_one_waits(serve_lake, browse_lake, tmp_path):
    file = tmp_path / "password"
    file.write_text("correct horse\n")
    os.chmod(file, 0o600)
    served = serve_lake(browse_lake, password_file=file)
    assert "token" not in served.prepared.address
    browser = requests.Session()
    assert "Password" in browser.get(served.url, timeout=20).text
    assert browser.post(served.url + "login", data={"password": "wrong horse"}, timeout=20).status_code == 403
    assert browser.post(served.url + "login", data={"password": "correct horse"}, timeout=20).status_code == 403
    served.prepared.guard._last_wrong = -10.0
    assert browser.post(served.url + "login", data={"password": "correct horse"}, timeout=20).status_code == 200
    assert browser.get(served.url + "api/lake", timeout=20).status_code == 200


def test_a_certificate_encrypts_the_way(serve_lake, browse_lake, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = (
        builder.not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "certificate.pem").write_bytes(made.public_bytes(pem))
    (tmp_path / "key.pem").write_bytes(key.private_bytes(pem, *plain))
    served = serve_lake(browse_lake, certificate=tmp_path / "certificate.pem", certificate_key=tmp_path / "key.pem")
    assert served.prepared.address.startswith("https://127.0.0.1:")
    browser = requests.Session()
    browser.trust_env, browser.verify = False, str(tmp_path / "certificate.pem")
    answer = browser.get(served.prepared.address, timeout=20)
    assert answer.status_code == 200
    assert "; secure" in answer.history[0].headers["set-cookie"].lower()
    assert browser.get(served.prepared.address.partition("?")[0] + "api/lake", timeout=20).status_code == 200
    with pytest.raises(requests.ConnectionError):  # nobody answers in clear
        requests.get(served.prepared.address.replace("https", "http"), timeout=20)


def test_the_command_says_what_is_missing(browse_lake, monkeypatch, capsys):
    command = ["lcscale", "browse", "--lake", str(browse_lake.root), "--host", "0.0.0.0", "--no-open"]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code not in (0, None)
    told = capsys.readouterr().err
    assert "--password-file" in told
    assert "Traceback" not in told
