"""Handing over: refusals, retries, and what arrives at servers on this machine."""

from __future__ import annotations

import email
import email.policy
import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lydigital.errors import BadDataError, StoreUnavailableError, UsageError
from lydigital.model.crs import Crs
from lydigital.model.publishing import Hook
from lydigital.publish import package
from lydigital.publish.bulletin import compose
from lydigital.publish.deliver import deliver
from lydigital.publish.package import Material
from lydigital.publish.warningmap import Ground

WANTED = ("bulletin.txt", "cap.xml", "calllist.xlsx")


@pytest.fixture
def made(given, tmp_path):
    return package.write(tmp_path / "out", compose(given.issue()), Material(Ground(Crs("EPSG:4546"))), wanted=WANTED).folder


@pytest.fixture
def inside(given, tmp_path):
    """A package for the office only."""
    material = Material(Ground(Crs("EPSG:4546")), is_internal=True)
    return package.write(tmp_path / "in", compose(given.issue(), internal=True), material, wanted=WANTED).folder


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log" / "deliveries.jsonl"


def records(log):
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


class Pauses(list):
    def __call__(self, seconds):
        self.append(seconds)


# --- folder ---------------------------------------------------------------------------------------------------------


def test_hooks_are_off_until_they_are_switched_on(made, log, tmp_path):
    hook = Hook("a", "folder", folder=str(tmp_path))
    with pytest.raises(UsageError):
        deliver(made, [hook], log)
    with pytest.raises(UsageError):
        deliver(made, [], log)
    with pytest.raises(UsageError):
        deliver(made, [hook], log, only="b")
    assert not log.exists()


def test_a_folder_gets_the_package_without_people(made, log, tmp_path):
    drop = tmp_path / "drop"
    drop.mkdir()
    hook = Hook("drop", "folder", enabled=True, folder=str(drop))
    (outcome,) = deliver(made, [hook], log, by="甲")
    assert (outcome.result, outcome.tries) == ("delivered", 1)
    assert [p.name for p in drop.iterdir()] == [made.name]
    assert sorted(p.name for p in (drop / made.name).iterdir()) == ["bulletin.txt", "cap.xml", "manifest.json"]
    assert deliver(made, [hook], log)[0].result == "delivered"  # again: the same is there
    (drop / made.name / "bulletin.txt").write_text("x")
    assert deliver(made, [hook], log)[0].result == "failed"
    found = records(log)
    assert [r["result"] for r in found] == ["trying", "delivered", "trying", "delivered", "trying", "failed"]
    assert found[0]["by"] == "甲"
    assert found[0]["issue"] == "YJ2025-0012"


def test_what_is_not_public_goes_to_internal_hooks_only(made, inside, log, tmp_path):
    drop = tmp_path / "drop"
    drop.mkdir()
    public, office = Hook("p", "folder", enabled=True, folder=str(drop)), Hook("o", "folder", enabled=True, folder=str(drop), internal=True)
    assert [o.result for o in deliver(inside, [public, office], log)] == ["refused", "delivered"]
    assert (drop / inside.name / "calllist.xlsx").is_file()
    assert records(log)[0]["result"] == "refused"


def test_drills_are_not_public(given, log, tmp_path):
    folder = package.write(
        tmp_path / "out", compose(given.issue(purpose="exercise")), Material(Ground(Crs("EPSG:4546"))), wanted=WANTED
    ).folder
    assert deliver(folder, [Hook("p", "folder", enabled=True, folder=str(tmp_path))], log)[0].result == "refused"


def test_a_missing_folder_is_tried_again(made, log, tmp_path):
    pauses = Pauses()
    hook = Hook("drop", "folder", enabled=True, folder=str(tmp_path / "none"), tries=3, wait_s=2.0)
    (outcome,) = deliver(made, [hook], log, pause=pauses)
    assert (outcome.result, outcome.tries, pauses) == ("failed", 3, [2.0, 4.0])
    assert len(records(log)) == 6


def test_what_was_changed_is_not_sent(made, log, tmp_path):
    (made / "cap.xml").write_text("<alert/>")
    with pytest.raises(BadDataError):
        deliver(made, [Hook("a", "folder", enabled=True, folder=str(tmp_path))], log)


def test_nothing_is_sent_without_a_record(made, tmp_path):
    drop = tmp_path / "drop"
    drop.mkdir()
    (tmp_path / "log").write_text("")
    with pytest.raises(StoreUnavailableError):
        deliver(made, [Hook("a", "folder", enabled=True, folder=str(drop))], tmp_path / "log" / "x.jsonl")
    assert not list(drop.iterdir())


# --- HTTP -----------------------------------------------------------------------------------------------------------


class Web(ThreadingHTTPServer):
    """Answers with ``codes`` in turn and keeps what came."""

    daemon_threads = True

    def __init__(self, *codes):
        super().__init__(("127.0.0.1", 0), Answer)
        self.codes, self.got = list(codes), []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/cap"


class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        self.send_response(self.server.codes.pop(0))
        self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    running = []

    def start(server):
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_server_that_stumbles_gets_the_message_at_the_third_try(made, log, serve, monkeypatch):
    web, pauses = serve(Web(503, 500, 201)), Pauses()
    monkeypatch.setenv("LYD_TOKEN", "secret")
    (outcome,) = deliver(made, [Hook("w", "post", enabled=True, url=web.url, token_from="LYD_TOKEN", wait_s=1.0)], log, pause=pauses)
    assert (outcome.result, outcome.tries, pauses) == ("delivered", 3, [1.0, 2.0])
    assert {body for _, body in web.got} == {(made / "cap.xml").read_bytes()}
    heads = web.got[0][0]
    assert heads["Content-Type"] == "application/cap+xml; charset=utf-8"
    assert heads["Authorization"] == "Bearer secret"
    assert len({head["Idempotency-Key"] for head, _ in web.got}) == 1
    assert "secret" not in log.read_text("utf-8")


@pytest.mark.parametrize("code", [400, 401, 302])
def test_a_server_that_says_no_is_not_asked_again(made, log, serve, code):
    web = serve(Web(code, 200))
    (outcome,) = deliver(made, [Hook("w", "post", enabled=True, url=web.url)], log, pause=Pauses())
    assert (outcome.result, outcome.tries) == ("failed", 1)
    assert str(code) in outcome.reason
    assert len(web.got) == 1


@pytest.mark.parametrize("url", ["http://example.org/cap", "file:///etc/passwd", "", "ftp://127.0.0.1/x"])
def test_addresses_without_encryption_are_refused(made, log, url):
    (outcome,) = deliver(made, [Hook("w", "post", enabled=True, url=url)], log, pause=Pauses())
    assert (outcome.result, outcome.tries) == ("failed", 1)


def test_nobody_listens(made, log, serve):
    web = Web()
    web.server_close()
    (outcome,) = deliver(made, [Hook("w", "post", enabled=True, url=web.url, tries=2, timeout_s=2.0)], log, pause=Pauses())
    assert (outcome.result, outcome.tries) == ("failed", 2)


def test_a_secret_that_is_missing(made, log):
    hook = Hook("w", "post", enabled=True, url="http://127.0.0.1:9/", token_from="LYD_NO_SUCH")
    assert deliver(made, [hook], log, pause=Pauses())[0].result == "failed"


# --- mail -----------------------------------------------------------------------------------------------------------


class Post(socketserver.ThreadingTCPServer):
    """As much of SMTP as a client needs; refuses recipients with "no" in them, and the first ``busy`` calls."""

    daemon_threads = True

    def __init__(self, busy=0):
        super().__init__(("127.0.0.1", 0), Talk)
        self.got, self.busy = [], busy


class Talk(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        if self.server.busy:
            self.server.busy -= 1
            self.say("421 busy")
            return
        self.say("220 test")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                self.say("250 SMTPUTF8")
            elif verb == b"RCPT" and b"no" in line:
                self.say("550 unknown")
            elif verb == b"DATA":
                self.say("354 go")
                lines = []
                while (part := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(part.removeprefix(b"."))
                self.server.got.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))
                self.say("250 ok")
            elif verb == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")


def mail(server, *to, **more):
    return Hook("m", "mail", enabled=True, server="127.0.0.1", port=server.server_address[1], security="none", sender="a@example.org",
                recipients=to, **more)  # fmt: skip


def test_mail_carries_text_and_products(made, log, serve):
    post, pauses = serve(Post(busy=1)), Pauses()
    (outcome,) = deliver(made, [mail(post, "b@example.org")], log, pause=pauses)
    assert (outcome.result, outcome.tries) == ("delivered", 2)
    (message,) = post.got
    assert message["Subject"] == "洛阳市自然资源和规划局发布地质灾害气象风险橙色预警"
    assert "1.汝阳县：各乡镇" in message.get_body().get_content()
    assert [a.get_filename() for a in message.iter_attachments()] == ["bulletin.txt", "cap.xml"]


def test_recipients_that_are_refused_are_named(made, log, serve):
    post = serve(Post())
    (outcome,) = deliver(made, [mail(post, "b@example.org", "no@example.org")], log, pause=Pauses())
    assert outcome.result == "failed"
    assert "no@example.org" in outcome.reason
    assert len(post.got) == 1
    assert outcome.tries == 1  # those who got it do not get it twice


def test_mail_needs_its_settings(made, log, monkeypatch):
    assert deliver(made, [Hook("m", "mail", enabled=True)], log, pause=Pauses())[0].result == "failed"
    monkeypatch.setenv("LYD_PASS", "x")
    bare = Hook("m", "mail", enabled=True, server="mail.example.org", security="none", sender="a@b.org", recipients=("b@b.org",),
                user="a", password_from="LYD_PASS")  # fmt: skip
    (outcome,) = deliver(made, [bare], log, pause=Pauses())
    assert (outcome.result, outcome.tries) == ("failed", 1)
