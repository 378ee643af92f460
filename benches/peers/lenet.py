"""LeNet-5 in ONNX Runtime and in nnc, on the same weights, one after the other.

    pip install numpy onnx onnxruntime safetensors
    cargo build --release
    python benches/peers/lenet.py --nnc target/release/nnc

Builds the network of `examples/lenet5.nn` as an ONNX graph, checks that ONNX Runtime then gives what Keras
gave for the 1,000 held-out digits, and times both engines in alternating rounds, so that a machine that
slows down or speeds up does so for both. A round's figure is the median of its runs, an engine's the median
of its rounds. Without `--nnc`, or where that command is missing, ONNX Runtime is timed alone.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

import numpy as np
import onnxruntime
import safetensors.numpy
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "examples" / "lenet5.nn"
HELD_OUT = ROOT / "tests" / "fixtures" / "lenet" / "heldout.npz"
TOLERANCE = 1e-4


def build(parameters):
    """The network as a serialised ONNX model: `image` f32 [N, 1, 28, 28] to `digit` f32 [N, 10]."""
    parameters = dict(parameters)
    # The weights read the flattened image by height, width, channel; here it lies by channel, height, width.
    fc1 = parameters["fc1.weight"].reshape(120, 5, 5, 16).transpose(0, 3, 1, 2)
    parameters["fc1.weight"] = np.ascontiguousarray(fc1.reshape(120, 400))
    parameters["scale"] = np.array(1 / 255, np.float32)

    nodes = []

    def then(op, value, *names, **attributes):
        result = f"v{len(nodes)}"
        nodes.append(helper.make_node(op, [value, *names], [result], **attributes))
        return result

    x = then("Mul", "image", "scale")
    x = then("Conv", x, "conv1.weight", "conv1.bias", kernel_shape=[5, 5], pads=[2, 2, 2, 2])
    x = then("MaxPool", then("Relu", x), kernel_shape=[2, 2], strides=[2, 2])
    x = then("Conv", x, "conv2.weight", "conv2.bias", kernel_shape=[5, 5])
    x = then("MaxPool", then("Relu", x), kernel_shape=[2, 2], strides=[2, 2])
    x = then("Flatten", x, axis=1)
    for layer in ("fc1", "fc2"):
        x = then("Relu", then("Gemm", x, f"{layer}.weight", f"{layer}.bias", transB=1))
    x = then("Gemm", x, "fc3.weight", "fc3.bias", transB=1)
    nodes.append(helper.make_node("Softmax", [x], ["digit"], axis=-1))

    graph = helper.make_graph(
        nodes,
        "lenet5",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, 28, 28])],
        [helper.make_tensor_value_info("digit", TensorProto.FLOAT, ["N", 10])],
        [numpy_helper.from_array(value, name) for name, value in parameters.items()],
    )
    # The oldest IR that knows opset 17, so that every ONNX Runtime since reads it.
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def session(model, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def digits(images):
    """uint8 [n, 28, 28, 1] to what the graph takes."""
    return images.astype(np.float32).reshape(-1, 1, 28, 28)


def check(model):
    """Exits where ONNX Runtime and Keras differ: timing another network would mean nothing."""
    held_out = np.load(HELD_OUT)
    expected = held_out["keras"]
    found = session(model, 1).run(None, {"image": digits(held_out["images"][: len(expected)])})[0]
    difference = float(np.abs(found - expected).max())
    right = float(np.mean(found.argmax(axis=1) == held_out["labels"][: len(expected)]))
    print(f"ONNX Runtime against Keras: largest difference {difference:.1e} on {len(expected)} digits, {right:.1%} right")
    if not difference <= TOLERANCE:
        sys.exit(f"ONNX Runtime and Keras differ by more than {TOLERANCE}: the graph or the weights are wrong")


def onnxruntime_round(model, threads, batch, runs):
    """The median of `runs` timed runs, in milliseconds."""
    images = np.load(HELD_OUT)["images"]
    feed = {"image": digits(images[np.arange(batch) % len(images)])}
    # A session for each round: a pool that still spins would slow the engine timed next.
    engine = session(model, threads)
    times = []
    for run in range(runs + max(5, runs // 10)):
        start = time.perf_counter()
        engine.run(None, feed)
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times[-runs:])


def nnc_round(command, weights, threads, batch, runs):
    """As above, from `nnc bench`; None where it does not run."""
    arguments = ["bench", PROGRAM, "--weights", weights] if weights else ["bench", PROGRAM]
    arguments += ["--set", f"N={batch}", "--threads", threads, "--runs", runs, "--format", "json"]
    try:
        result = subprocess.run([command, *map(str, arguments)], capture_output=True, text=True)
    except OSError as error:
        print(f"nnc is not timed: {command}: {error.strerror}")
        return None
    if result.returncode != 0:
        print(f"nnc is not timed: it ended with {result.returncode}\n{result.stderr.strip()}")
        return None
    return float(json.loads(result.stdout)["median_ms"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", nargs="?", type=pathlib.Path, help="default: examples/lenet5.safetensors")
    parser.add_argument("--nnc", help="the command to compare with, such as target/release/nnc")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--batches", type=int, nargs="+", default=[256, 1])
    options = parser.parse_args()

    model = build(safetensors.numpy.load_file(options.weights or ROOT / "examples" / "lenet5.safetensors"))
    check(model)

    rows, command = [], options.nnc
    for batch in options.batches:
        # Single images take microseconds: more runs steady their median.
        runs = 30 if batch > 16 else 500
        for threads in options.threads:
            ours, theirs = [], []
            for _ in range(options.rounds):
                theirs.append(onnxruntime_round(model, threads, batch, runs))
                if command:
                    median = nnc_round(command, options.weights, threads, batch, runs)
                    command = command if median is not None else None
                    ours += [median] if median is not None else []
            rows.append((threads, batch, statistics.median(theirs), statistics.median(ours) if ours else None))

    print(f"\nONNX Runtime {onnxruntime.__version__}; medians of {options.rounds} alternating rounds")
    print(f"{'engine':14} {'threads':>7} {'batch':>5} {'median ms':>10} {'images/s':>10} {'ratio':>6}")
    for threads, batch, theirs, ours in rows:
        for engine, median in [("ONNX Runtime", theirs), ("nnc", ours)]:
            if median is not None:
                rate, ratio = batch / median * 1e3, theirs / median
                print(f"{engine:14} {threads:7} {batch:5} {median:10.4f} {rate:10.0f} {ratio:6.2f}")
    print("ratio: how many times as fast as ONNX Runtime")


if __name__ == "__main__":
    main()
