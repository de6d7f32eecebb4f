#!/usr/bin/env python3
"""Makes what lies beside it: small pictures of all kinds, the pixels that Pillow reads from them (pixels.safetensors), image processor
settings (cases.json), and the values that transformers makes of a picture by them (values.safetensors).

Needs pillow, numpy, safetensors and transformers from PyPI (no torch); the files here are of Pillow 13.0.0 and transformers 5.23.0.
"""
import importlib
import io
import json
import os
import random
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps
from safetensors.numpy import save_file

os.chdir(os.path.dirname(os.path.abspath(__file__)))
random.seed(5)
W, H = 13, 9


def noise(mode, width=W, height=H):
    image = Image.new(mode, (width, height))
    bands = len(image.getbands())
    for y in range(height):
        for x in range(width):
            values = tuple((x * 19 + y * 11 + c * 60 + random.randrange(30)) % 256 for c in range(bands))
            image.putpixel((x, y), values if bands > 1 else values[0])
    return image


# ---- PNG, chunk by chunk, for what Pillow does not write ----

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(depth, colour, rows, extra=b"", interlaced=0):
    head = struct.pack(">IIBBBBB", W, H, depth, colour, 0, 0, interlaced)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def lines(width, height, bits):
    return b"".join(b"\0" + random.randbytes((width * bits + 7) // 8) for _ in range(height))


def interlaced_lines(bits):
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    sizes = [((W - x + dx - 1) // dx, (H - y + dy - 1) // dy) for x, y, dx, dy in passes]
    return b"".join(lines(width, height, bits) for width, height in sizes if width > 0 and height > 0)


def orientation(number):
    exif = Image.Exif()
    exif[0x112] = number
    return exif


def encoded(image, kind, **settings):
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()


def make_files():
    files = {f"grey{depth}.png": png(depth, 0, lines(W, H, depth)) for depth in (1, 2, 4, 8, 16)}
    small = (random.choice([3, 200, 255, 256, 300, 40000]) for _ in range(W * H))
    files["grey16_small.png"] = png(16, 0, b"".join(b"\0" + b"".join(struct.pack(">H", next(small)) for _ in range(W)) for _ in range(H)))
    for depth in (8, 16):
        files[f"rgb{depth}.png"] = png(depth, 2, lines(W, H, 3 * depth))
        files[f"grey_alpha{depth}.png"] = png(depth, 4, lines(W, H, 2 * depth))
        files[f"rgba{depth}.png"] = png(depth, 6, lines(W, H, 4 * depth))
    for depth in (1, 2, 4, 8):
        palette = chunk(b"PLTE", random.randbytes(3 * 2**depth)) + chunk(b"tRNS", bytes([0, 128]))
        files[f"palette{depth}.png"] = png(depth, 3, lines(W, H, depth), palette)
    files["interlaced.png"] = png(8, 2, interlaced_lines(24), interlaced=1)
    files["interlaced_grey2.png"] = png(2, 0, interlaced_lines(2), interlaced=1)
    files["gamma.png"] = png(8, 2, lines(W, H, 24), chunk(b"gAMA", struct.pack(">I", 100000)))
    files["transparent_colour.png"] = png(8, 2, lines(W, H, 24), chunk(b"tRNS", struct.pack(">HHH", 1, 2, 3)))
    files["turned.png"] = encoded(noise("RGB"), "PNG", exif=orientation(6))
    files["baseline.jpg"] = encoded(noise("RGB"), "JPEG", quality=90)
    files["subsampled.jpg"] = encoded(noise("RGB", 37, 29), "JPEG", quality=60, subsampling=2)
    files["full_colour.jpg"] = encoded(noise("RGB"), "JPEG", quality=85, subsampling=0)
    files["progressive.jpg"] = encoded(noise("RGB", 61, 47), "JPEG", quality=80, progressive=True)
    files["grey.jpg"] = encoded(noise("L"), "JPEG", quality=90)
    files["inks.jpg"] = encoded(noise("CMYK"), "JPEG", quality=90)
    for number in range(2, 9):
        files[f"turned{number}.jpg"] = encoded(noise("RGB"), "JPEG", quality=85, exif=orientation(number))
    return files


# ---- processors ----

STEPS = {"do_resize": True, "do_rescale": True, "do_normalize": True}
CASES = [  # picture, preprocessor_config.json
    *[("progressive.jpg", {**STEPS, "image_processor_type": "ViTImageProcessor", "size": {"height": 11, "width": 17}, "resample": filter})
      for filter in range(6)],
    *[("baseline.jpg", {**STEPS, "image_processor_type": "ViTImageProcessorFast", "size": {"height": 23, "width": 16}, "resample": filter})
      for filter in range(4)],
    ("progressive.jpg", {"feature_extractor_type": "ViTFeatureExtractor", "size": 12, "image_mean": [0.1, 0.2, 0.3], "image_std": 0.25}),
    ("progressive.jpg", {"image_processor_type": "ViTImageProcessor", "size": {"height": 9, "width": 9}, "do_normalize": False}),
    ("progressive.jpg", {"image_processor_type": "ViTImageProcessor", "size": {"height": 9, "width": 9}, "do_rescale": False}),
    ("baseline.jpg", {"image_processor_type": "ViTImageProcessor", "do_resize": False, "do_center_crop": True, "crop_size": {"height": 16, "width": 5}}),
    ("baseline.jpg", {"image_processor_type": "ViTImageProcessor", "size": {"height": 6, "width": 7}, "do_pad": True,
                      "pad_size": {"height": 8, "width": 10}}),
    ("progressive.jpg", {"image_processor_type": "DeiTImageProcessor", "size": {"height": 15, "width": 15}, "crop_size": 12}),
    ("progressive.jpg", {"image_processor_type": "CLIPImageProcessor", "size": 16, "crop_size": {"height": 14, "width": 18}}),
    ("turned6.jpg", {"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 13}, "crop_size": {"height": 12, "width": 12}}),
    ("turned6.jpg", {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 15}, "crop_pct": 0.9}),
    ("progressive.jpg", {"image_processor_type": "ConvNextImageProcessor", "size": 10}),
    ("progressive.jpg", {"image_processor_type": "YolosImageProcessor", "size": {"shortest_edge": 32, "longest_edge": 48}}),
    ("progressive.jpg", {"image_processor_type": "YolosImageProcessor", "size": {"shortest_edge": 40, "longest_edge": 41}}),
    ("turned6.jpg", {"image_processor_type": "YolosImageProcessor", "size": {"shortest_edge": 18, "longest_edge": 40}}),
    ("progressive.jpg", {"image_processor_type": "YolosImageProcessor", "size": {"max_height": 33, "max_width": 30}}),
    ("progressive.jpg", {"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 20, "longest_edge": 22}, "do_center_crop": False}),
]


def values_of(picture, config):
    config = dict(config)
    name = (config.pop("image_processor_type", None) or config.pop("feature_extractor_type")).replace("FeatureExtractor", "ImageProcessor")
    name = name.removesuffix("Fast")
    family = name.removesuffix("ImageProcessor").lower()
    module = importlib.import_module(f"transformers.models.{family}.image_processing_pil_{family}")
    image = ImageOps.exif_transpose(Image.open(picture)).convert("RGB")
    return getattr(module, name + "Pil")(**config)(images=[image], return_tensors="np")["pixel_values"][0].astype(np.float32)


def main():
    pixels = {}
    for name, data in make_files().items():
        with open(name, "wb") as file:
            file.write(data)
        pixels[name] = np.asarray(ImageOps.exif_transpose(Image.open(name)).convert("RGB"))
    save_file({name: np.ascontiguousarray(value) for name, value in pixels.items()}, "pixels.safetensors")
    save_file({str(i): np.ascontiguousarray(values_of(*case)) for i, case in enumerate(CASES)}, "values.safetensors")
    with open("cases.json", "w", encoding="utf-8") as file:
        rows = [json.dumps({"picture": picture, "config": config}) for picture, config in CASES]
        file.write("[\n " + ",\n ".join(rows) + "\n]\n")


main()
