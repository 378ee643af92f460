"""Writes the small files of weights that the examples beside this folder are run with."""

import json
import struct
from pathlib import Path

HERE = Path(__file__).parent
CODES = {"F32": "f", "I64": "q"}


def write(name, tensors):
    header, data = {}, b""
    for tensor, (dtype, shape) in tensors.items():
        count = 1
        for size in shape:
            count *= size
        # The integers are beyond those that an f32 holds exactly.
        start = 2**53 + 1 if dtype == "I64" else 0
        body = struct.pack(f"<{count}{CODES[dtype]}", *range(start, start + count))
        header[tensor] = {
            "dtype": dtype,
            "shape": shape,
            "data_offsets": [len(data), len(data) + len(body)],
        }
        data += body
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (HERE / name).write_bytes(struct.pack("<Q", len(text)) + text + data)


fc1 = {"fc1.weight": ("F32", [3, 4]), "fc1.bias": ("F32", [3])}
fc2 = {"fc2.weight": ("F32", [2, 3]), "fc2.bias": ("F32", [2])}

write("short.safetensors", fc1)
write("narrow.safetensors", fc1 | fc2 | {"fc1.weight": ("F32", [3, 5])})
write("integers.safetensors", fc1 | fc2 | {"fc2.weight": ("I64", [2, 3])})
write("more.safetensors", fc1 | fc2 | {"fc3.weight": ("F32", [2, 2])})
(HERE / "broken.safetensors").write_bytes(b"\x00" * 7)
