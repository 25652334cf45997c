"""What is compiled when, and what is remembered of it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from lydigital.kernels import jit

compiled = pytest.mark.skipif(jit.IS_PYTHON, reason="nothing is compiled")


def test_first_picture_needs_some_of_the_kernels():
    first, others = jit._all()
    assert len(first) == len(set(jit.FIRST))
    assert others
    assert not {k.name for k in first} & {k.name for k in others}


@compiled
def test_preparing_makes_ready_but_not_warm(tmp_path, monkeypatch):
    monkeypatch.setattr(jit, "_root", lambda: tmp_path)
    first, others = jit._all()
    monkeypatch.setattr(jit, "_all", lambda: (first[:2], others[:1]))
    seen = []
    assert not jit.is_ready()
    jit.prepare(lambda done, total: seen.append((done, total)))
    assert seen == [(0, 2), (1, 2), (2, 2)]
    assert jit.is_ready()
    assert not jit.is_warm()
    jit.warm_up()
    assert jit.is_warm()


@compiled
def test_a_warm_program_starts_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(jit, "_root", lambda: tmp_path)
    jit._mark("complete").mkdir()

    def refuse(*_, **__):
        raise AssertionError("started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    jit.compile_beside()
    jit._mark("complete").rmdir()
    with pytest.raises(AssertionError, match="started"):
        jit.compile_beside()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    jit.compile_beside()  # the executable is the program itself, which cannot run modules


@compiled
def test_the_process_beside_ends_with_the_program(tmp_path):
    code = (
        "from lydigital.kernels import jit; import subprocess; made = [];"
        "real = subprocess.Popen; subprocess.Popen = lambda *a, **k: made.append(real(*a, **k)) or made[0];"
        "jit.compile_beside(); print(made[0].pid)"
    )
    environment = os.environ | {"LYDIGITAL_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, text=True, capture_output=True, check=True)
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)


def test_a_kernel_knows_the_modules_it_uses_as_modules_too():
    """Else a change in one of them would leave the old machine code in use."""
    from lydigital.kernels import fill, stroke

    for module in (fill, stroke):
        assert {jit.__package__ + ".small", jit.__package__ + ".blend"} <= jit._sources(module.__name__, set())
