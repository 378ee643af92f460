"""Makes the pictures that the examples look at, beside the digits of the training scripts.

    pip install scikit-image pillow
    python examples/train/pictures.py

Writes to `examples/data`: `astronaut.png`, 256×256, from scikit-image; `seven_right_1.png` and
`seven_right_2.png`, the digit of `seven.png` moved to the right by one pixel and by two.
"""

import pathlib

import numpy as np
import skimage
from PIL import Image

DATA = pathlib.Path(__file__).resolve().parents[1] / "data"


def main():
    photo = Image.fromarray(skimage.data.astronaut())
    photo = photo.resize((256, 256), Image.Resampling.LANCZOS)
    photo.save(DATA / "astronaut.png", optimize=True)

    seven = np.asarray(Image.open(DATA / "seven.png"))
    for pixels in (1, 2):
        assert not seven[:, -pixels:].any(), "nothing may move out of the picture"
        moved = np.pad(seven[:, :-pixels], ((0, 0), (pixels, 0)))
        Image.fromarray(moved).save(DATA / f"seven_right_{pixels}.png", optimize=True)


if __name__ == "__main__":
    main()
