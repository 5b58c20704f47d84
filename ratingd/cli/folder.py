"""Tariff folders on this machine: which files they hold, and how they travel to a daemon.

Every `*.csv` of the folder and of its sub-folders is taken, whatever its name: what is not used gets a notice, so that
a misspelt `Rate.csv` does not vanish without a word. Links to folders are not followed.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import click

from ratingd.v1.tariffs_pb2 import TariffFile, TariffOptions, TariffUpload

CHUNK_BYTES: Final = 1 << 20
Files = Mapping[str, bytes]


def read_files(folder: Path) -> dict[str, bytes]:
    """Path inside the folder, with "/", to content; in the order in which they are read."""
    if not folder.is_dir():
        raise click.UsageError(f"there is no folder {folder}")
    files = {}
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".csv"):
                path = Path(place, name)
                files[path.relative_to(folder).as_posix()] = _content(path)
    if not files:
        raise click.UsageError(f"{folder} holds no CSV file")
    return files


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise click.UsageError(f"{path} cannot be read: {error.strerror}") from None


def uploads(
    files: Files, options: TariffOptions, sent: Callable[[int], None] = lambda _: None
) -> Iterator[TariffUpload]:
    """The messages that carry a folder; `sent` hears how many bytes each took."""
    yield TariffUpload(options=options)
    for path, content in files.items():
        for at in range(0, max(len(content), 1), CHUNK_BYTES):
            piece = content[at : at + CHUNK_BYTES]
            yield TariffUpload(file=TariffFile(path=path, content=piece))
            sent(len(piece))


folder_argument = click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
