"""Draws what the command prints in a terminal as SVG, for the README and the manual.

    cargo build --release
    python3 docs/pictures/make.py

Needs Python 3 alone. Runs the commands of the table below from the repository's root and writes a
picture beside this file for each.
"""

import html
import os
import re
import subprocess
import unicodedata
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NNC = os.environ.get("NNC", str(ROOT / "target/release/nnc"))

PICTURES = {
    "run": ["run", "examples/lenet5.nn", "-i", "image=examples/data/digits", "--top", "1"],
    "error": ["check", "examples/errors/E0301_skip_of_odd_size.nn"],
    "summary": ["summary", "examples/lenet5.nn"],
}

# A dark terminal's colours: plain and bright.
COLOURS = {
    30: "#3b4252", 31: "#e06c75", 32: "#98c379", 33: "#e5c07b", 34: "#61afef", 35: "#c678dd", 36: "#56b6c2", 37: "#d8dee9",
    90: "#7f8797", 91: "#f07178", 92: "#a9dc76", 93: "#ffd866", 94: "#78b9ff", 95: "#d4a0f0", 96: "#78dce8", 97: "#ffffff",
}
PLAIN, GROUND = "#d8dee9", "#1e222a"
SIZE, LINE, MARGIN = 14, 19, 16
CELL = SIZE * 0.6


def width(character):
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def colour_of_256(number):
    if number < 8:
        return COLOURS[30 + number]
    if number < 16:
        return COLOURS[82 + number]
    if number < 232:
        number -= 16
        levels = [0, 95, 135, 175, 215, 255]
        return "#%02x%02x%02x" % tuple(levels[number // step % 6] for step in (36, 6, 1))
    return "#" + "%02x" % (8 + 10 * (number - 232)) * 3


class Style:
    def __init__(self):
        self.reset()

    def reset(self):
        self.colour, self.bold, self.dim, self.italic, self.underline = PLAIN, False, False, False, False

    def take(self, codes):
        codes = [int(code or 0) for code in codes.split(";")]
        while codes:
            code = codes.pop(0)
            if code == 0:
                self.reset()
            elif code == 1:
                self.bold = True
            elif code == 2:
                self.dim = True
            elif code == 3:
                self.italic = True
            elif code == 4:
                self.underline = True
            elif code == 22:
                self.bold = self.dim = False
            elif code == 39:
                self.colour = PLAIN
            elif code == 38 and codes[:1] == [5]:
                self.colour = colour_of_256(codes[1])
                codes = codes[2:]
            elif code in COLOURS:
                self.colour = COLOURS[code]

    def attributes(self):
        out = f' fill="{self.colour}"'
        out += ' font-weight="bold"' if self.bold else ""
        out += ' font-style="italic"' if self.italic else ""
        out += ' opacity="0.65"' if self.dim else ""
        out += ' text-decoration="underline"' if self.underline else ""
        return out


BLOCKS = "\u2588\u2589\u258a\u258b\u258c\u258d\u258e\u258f"


def bars(word, x, y, style):
    """Blocks of eighths as one rectangle: fonts leave gaps between them."""
    eighths = sum(8 - BLOCKS.index(character) for character in word)
    tall = LINE - 4
    yield f'<rect x="{x:.1f}" y="{y - tall + 4}" width="{eighths * CELL / 8:.1f}" height="{tall}" rx="1.5"{style.attributes()}/>'


def draw(title, text):
    style, rows, columns = Style(), [], 0
    for number, line in enumerate(text.rstrip("\n").split("\n")):
        x, parts = 0, []
        for piece in re.split(r"(\x1b\[[0-9;]*m)", line):
            escape = re.fullmatch(r"\x1b\[([0-9;]*)m", piece)
            if escape:
                style.take(escape.group(1))
                continue
            cells = sum(width(character) for character in piece)
            # Each word stands at its own cell, so that columns hold in any font.
            at = x
            for word in re.split(r"( +|[\u2588-\u258f]+)", piece):
                if word and word[0] in BLOCKS:
                    parts.extend(bars(word, MARGIN + at * CELL, MARGIN + 34 + number * LINE, style))
                elif word.strip():
                    length = sum(width(character) for character in word) * CELL
                    parts.append(
                        f'<text x="{MARGIN + at * CELL:.1f}" y="{MARGIN + 34 + number * LINE}" textLength="{length:.1f}" '
                        f'lengthAdjust="spacingAndGlyphs"{style.attributes()}>{html.escape(word)}</text>'
                    )
                at += sum(width(character) for character in word)
            x += cells
        rows.extend(parts)
        columns = max(columns, x)
    wide = 2 * MARGIN + columns * CELL
    tall = 2 * MARGIN + 24 + (number + 1) * LINE
    dots = "".join(
        f'<circle cx="{MARGIN + 4 + 18 * at}" cy="16" r="5.5" fill="{fill}"/>' for at, fill in enumerate(["#e06c75", "#e5c07b", "#98c379"])
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}" height="{tall}" viewBox="0 0 {wide:.0f} {tall}" role="img" '
        f'aria-label="{html.escape(title)}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" '
        f'font-size="{SIZE}">\n<rect width="100%" height="100%" rx="8" fill="{GROUND}"/>\n{dots}\n' + "\n".join(rows) + "\n</svg>\n"
    )


def main():
    for name, arguments in PICTURES.items():
        shown = "nnc " + " ".join(arguments)
        environment = dict(os.environ, COLUMNS="100")
        # Standard error first: diagnostics stand above the line on the model.
        done = subprocess.run([NNC, "--color", "always", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)
        text = f"\x1b[32m$\x1b[0m {shown}\n" + done.stderr + done.stdout
        (HERE / f"{name}.svg").write_text(draw(shown, text))


if __name__ == "__main__":
    main()
