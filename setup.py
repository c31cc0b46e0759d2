"""The packages; everything else about the distribution is in pyproject.toml."""

from setuptools import find_packages, setup

setup(
    # The configs stay at the top level for readers and travel inside the package for users.
    packages=[*find_packages(include=["spotter", "spotter.*"]), "spotter.configs"],
    package_dir={"spotter.configs": "configs"},
)
