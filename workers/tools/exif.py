"""EXIF of pictures as words for people. Pure but for Pillow; runs in limited children."""

from collections.abc import Mapping
from typing import Any

from PIL import ExifTags, Image

MAX_VALUE = 300
_NAMES = {
    "Make": "Camera maker",
    "Model": "Camera",
    "LensModel": "Lens",
    "DateTimeOriginal": "Taken",
    "OffsetTimeOriginal": "Time zone",
    "ExposureTime": "Exposure",
    "FNumber": "Aperture",
    "ISOSpeedRatings": "ISO",
    "FocalLength": "Focal length",
    "Flash": "Flash",
    "Software": "Software",
    "Artist": "Artist",
    "Copyright": "Copyright",
    "ImageDescription": "Description",
}


def tags_of(image: Image.Image) -> dict[str, str]:
    """What is worth knowing, by name; what can't be read is left out."""
    found: dict[str, str] = {"Colours": image.mode}
    frames = int(getattr(image, "n_frames", 1))
    if frames > 1:
        found["Frames"] = str(frames)
    try:
        exif = image.getexif()
        raw = {ExifTags.TAGS.get(tag, ""): value for tag, value in (*exif.items(), *exif.get_ifd(ExifTags.IFD.Exif).items())}
        place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    except (ValueError, OSError, SyntaxError, TypeError, KeyError):
        return found
    for name, shown in _NAMES.items():
        if (text := _text(name, raw.get(name))) != "":
            found[shown] = text
    if where := _place(place):
        found["Place"] = where
    return found


def _text(name: str, value: Any) -> str:
    try:
        if value is None:
            return ""
        if name == "ExposureTime" and 0 < value < 1:
            return f"1/{round(1 / value)} s"
        if name in {"ExposureTime", "FNumber", "FocalLength"}:
            return {"ExposureTime": "{:g} s", "FNumber": "f/{:g}", "FocalLength": "{:g} mm"}[name].format(float(value))
        if name == "Flash":
            return "fired" if int(value) & 1 else "off"
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return ""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return "".join(char for char in text if char.isprintable())[:MAX_VALUE].strip()


def _place(gps: Mapping[int, Any]) -> str:
    """Latitude and longitude in degrees (EXIF 2.32, 4.6.6), or nothing."""
    try:
        degrees = []
        for tag, negative in ((2, "S"), (4, "W")):
            whole, minutes, seconds = (float(part) for part in gps[tag])
            sign = -1 if gps.get(tag - 1) == negative else 1
            degrees.append(sign * (whole + minutes / 60 + seconds / 3_600))
        return f"{degrees[0]:.5f}, {degrees[1]:.5f}"
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return ""
