#!/usr/bin/env python3
"""Whether the lines of Python that reach a tensor do reach it: check-code.py BUILD [FILE...].

The lines are run as they are, in the file's folder, with the libraries that they import; the w that they leave must be
what `espalier-cli dump` tells of the tensor. Files whose library is missing are passed over, with a word. Exit 77 when
nothing could be run: run it by a Python that has the libraries (PEER_PYTHON of ./dev test).
"""
import contextlib
import io
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.filterwarnings("ignore")
try:
    import numpy
except ImportError as error:
    print("skipped: %s" % error)
    sys.exit(77)

build = pathlib.Path(sys.argv[1]).resolve()
cli, printer = build / "src/cli/espalier-cli", build / "tests/peers/code-lines"
fixtures = pathlib.Path(__file__).resolve().parent.parent / "fixtures"
FILES = """
safetensors/tied.safetensors safetensors/dtypes.safetensors shards/safetensors/model.safetensors.index.json
shards/pytorch/pytorch_model.bin.index.json pytorch/state-dict.pt pytorch/training.pt pytorch-forms/script.pt
pytorch-forms/trace.pt pytorch-forms/legacy-protocol2.pth torch-dcp/fsdp torch-dcp/ranks
torch-dcp/ranks/.metadata torch-dcp/flat gguf/types.gguf gguf/llama.gguf gguf/split/tiny-00002-of-00003.gguf onnx/types.onnx
onnx/external/model.onnx numpy/fortran.npy numpy/deflated.npz
""".split()


def native(path, name, folder):
    """what the command line tells: float32 where NumPy has no such type"""
    out = pathlib.Path(folder) / "w.npy"
    subprocess.run([str(cli), "dump", str(path), name, "--as", "npy", "-o", str(out)], check=True, stdout=subprocess.DEVNULL)
    value = numpy.load(out)
    out.unlink()
    return value


def as_array(w):
    if hasattr(w, "detach"):
        w = w.detach()
        w = w.dequantize() if w.is_quantized else w
        try:
            return w.numpy()
        except TypeError:
            return w.float().numpy()
    return numpy.asarray(w)


def same(a, b):
    if a.shape != b.shape:
        return False
    a, b = a.astype(numpy.complex128), b.astype(numpy.complex128)
    return bool(numpy.all((a == b) | (numpy.isnan(a) & numpy.isnan(b))))


def run(path, dialect, folder):
    """how many tensors are reached; raises where one isn't"""
    text = subprocess.run([str(printer), str(path), dialect], check=True, stdout=subprocess.PIPE).stdout.decode("utf-8", "surrogateescape")
    os.chdir(path.parent)
    n = 0
    for part in text.split("### ")[1:]:
        name, lines = part.split("\n", 1)
        space = {}
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(lines, space)
        except NotImplementedError:  # types that the library itself can't decode
            continue
        wanted = native(path, name, folder)
        if wanted.dtype.kind == "V" or "float4" in str(space["w"].dtype):  # types that only some libraries know
            continue
        got = as_array(space["w"])
        if not same(got, wanted):
            raise AssertionError("%s is not what the file holds:\n%s\n%r\n%r" % (name, lines, got, wanted))
        n += 1
    return n


files = [pathlib.Path(f).resolve() for f in sys.argv[2:]] or [fixtures / f for f in FILES]
done = failed = 0
with tempfile.TemporaryDirectory() as folder:
    for path in files:
        for dialect in ("pytorch", "numpy"):
            try:
                n = run(path, dialect, folder)
            except ImportError as error:
                print("%s, %s: skipped: %s" % (path.name, dialect, error))
                continue
            except Exception as error:
                print("%s, %s: %s: %s" % (path, dialect, type(error).__name__, error))
                failed += 1
                continue
            print("%s, %s: %d tensors reached" % (path.name, dialect, n))
            done += 1
os.chdir("/")
sys.exit(1 if failed else 0 if done else 77)
