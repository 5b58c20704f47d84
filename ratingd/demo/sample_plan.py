"""The sample tariff folder: where it lies, and its alerts sent to the receiver that is there.

In a source tree it is examples/tariffs; an installed package has the same files under share/ratingd/tariffs of its
environment. The folder names a receiver on port 8099; where that port is taken, the demo listens on another one and
sends the folder with that number in its place. The files on disk stay as they are.
"""

import sysconfig
from pathlib import Path
from typing import Final

from ratingd.cli.folder import read_files

RECEIVER_PORT: Final = 8099
TENANT: Final = "example.org"
_SOURCE: Final = Path(__file__).resolve().parents[2] / "examples" / "tariffs"
_INSTALLED: Final = Path(sysconfig.get_path("data")) / "share" / "ratingd" / "tariffs"


def sample_folder() -> Path:
    """The folder; FileNotFoundError tells both places where it should be."""
    for folder in (_SOURCE, _INSTALLED):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the sample tariffs are neither in {_SOURCE} nor in {_INSTALLED}")


def sample_files(receiver_port: int) -> dict[str, bytes]:
    """Its files, with alerts for a receiver on that port."""
    was, now = f"127.0.0.1:{RECEIVER_PORT}/".encode(), f"127.0.0.1:{receiver_port}/".encode()
    return {path: content.replace(was, now) for path, content in read_files(sample_folder()).items()}
