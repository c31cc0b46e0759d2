"""Packaging; settings of the development tools are in pyproject.toml."""

from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = next(
    line.split('"')[1]
    for line in (ROOT / "spotter" / "__init__.py").read_text().splitlines()
    if line.startswith("__version__")
)

setup(
    name="spotter",
    version=VERSION,
    description="Scene text spotting: detection, recognition, self- and semi-supervised training",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=[*find_packages(include=["spotter", "spotter.*"]), "spotter.configs"],
    # The configs stay at the top level for readers and travel inside the package for users.
    package_dir={"spotter.configs": "configs"},
    package_data={
        "spotter": [
            *(f"hub/weights/*.{suffix}" for suffix in ("safetensors", "onnx", "npz", "json")),
            *("py.typed", "*.css"),
        ],
        "spotter.configs": ["**/*.py", "**/*.toml"],
        "spotter.synthesis": ["*.txt"],
        "spotter.error_analysis": ["*.css", "*.js"],
    },
    install_requires=[
        "torch>=2.4",
        "torchvision>=0.19",
        "mmengine>=0.10.5",
        "mmcv-lite>=2.1",
        "shapely>=2.0",
        "rapidfuzz>=3.9",
        # mmengine asks for opencv-python, which needs libGL. Of packages on the same level pip
        # installs this name after that one, so that its cv2, without libGL, is the one that stays.
        "opencv-contrib-python-headless>=4.8",
        "numpy>=1.24",
        "pillow>=10",
        "safetensors>=0.4",
        "onnx>=1.16",
        "onnxruntime>=1.18",
        # Quicker than ONNX Runtime on processors that compute in bfloat16.
        "openvino>=2024.4; platform_machine == 'x86_64' and platform_system == 'Linux'",
        "lmdb>=1.4",
        "rich>=13",
        "tomli>=2; python_version < '3.11'",
        "tensorboard>=2.14",
        "matplotlib>=3.7",
    ],
    extras_require={
        "test": ["pytest>=8", "hypothesis>=6", "ruff>=0.6", "mypy>=1.11", "scipy>=1.10"],
        "mat": ["scipy>=1.10"],
        "pdf": ["pypdfium2>=4.20"],
        "bench": ["rapidocr>=3.8"],
    },
    classifiers=[
        "License :: OSI Approved :: Apache Software License",
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Image Recognition",
    ],
)
