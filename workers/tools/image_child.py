"""Limited child: previews of a picture. Arguments: URL or path, folder for `{size}.webp`. Prints the sizes as JSON."""

import base64
import json
import sys
from pathlib import Path

from PIL import Image

from workers.tools.images import TooLarge, previews
from workers.tools.source_file import open_source

TOO_LARGE = 3


def main() -> int:
    """Exit status 3: too many pixels."""
    source, folder = sys.argv[1], Path(sys.argv[2])
    try:
        with open_source(source) if source.startswith("http://") else Path(source).open("rb") as file:
            made = previews(file)
    except (TooLarge, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        sys.stderr.write(f"too large: {error}\n")
        return TOO_LARGE
    pixels = base64.b64encode(made.pop("pixels")).decode()
    for name, body in made.items():
        (folder / f"{name}.webp").write_bytes(body)
    sizes = sorted(int(name) for name in made if name.isdecimal())
    facts = {"sizes": sizes, "is_animated": "animated" in made, "placeholder": f"data:image/webp;base64,{pixels}"}
    sys.stdout.write(json.dumps(facts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
