"""Checkpoint files for the tests, written by hand so that no framework has to be there."""
import json
import os
import struct

SIZES = {"F32": 4, "F16": 2, "I64": 8, "U8": 1}


def safetensors_header(entries, metadata=None):
    """entries: name -> (dtype, shape); the bytes before the data, and how many data bytes have to follow"""
    header, offset = {}, 0
    if metadata:
        header["__metadata__"] = metadata
    for name, (dtype, shape) in entries.items():
        size = SIZES[dtype]
        for n in shape:
            size *= n
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text, offset


def write_safetensors(path, tensors, metadata=None):
    """tensors: name -> (shape, list of floats)"""
    head, size = safetensors_header({name: ("F32", shape) for name, (shape, _) in tensors.items()}, metadata)
    data = b"".join(struct.pack("<%df" % len(values), *values) for _, values in tensors.values())
    assert len(data) == size
    with open(path, "wb") as out:
        out.write(head + data)


def write_npy(path, word, shape, data):
    """word: NumPy's, as in "<c8"; data: bytes in C order"""
    text = repr({"descr": word, "fortran_order": False, "shape": tuple(shape)}).encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    with open(path, "wb") as out:
        out.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data)


def write_sparse_safetensors(path, entries):
    """a file of any size whose values are all 0 and take no room on the disk"""
    head, size = safetensors_header(entries)
    with open(path, "wb") as out:
        out.write(head)
        out.truncate(len(head) + size)


def read_safetensors(path):
    """name -> (dtype, shape, bytes), and the metadata; strict, as the format's own readers are"""
    with open(path, "rb") as file:
        whole = file.read()
    (length,) = struct.unpack("<Q", whole[:8])
    header = json.loads(whole[8:8 + length])
    metadata = header.pop("__metadata__", {})
    data = whole[8 + length:]
    tensors, spans = {}, []
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        size = SIZES[entry["dtype"]]
        for n in entry["shape"]:
            size *= n
        assert end - start == size, "%s: %d bytes for %s" % (name, end - start, entry["shape"])
        spans.append((start, end))
        tensors[name] = (entry["dtype"], tuple(entry["shape"]), data[start:end])
    at = 0
    for start, end in sorted(spans):
        assert start == at, "a hole or an overlap at byte %d" % at
        at = end
    assert at == len(data), "%d bytes after the last tensor" % (len(data) - at)
    return tensors, metadata


def write_pickle_that_runs(path, command="touch pwned"):
    """a PyTorch zip whose pickle calls os.system; what no one must do is run it"""
    import zipfile
    pickle = b"\x80\x02cposix\nsystem\nX" + struct.pack("<I", len(command)) + command.encode() + b"\x85R."
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", pickle)
        archive.writestr("archive/version", "3\n")
        archive.writestr("archive/byteorder", "little")


def temporary(name):
    """a path in the home that the driver made for this test"""
    return os.path.join(os.environ["HOME"], name)
