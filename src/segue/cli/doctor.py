"""`segue doctor`: what this machine offers, and what to fix."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import typer

import segue
from segue.cli import cache
from segue.cli.call import Call, command
from segue.cli.show import Column, emit, say, table

_NEEDED: Final = ("numpy", "scipy", "numba", "polars", "safetensors", "pydantic", "typer", "fastapi", "uvicorn")
_EXTRAS: Final = {
    "neural": ("torch", "onnxruntime"),
    "spark": ("pyspark", "pyarrow"),
    "text": ("gensim",),
    "audio": ("librosa", "soundfile", "mutagen"),
    "annoy": ("annoy",),
    "postgres": ("psycopg",),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `remedy` says what to do, where there is something to do."""

    what: str
    found: str
    verdict: Literal["ok", "optional", "problem"] = "ok"
    remedy: str | None = None


def add_to(app: typer.Typer) -> None:
    command(app, "doctor")(doctor)


def doctor(call: Call) -> None:
    """Versions, threads, BLAS, Java, GPU, and what to fix."""
    findings = [*_versions(), *_processors(), _kernel_cache(), *_extras(), _java(), _gpu(), *_workspace(call)]
    problems = [finding for finding in findings if finding.verdict == "problem"]
    if call.json:
        emit(
            {
                "findings": [
                    {"what": f.what, "found": f.found, "verdict": f.verdict, "remedy": f.remedy} for f in findings
                ],
                "problems": len(problems),
            }
        )
    else:
        table(
            [Column("what"), Column("found"), Column("")],
            [(f.what, f.found, "" if f.verdict == "ok" else f.verdict) for f in findings],
        )
        remedies = [finding for finding in findings if finding.remedy]
        say()
        for finding in remedies:
            say(f"{finding.what}: {finding.remedy}")
        if not problems:
            say("Nothing needs fixing.")
    if problems:
        raise typer.Exit(1)


def _versions() -> Iterator[Finding]:
    from importlib import metadata

    yield Finding("segue", segue.__version__)
    yield Finding("Python", f"{platform.python_version()} ({platform.system()} {platform.machine()})")
    for name in _NEEDED:
        try:
            yield Finding(name, metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Finding(name, "not installed", "problem", f"install it with: {sys.executable} -m pip install {name}")


def _processors() -> Iterator[Finding]:
    import scipy.linalg  # noqa: F401  # loads SciPy's BLAS, so that it is found beside NumPy's
    from threadpoolctl import threadpool_info

    from segue.kernels.threads import available, resolve

    here, total = available(), os.cpu_count() or 1
    yield Finding("processors", f"{here} of {total} usable by this process")
    used = resolve(None)
    if used < here:
        yield Finding(
            "threads",
            f"{used}, fewer than there are processors",
            "optional",
            "NUMBA_NUM_THREADS holds segue to fewer threads; unset it to use all",
        )
    else:
        yield Finding("threads", str(used))
    for library in threadpool_info():
        if library["user_api"] == "blas":
            name, version = library["internal_api"], library["version"]
            yield Finding("BLAS", f"{name} {version}, {library['num_threads']} threads")


def _kernel_cache() -> Finding:
    folder = cache.choose(os.environ, Path(segue.__file__).parent)
    if "segue-numba-" in folder.name:
        return Finding(
            "kernel cache",
            "none that lasts",
            "problem",
            "compiled kernels cannot be kept, so every start takes seconds longer; "
            f"set {cache.NAME} to a folder that you can write to",
        )
    return Finding("kernel cache", str(folder))


def _extras() -> Iterator[Finding]:
    for extra, modules in _EXTRAS.items():
        missing = [name for name in modules if importlib.util.find_spec(name) is None]
        if missing:
            yield Finding(f"extra {extra}", f"without {', '.join(missing)}", "optional")
        else:
            yield Finding(f"extra {extra}", ", ".join(f"{name} {_version(name)}" for name in modules))


def _version(name: str) -> str:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _java() -> Finding:
    program = shutil.which("java")
    if program is None:
        return Finding("Java", "not found (only Spark needs it)", "optional")
    try:
        answer = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("Java", f"{program} does not run: {error}", "optional")
    return Finding(
        "Java", (answer.stderr or answer.stdout).splitlines()[0].strip() if answer.returncode == 0 else "broken"
    )


def _gpu() -> Finding:
    if importlib.util.find_spec("torch") is None:
        return Finding("GPU", "not looked for: PyTorch is not installed", "optional")
    import torch

    if not torch.cuda.is_available():
        return Finding("GPU", "none that PyTorch can use", "optional")
    return Finding("GPU", ", ".join(torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())))


def _workspace(call: Call) -> Iterator[Finding]:
    from segue.errors import SegueError
    from segue.workspace import SETTINGS

    if not (call.workspace / SETTINGS).is_file():
        return
    from segue import settings

    workspace = call.open()
    try:
        settings.read(workspace.settings_file)
        yield Finding(SETTINGS, "valid")
    except SegueError as error:
        yield Finding(SETTINGS, "not valid", "problem", str(error))
    for name in workspace.model_names():
        try:
            workspace.load_model(name)
            yield Finding(f"model {name}", f"version {workspace.describe_model(name).version}")
        except SegueError as error:
            yield Finding(f"model {name}", "cannot be used", "problem", str(error))
