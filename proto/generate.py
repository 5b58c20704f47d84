"""Python for the messages and services of `proto/`, made when the project is built and never committed.

`proto/ratingd/v1/charging.proto` becomes `ratingd/v1/charging_pb2.py` (messages), `charging_pb2.pyi` (their types) and
`charging_pb2_grpc.py` (stubs and servicers), so that `from ratingd.v1 import charging_pb2` works from the tree and from
an installed wheel alike. The compiler is the one in `grpcio-tools`, pinned by the lock with everything else; what it
wrote for a file that is gone is removed, or an import of it would go on working here and nowhere else.
"""

import importlib.resources
import sys
from pathlib import Path

from grpc_tools import protoc

PACKAGE = '"""Generated from proto/ratingd/v1 by proto/generate.py: edit the .proto files instead."""\n'


def generate(root: Path) -> int:
    """Write `ratingd/v1` of the tree at `root`; the number of .proto files."""
    sources = sorted((root / "proto" / "ratingd" / "v1").glob("*.proto"))
    target = root / "ratingd" / "v1"
    target.mkdir(parents=True, exist_ok=True)
    for stale in target.glob("*_pb2*.py*"):
        stale.unlink()
    (target / "__init__.py").write_text(PACKAGE, encoding="utf-8")
    if sources and protoc.main(arguments(root, sources)) != 0:
        sys.exit("proto: the files above do not compile")
    return len(sources)


def arguments(root: Path, sources: list[Path]) -> list[str]:
    """The compiler's command line. The google.* files come from the installed packages, not from a copy of ours."""
    return [
        "protoc",
        f"--proto_path={root / 'proto'}",
        f"--proto_path={importlib.resources.files('grpc_tools') / '_proto'}",
        *(f"--proto_path={folder}" for folder in google_folders()),
        f"--python_out={root}",
        f"--pyi_out={root}",
        f"--grpc_python_out={root}",
        *(str(source) for source in sources),
    ]


def google_folders() -> list[str]:
    """Where google/type and google/rpc lie. `google` is a package of many parts, hence each of its parents."""
    import google.type

    return sorted({str(Path(folder).parent.parent) for folder in google.type.__path__})


if __name__ == "__main__":
    count = generate(Path(__file__).resolve().parent.parent)
    print(f"proto: {count} files -> ratingd/v1")
